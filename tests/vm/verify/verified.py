# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: --verify finds nothing missing in our dumps, and what is taken out of them.

Which pages are taken out is worked out here, from the guest's /proc/kallsyms and
the page tables in the dump; the program finds them by its own ways.
"""

import json
import re
import shutil

import verify.paths  # noqa: F401
from pylib import kdumpedit
from pylib.harness import Failure, expect, expect_equal
from pylib.kmem import KernelMemory
from pylib.pageview import SP, PageView
from verify.program import run
from verify.tags import DumpCore

# Built without CONFIG_KALLSYMS_ALL: its variables have no names in the dump.
FUNCTIONS_ONLY = {"arm64-6.1": {"kernel_image", "per_cpu_data", "modules", "run_queues",
                                "interrupt_stacks"}}
# Guests on which the other forms of a dump are looked at as well.
FORMS = ("x86-6.1", "arm64-7.2")
# Whose dumps lose pages on purpose: the oldest kernel, the newest, the other architecture.
TAKEN_OUT = ("x86-5.10", "x86-7.3", "arm64-7.2")
SYMBOL = re.compile(r"^([0-9a-f]+) \w ([^\s]+)(?:\t\[(\w+)\])?$", re.M)
FINDS = ("missing", "damaged", "unmapped", "broken")


class Symbols(dict):
    """name -> address in the guest's kernel; modules: module -> address of its first symbol."""

    def __init__(self, folder):
        super().__init__()
        self.modules = {}
        text = (folder / "kallsyms").read_text(encoding="ascii")
        for address, name, module in SYMBOL.findall(text):
            if module == "":
                self.setdefault(name, int(address, 16))
            elif module != "bpf" and not name.startswith("__"):
                self.modules.setdefault(module, int(address, 16))


def look(subject, dump, *words):
    """(exit status, stdout, the "verify" part of the statistics) of --verify on a dump."""
    name = subject.scratch / "verify.json"
    status, out, err, _ = run(subject.program, "--verify", "-f", "--json", name, *words, dump)
    found = json.loads(name.read_text(encoding="utf-8"))
    name.unlink()
    expect(found["exit_status"] == status, f"JSON says exit status {found['exit_status']}")
    expect("verify" in found, f"exit status {status}: {err[-300:]}")
    return status, out + err, found["verify"]


def clean(subject, dump, *words):
    """Nothing is missing, and every area was looked at."""
    status, text, found = look(subject, dump, *words)
    expect(status == 0, f"exit status {status}:\n{text[-2000:]}")
    expect("nothing that was looked for is missing" in text, f"prints {text[-300:]!r}")
    excused = FUNCTIONS_ONLY.get(subject.meta["guest"], set())
    for name, area in found["areas"].items():
        expect(area["checked"] or name in excused, f"{name}: not checked: {found['not_checked']}")
        for word in FINDS:
            expect_equal(area[word], 0, f"{name}: {word}")
    expect(excused or not found["not_checked"], f"not checked: {found['not_checked']}")
    expect(found["areas"]["tasks"]["objects"] > 20, "hardly any tasks were found")
    return found


class Victim:
    """A copy of the level-31 dump that pages are taken out of."""

    def __init__(self, subject):
        self.subject, self.path = subject, subject.scratch / "victim"
        shutil.copyfile(subject.output(31, "-l").path, self.path)
        self.symbols = Symbols(subject.folder)
        self.core = DumpCore(self.path)
        self.memory = KernelMemory(self.core)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.core.dump.close()
        self.path.unlink()

    def pfn(self, va):
        """Page frame behind a virtual address."""
        return self.memory.translate(va) // self.core.page_size

    def symbol(self, *names):
        """Address of the first of these symbols that the kernel has."""
        for name in names:
            if name in self.symbols:
                return self.symbols[name]
        raise Failure(f"/proc/kallsyms has no {names[0]}")

    def expect_missing(self, wanted):
        """--verify fails and names each of {pfn: (area, text in its line)}."""
        status, text, found = look(self.subject, self.path)
        expect_equal(status, 1, "exit status")
        expect("not all that a debugger needs can be read" in text, f"prints {text[-300:]!r}")
        for pfn, (area, words) in wanted.items():
            lines = [line for line in text.splitlines()
                     if line.startswith("missing: ") and words in line and f"pfn {pfn:#x}" in line]
            expect(lines, f"no line about {words} and pfn {pfn:#x}:\n{text[-3000:]}")
            expect(found["areas"][area]["missing"] > 0, f"{area}: nothing missing")
        return text, found


