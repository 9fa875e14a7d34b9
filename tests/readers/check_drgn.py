#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_drgn.py DUMP VMCORE: read a dump back through drgn.

No debug information is needed: drgn accepts the dump only when machine,
utsname and VMCOREINFO are in order, and reads by physical address. Then it
must also find the kernel's release at init_uts_ns by virtual address, which
takes the page tables in the dump.
"""

import sys

import common

HAVE_DRGN = common.use_system_python("drgn")
if HAVE_DRGN:
    import drgn

from pylib import harness  # noqa: E402

UTS_RELEASE = 130


def check_release(prog, path):
    """utsname.release read through the dumped page tables equals OSRELEASE."""
    with common.KdumpFile(path) as dump:
        info = dump.vmcoreinfo
    address = info.symbol("init_uts_ns")
    if address is None:
        return "no init_uts_ns in VMCOREINFO"
    offset = info.offset("uts_namespace.name")
    # before v5.11 there is no key and a reference count of 4 bytes comes first
    address += (4 if offset is None else offset) + UTS_RELEASE
    got = prog.read(address, 65).split(b"\0")[0].decode("latin-1")
    harness.expect_equal(got, info.get("OSRELEASE"), "release read by virtual address")
    return f"release {got} read by virtual address"


def open_reader(path):
    """open_reader for common.run()."""
    prog = drgn.Program()
    prog.set_core_dump(path)
    harness.expect(bool(prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL),
                   "drgn does not take the dump for a Linux kernel's")
    text = f"drgn {drgn.__version__ if hasattr(drgn, '__version__') else '?'}, {prog.platform}"

    def read(address, size):
        try:
            return prog.read(address, size, physical=True)
        except (drgn.FaultError, OSError, ValueError) as why:
            raise common.Unreadable(str(why)) from why

    return read, f"{text}; {check_release(prog, path)}"


def main():
    """Command line."""
    options = common.arguments(__doc__.split("\n\n")[0])
    if not HAVE_DRGN:
        return common.skip_all("drgn", "python3-drgn is not installed")
    return common.run("drgn", options, open_reader)


if __name__ == "__main__":
    sys.exit(main())
