# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: streams of the guest's memory, and back.

A stream, rearranged by whoever can, is the file that the same options write; and
a flattened dump is as good an input as the file in it.
"""

import shutil
import subprocess
import sys

from verify.paths import TESTS
from pylib.harness import Skip, expect
from verify.external import SYSTEM_PATH
from verify.mapped import same_file
from verify.program import TIMEOUT, filter_dump

sys.path.append(str(TESTS / "compat"))
import dumps as compat_dumps  # noqa: E402  pylint: disable=wrong-import-position

GUESTS = ("x86-6.1", "x86-7.2", "arm64-7.2-16k")
SCRIPT = TESTS.parent / "scripts" / "makedumpfile-R.pl"
STREAMS = {"": [], ", 2 threads": ["--num-threads", "2"], ", read()": ["--non-mmap"]}


def stream(command, source, target):
    """Run a command with source as standard input, or none, and target as standard output."""
    with open(source or "/dev/null", "rb") as from_file, open(target, "wb") as to_file:
        done = subprocess.run([str(word) for word in command], stdin=from_file, stdout=to_file,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    expect(done.returncode == 0, f"{command[1:]}: {done.stderr[-300:]!r}")


def rearranged(subject, command, flat):
    """The file that a command makes of a stream. It refuses one that is there."""
    target = subject.scratch / "rearranged"
    target.unlink(missing_ok=True)
    stream([*command, target], flat, subject.scratch / "said")
    return target


def the_same(want, got, what):
    """Fail unless the files are equal."""
    at = same_file(want, got)
    expect(at is None, f"{what}: differs at byte {at}")


def others():
    """The distribution's makedumpfile."""
    found = shutil.which("makedumpfile", path=SYSTEM_PATH)
    if not found:
        raise Skip("the distribution's makedumpfile is not installed")
    return found


def add(suite, subject, facts):
    """Add the cases of a dump."""
    del facts
    program, flat = subject.program, subject.scratch / "flat"

    def back(words, command):
        want = subject.output(31, "-l")
        stream([program, "-F", "-l", "-d", "31", *words, subject.vmcore], None, flat)
        the_same(want.path, rearranged(subject, command(), flat), "rearranged")
        flat.unlink()

    for name, words in STREAMS.items():
        suite.add(f"-F and -R: the file of level 31{name}", lambda words=words: back(words, lambda: [program, "-R"]))
    suite.add("-F and makedumpfile-R.pl: the same", lambda: back([], lambda: ["perl", SCRIPT]))
    suite.add("-F and the distribution's -R: the same", lambda: back([], lambda: [others(), "-R"]))
    suite.add("a flattened dump filtered again", lambda: again(subject, flat))
    # The distribution's program only knows the architecture it was built for.
    if subject.meta["arch"] == "amd64":
        suite.add("the distribution's flattened ELF dump as input", lambda: foreign(subject, flat))


def again(subject, flat):
    """What was flattened at level 1 becomes at level 31 what the memory does."""
    stream([subject.program, "-F", "-c", "-d", "1", subject.vmcore], None, flat)
    got = filter_dump(subject.program, flat, subject.scratch / "again", "-l", "-d", "31")
    the_same(subject.output(31, "-l").path, got.path, "filtered again")
    got.path.unlink()
    flat.unlink()


def foreign(subject, flat):
    """Read in place it gives the dump that its rearranged file gives."""
    other, plain = others(), subject.vmcore
    if compat_dumps.needs_plain_headers(subject.vmcore):
        plain = compat_dumps.plain_copy(subject.vmcore, subject.scratch)
    stream([other, "-F", "-E", "-d", "16", plain], None, flat)
    if plain != subject.vmcore:
        plain.unlink()
    core = rearranged(subject, [subject.program, "-R"], flat)
    want = filter_dump(subject.program, core, subject.scratch / "want", "-l", "-d", "31")
    core.unlink()
    for words in STREAMS.values():
        got = filter_dump(subject.program, flat, subject.scratch / "again", "-l", "-d", "31", *words)
        the_same(want.path, got.path, f"{words}")
    for path in (want.path, got.path, flat):
        path.unlink()
