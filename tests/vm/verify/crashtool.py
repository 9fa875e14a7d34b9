# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens filtered dumps of a guest with the crash utility and the kernel's vmlinux.

What crash prints about a dump of level 31 must be what it prints about the
vmcore it was made from, and nothing in it may look like an error. Comparing
with the source keeps crash's own shortcomings out of it.
"""

import functools
import re
import subprocess

import foreign
import verify.paths  # noqa: F401
from kernels import vmlinux
from pylib.harness import Suite, expect
from pylib.kdumpfile import KdumpFile
from pylib.scratch import scratch
from run import run
from verify import program as tool

SECONDS = 1800
# Each command goes to a file of its own; the first six are those every user runs.
COMMANDS = {"sys": "sys", "bt": "bt", "ps": "ps", "log": "log", "kmem_i": "kmem -i", "mod": "mod",
            "bt_a": "bt -a", "foreach_bt": "foreach bt", "kmem_s": "kmem -s", "files": "files",
            "vm": "vm", "runq": "runq", "mount": "mount", "dev": "dev", "irq": "irq",
            "timer": "timer -r", "task": "task", "kmem_p": "kmem -p"}
# crash puts the command in front of its complaints: "bt: seek error: ...".
COMPLAINT = re.compile(r"^[a-z]+: |excluded|seek error|read error|invalid (size|kernel|task|address)"
                       r"|^WARNING|cannot (access|read|determine|resolve|allocate)")
# The log is the kernel's text, in which such words are no complaint of crash.
LOG_COMPLAINT = re.compile(r"^log: |excluded")
# Names the file, and says that it is a filtered one.
DUMPFILE = re.compile(r"^ *DUMPFILE: .*$", re.M)
# crash warns about every dump made with -e.
NO_VMEMMAP = re.compile(r"WARNING: \S+:\s+This dumpfile is incomplete because the page structures")
# kmem -p: the struct page's address, and the page's.
PAGE_LINE = re.compile(r"^[0-9a-f]{16} +([0-9a-f]+) ")
SHORTEST = {"ps": 30, "log": 200, "foreach_bt": 100, "kmem_i": 10, "mod": 5}


class Session:
    """One run of crash on one dump: {name: output}, and what it said besides; folder is new."""

    def __init__(self, crash, symbols, dump, folder):
        folder.mkdir()
        script = folder / "commands"
        script.write_text("".join(f"{text} > {name}.out\n" for name, text in COMMANDS.items())
                          + "quit\n", encoding="ascii")
        done = subprocess.run([*crash, "-s", "--no_crashrc", "-i", script, symbols, dump],
                              cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=SECONDS, check=False)
        self.status = done.returncode
        self.said = (done.stdout + done.stderr).decode("utf-8", "replace")
        self.outputs = {}
        for name in COMMANDS:
            path = folder / (name + ".out")
            if path.exists():
                self.outputs[name] = path.read_text(encoding="utf-8", errors="replace")


def opened(session, no_vmemmap=False):
    """crash started, ran to the end and complained about nothing outside the commands."""
    expect(session.status == 0, f"exit status {session.status}: {session.said[-400:]}")
    if no_vmemmap:
        expect(NO_VMEMMAP.search(session.said), "crash does not see that struct pages are missing")
    else:
        expect(not session.said.strip(), f"crash says: {session.said.strip()[:400]}")
    expect(len(session.outputs) == len(COMMANDS), f"only {sorted(session.outputs)} ran")


def kept_lines(text, dump):
    """Of the output of kmem -p, the lines about pages of a written dump."""
    with KdumpFile(dump) as written:
        return "\n".join(line for line in text.splitlines()
                         for found in [PAGE_LINE.match(line)]
                         if found and written.table.test(int(found[1], 16) // written.block_size))


def pages_kept(dump, session, source):
    """kmem -p of pages that are in a dump made with -e is that of the source."""
    got, want = (kept_lines(which.outputs["kmem_p"], dump) for which in (session, source))
    expect(len(want.splitlines()) > 1000, "kmem -p says nothing about the pages")
    expect(got == want, "another output about the source")


def command(name, session, source):
    """One command: output there, free of complaints, equal to that about the source."""
    expect(name in session.outputs, "crash did not get there")
    text = session.outputs[name]
    pattern = LOG_COMPLAINT if name == "log" else COMPLAINT
    bad = [line for line in text.splitlines() if pattern.search(line)]
    expect(not bad, f"{len(bad)} complaints: {bad[:3]}")
    expect(len(text.splitlines()) >= SHORTEST.get(name, 1), f"only prints {text[:200]!r}")
    got, want = (DUMPFILE.sub("", which.outputs.get(name, "")) for which in (session, source))
    if got != want:
        pairs = zip(got.splitlines() + [""], want.splitlines() + [""])
        first = next(pair for pair in pairs if pair[0] != pair[1])
        expect(False, f"another output about the source, first: {first[0]!r}, not {first[1]!r}")


def add_dump(suite, name, dump, source, start, no_vmemmap=False):
    """The cases of one dump; start(path) opens it in crash. no_vmemmap: it was made with -e."""
    sessions = {}

    def begin():
        expect(dump.exists(), f"{dump} does not exist")
        sessions.update(dump=start(dump), source=start(source))
        opened(sessions["dump"], no_vmemmap)

    suite.add(f"{name}: opens", begin)
    for key, text in COMMANDS.items():
        if key == "kmem_p" and no_vmemmap:
            suite.add(f"{name}: {text} of pages in it",
                      lambda: pages_kept(dump, sessions["dump"], sessions["source"]))
            continue
        suite.add(f"{name}: {text}", lambda key=key: command(key, sessions["dump"],
                                                             sessions["source"]))


def test_crash(guest, program):
    """Boot and crash the guest if need be, then open its dumps; the number of failed cases."""
    folder = run(guest, program, say=print)
    symbols, words = vmlinux(guest.kernel), foreign.crash().command
    with scratch("crash-", tool.scratch_parent()) as room:
        @functools.cache
        def start(dump):
            return Session(words, symbols, dump, room / f"session.{'.'.join(dump.parts[-2:])}")

        suite = Suite("crash utility")
        live = room / "live.31"
        tool.filter_dump(program.path, folder / "vmcore.elf", live, "-z", "-d", "31")
        add_dump(suite, f"{guest.name}, dump-guest-memory, zstd", live, folder / "vmcore.elf", start)
        thin = room / "live.31.e"
        tool.filter_dump(program.path, folder / "vmcore.elf", thin, "-z", "-d", "31", "-e",
                         "--work-dir", room)
        add_dump(suite, f"{guest.name}, dump-guest-memory, -e", thin, folder / "vmcore.elf", start,
                 no_vmemmap=True)
        core = room / "live.elf"
        tool.filter_dump(program.path, folder / "vmcore.elf", core, "-E", "-d", "31")
        add_dump(suite, f"{guest.name}, dump-guest-memory, -E", core, folder / "vmcore.elf", start)
        add_dump(suite, f"{guest.name}, real crash, lzo", folder / "crash/dump.31",
                 folder / "crash/vmcore.elf", start)
        return suite.main() and 1
