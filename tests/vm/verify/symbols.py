# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: symbols, modules and per-CPU data that the program finds in a dump,
against the guest's own /proc/kallsyms and /proc/modules.

tools/symbols_of.c, linked with the program's objects, prints what is found.
"""

import subprocess

import verify.paths  # noqa: F401
from pylib.harness import expect, expect_equal
from verify.paths import ROOT

TOOL = "build/release/tests/vm/tools/symbols_of"
# Symbols that the kernel makes up for /proc/kallsyms: no module has them in its table.
MADE_UP = {"__builtin__ftrace", "bpf"}
TRAMPOLINE = "ftrace_trampoline"


class Truth:
    """The guest's files: [(address, letter, name)], [(address, name)] of modules, [(name, size, address)]."""

    def __init__(self, folder):
        self.kernel, self.of_modules, self.modules = [], [], []
        for line in (folder / "kallsyms").read_text(encoding="ascii").splitlines():
            address, letter, name, *module = line.split()
            if not module:
                self.kernel.append((int(address, 16), letter, name))
            elif module[0].strip("[]") not in MADE_UP and name != TRAMPOLINE:
                self.of_modules.append((int(address, 16), name))
        for line in (folder / "modules").read_text(encoding="ascii").splitlines():
            words = line.split()
            self.modules.append((words[0], int(words[1]), int(words[5], 16)))

    def has(self, name):
        """The kernel's table has a symbol of that name."""
        return any(known == name for _, _, known in self.kernel)


def ask(dump, *words):
    """(exit status, stdout, stderr) of the tool."""
    done = subprocess.run([ROOT / TOOL, dump, *words], text=True, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def listed(dump, *words):
    """[(address, letter, name)] that the tool prints of the kernel."""
    status, out, err = ask(dump, *words)
    expect(status == 0, f"exit status {status}: {err[-300:]}")
    result = []
    for line in out.splitlines():
        address, letter, name = line.split()
        result.append((int(address, 16), letter, name))
    return result


def differ(got, want):
    """'' or the first symbols that only one of the two lists has."""
    if got == want:
        return ""
    have, need = set(got), set(want)
    lost, new = sorted(need - have)[:3], sorted(have - need)[:3]
    return f"{len(got)} symbols, {len(want)} in the guest; lost {lost}, invented {new}"


def same(dump, truth, *words):
    """The tool prints exactly the kernel's symbols, in their order."""
    trouble = differ(listed(dump, *words), truth.kernel)
    expect(not trouble, trouble)


def physical(dump, truth):
    """Found by physical address, without any fact; place-relative addresses are physical, too."""
    got = listed(dump, "physical")
    if got == truth.kernel:
        return
    moved = {(want - have) % 2**64 for (have, _, _), (want, _, _) in zip(got, truth.kernel)}
    expect_equal([name for _, _, name in got], [name for _, _, name in truth.kernel], "names")
    expect(len(moved) == 1 and moved.pop() % 4096 == 0, "symbols are moved by different amounts")


def names(dump, truth):
    """Addresses here and there, and one byte behind: the symbol, or another of that address."""
    by_address = {}
    for address, _, name in truth.kernel:
        by_address.setdefault(address, set()).add(name)
    image = [address for address in by_address if address >> 32]
    picked = image[1:-1:max(1, len(image) // 20)]
    _, out, _ = ask(dump, "name", *(f"{address:x}" for address in picked))
    got = dict(line.split() for line in out.splitlines())
    for address in picked:
        name = got.get(f"{address:x}")
        expect(name in by_address[address], f"{address:#x} is {name}, not {by_address[address]}")


def modules(dump, truth):
    """Names, sizes and addresses in the order of /proc/modules; all symbols; types where there are."""
    status, out, err = ask(dump, "modules")
    if not truth.has("modules"):
        # No symbols of data without CONFIG_KALLSYMS_ALL.
        expect(status == 1 and "symbol modules is not known" in err, f"{status}: {err[-300:]}")
        return
    expect(status == 0, f"exit status {status}: {err[-300:]}")
    found, symbols = [], []
    for line in out.splitlines():
        if line.startswith("module "):
            name, state, size, address, btf, provider = line.split(maxsplit=6)[1:]
            found.append((name, int(size), int(address, 16)))
            expect_equal(state, "0", f"state of {name}")
            expect((btf != "0") == (provider == "btf"), f"{name}: {btf} bytes of BTF: {provider}")
        else:
            symbols.append((int(line.split()[0], 16), line.split()[1]))
    expect_equal(found, truth.modules, "modules")
    trouble = differ(sorted(symbols), sorted(truth.of_modules))
    expect(not trouble, trouble)


def percpu(dump, truth):
    """Each CPU's own number where it keeps it, in a variable of that name."""
    status, out, err = ask(dump, "percpu", "cpu_number")
    expect(status == 0, f"exit status {status}: {err[-300:]}")
    expect(out.split() and out.split() == [str(cpu) for cpu in range(len(out.split()))],
           f"CPU numbers {out.split()}")


def add(suite, subject, _facts):
    """Add the cases."""
    done = subprocess.run(["make", "-s", "-C", ROOT, TOOL], text=True, capture_output=True, check=False)
    truth = Truth(subject.folder)

    def built():
        expect(done.returncode == 0, done.stderr[-300:])

    def filtered():
        same(subject.output(31, "-l").path, truth, "scan")

    suite.add("symbols: the tool is built", built)
    # Named since 6.0.
    if "SYMBOL(kallsyms_names)" in subject.core.vmcoreinfo_text:
        suite.add("symbols: each of /proc/kallsyms, tables named by VMCOREINFO",
                  lambda: same(subject.vmcore, truth))
    suite.add("symbols: each, tables found in the image", lambda: same(subject.vmcore, truth, "scan"))
    suite.add("symbols: each, tables found by physical address", lambda: physical(subject.vmcore, truth))
    suite.add("symbols: each, of a dump of level 31", filtered)
    suite.add("symbols: names of addresses", lambda: names(subject.vmcore, truth))
    suite.add("symbols: modules and theirs as in /proc/modules", lambda: modules(subject.vmcore, truth))
    # Not every kernel has such a variable.
    if truth.has("cpu_number") and truth.has("__per_cpu_offset"):
        suite.add("symbols: per-CPU data", lambda: percpu(subject.vmcore, truth))
