# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: --dump-dmesg against what the guest read from /dev/kmsg.

/dev/kmsg gives each record with its number, microseconds and escaped text
(Documentation/ABI/testing/dev-kmsg), so the expected file follows from it but
for the writers (thread or CPU), which stock kernels do not show there.
"""

import re
import subprocess

import verify.paths  # noqa: F401
from pylib.harness import expect
from verify.program import run

RECORD = re.compile(rb"^(\d+),(\d+),(\d+),[^;]*;(.*)$")
ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
HEAD = re.compile(rb"^(\[ *\d+\.\d{6}\]) \[ *[TC]\d+\] ", re.M)
INDENT = b" " * len("[    0.000000] [      T0] ")
# A record of the flood is about 40 bytes, one of a panic up to 150.
EVICTED_PER_NEW = 8


def expected(kmsg):
    """[(number, text)] as the program must print them, without the writer."""
    result = []
    for line in kmsg.splitlines():
        match = RECORD.match(line)
        if not match:
            continue    # " KEY=value" belongs to the record before
        number, usec = int(match[2]), int(match[3])
        raw = ESCAPE.sub(lambda hit: bytes([int(hit[1], 16)]), match[4])
        text = bytearray()
        for byte in raw:
            if byte == 10:
                text += b"\n" + INDENT
            elif 32 <= byte < 127 or 9 <= byte <= 13:
                text.append(byte)
            else:
                text += b"\\x%02x" % byte
        result.append((number, b"[%5d.%06d] " % divmod(usec, 1000000) + bytes(text)))
    return result


def printed(log):
    """The records of a log file the program wrote, without the writers."""
    heads = list(HEAD.finditer(log))
    expect(heads and heads[0].start() == 0, f"the log starts with {log[:60]!r}")
    ends = [head.start() for head in heads[1:]] + [len(log)]
    return [head[1] + b" " + log[head.end():end].removesuffix(b"\n")
            for head, end in zip(heads, ends)]


def match(kmsg, log):
    """Compare; returns (records equal, records after the snapshot, records lost since).

    Fails unless the printed records up to the snapshot's last are the snapshot's,
    in order; the oldest may be gone from a full ring for newer ones.
    """
    want, got = expected(kmsg), printed(log)
    texts = [text for _, text in want]
    expect(texts and texts[-1] in got, "the snapshot's last record is not in the log")
    last = len(got) - 1 - got[::-1].index(texts[-1])
    lost, new = len(texts) - (last + 1), len(got) - (last + 1)
    expect(lost >= 0, f"{-lost} records more than the snapshot has")
    for number, (one, other) in enumerate(zip(got[:last + 1], texts[lost:])):
        expect(one == other, f"record {want[lost + number][0]}: {one[:120]!r}, not {other[:120]!r}")
    wrapped = want[0][0] > 0
    expect(lost <= (new * EVICTED_PER_NEW if wrapped else 0),
           f"{lost} of the oldest records are missing, {new} are new")
    expect(last + 1 > len(texts) // 2, "most of the snapshot is gone")
    return last + 1, new, lost


def pipe_and_partial(subject, whole):
    """-F writes the same bytes; --partial-dmesg the end of them, from a record on."""
    for words in ((), ("--partial-dmesg",)):
        done = subprocess.run([str(subject.program), "-F", "--dump-dmesg", *words, str(subject.vmcore)],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        expect(done.returncode == 0, f"{words}: exit status {done.returncode}: {done.stderr}")
        expect(whole.endswith(done.stdout), f"{words}: {len(done.stdout)} bytes that are not the log's end")
        expect(words or done.stdout == whole, "-F writes other bytes")
        expect(not done.stdout or HEAD.match(done.stdout), f"{words}: starts with {done.stdout[:60]!r}")


def add(suite, subject, facts):
    """Add the case of a dump taken from the running guest."""
    def dump_dmesg():
        target = subject.scratch / "dmesg"
        status, out, err, _ = run(subject.program, "--dump-dmesg", "-f", subject.vmcore, target)
        expect(status == 0 and not err, f"exit status {status}: {err}")
        expect(f"The dmesg log is saved to {target}." in out, f"no such line in {out!r}")
        kmsg = (subject.folder / "kmsg.txt").read_bytes()
        equal, new, lost = match(kmsg, target.read_bytes())
        facts["log"] = equal
        print(f"     {equal} records equal, {new} newer, {lost} evicted since")
        pipe_and_partial(subject, target.read_bytes())
        target.unlink()

    suite.add("--dump-dmesg: the records of /dev/kmsg", dump_dmesg)
