# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: kdump-compressed dumps of the guest as input.

What is left out step by step must be what is left out at once, so the file
that comes of a less filtered dump is, byte by byte, that which comes of the
guest's memory itself.
"""

import shutil
import sys

from verify.paths import TESTS
from pylib.harness import Skip, expect
from verify.compare import sound
from verify.external import INSTALLED, SYSTEM_PATH
from verify.mapped import same_file
from verify.program import filter_dump, run

sys.path.append(str(TESTS / "compat"))
import dumps as compat_dumps  # noqa: E402  pylint: disable=wrong-import-position

# Some kernels of each architecture, and every page size.
GUESTS = ("x86-5.10", "x86-7.2", "arm64-7.2-16k")
# The levels and codecs of what is filtered again.
STEPS = ((0, "-l"), (1, "-c"), (16, "-z"), (31, "-p"))
AGAIN = {"": [], ", 2 threads": ["--num-threads", "2"], ", read()": ["--non-mmap"]}


def add(suite, subject, facts):
    """Add the cases of a dump."""
    del facts

    def step(level, codec):
        source = subject.output(level, codec)
        want = subject.output(31, "-l")
        for words in AGAIN.values():
            got = filter_dump(subject.program, source.path, subject.scratch / "again",
                              "-l", "-d", "31", *words)
            at = same_file(want.path, got.path)
            expect(at is None, f"{words}: differs from the filtered memory at byte {at}")
            expect(got.rows["Original pages"] == want.rows["Original pages"],
                   "another number of original pages")
        got.path.unlink()

    def texts():
        source = subject.output(1, "-c")
        for name, vmcore in (("want", subject.vmcore), ("got", source.path)):
            status, _, err, _ = run(subject.program, "-f", "--dump-dmesg", vmcore, subject.scratch / name)
            expect(status == 0, f"--dump-dmesg: {err}")
        expect(same_file(subject.scratch / "want", subject.scratch / "got") is None, "another log")
        status, out, err, _ = run(subject.program, "--estimate", source.path)
        expect(status == 0 and "lzo" in out, f"--estimate: {err}")

    for level, codec in STEPS:
        suite.add(f"level {level} with {codec} filtered again: what level 31 makes of the memory",
                  lambda level=level, codec=codec: step(level, codec))
    suite.add("log and estimate of a kdump-compressed dump", texts)
    if subject.meta["guest"] in INSTALLED:
        suite.add("the distribution's dump filtered again", lambda: others_dump(subject))


def others_dump(subject):
    """A dump of the distribution's makedumpfile at level 1: the pages of ours, none other."""
    other = shutil.which("makedumpfile", path=SYSTEM_PATH)
    if not other:
        raise Skip("the distribution's makedumpfile is not installed")
    plain = subject.vmcore
    if compat_dumps.needs_plain_headers(subject.vmcore):
        plain = compat_dumps.plain_copy(subject.vmcore, subject.scratch)
    made = subject.scratch / "other"
    status, out, err, _ = run(other, "-c", "-d", "1", plain, made)
    expect(status == 0, f"the distribution's makedumpfile: {out[-200:]}{err[-200:]}")
    if plain != subject.vmcore:
        plain.unlink()
    got = filter_dump(subject.program, made, subject.scratch / "again", "-l", "-d", "31")
    done = sound(got.path, subject.core, 31)
    want = sound(subject.output(31, "-l").path, subject.core, 31)
    # It takes memory that is not RAM, such as the firmware's, for none.
    limit = done.kept.bit_length()
    missing = want.kept & ((1 << limit) - 1) & ~done.kept
    expect(not done.kept & ~want.kept, "pages that level 31 of the memory leaves out")
    expect(not missing, f"{missing.bit_count()} pages of the memory are missing")
    made.unlink()
    got.path.unlink()
