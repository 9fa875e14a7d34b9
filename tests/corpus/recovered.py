# SPDX-License-Identifier: GPL-2.0-or-later
"""A dump without a VMCOREINFO note whose memory has the text: what comes of it is, page by page
and in what it says of the kernel, what comes of the same dump with the note."""

import mkdump
from pylib import harness
from pylib.kdumpfile import KdumpFile

LEVEL = "31"
# What leaves a dump without VMCOREINFO, and must not be there for the one it is compared with.
WITHOUT = ("drop-note\n", "vmcoreinfo = no\n")


def applies(text):
    """A recipe that takes the note away and keeps a text in memory."""
    return any(line in text for line in WITHOUT) and "\nin-" in text


def filtered(run, program, dump):
    """The dump at one level, and what was said."""
    output = dump.with_suffix(".recovered")
    status, out, err = run(program, "-l", "-d", LEVEL, str(dump), str(output))
    harness.expect(status == 0, f"-d {LEVEL}: {out}{err}")
    return KdumpFile(str(output)), err


def try_recovered(run, program, text, dump):
    """Compare with the dump of the same recipe that has the note."""
    for line in WITHOUT:
        text = text.replace(line, "")
    other = dump.parent / "with-note"
    mkdump.make(text, str(other))
    got, said = filtered(run, program, dump)
    want, others = filtered(run, program, other)
    harness.expect("no VMCOREINFO note; the VMCOREINFO of kernel" in said, f"not said: {said}")
    harness.expect("VMCOREINFO" not in others, f"said of the dump that has it: {others}")
    harness.expect(got.bitmap1 == want.bitmap1 and got.bitmap2 == want.bitmap2, "other pages")
    harness.expect_equal(got.vmcoreinfo, want.vmcoreinfo, "VMCOREINFO")
    for (pfn, page), (_, theirs) in zip(got.pages(), want.pages()):
        harness.expect(page == theirs, f"page {pfn:#x} has other bytes")
