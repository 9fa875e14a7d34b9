#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The generators themselves: every recipe builds, and what a machine recipe
promises in its JSON is what an independent reader finds in the dump.

Usage: test_gen.py [WORD...]. Needs no program, only the recipes.
"""

import os
import pathlib
import re
import sys
import tempfile

import genpath
import kdumpbuild
import mkdump
import printk
import recipe
from expect import Expected
from pylib import bits, harness
from pylib.elfcore import ElfCore
from pylib.kdumpfile import KdumpFile
from pylib.kmem import KernelMemory
from pylib.pageview import PageView

RECIPES = sorted(genpath.HERE.glob("recipes/*.recipe")) + [genpath.HERE / "sample.recipe"]
RESULTS = ("ok", "ok at levels 0 and 1", "error", "either")
# classes that the struct page alone cannot tell
NOT_IN_STRUCT = ("pmem_userdata", "pmem_metadata")

suite = harness.Suite("gen")


def build(path, text):
    """The dump of a recipe text at path."""
    mkdump.make(text, str(path))


def compare_machine(path):
    """pylib's page-by-page judgement equals the promised classes."""
    expected = Expected(f"{path}.json")
    # What was made into another format left the core beside it.
    with ElfCore(f"{path}.elf" if os.path.exists(f"{path}.elf") else path, expected.page_size) as core:
        harness.expect(core.present() == expected.present, "present pages differ")
        harness.expect_equal(core.max_mapnr(), expected.max_mapnr, "max_mapnr")
        harness.expect(not core.problems, "; ".join(core.problems))
        check_zero(core, expected)
        if expected.raw["model"] == "flatmem":
            return
        seen = PageView(core).kinds()
    stale = image_pages(expected)
    for kind, pages in expected.classes.items():
        if kind not in NOT_IN_STRUCT:
            wrong = (seen.get(kind, 0) & expected.present & ~stale) ^ pages
            harness.expect(not wrong, f"{kind}: {bits.show(wrong)}")


def compare_kdump(path):
    """A kdump-compressed machine has the promised pages, and zeros where it should."""
    expected = Expected(f"{path}.json")
    with KdumpFile(path) as dump:
        scale = dump.block_size // expected.page_size
        want = kdumpbuild.scale(expected.present, expected.page_size, dump.block_size)
        harness.expect(dump.bitmap1 == want, "bitmap1 is not the machine's memory")
        if scale == 1:
            gone = expected.dropped(dump.sub["dump_level"]) if dump.sub["dump_level"] > 1 else 0
            harness.expect(dump.kept() == want & ~gone, "bitmap2 is not what the level leaves")
        for block in list(bits.iterate(dump.kept()))[::10]:
            page = dump.page(block)
            for i in range(scale):
                pfn = block * scale + i
                part = page[i * expected.page_size:(i + 1) * expected.page_size]
                if expected.present >> pfn & 1:
                    harness.expect_equal(not any(part), bool(expected.zero >> pfn & 1),
                                         f"page {pfn:#x} is zero")


def image_pages(expected):
    """Pages of the kernel image: what looks like cache there is none."""
    return bits.from_ranges([(0x1000, 0x1400)]) if expected.raw["arch"] == "x86_64" else 0


def check_zero(core, expected):
    """The promised zero pages, every tenth of them and of the others."""
    zero = bytes(core.page_size)
    for pfn in list(bits.iterate(expected.present))[::10]:
        harness.expect_equal(core.page(pfn) == zero, bool(expected.zero >> pfn & 1),
                             f"page {pfn:#x} is zero")


def try_recipe(path):
    """One recipe: its first lines, its build, its promise."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    harness.expect("SPDX-License-Identifier: GPL-2.0-or-later" in lines[0], "no licence line")
    harness.expect(len(recipe.title(text)) > 10, "the first comment does not say what is special")
    result = re.search(r"^# result: (.*)$", text, re.M)
    harness.expect(result and result.group(1) in RESULTS, "no '# result:' line")
    with tempfile.TemporaryDirectory(prefix="gen-") as folder:
        dump = pathlib.Path(folder) / "dump"
        build(dump, text)
        # Of flattened ones tests/corpus takes out what they carry.
        # Nor can pylib read a kernel without a note; tests/corpus/recovered.py and domain0log.py do.
        if "\n[machine]\n" in text and "[flatten]" not in text and "\ndrop-note\n" not in text \
                and "\nxen_dom0 = " not in text and path.stem.startswith(("good", "sample")):
            (compare_kdump if "[kdump]" in text else compare_machine)(dump)


for recipe_path in RECIPES:
    if not recipe_path.stem.startswith("big-"):
        suite.add(recipe_path.stem, lambda path=recipe_path: try_recipe(path))


@suite.case("page tables translate the direct map, the image and the struct pages")
def tables():
    for name in ("good-x86-la57", "good-x86-sme", "good-arm64-4k-52", "good-arm64-64k"):
        with tempfile.TemporaryDirectory(prefix="gen-") as folder:
            dump = pathlib.Path(folder) / "dump"
            build(dump, (genpath.HERE / f"recipes/{name}.recipe").read_text(encoding="utf-8"))
            with ElfCore(dump) as core:
                memory = KernelMemory(core)
                uts = memory.read(core.vmcoreinfo.symbol("init_uts_ns"), 195)
                release = uts[130:].split(b"\0")[0].decode()
                harness.expect_equal(release, core.vmcoreinfo["OSRELEASE"], f"{name}: release")
                text = core.all_loads[0]
                harness.expect_equal(memory.translate(text.vaddr), text.paddr, f"{name}: image")


@suite.case("a log block that would end exactly at the ring's end")
def exact_end():
    for version, begin, end in (((6, 18), 0x7E0, 0x820), ((6, 19), 0x7E0, 0x800)):
        ring = printk.Ring(version, count_bits=6, size_bits=11)
        # 63 blocks of 32 bytes, then one of 32 bytes that fits to the end
        for index in range(64):
            ring.add(printk.Record("x" * 20, index))
        _, first, after = ring.descs[ring.head_id % ring.count]
        harness.expect_equal(first % 0x1000 - 0x800 if first > 1 << 60 else first,
                             begin, f"begin on {version}")
        harness.expect_equal((after - first) % (1 << 64), end - begin, f"length on {version}")


@suite.case("a wrapped log keeps only the records whose text survives")
def wrapped():
    ring = printk.Ring((6, 12), count_bits=5, size_bits=10)
    for index in range(200):
        ring.add(printk.Record(f"message {index}", index))
    alive = ring.alive()
    harness.expect_equal(alive[-1]["text"], "message 199", "newest record")
    harness.expect_equal([r["seq"] for r in alive],
                         list(range(200 - len(alive), 200)), "sequence numbers")
    harness.expect(8 < len(alive) <= 32, f"{len(alive)} records alive")


@suite.case("wrong recipes are refused")
def refused():
    for text in ("[load]\nnonsense\n", "paddr = 1\n", "[machine]\nera=6.12\n[pages]\nunknown-kind x1\n",
                 "[machine]\n[pages]\nanon at=0x3000 x4\nanon at=0x3002 x1\n", "[none]\n"):
        with tempfile.TemporaryDirectory(prefix="gen-") as folder:
            try:
                build(pathlib.Path(folder) / "dump", text)
            except recipe.RecipeError:
                continue
            raise harness.Failure(f"accepted: {text!r}")


if __name__ == "__main__":
    sys.exit(suite.main(sys.argv[1:]))
