# SPDX-License-Identifier: GPL-2.0-or-later
"""ELF output, split sets and what is put together again, from the command line."""

import os
import shutil
import stat

import behaviour
from behaviour import check_incomplete, limit_size, start
from pylib import bits, elfcheck, kdumpcheck
from pylib.elfcore import ElfCore
from pylib.harness import Skip, expect, expect_equal
from pylib.kdumpfile import KdumpFile

OLD = "/usr/bin/makedumpfile"
QUIET = ("--message-level", "4")


def good(words, **keywords):
    """Run to a good end; nothing on stderr with QUIET."""
    done = start(words, **keywords)
    expect_equal((done.returncode, done.stderr), (0, ""), f"{words[1:]}")
    return done


def loop_device(folder, size=16 << 20):
    """A block device of that size, filled with ones; the caller detaches it."""
    (folder / "disk").write_bytes(b"\xff" * size)
    done = start(["losetup", "-f", "--show", folder / "disk"])
    if done.returncode:
        raise Skip(f"no loop device: {done.stderr.strip()}")
    return done.stdout.strip()


def nonzero(dump):
    """Kept pages of a kdump file that are not filled with zeros."""
    zeros = bytes(dump.block_size)
    return bits.from_iterable(pfn for pfn in bits.iterate(dump.kept()) if dump.page(pfn) != zeros)


def elf_against_kdump(program, inputs, folder, level):
    """The same pages as in kdump format, those of zeros apart; the source's bytes."""
    elf, kdump = folder / f"elf{level}", folder / f"kdump{level}"
    good([program, *QUIET, "-E", "-d", level, inputs["sample"], elf])
    good([program, *QUIET, "-d", level, inputs["sample"], kdump])
    faults = elfcheck.check(str(elf), inputs["sample"])
    expect(not faults, f"level {level}: {faults}")
    with ElfCore(elf) as core, KdumpFile(kdump) as dump:
        wanted = nonzero(dump) if level & 1 else dump.kept()
        expect_equal(bits.show(elfcheck.stored_pages(core)), bits.show(wanted), f"pages, level {level}")
        expect_equal(elfcheck.stored_pages(core), wanted, f"pages, level {level}")
        expect(not core.flags, "marked incomplete")


def case_elf(program, inputs, folder):
    """ELF output holds what kdump output holds."""
    for level in (0, 1, 16, 30, 31):
        elf_against_kdump(program, inputs, folder, level)


def case_elf_threads_and_streams(program, inputs, folder):
    """Threads, memory and the way out change no byte."""
    one = folder / "one"
    good([program, *QUIET, "-E", "-d", 31, "--num-threads", 0, inputs["sample"], one])
    for words in (["--num-threads", 1], ["--num-threads", 4], ["--cyclic-buffer", 1], ["--non-mmap"]):
        other = folder / "other"
        good([program, *QUIET, "-f", "-E", "-d", 31, *words, inputs["sample"], other])
        expect_equal(other.read_bytes(), one.read_bytes(), str(words))
    with open(folder / "flat", "wb") as flat:
        good([program, *QUIET, "-F", "-E", "-d", 31, inputs["sample"]], stdout=flat)
    with open(folder / "flat", "rb") as flat:
        behaviour.subprocess.run([program, *QUIET, "-R", folder / "again"], stdin=flat, check=True)
    expect_equal((folder / "again").read_bytes(), one.read_bytes(), "through a stream")


def case_elf_of_kdump(program, inputs, folder):
    """A kdump file as input: the same pages, all of the memory map."""
    good([program, *QUIET, "-z", "-d", 1, inputs["sample"], folder / "kdump"])
    good([program, *QUIET, "-E", "-d", 31, folder / "kdump", folder / "elf"])
    good([program, *QUIET, "-E", "-d", 31, inputs["sample"], folder / "straight"])
    faults = elfcheck.check(str(folder / "elf"), inputs["sample"])
    expect(not faults, faults)
    with ElfCore(folder / "elf") as core, ElfCore(folder / "straight") as straight:
        expect_equal(elfcheck.stored_pages(core), elfcheck.stored_pages(straight), "pages")


def case_elf_again(program, inputs, folder):
    """An ELF core through the filter again, and back to kdump: nothing changes."""
    for words in (["-E", "-d", 31], ["-d", 31]):
        for number, source in enumerate((inputs["sample"], folder / "0")):
            good([program, *QUIET, "-f", *words[:1], *words[1:], source, folder / str(number)])
        if words[0] == "-E":
            expect_equal((folder / "1").read_bytes(), (folder / "0").read_bytes(), "second time")


