#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_elf.py CORE VMCORE: read an ELF core through drgn and gdb.

drgn reads every stored page by physical address, and the kernel's release by
virtual address, which takes the page tables in the core. gdb knows nothing of
kernels: it reads the kernel text by p_vaddr.
"""

import re
import shutil
import subprocess
import sys

import common

HAVE_DRGN = common.use_system_python("drgn")
if HAVE_DRGN:
    import drgn

from check_drgn import UTS_RELEASE  # noqa: E402
from pylib import harness  # noqa: E402
from pylib.elfcore import ElfCore  # noqa: E402

CHUNK = 1 << 20
WORDS = 8


def with_drgn(core, source):
    """All stored bytes, and the release."""
    prog = drgn.Program()
    prog.set_core_dump(core.path)
    harness.expect(bool(prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL), "drgn sees no kernel")
    count = 0
    for load in core.loads:
        for at in range(0, load.filesz, CHUNK):
            size = min(CHUNK, load.filesz - at)
            harness.expect(prog.read(load.paddr + at, size, physical=True)
                           == source.read_phys(load.paddr + at, size), f"{load} differs at {at:#x}")
            count += size
    info = core.vmcoreinfo
    offset = info.offset("uts_namespace.name")
    address = info.symbol("init_uts_ns") + (4 if offset is None else offset) + UTS_RELEASE
    got = prog.read(address, 65).split(b"\0")[0].decode("latin-1")
    harness.expect_equal(got, info.get("OSRELEASE"), "release read by virtual address")
    print(f"     drgn: {count} bytes, release {got}")


def with_gdb(core, source):
    """The first bytes of kernel text."""
    ones = (1 << 64) - 1
    address = core.vmcoreinfo.symbol("_stext")
    load = next(p for p in core.loads if p.vaddr != ones and p.vaddr <= address < p.vaddr + p.filesz)
    done = subprocess.run(["gdb", "-nx", "-batch", "-ex", f"core-file {core.path}", "-ex",
                           f"x/{WORDS}bx {address:#x}"], capture_output=True, text=True, check=False)
    # Without registers gdb takes a machine of another kind for 32-bit, and shortens addresses.
    got = bytes(int(word, 16) for word in re.findall(r"\t(0x[0-9a-f]{2})\b", done.stdout))
    harness.expect_equal(got, source.read_phys(load.paddr + address - load.vaddr, WORDS),
                         f"text at {address:#x}, gdb says {done.stdout!r} {done.stderr!r}")
    print(f"     gdb: {WORDS} bytes of text at {address:#x}")


def main(path, vmcore):
    """Exit status."""
    with ElfCore(path) as core, ElfCore(vmcore) as source:
        if HAVE_DRGN:
            with_drgn(core, source)
        if shutil.which("gdb"):
            with_gdb(core, source)
    return 0 if HAVE_DRGN or shutil.which("gdb") else common.skip_all("drgn and gdb", "not installed")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
