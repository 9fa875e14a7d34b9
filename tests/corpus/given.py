# SPDX-License-Identifier: GPL-2.0-or-later
"""A dump without VMCOREINFO, and -i: what the generator kept of its machine's text
makes all levels and the log work, and is in the output."""

from pathlib import Path

from expect import Expected
from pylib import harness, kdumpcheck
from pylib.kdumpfile import KdumpFile

LEVELS = (2, 31)


def applies(text):
    """A recipe of a whole machine in the firmware's format, undamaged."""
    return all(part in text for part in ("\n[machine]\n", "\n[sadump]\n")) and "[damage]" not in text


def check(output, dump, level):
    """Classes as the generator says, and a dump that readers know the kernel of."""
    written = KdumpFile(str(output))
    faults = kdumpcheck.check(str(output), kernel=True)
    harness.expect(not faults, f"-i -d {level}: {faults[:3]}")
    wrong = Expected(f"{dump}.json").compare(written.bitmap2, level)
    harness.expect(not wrong, f"-i: {'; '.join(wrong[:4])}")
    with open(f"{dump}.vmcoreinfo", encoding="latin-1") as stream:
        for line in stream.read().splitlines():
            key, _, value = line.partition("=")
            harness.expect_equal(written.vmcoreinfo.get(key), value, f"VMCOREINFO {key}")


def try_given(run, words, program, dump):
    """Filter and take the log with -i."""
    info = f"{dump}.vmcoreinfo"
    for level in LEVELS:
        output = dump.parent / f"given.{level}"
        status, out, err = run(program, "-l", "-d", str(level), "-i", info, *words, str(output))
        harness.expect(status == 0, f"-i -d {level}: {out}{err}")
        check(output, dump, level)
    log = Path(f"{dump}.log")
    status, out, err = run(program, "--dump-dmesg", "-i", info, *words, str(log))
    harness.expect(status == 0, f"-i, log: {out}{err}")
    harness.expect_equal(log.read_text(encoding="latin-1"), Expected(f"{dump}.json").log_text(), "log")