def case_elf_size_limit(program, inputs, folder):
    """A run that ends early is marked; what is there is right."""
    elf = folder / "elf"
    done = start([program, "-E", "-d", "1", inputs["sample"], elf], preexec_fn=limit_size(2 << 20))
    expect_equal(done.returncode, 1, "exit status")
    expect("This is an incomplete dumpfile, but might analyzable.\n" in done.stdout, done.stdout)
    with ElfCore(elf) as core:
        expect_equal(core.flags, elfcheck.INCOMPLETE, "e_flags")
    faults = elfcheck.check(str(elf), inputs["sample"])
    expect(not faults, faults)
    # It is an input like any other that was cut off.
    done = start([program, "-l", "-d", "0", elf, folder / "rest"])
    expect_equal(done.returncode, 0, done.stderr)
    expect("pages are missing" in done.stderr, f"stderr: {done.stderr!r}")
    check_incomplete(folder / "rest")


def split(program, source, folder, *words, count=3):
    """A split set; the paths."""
    pieces = [folder / f"piece{i}" for i in range(count)]
    done = good([program, "--message-level", "6", "--split", "-l", "-d", 31, *words, source, *pieces])
    names = ", ".join(str(piece) for piece in pieces[:-1])
    expect(f"\nThe dumpfiles are saved to {names}, and {pieces[-1]}.\n\nmakedumpfile Completed.\n"
           in done.stdout, f"stdout: {done.stdout!r}")
    return pieces


def check_set(pieces, whole):
    """Pieces without fault: same bitmaps, ranges end to end, each page as in the whole."""
    with KdumpFile(whole) as dump:
        last, counts = 0, []
        for path in pieces:
            faults = kdumpcheck.check(str(path))
            expect(not faults, f"{path}: {faults}")
            with KdumpFile(path) as piece:
                first, end = piece.pfn_range()
                expect_equal((first, first % 64), (last, 0), f"{path}: start_pfn")
                expect_equal(piece.raw_head[:4096], dump.raw_head[:4096], f"{path}: main header")
                expect_equal(piece.bitmap2, dump.bitmap2, f"{path}: bitmap2")
                own = [pfn for pfn in bits.iterate(dump.kept()) if first <= pfn < end]
                for pfn in own:
                    expect(piece.page(pfn) == dump.page(pfn), f"{path}: page {pfn:#x} differs")
                counts.append(len(own))
                last = end
        expect_equal(last, dump.max_mapnr, "end of the last piece")
    return counts


def case_split(program, inputs, folder):
    """A set in balance; put together it is the dump."""
    pieces = split(program, inputs["sample"], folder)
    good([program, *QUIET, "-l", "-d", 31, inputs["sample"], folder / "whole"])
    counts = check_set(pieces, folder / "whole")
    expect(max(counts) - min(counts) <= 2 * 64, f"pages in the pieces: {counts}")
    good([program, *QUIET, "--reassemble", pieces[2], pieces[0], pieces[1], folder / "again"])
    expect_equal((folder / "again").read_bytes(), (folder / "whole").read_bytes(), "reassembled")


def case_split_threads(program, inputs, folder):
    """Pieces written one after another or at the same time are the same."""
    wanted = [path.read_bytes() for path in split(program, inputs["sample"], folder, "--num-threads", 0)]
    for words in (["--num-threads", 2], ["--num-threads", 8], ["--cyclic-buffer", 1, "--num-threads", 8]):
        got = split(program, inputs["sample"], folder, "-f", *words)
        expect([path.read_bytes() for path in got] == wanted, f"{words}: other bytes")


def case_splitblock_size(program, inputs, folder):
    """Pieces begin at multiples of the block; more pieces than blocks leaves some empty."""
    pieces = split(program, inputs["sample"], folder, "--splitblock-size", 4096, count=2)
    good([program, *QUIET, "-l", "-d", 31, inputs["sample"], folder / "whole"])
    check_set(pieces, folder / "whole")
    with KdumpFile(pieces[1]) as piece:
        expect_equal(piece.pfn_range()[0] % 1024, 0, "start_pfn")
    pieces = split(program, inputs["sample"], folder, "-f", "--splitblock-size", 1 << 30, count=4)
    expect_equal(check_set(pieces, folder / "whole")[1:], [0, 0, 0], "pages in later pieces")
    good([program, *QUIET, "--reassemble", *pieces, folder / "again"])
    expect_equal((folder / "again").read_bytes(), (folder / "whole").read_bytes(), "reassembled")


