# SPDX-License-Identifier: GPL-2.0-or-later
"""What firmware or a hypervisor finds in an x86_64 machine: its CPUs' registers, per-CPU
data that tells which CPU is which, and a capture kernel that was loaded and ran.

Keys of [machine]:

	registers = yes       QEMU's notes and per-CPU data; symbols go to VMCOREINFO
	user_cpus = CPU...    run a program, with page tables that only map what entry code needs
	captured = CPU...     left this kernel: their page tables are another's
	kdump = ADDRESS       kexec loaded a capture kernel there and purgatory ran: kimage,
	                      elfcorehdr, the copy of low memory, crash_notes
	low = FIRST-END       what was copied
"""

import struct

from pylib import elfnote
from recipe import number

UNIT, GDT, APIC_ID, NOTES = 8 << 12, 0x3000, 0x4000, 0x5000     # of a CPU's area
ENTRY_AREA, ENTRY_STEP = 0xFFFFFE0000001000, 0x3B000
ELFCOREHDR, BACKUP_ROOM = 2 << 20, 640 << 10
SYMBOLS = ("gdt_page", "x86_cpu_to_apicid", "crash_notes", "__per_cpu_offset", "nr_cpu_ids",
           "kexec_crash_image")
STATE_R15, NOTE_R15 = 0x51500000, 0xC0DE0000


def _listed(machine, key):
    return [number(word) for word in machine.config.get(key, "").split()]


def prstatus(machine, cpu):
    """The note that the kernel makes of a CPU that it stops."""
    status = bytearray(machine.arch.prstatus)
    struct.pack_into("<I", status, 32, 100 + cpu)
    struct.pack_into("<Q", status, 112, NOTE_R15 + cpu)
    return elfnote.build("CORE", elfnote.NT_PRSTATUS, bytes(status), "<")


def build(machine):
    """Per-CPU areas, and what kexec loaded; before the page tables."""
    if not machine.config.flag("registers"):
        return
    cpus = machine.config.number("cpus", 2)
    units = [machine.alloc_boot(UNIT, UNIT) for _ in range(cpus)]
    machine.cpu_units = units
    offsets = b"".join(machine.word(machine.arch.linear(unit)) for unit in units)
    machine.write(machine.alloc_data("__per_cpu_offset", 8 * 16), offsets)
    machine.write(machine.alloc_data("nr_cpu_ids", 8), struct.pack("<I", cpus))
    machine.symbols.update(gdt_page=GDT, x86_cpu_to_apicid=APIC_ID)
    machine.write(machine.alloc_data("crash_notes", 8), machine.word(NOTES))
    ids = _listed(machine, "apic_ids") or range(cpus)
    for cpu, unit in enumerate(units):
        machine.write(unit + GDT, struct.pack("<QQ", 0, 0xAF9B000000FFFF))
        # 16 bits in kernels up to 6.7, and something else behind them.
        machine.write(unit + APIC_ID, struct.pack("<HH", ids[cpu], 0xABCD))
        if machine.config.get("kdump"):
            machine.write(unit + NOTES, prstatus(machine, cpu))
    kdump = machine.config.get("kdump")
    if kdump:
        build_kimage(machine, number(kdump))
    machine.notes_for_json["cpus"] = [NOTE_R15 + cpu if kdump else STATE_R15 + cpu for cpu in range(cpus)]


def low_range(machine):
    """(first, end) of the memory that purgatory copies."""
    first, _, end = machine.config.get("low", "0x1000-0x9fc00").partition("-")
    return number(first), number(end)


def build_kimage(machine, place):
    """struct kimage as in 4.13 and later: seven words, nr_segments, the segments."""
    segments = [(place, BACKUP_ROOM, BACKUP_ROOM), (place + (1 << 20), 0x5000, 0x6000),
                (place + ELFCOREHDR, 4096, 8192), (place + (4 << 20), 1 << 20, 2 << 20)]
    linear = machine.arch.linear
    raw = b"".join(machine.word(word) for word in (
        1, linear(place), linear(place), place + (1 << 20), linear(0x5000), 0, linear(0x6000), len(segments)))
    for mem, bufsz, memsz in segments:
        raw += struct.pack("<QQQQ", 0x7F0000000000, bufsz, mem, memsz)
    kimage = machine.alloc_boot(4096, 4096)
    machine.write(kimage, raw)
    machine.write(machine.alloc_data("kexec_crash_image", 8), machine.word(linear(kimage)))


def elfcorehdr(machine, place):
    """The header for the capture kernel, with low memory at its copy."""
    first, end = low_range(machine)
    rows = [(4, 0, unit + NOTES, 0, unit + NOTES, 1024, 1024, 0) for unit in machine.cpu_units]
    rows.append((1, 7, machine.kernel_pa, machine.arch.text_va, machine.kernel_pa, 4 << 20, 4 << 20, 0))
    for start, stop in machine.ram:
        at = place if (start, stop) == (first, end) else start
        rows.append((1, 7, at, machine.arch.linear(start), start, stop - start, stop - start, 0))
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, len(rows), 0, 0, 0)
    return head + b"".join(struct.pack("<IIQQQQQQ", *row) for row in rows)


def map_entry_areas(machine):
    """Where CPUs see their GDT, in the kernel's tables and in the half for programs."""
    if not machine.config.flag("registers"):
        return
    table, root = machine.table, machine.table.root
    for cpu, unit in enumerate(machine.cpu_units):
        table.map(ENTRY_AREA + cpu * ENTRY_STEP, unit + GDT, 4096, 4096)
    top = table.index(ENTRY_AREA, 0)
    table.tables[root + 4096] = {top: table.tables[root][top]}
    machine.other_root = machine.alloc_boot(4096, 4096)


def finish(machine):
    """What purgatory and the notes are made of, when memory is as it was at the crash."""
    kdump = machine.config.get("kdump")
    if machine.config.flag("registers") and kdump:
        place, (first, end) = number(kdump), low_range(machine)
        machine.write(place, machine.elf.read_phys(first, end - first))
        machine.write(place + ELFCOREHDR, elfcorehdr(machine, place))


def qemu_notes(machine):
    """QEMUCPUState of each CPU."""
    if not machine.config.flag("registers"):
        return b""
    area = b""
    for cpu in range(len(machine.cpu_units)):
        root = machine.table.root
        if cpu in _listed(machine, "user_cpus"):
            root += 4096 + 7            # and a PCID
        if cpu in _listed(machine, "captured"):
            root = machine.other_root
        state = bytearray(440)
        struct.pack_into("<II", state, 0, 1, len(state))
        struct.pack_into("<QQ", state, 8 + 8 * 15, STATE_R15 + cpu, machine.arch.text_va + 16 * cpu)
        struct.pack_into("<Q", state, 344 + 16, ENTRY_AREA + cpu * ENTRY_STEP)
        struct.pack_into("<5Q", state, 392, 0x80050033, 0, 0, root,
                         0x20 | (0x1000 if machine.arch.levels == 5 else 0))
        area += elfnote.build("QEMU", 0, bytes(state), "<")
    return area


def lines(machine):
    """VMCOREINFO lines that take the place of kallsyms."""
    return [f"SYMBOL({name})={machine.symbols[name]:x}" for name in SYMBOLS if name in machine.symbols]
