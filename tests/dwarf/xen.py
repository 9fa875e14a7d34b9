# SPDX-License-Identifier: GPL-2.0-or-later
"""--xen-syms: hosts of tests/gen, and a file of their hypervisor that the compiler makes."""

import random
import re
import sys
from pathlib import Path

import vmlinux
from pylib import bits
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "gen"))

import mkdump  # noqa: E402

FLAGS = ["-O0", "-fno-pie", "-no-pie", "-nostdlib", "-static", "-ffreestanding",
         "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-mcmodel=large",
         "-Wl,--build-id=none", "-Wl,-e,_start"]
# layout of the recipe -> LAYOUT of xensyms.c
LAYOUTS = {"new": 4, "bitmap": 34, "int": 33, "direct": 33}
DAMAGES = 60
ORDER = ["PAGESIZE", "SYMBOL(dom_xen)", "SYMBOL(dom_io)", "SYMBOL(domain_list)", "SYMBOL(frame_table)",
         "SYMBOL(alloc_bitmap)", "SYMBOL(max_page)", "SYMBOL(pgd_l4)", "SYMBOL(xenheap_phys_end)",
         "SIZE(page_info)", "SIZE(domain)", "OFFSET(page_info.count_info)",
         "OFFSET(page_info._domain)", "OFFSET(domain.domain_id)", "OFFSET(domain.next_in_list)"]


def host(folder, layout, more="", info=""):
    """A dump of a host; its VMCOREINFO_XEN is in a file beside it, or edited by info."""
    dump = folder / f"host-{layout}"
    edits = f"[vmcoreinfo]\n{info}\n" if info else ""
    mkdump.make(f"[xen]\nlayout = {layout}\n{'' if info else 'no_info = yes'}\n{more}\n[frames]\n"
                f"dom0 x30\nguest 1 x20\nfree x40\nheap x4\nguest 2 x30\n{edits}", str(dump))
    return dump


def told(dump):
    """What the hypervisor of a host says of itself."""
    return vmlinux.lines(Path(f"{dump}.vmcoreinfo").read_text(encoding="utf-8"))


def syms(path, layout, facts, *flags, root="idle_pg_table"):
    """xen-syms for these facts."""
    vmlinux.need("gcc")
    symbols = {match[1]: value for match, value in
               ((re.fullmatch(r"SYMBOL\((.*)\)", key), value) for key, value in facts.items()) if match}
    symbols[root] = symbols.pop("pgd_l4")
    text = int(symbols["domain_list"], 16) - (1 << 16)
    vmlinux.run("gcc", *FLAGS, *(flags or ["-g"]), f"-DLAYOUT={LAYOUTS[layout]}",
                f"-Wl,-Ttext={text & -4096:#x}",
                *(f"-Wl,--defsym={name}=0x{value}" for name, value in symbols.items()),
                "-o", path, HERE / "xensyms.c")
    return path


def write_facts(call, program, path, out):
    """-g with a xen-syms; the text as a dict."""
    status, _, stderr = call(program, "-f", "-g", out, "--xen-syms", path)
    expect(status == 0 and not stderr, f"exit status {status}: {stderr}")
    return vmlinux.lines(out.read_text(encoding="utf-8"))


def kept(call, program, dump, output, *words):
    """The pages that -X keeps."""
    status, _, stderr = call(program, "-f", "-X", "-d", "0", *words, dump, output)
    expect(status == 0, f"{words}: exit status {status}: {stderr}")
    with KdumpFile(str(output)) as written:
        return written.bitmap2


def case_facts(call, program, folder):
    """-g --xen-syms writes what the hypervisor says of itself, in order."""
    for layout in LAYOUTS:
        want = told(host(folder, layout))
        for flags in ([], ["-gdwarf-4"], ["-gdwarf-2", "-gstrict-dwarf"]):
            path = syms(folder / "xen-syms", layout, want, *flags)
            got = write_facts(call, program, path, folder / "facts")
            expect_equal(got, want, f"{layout} {flags}")
            expect_equal(list(got), [key for key in ORDER if key in got], f"{layout}: order")


def case_pages(call, program, folder):
    """-X --xen-syms keeps what -X --xen-vmcoreinfo does."""
    for layout in LAYOUTS:
        dump = host(folder, layout, "longs = 9" if layout == "direct" else "")
        path = syms(folder / "xen-syms", layout, told(dump), root="idle_pg_table_4")
        want = kept(call, program, dump, folder / "want", f"--xen-vmcoreinfo={dump}.vmcoreinfo")
        got = kept(call, program, dump, folder / "got", "--xen-syms", path)
        expect_equal(bits.show(want ^ got), bits.show(0), layout)
        expect_equal((KdumpFile(str(folder / "got")).bitmap1 & ~got).bit_count(), 90, f"{layout}: dropped")


def case_gap(call, program, folder):
    """Xen 3.3 does not tell where its heap ends; its symbols do, without debug information too."""
    facts = told(host(folder, "int"))
    dump = host(folder, "int", info="drop SYMBOL(xenheap_phys_end)")
    status, _, stderr = call(program, "-X", "-d", "0", dump, folder / "out")
    expect(status == 1 and "--xen-syms can give it" in stderr, stderr)
    path = syms(folder / "xen-syms", "int", facts)
    want = kept(call, program, dump, folder / "out", "--xen-syms", path)
    vmlinux.run("strip", "-g", path)
    expect_equal(kept(call, program, dump, folder / "out", "--xen-syms", path), want, "kept")
    status, _, stderr = call(program, "-g", folder / "facts", "--xen-syms", path)
    expect(status == 1 and "no debug information" in stderr, stderr)
    expect(not (folder / "facts").exists(), "something was written")


def case_of_another(call, program, folder):
    """A file that says something else than the dump is of another hypervisor."""
    facts = told(host(folder, "new"))
    dump = host(folder, "new", info="set NUMBER(nothing)=1")
    facts["SYMBOL(dom_io)"] = f"{int(facts['SYMBOL(dom_io)'], 16) + 8:x}"
    path = syms(folder / "xen-syms", "new", facts)
    status, _, stderr = call(program, "-X", "-d", "0", "--xen-syms", path, dump, folder / "out")
    expect_equal(status, 2, "exit status")
    expect("of another hypervisor: its SYMBOL(dom_io) is" in stderr, stderr)
    # Nothing to compare with: its page tables are not there.
    dump = host(folder, "new")
    facts["SYMBOL(pgd_l4)"] = f"{int(facts['SYMBOL(pgd_l4)'], 16) + 4096:x}"
    path = syms(folder / "xen-syms", "new", facts)
    status, _, stderr = call(program, "-X", "-d", "0", "--xen-syms", path, dump, folder / "out")
    expect(status == 1 and "page tables are not at" in stderr, stderr)
    expect(not (folder / "out").exists(), "something was written")


def case_damage(call, program, folder, damaged):
    """Whatever is wrong with the file: an end, and an error or facts."""
    dump = host(folder, "bitmap")
    data = syms(folder / "xen-syms", "bitmap", told(dump)).read_bytes()
    rng, path, refused = random.Random(5), folder / "damaged", 0
    for number in range(DAMAGES):
        path.write_bytes(damaged(data, rng))
        status, _, stderr = call(program, "-f", "-X", "-d", "0", "--dry-run", "--xen-syms", path, dump,
                                 folder / "out")
        expect(status in (0, 1), f"damage {number}: exit status {status}: {stderr}")
        expect(status == 0 or "-X: " in stderr, f"damage {number}: {stderr!r}")
        refused += status
    expect(0 < refused < DAMAGES, f"{refused} of {DAMAGES} refused")