def case_split_with_the_original(program, inputs, folder):
    """Its sets through this program, and ours through it."""
    if not shutil.which(OLD):
        raise Skip(f"no {OLD}")
    pieces = split(program, inputs["sample"], folder)
    good([program, *QUIET, "-l", "-d", 31, inputs["sample"], folder / "whole"])
    start([OLD, "--reassemble", *pieces, folder / "theirs"])
    expect_equal((folder / "theirs").read_bytes(), (folder / "whole").read_bytes(), "ours by theirs")
    old = [folder / "old0", folder / "old1"]
    start([OLD, "--split", "-c", "-d", 1, "--splitblock-size", 1024, inputs["sample"], *old])
    start([OLD, "--reassemble", *old, folder / "old"])
    good([program, *QUIET, "--reassemble", *old, folder / "new"])
    with KdumpFile(folder / "old") as one, KdumpFile(folder / "new") as two:
        expect_equal(one.kept(), two.kept(), "pages")
        for pfn in bits.iterate(one.kept()):
            expect(one.page(pfn) == two.page(pfn), f"page {pfn:#x} differs")


def case_split_full_disk(program, inputs, folder):
    """One piece has no room: all are marked, and the others are complete."""
    small = folder / "small"
    small.mkdir()
    mount = start(["mount", "-t", "tmpfs", "-o", "size=400k", "none", small])
    if mount.returncode:
        raise Skip(f"cannot mount a tmpfs: {mount.stderr.strip()}")
    try:
        pieces = [folder / "a", small / "b", folder / "c"]
        done = start([program, "--split", "-d", "0", inputs["sample"], *pieces])
        expect_equal(done.returncode, 1, "exit status")
        expect("No space left on device" in done.stderr, f"stderr: {done.stderr!r}")
        expect_equal(done.stdout.count("This is an incomplete dumpfile"), 1, done.stdout)
        for piece in pieces:
            check_incomplete(piece)
        done = start([program, "--reassemble", *pieces, folder / "rest"])
        expect_equal(done.returncode, 0, done.stderr)
        expect("are lost in the pieces" in done.stderr, f"stderr: {done.stderr!r}")
        check_incomplete(folder / "rest")
    finally:
        start(["umount", small])


def case_split_into_one_file(program, inputs, folder):
    """The same file twice, by name and by inode, is refused before anything is written."""
    (folder / "a").write_text("kept\n", encoding="ascii")
    (folder / "b").hardlink_to(folder / "a")
    for other in ("a", "b"):
        done = start([program, "-f", "--split", inputs["sample"], folder / "a", folder / other])
        expect_equal(done.returncode, 1, "exit status")
        expect("are the same file" in done.stderr, done.stderr)
    expect_equal((folder / "a").read_text(encoding="ascii"), "kept\n", "a")
    # Two names of what is not there yet, and two nodes of one device.
    done = start([program, "-f", "--split", inputs["sample"], folder / "c", f"{folder}/./c"])
    expect("are the same file" in done.stderr and done.returncode == 1, done.stderr)
    expect(not (folder / "c").exists(), "left an empty file")
    device = loop_device(folder)
    try:
        number = os.stat(device).st_rdev
        os.mknod(folder / "node", 0o600 | stat.S_IFBLK, number)
        for words in (("-f", "--split", inputs["sample"], device, folder / "node"),
                      ("-f", device, folder / "node")):
            done = start([program, *words])
            expect("are the same file" in done.stderr and done.returncode == 1, done.stderr)
    finally:
        start(["losetup", "-d", device])


def case_reassemble_what_does_not_fit(program, inputs, folder):
    """Pieces that are missing, there twice, of another dump, or none."""
    a, b, c = split(program, inputs["sample"], folder)
    good([program, *QUIET, "-d", 31, inputs["sample"], folder / "whole"])
    for parts, text in (((a, c), "was not given"), ((a, b, b, c), "both have the page frames"),
                        ((a, b, folder / "whole"), "is no piece of"),
                        ((a, b, inputs["sample"]), "is no kdump-compressed file"),
                        ((a, b, folder / "none"), "No such file")):
        done = start([program, "--reassemble", *parts, folder / "out"])
        expect_equal(done.returncode, 1, text)
        expect(text in done.stderr, f"not {text!r}: {done.stderr!r}")
        expect(not (folder / "out").exists(), "left an output")
    done = start([program, "-f", "--reassemble", a, b, c, b])
    expect("are the same file" in done.stderr and done.returncode == 1, done.stderr)


def case_reassemble_flattened_pieces(program, inputs, folder):
    """Pieces that came through a stream."""
    pieces = split(program, inputs["sample"], folder)
    good([program, *QUIET, "--reassemble", *pieces, folder / "whole"])
    flat = folder / "flat"
    data = pieces[1].read_bytes()
    head = b"makedumpfile".ljust(16, b"\0") + (1).to_bytes(8, "big") * 2
    flat.write_bytes(head.ljust(4096, b"\0") + bytes(8) + len(data).to_bytes(8, "big") + data + b"\xff" * 16)
    good([program, *QUIET, "--reassemble", pieces[0], flat, pieces[2], folder / "again"])
    expect_equal((folder / "again").read_bytes(), (folder / "whole").read_bytes(), "reassembled")