def taken_out(subject):
    """Pages of areas that do not depend on each other, all at once."""
    with Victim(subject) as victim:
        size, memory = victim.core.page_size, victim.memory
        names = {
            "text": (victim.symbol("_stext") + 5 * size, "kernel_image", "kernel text"),
            "stack": (victim.symbol("init_stack", "init_thread_union"), "tasks",
                      'stack of task "swapper'),
            "log": (memory.word(victim.symbol("log_buf")), "kernel_log", "log text"),
            "cpu": (victim.symbol("__per_cpu_start") + size
                    + memory.word(victim.symbol("__per_cpu_offset") + 8) & (1 << 64) - 1,
                    "per_cpu_data", "per-CPU data of CPU 1"),
        }
        for module, address in list(victim.symbols.modules.items())[:1]:
            names["module"] = (address, "modules", f"memory of module {module}")
        wanted = {victim.pfn(va): (area, words) for va, area, words in names.values()}
        kdumpedit.remove(victim.path, wanted)
        victim.expect_missing(wanted)


def struct_pages(subject):
    """A page of struct pages, in the middle of the memory map."""
    with Victim(subject) as victim:
        view = PageView(victim.core)
        section = sorted(view.addresses)[len(view.addresses) // 2]
        pfn = victim.pfn(view.addresses[section] + section * view.per_section * SP & (1 << 64) - 1)
        kdumpedit.remove(victim.path, [pfn])
        victim.expect_missing({pfn: ("struct_pages", "struct pages")})


def page_table(subject):
    """The table that maps the kernel's text: its lowest level, or the one above."""
    with Victim(subject) as victim:
        victim.memory.translate(victim.symbol("_stext"))
        tables = [pa for pa in victim.memory.tables if pa != victim.memory.root]
        pfn = tables[-1] // victim.core.page_size
        kdumpedit.remove(victim.path, [pfn])
        _, text, found = look(subject, victim.path)
        expect(found["areas"]["page_tables"]["missing"] == 1, f"not told:\n{text[-2000:]}")
        expect(re.search(rf"^missing: page table \(\w+\): pfn {pfn:#x}", text, re.M),
               f"no line about pfn {pfn:#x}")


def types(subject):
    """A page of BTF: what needs types is said to be unchecked, not passed over."""
    with Victim(subject) as victim:
        pfn = victim.pfn(victim.symbol("__start_BTF") + 9 * victim.core.page_size)
        kdumpedit.remove(victim.path, [pfn])
        _, found = victim.expect_missing({pfn: ("btf", "BTF")})
        expect(not found["areas"]["tasks"]["checked"], "tasks were looked at without types")
        expect(any(gap["area"] == "tasks" for gap in found["not_checked"]),
               f"tasks are not among what was not checked: {found['not_checked']}")


def spoiled(subject):
    """A page whose data does not unpack."""
    with Victim(subject) as victim:
        pfn = victim.pfn(victim.symbol("_stext") + 3 * victim.core.page_size)
        kdumpedit.spoil(victim.path, pfn)
        status, text, found = look(subject, victim.path)
        expect_equal(status, 1, "exit status")
        expect_equal(found["areas"]["stored_pages"]["damaged"], 1, "damaged stored pages")
        for what in ("stored pages", "kernel text"):
            expect(re.search(rf"^damaged: {what}:.* pfn {pfn:#x}: ", text, re.M),
                   f"no line about {what}:\n{text[-2000:]}")


def forms(subject):
    """The same of what --split, -e, -F and -E write."""
    want = clean(subject, subject.output(31, "-l").path)
    scratch = subject.scratch
    pieces = scratch / "piece1", scratch / "piece2"
    for words, outputs, given in (
            (["-l", "--split"], pieces, [",".join(map(str, pieces))]),
            (["-l", "-e", "--work-dir", "/tmp"], [scratch / "without"], [scratch / "without"]),
            (["-E"], [scratch / "core"], [scratch / "core"])):
        status, _, err, _ = run(subject.program, "-f", "-d", "31", *words, subject.vmcore, *outputs)
        expect(status == 0, f"{words}: {err}")
        found = clean(subject, *given)
        for name in ("tasks", "modules", "page_tables"):
            expect_equal(found["areas"][name]["objects"], want["areas"][name]["objects"],
                         f"{words}: {name}")
        for output in outputs:
            output.unlink()


def add(suite, subject, facts):
    """Add the cases of a dump."""
    del facts
    suite.add("--verify: level 31 lacks nothing",
              lambda: clean(subject, subject.output(31, "-l").path))
    if subject.meta["guest"] in TAKEN_OUT:
        suite.add("--verify: pages taken out are named", lambda: taken_out(subject))
        suite.add("--verify: a page of BTF taken out", lambda: types(subject))
        suite.add("--verify: a page table taken out", lambda: page_table(subject))
        suite.add("--verify: struct pages taken out", lambda: struct_pages(subject))
        suite.add("--verify: a page that does not unpack", lambda: spoiled(subject))
    if subject.meta["guest"] in FORMS:
        suite.add("--verify: dumps in pieces, with -e, and ELF cores", lambda: forms(subject))
    if (subject.folder / "crash" / "dump.31").exists():
        suite.add("--verify: the dump of the crash lacks nothing",
                  lambda: clean(subject, subject.folder / "crash" / "dump.31"))
