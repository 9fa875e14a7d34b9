#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-x, -g and -i with files that the compiler makes: every wanted fact against what
the compiler itself says, every form in which debug information comes, and damage.

Usage: tests/dwarf/run.py --program PROGRAM [WORD...]
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import vmlinux  # noqa: E402
import xen  # noqa: E402
from pylib.harness import Skip, Suite, expect, expect_equal  # noqa: E402

TIMEOUT = 600
DAMAGES = 150
# Made of others, or not in kernels that have the newer one.
DERIVED = {"PG_head_mask", "PAGE_BUDDY_MAPCOUNT_VALUE", "PAGE_OFFLINE_MAPCOUNT_VALUE",
           "PAGE_HUGETLB_MAPCOUNT_VALUE", "PAGE_SLAB_MAPCOUNT_VALUE",
           "PAGE_UNACCEPTED_MAPCOUNT_VALUE"}
# LENGTH(mem_section): a pointer in everything.c, as in newer kernels.
ABSENT = {"page._count", "mem_section", "PG_compound", "PG_offline", "kimage_voffset", "memstart_addr",
          "phys_ram_base"}


def call(program, *words):
    """(status, stdout, stderr)"""
    done = subprocess.run([program, *map(str, words)], capture_output=True, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


def facts_of(program, path, folder):
    """The text of -g as a dict."""
    out = folder / "facts.txt"
    status, stdout, stderr = call(program, "-f", "-g", out, "-x", path)
    expect(status == 0 and not stderr, f"exit status {status}: {stderr}")
    expect(f"The vmcoreinfo is saved to {out}." in stdout, f"no such line in {stdout!r}")
    return vmlinux.lines(out.read_text(encoding="utf-8"))


def case_every_fact(program, folder):
    """Each wanted fact is found and has the compiler's value."""
    path = vmlinux.build(folder / "vmlinux")
    got = facts_of(program, path, folder)
    for kind, name in vmlinux.wanted_names():
        expect(f"{kind}({name})" in got or name in ABSENT, f"{kind}({name}) was not found")
    typed = [key for key in got if re.match(r"(SIZE|OFFSET|LENGTH|NUMBER)\(", key)
             and re.search(r"\((.*)\)", key)[1] not in DERIVED]
    expect(len(typed) > 90, f"only {len(typed)} facts about types")
    for key, want in vmlinux.compiled_values(folder, typed).items():
        expect_equal(got[key], want, key)
    addresses = vmlinux.symbols(path)
    for key, value in got.items():
        match = re.fullmatch(r"SYMBOL\((.*)\)", key)
        if match:
            expect_equal(int(value, 16), addresses[match[1]], key)


def case_derived(program, folder):
    """What is a macro in the kernel follows from what is not."""
    got = facts_of(program, vmlinux.build(folder / "vmlinux"), folder)
    for name, value in (("PG_head_mask", 1 << 6), ("PAGE_BUDDY_MAPCOUNT_VALUE", (0xF0 << 24) - (1 << 32)),
                        ("PAGE_UNACCEPTED_MAPCOUNT_VALUE", (0xF7 << 24) - (1 << 32))):
        expect_equal(int(got[f"NUMBER({name})"]), value, name)
    expect_equal(got["OSRELEASE"], "6.1.0-everything", "OSRELEASE")
    expect(got["SRCFILE(pud_t)"].endswith("everything.h"), got["SRCFILE(pud_t)"])


def case_order(program, folder):
    """Lines stand in groups, and in them as in the table."""
    keys = list(facts_of(program, vmlinux.build(folder / "vmlinux"), folder))
    expect_equal(keys[:2], ["OSRELEASE", "PAGESIZE"], "first lines")
    wanted = [f"{kind}({name})" for kind, name in vmlinux.wanted_names()]
    expect_equal([key for key in keys if key in wanted], [key for key in wanted if key in keys],
                 "order")


def case_dwarf_forms(program, folder):
    """All versions of DWARF, compressed or not, give the same facts."""
    want = facts_of(program, vmlinux.build(folder / "vmlinux"), folder)
    for flags in (["-gdwarf-2", "-gstrict-dwarf"], ["-gdwarf-3"], ["-gdwarf-4"], ["-gdwarf-5"],
                  ["-g", "-gz=zlib"], ["-g", "-gz=zlib-gnu"], ["-g", "-fdebug-types-section"]):
        try:
            path = vmlinux.build(folder / "other", *flags)
        except vmlinux.Failure:
            print(f"     {' '.join(flags)}: this compiler cannot")
            continue
        got = facts_of(program, path, folder)
        # The build-id and so nothing else differs.
        expect_equal(got, want, " ".join(flags))


def case_separate_file(program, folder):
    """A stripped vmlinux finds its debug information beside it."""
    path = vmlinux.build(folder / "vmlinux")
    want = facts_of(program, path, folder)
    vmlinux.run("objcopy", "--only-keep-debug", path, folder / "vmlinux.debug")
    vmlinux.run("objcopy", "--strip-all", f"--add-gnu-debuglink={folder}/vmlinux.debug", path)
    expect_equal(facts_of(program, path, folder), want, "debug file beside")
    (folder / ".debug").mkdir()
    (folder / "vmlinux.debug").rename(folder / ".debug" / "vmlinux.debug")
    expect_equal(facts_of(program, path, folder), want, "debug file in .debug")


def case_separate_file_of_another(program, folder):
    """A file that does not belong to the vmlinux is not taken."""
    path, other = vmlinux.build(folder / "vmlinux"), folder / "vmlinux.debug"
    vmlinux.run("objcopy", "--only-keep-debug", path, other)
    vmlinux.run("objcopy", "--strip-all", f"--add-gnu-debuglink={other}", path)
    vmlinux.run("objcopy", "--only-keep-debug",
                vmlinux.build(folder / "another", release="6.2.0-another"), other)
    status, _, stderr = call(program, "-g", folder / "out", "-x", path)
    expect_equal(status, 1, "exit status")
    expect("not the debug information of" in stderr, stderr)
    expect(not (folder / "out").exists(), "something was written")


def case_alternate_file(program, folder):
    """What dwz moved to a file of its own is found there."""
    vmlinux.need("dwz")
    path, twin = vmlinux.build(folder / "vmlinux"), vmlinux.build(folder / "twin", release="1-twin")
    want = facts_of(program, path, folder)
    done = subprocess.run(["dwz", "-m", "common", "vmlinux", "twin"], cwd=folder, text=True,
                          capture_output=True, check=False)
    if done.returncode or not (folder / "common").exists():
        raise Skip(f"dwz found nothing to share: {done.stderr}")
    expect(twin.exists(), "no twin")
    expect_equal(facts_of(program, path, folder), want, "facts with an alternate file")


def case_other_machine(program, folder):
    """A vmlinux of another machine and byte order; LP64 layouts are alike."""
    want = facts_of(program, vmlinux.build(folder / "vmlinux"), folder)
    cross = "aarch64-linux-gnu-gcc"
    for name, flags in (("little endian", []), ("big endian", ["-mbig-endian"])):
        path = vmlinux.build(folder / "other", "-g", compiler=cross,
                             machine=["-mcmodel=large", *flags])
        got = facts_of(program, path, folder)
        for key, value in want.items():
            if re.match(r"(SIZE|OFFSET|LENGTH|NUMBER|OSRELEASE)", key):
                expect_equal(got.get(key), value, f"{name} {key}")
    path = vmlinux.build(folder / "other", "-g", "-m32", machine=[])
    got = facts_of(program, path, folder)
    for key, value in {"SIZE(list_head)": "8", "OFFSET(list_head.prev)": "4", "SIZE(mem_section)": "8",
                       "OFFSET(printk_info.caller_id)": "20", "NUMBER(PG_lru)": "5"}.items():
        expect_equal(got[key], value, f"32-bit {key}")


def case_symbols_only(program, folder):
    """Without debug information there is no text for -i, and the message says so."""
    path = vmlinux.build(folder / "vmlinux")
    vmlinux.run("strip", "-g", path)
    status, _, stderr = call(program, "-g", folder / "out", "-x", path)
    expect_equal(status, 1, "exit status")
    expect("no debug information" in stderr and str(path) in stderr, stderr)
    expect(not (folder / "out").exists(), "something was written")


def case_compression_that_nobody_knows(program, folder):
    """Named with its number: an older libelf does not know zstd (2)."""
    path = vmlinux.build(folder / "vmlinux", "-g", "-gz=zlib")
    for line in vmlinux.run("readelf", "-SW", path).splitlines():
        if ".debug_info" in line:
            at = int(line.split(".debug_info")[1].split()[2], 16)
    data = bytearray(path.read_bytes())
    expect_equal(data[at:at + 4], b"\x01\0\0\0", "ch_type")
    data[at] = 99
    path.write_bytes(data)
    status, _, stderr = call(program, "-g", folder / "out", "-x", path)
    expect_equal(status, 1, "exit status")
    expect(".debug_info is compressed (ch_type 99) and libelf cannot unpack it" in stderr, stderr)
    expect(not (folder / "out").exists(), "something was written")


def case_refused(program, folder):
    """Files that are no vmlinux."""
    path = folder / "file"
    module = folder / "module.o"
    vmlinux.run("gcc", "-g", "-c", "-o", module, HERE / "everything.c")
    for name, data, text in (("empty", b"", "not an ELF file"), ("text", b"text\n" * 99, "not an ELF file"),
                             ("module", module.read_bytes(), "e_type is 1"),
                             ("no kernel", Path("/bin/true").read_bytes(), "no symbol table"),
                             ("archive", b"!<arch>\n" + b" " * 99, "not an ELF file")):
        path.write_bytes(data)
        status, _, stderr = call(program, "-g", folder / "out", "-x", path)
        expect_equal(status, 1, f"{name}: exit status")
        expect(text in stderr and str(path) in stderr, f"{name}: {stderr}")
    status, _, stderr = call(program, "-g", folder / "out", "-x", folder)
    expect(status == 1 and "not a regular file" in stderr, stderr)
    expect(not (folder / "out").exists(), "something was written")


def damaged(data, rng):
    """The bytes with a few of them changed, or cut off."""
    data = bytearray(data)
    if rng.random() < 0.2:
        return bytes(data[:rng.randrange(len(data))])
    for _ in range(rng.choice((1, 3, 30))):
        at = rng.randrange(len(data)) if rng.random() < 0.7 else len(data) - 1 - rng.randrange(4096)
        data[at] = rng.choice((0, 0xFF, 0x80, rng.randrange(256)))
    return bytes(data)


def case_damage(program, folder):
    """Whatever is wrong with the file: an end, and an error or facts."""
    data = vmlinux.build(folder / "vmlinux").read_bytes()
    rng = random.Random(4)
    path, refused = folder / "damaged", 0
    for number in range(DAMAGES):
        path.write_bytes(damaged(data, rng))
        status, _, stderr = call(program, "-f", "-g", folder / "out", "-x", path)
        expect(status in (0, 1), f"damage {number}: exit status {status}: {stderr}")
        expect(status == 0 or str(path) in stderr, f"damage {number}: {stderr!r}")
        refused += status
    expect(0 < refused < DAMAGES, f"{refused} of {DAMAGES} refused")


def case_xen_facts(program, folder):
    """-g --xen-syms"""
    xen.case_facts(call, program, folder)


def case_xen_pages(program, folder):
    """-X --xen-syms"""
    xen.case_pages(call, program, folder)


def case_xen_gap(program, folder):
    """--xen-syms beside VMCOREINFO_XEN"""
    xen.case_gap(call, program, folder)


def case_xen_of_another(program, folder):
    """--xen-syms FILE of another hypervisor"""
    xen.case_of_another(call, program, folder)


def case_xen_damage(program, folder):
    """--xen-syms with a damaged file"""
    xen.case_damage(call, program, folder, damaged)


def case_existing_file(program, folder):
    """-g overwrites only with -f, and not what it reads."""
    path, out = vmlinux.build(folder / "vmlinux"), folder / "out"
    out.write_text("keep me", encoding="utf-8")
    status, _, stderr = call(program, "-g", out, "-x", path)
    expect(status == 1 and "File exists" in stderr, stderr)
    expect_equal(out.read_text(encoding="utf-8"), "keep me", "the file")
    status, _, stderr = call(program, "-f", "-g", path, "-x", path)
    expect(status == 1 and "same file" in stderr, stderr)
    expect(path.read_bytes()[:4] == b"\x7fELF", "the vmlinux was overwritten")


def case_built_without(_program, folder):
    """Without libdw the program says so; symbols are still read."""
    root = HERE.parent.parent
    vmlinux.run("make", "-s", "-j2", "-C", root, "VARIANT=nodw", "DW=0", "CFLAGS=-O1", "all")
    bare = root / "build/nodw/makedumpfile"
    status, _, stderr = call(str(bare), "-g", folder / "out", "-x",
                             vmlinux.build(folder / "vmlinux"))
    expect_equal(status, 1, "exit status")
    expect("built without libdw" in stderr, stderr)
    linked = vmlinux.run("ldd", bare)
    expect("libdw" not in linked, linked)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("word", nargs="*")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    suite = Suite("dwarf")
    for name, function in list(globals().items()):
        if name.startswith("case_"):
            def run(function=function):
                with tempfile.TemporaryDirectory(prefix="dwarf-") as folder:
                    function(program, Path(folder))
            suite.add(name[5:].replace("_", " "), run)
    return suite.main(args.word)


if __name__ == "__main__":
    sys.exit(main())
