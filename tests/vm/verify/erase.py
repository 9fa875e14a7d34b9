# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: what guest/secrets keeps is in a dump, and in none that was made with --scrub.

Free pages are left out (-d 23): the kernel does not clear what it frees. What is
overwritten is held against the text that the dump has about it.
"""

import collections
import mmap
import re

import verify.paths  # noqa: F401
from pylib.elfcore import ElfCore
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile
from verify.mapped import same_file
from verify.program import filter_dump

LEVEL = "23"
SCRUB = ("--scrub", "keys,cmdline")
ADDED = re.compile(r"^erase (\S+) (?:size (\d+)|nullify)$")

CONFIG = """# Names, by list, by pointer and by member.
erase init_uts_ns.name.nodename
erase saved_command_line
for task in init_task.tasks within task_struct:tasks
\terase task.comm
\terase task.signal nullify
endfor
for module in modules.next within module:list
\terase module.name size 8
endfor
[brd]
erase (struct list_head)brd_devices
[no_such_module]
erase nothing.at.all
"""


def letters(kind, count):
    """The secret of a kind, as secret_make() of guest/secrets/secrets.c."""
    state = 2166136261
    for byte in kind.encode():
        state = (state ^ byte) * 16777619 & 0xFFFFFFFF
    text = bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        text.append(ord("a") + (state >> 16) % 26)
    return bytes(text)


# Ciphers spread longer keys: halves of 16 bytes are looked for.
SECRETS = {"user": letters("user", 32), "logon": letters("logon", 32),
           "AF_ALG": letters("alg", 16), "dm-crypt": letters("dm", 32)[:16],
           "dm-crypt, other half": letters("dm", 32)[16:], "TLS": letters("tls", 16),
           **{kind: letters(kind, 32) for kind in (
               "argument", "environment", "hidden-argument", "hidden-environment")}}


def found(path):
    """Counter of the secrets in a file whose pages are not compressed."""
    with open(path, "rb") as stream, \
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        counts = {name: len(re.findall(secret, data)) for name, secret in SECRETS.items()}
    return {name: count for name, count in counts.items() if count}


def kdump_pages(path):
    """(pfn, bytes) of a kdump-compressed file."""
    with KdumpFile(path) as dump:
        yield from dump.pages()


def told(path):
    """Lines of the text about what was erased, of a kdump-compressed file."""
    with KdumpFile(path) as dump, open(path, "rb") as stream:
        stream.seek(dump.sub["offset_eraseinfo"])
        return stream.read(dump.sub["size_eraseinfo"]).decode("ascii").splitlines()


def changed(before, after):
    """(pfn, offsets) of bytes that differ; each must be an X or 0 now."""
    for (pfn, old), (other, new) in zip(kdump_pages(before), kdump_pages(after), strict=True):
        expect_equal(other, pfn, "page frame")
        if new != old:
            places = [i for i, (a, b) in enumerate(zip(old, new)) if a != b]
            bad = [i for i in places if new[i] not in b"X\0"]
            expect(not bad, f"page {pfn:#x} has other bytes at {bad[:4]}")
            yield pfn, places


def check_amount(plain, erased):
    """No more bytes are overwritten than the dump says, and it says so in the known form."""
    lines = told(erased)
    matches = [ADDED.match(line) for line in lines]
    expect(lines and all(matches), f"lines of another form: {lines[:3]}")
    # A pointer that was nullified counts as a word.
    said = sum(int(match[2] or 8) for match in matches)
    count = sum(len(places) for _, places in changed(plain, erased))
    print(f"     {count} bytes overwritten, {len(lines)} objects with {said} bytes told")
    expect(0 < count <= said, f"{count} bytes differ, {said} are told")


def add_scrub(suite, subject):
    """--scrub in every form of output."""
    def made(name, source, *options):
        target = subject.scratch / name
        filter_dump(subject.program, source, target, "-d", LEVEL, *options)
        return target

    def there():
        counts = found(made("plain", subject.vmcore))
        print("     copies: " + ", ".join(f"{name} {counts.get(name, 0)}" for name in SECRETS))
        expect_equal(sorted(counts), sorted(SECRETS), "secrets in the dump")

    def gone():
        scrubbed = made("scrubbed", subject.vmcore, *SCRUB)
        expect_equal(found(scrubbed), {}, "secrets left")
        check_amount(subject.scratch / "plain", scrubbed)

    def one_set():
        counts = found(made("cmdline", subject.vmcore, "--scrub", "cmdline"))
        expect_equal(sorted(set(SECRETS) - set(counts)),
                     ["argument", "environment", "hidden-argument", "hidden-environment"], "gone")

    def forms():
        direct = made("direct", subject.vmcore, "-l", *SCRUB, "--num-threads", "2")
        serial = made("serial", subject.vmcore, "-l", *SCRUB, "--num-threads", "0")
        expect(same_file(direct, serial) is None, "one thread makes another file")
        # Pages that are taken over as they are stored must be those without secrets.
        again = made("again", made("step", subject.vmcore, "-l"), "-l", *SCRUB)
        expect(same_file(direct, again) is None, "a dump of a dump is another file")
        elf = made("elf", subject.vmcore, "-E", *SCRUB)
        expect_equal(found(elf), {}, "secrets left in an ELF file")
        with ElfCore(elf) as core:
            notes = [note.desc for note in core.notes if note.name == "ERASEINFO"]
        expect_equal([note.decode("ascii").splitlines() for note in notes], [told(direct)],
                     "ERASEINFO notes")

    def split():
        pieces = [subject.scratch / f"piece{i}" for i in range(3)]
        # The last two of the names come as source and target.
        filter_dump(subject.program, *pieces[1:], "-d", LEVEL, *SCRUB, "--split", subject.vmcore,
                    pieces[0])
        for piece in pieces:
            expect_equal(found(piece), {}, "secrets left in a piece")
        whole = subject.scratch / "whole"
        filter_dump(subject.program, pieces[2], whole, "--reassemble", *pieces[:2])
        sizes = [sum(int(ADDED.match(line)[2]) for line in told(path))
                 for path in (subject.scratch / "scrubbed", whole)]
        expect_equal(sizes[1], sizes[0], "bytes told by all pieces together")

    def inherited():
        keys = made("keys", subject.vmcore, "-l", "--scrub", "keys")
        both = made("both", keys, "-l", "--scrub", "cmdline")
        elf_keys = made("elf_keys", subject.vmcore, "-E", "--scrub", "keys")
        elf_both = made("elf_both", elf_keys, "-E", "--scrub", "cmdline")
        back = made("back", elf_both, "-l")
        direct = subject.scratch / "direct"
        for name, path in (("kdump", both), ("ELF", back)):
            expect_equal(told(path), told(direct), f"what two runs erased, by way of {name}")
        expect_equal(told(keys), told(direct)[:len(told(keys))], "what the first run erased")
        with ElfCore(elf_keys) as first, ElfCore(elf_both) as second:
            notes = [[note.desc for note in core.notes if note.name == "ERASEINFO"]
                     for core in (first, second)]
        expect_equal([len(found) for found in notes], [1, 1], "notes of each run")
        expect(notes[1][0].startswith(notes[0][0].rstrip(b"\0")), "the note has not all")

    suite.add("level 23: all secrets are there", there)
    suite.add("--scrub: none is left, only what is told is overwritten", gone)
    suite.add("--scrub cmdline: keys stay", one_set)
    suite.add("--scrub: threads, a dump of a dump, ELF", forms)
    suite.add("--scrub of what was erased in before", inherited)
    suite.add("--scrub: split and reassembled", split)


def add_config(suite, subject):
    """--config, with modules and loops."""
    def config():
        rules = subject.scratch / "rules.conf"
        rules.write_text(CONFIG, encoding="ascii")
        target = subject.scratch / "configured"
        filter_dump(subject.program, subject.vmcore, target, "-d", LEVEL, "--config", rules)
        lines = collections.Counter(line.split()[1] for line in told(target))
        tasks = lines.pop("task.comm")
        print(f"     {tasks} tasks")
        expect(tasks > 40, f"{tasks} tasks")
        # A list_head as it was cast; the name of what a section is passed over for.
        modules = len((subject.folder / "modules").read_text(encoding="ascii").splitlines())
        expect_equal(dict(lines), {"init_uts_ns.name.nodename": 1, "saved_command_line": 1,
                                   "task.signal": tasks, "module.name": modules,
                                   "(struct": 1}, "objects told")

    suite.add("--config: lists, pointers, modules", config)


def add(suite, subject):
    """Add the cases of a guest that keeps secrets."""
    add_scrub(suite, subject)
    add_config(suite, subject)
