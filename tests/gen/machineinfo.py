# SPDX-License-Identifier: GPL-2.0-or-later
"""What a generated machine says about itself: utsname, log, VMCOREINFO, notes."""

import struct

import crashbitmap
import machinecpus
from eras import page_lines
from oldlog import RecordBuffer, TextBuffer
from printk import Record, Ring
from pylib import elfnote
from recipe import RecipeError, number, words_to_options

UTS_FIELD = 65
VMCOREINFO_LINE = 79
FULL_RELEASE = "{}.0-generated"
DEFAULT_LOG = (
    "Linux version {release} (generated test machine)",
    "Command line: console=ttyS0 crashkernel=256M",
    "Memory: {memory}K available",
    "sysrq: Trigger a crash",
    "Kernel panic - not syncing: sysrq triggered crash",
)


def release(machine):
    """utsname.release of the machine."""
    return FULL_RELEASE.format(machine.era.name)


def uts_bytes(machine):
    """struct new_utsname."""
    fields = ("Linux", "generated", release(machine), "#1 SMP PREEMPT_DYNAMIC test",
              machine.arch.utsname, "(none)")
    return b"".join(f.encode().ljust(UTS_FIELD, b"\0") for f in fields)


def log_records(machine):
    """Records of the [log] statements, or a default log.

    A statement is `TEXT...` with optional leading words at=NSEC caller=N
    lost=yes repeat=N; \\n and \\xNN escapes are understood.
    """
    if machine.log_statements is None:
        memory = sum(end - first for first, end in machine.ram) // 1024
        texts = [t.format(release=release(machine), memory=memory) for t in DEFAULT_LOG]
        return [Record(text, i * 1234567, 1) for i, text in enumerate(texts)]
    records, now = [], 0
    for words in machine.log_statements:
        lead = 0
        while lead < len(words) and words[lead].split("=")[0] in ("at", "caller", "lost", "repeat"):
            lead += 1
        _, options = words_to_options(words[:lead])
        text = " ".join(words[lead:]).encode().decode("unicode_escape").encode("latin-1")
        for index in range(number(options.get("repeat", "1"))):
            now = number(options["at"]) if "at" in options else now + 1000001
            records.append(Record(text.replace(b"%d", str(index).encode()), now,
                                  number(options.get("caller", "1")),
                                  lost=options.get("lost") == "yes"))
    return records


def build_log(machine):
    """Put a printk ring into boot memory; returns its expected records."""
    if machine.config.flag("no_log"):
        return None
    if machine.config.get("log_kind", "ring") != "ring":
        return build_old_log(machine)
    ring = Ring(machine.era.version, machine.order, machine.config.number("log_count_bits", 8),
                machine.config.number("log_size_bits", 14))
    for record in log_records(machine):
        ring.add(record)
    clear = machine.config.get("log_clear_seq")
    ring.clear_seq = number(clear) if clear else 0
    places = [machine.alloc_boot(len(part), machine.page_size)
              for part in (ring.desc_bytes(), ring.info_bytes(), bytes(ring.text))]
    for place, part in zip(places, (ring.desc_bytes(), ring.info_bytes(), bytes(ring.text))):
        machine.write(place, part)
    machine.log_places = dict(zip(("descs", "infos", "text"), places))
    addresses = [machine.arch.linear(place) for place in places]
    main = ring.ring_bytes(*addresses)
    pa = machine.alloc_data("printk_rb_static", len(main))
    machine.write(pa, main)
    machine.log_places["ring"] = pa
    pointer = machine.alloc_data("prb", 8)
    machine.write(pointer, machine.word(machine.text_va(pa)))
    machine.write(machine.alloc_data("clear_seq", 24), ring.clear_seq_bytes())
    machine.ring = ring
    machine.notes_for_json["clear_seq"] = ring.clear_seq
    return ring.alive()


def build_old_log(machine):
    """Put a log of kernels before 5.10 into boot memory; returns its expected records."""
    config = machine.config
    size = 1 << config.number("log_size_bits", 14)
    if config.get("log_kind") == "records":
        log = RecordBuffer(machine.order, size, config.flag("log_caller"), config.flag("log_old_name"))
    elif config.get("log_kind") == "text":
        log = TextBuffer(machine.order, size)
    else:
        raise RecipeError(f"unknown log_kind {config.get('log_kind')!r}")
    for record in log_records(machine):
        log.add(record)
    if config.get("log_clear_seq"):
        log.clear(config.number("log_clear_seq"))
        machine.notes_for_json["clear_seq"] = config.number("log_clear_seq")
    place = machine.alloc_boot(size, machine.page_size)
    machine.write(place, bytes(log.data))
    machine.log_places = {"text": place}
    machine.write(machine.alloc_data("log_buf", 8), machine.word(machine.arch.linear(place)))
    for name, value in log.variables().items():
        pa = machine.alloc_data(name, 4)
        machine.write(pa, struct.pack(machine.order + "I", value))
        machine.log_places[name] = pa
    machine.ring = log
    if config.get("log_kind") == "text":
        machine.notes_for_json["partial_log"] = log.partial()
    return log.alive()


def build_data(machine):
    """Kernel data: init_uts_ns, node_data with one pgdat, the pmem list."""
    new = machine.era.version >= (5, 11)
    raw = uts_bytes(machine)
    pa = machine.alloc_data("init_uts_ns", len(raw) + 64)
    machine.write(pa + (0 if new else 4), raw)
    machine.alloc_data("node_online_map", 128)
    machine.alloc_data("vmap_area_list", 16)
    machine.symbols["_stext"] = machine.arch.text_va
    marker = b"KERNEL-TEXT " * 340
    machine.write(machine.kernel_pa, marker[:4080])
    if machine.arch.name == "x86_64":
        pgdat = machine.alloc_boot(180224)
        start = machine.ram[0][0] // machine.page_size
        machine.write(pgdat + 172032, struct.pack(machine.order + "IIQQQI", 1, 0, start,
                                                  machine.max_mapnr - start,
                                                  machine.max_mapnr - start, 0))
        machine.write(machine.alloc_data("node_data", 8 * 64),
                      machine.word(machine.arch.linear(pgdat)))
    if machine.pmem:
        build_pmem_list(machine)
    machinecpus.build(machine)
    plan_copies(machine)
    if machine.config.get("crash_bitmap"):
        crashbitmap.build(machine)


def build_pmem_list(machine):
    """Circular list of {list_head, start, end, pad} with pfns, half open."""
    ranges = machine.notes_for_json["pmem_metadata"]
    head = machine.alloc_data("devm_memmap_vmcore_head", 16)
    places = [machine.alloc_data(f"pmem_element_{i}", 40) for i in range(len(ranges))]
    chain = [head] + places + [head]
    for before, at, after in zip([places[-1]] + chain[:-2], chain[:-1], chain[1:]):
        machine.write(at, machine.word(machine.text_va(after)) + machine.word(machine.text_va(before)))
    for place, (first, end) in zip(places, ranges):
        machine.write(place + 16, machine.word(first) + machine.word(end) + machine.word(0))
    machine.pmem_places = places


def vmcoreinfo_lines(machine):
    """All lines of VMCOREINFO, in roughly the kernel's order."""
    era, symbols = machine.era, machine.symbols
    lines = [f"OSRELEASE={release(machine)}",
             "BUILD-ID=0123456789abcdef0123456789abcdef01234567",
             f"PAGESIZE={machine.page_size}"]
    names = ["init_uts_ns", "node_online_map", machine.arch.root_symbol(), "_stext"]
    if era.version < (6, 9):
        names.append("vmap_area_list")
    if machine.model == "flatmem":
        names.append("mem_map")
    else:
        names.append("mem_section")
    lines += [f"SYMBOL({name})={symbols[name]:x}" for name in names]
    if era.version >= (5, 11):
        lines.append("OFFSET(uts_namespace.name)=0")
    if machine.model != "flatmem":
        lines += [f"LENGTH(mem_section)={machine.mem_section_length}", "SIZE(mem_section)=16",
                  "OFFSET(mem_section.section_mem_map)=0",
                  f"NUMBER(SECTION_SIZE_BITS)={machine.arch.section_bits}",
                  f"NUMBER(MAX_PHYSMEM_BITS)={machine.arch.max_physmem_bits}"]
    if machine.model == "vmemmap" and era.version >= (6, 9):
        lines.append(f"SYMBOL(vmemmap)={machine.arch.vmemmap:x}")
    lines += page_lines(era)
    if "prb" in symbols:
        lines += [f"SYMBOL({name})={symbols[name]:x}"
                  for name in ("prb", "printk_rb_static", "clear_seq")]
        lines += machine.ring.vmcoreinfo()
    if "log_buf" in symbols:
        lines += [f"SYMBOL({name})={symbols[name]:x}" for name in ("log_buf", *machine.ring.variables())]
        lines += machine.ring.vmcoreinfo()
    if "node_data" in symbols:
        lines += [f"SYMBOL(node_data)={symbols['node_data']:x}", "LENGTH(node_data)=64"]
    lines += machine.arch.lines(era.version)
    if machine.pmem:
        lines += [f"SYMBOL(devm_memmap_vmcore_head)={symbols['devm_memmap_vmcore_head']:x}",
                  "SIZE(devm_memmap_vmcore)=40", "OFFSET(devm_memmap_vmcore.entry)=0",
                  "OFFSET(devm_memmap_vmcore.start)=16", "OFFSET(devm_memmap_vmcore.end)=24"]
    if crashbitmap.SYMBOL in symbols:
        lines.append(f"SYMBOL({crashbitmap.SYMBOL})={symbols[crashbitmap.SYMBOL]:x}")
    lines += machinecpus.lines(machine)
    if machine.config.get("crashtime"):
        lines.append(f"CRASHTIME={machine.config.number('crashtime')}")
    return lines


# Statements that keep a copy of the text in memory.
COPIES = ("in-page", "in-note", "stale")


def plan_copies(machine):
    """Two pages each for the copies that [vmcoreinfo] statements ask for."""
    machine.info_copies = [
        (words[0], machine.alloc_boot(2 * machine.page_size, machine.page_size)
         + (number(words[1]) if len(words) > 1 else 0))
        for words in machine.info_edits if words[0] in COPIES]


def write_copies(machine, text):
    """The kernel's own page, its note, and what a kernel left that ran before."""
    for kind, place in machine.info_copies:
        data = text.encode()
        if kind == "stale":
            uts, moved = machine.symbols["init_uts_ns"], machine.symbols["init_uts_ns"] + (2 << 20)
            data = text.replace(f"SYMBOL(init_uts_ns)={uts:x}", f"SYMBOL(init_uts_ns)={moved:x}").encode()
            data += b"CRASHTIME=1600000000\n"
        elif kind == "in-note":
            data = elfnote.build(elfnote.VMCOREINFO, 0, data, machine.order)
        machine.write(place, data)


def edit_vmcoreinfo(lines, edits):
    """Apply [vmcoreinfo] statements: `set KEY=VALUE`, `drop KEY`, `cut BYTES`,
    `cut-in KEY` (end in the middle of that line). Others are for notes()."""
    for words in edits:
        verb, rest = words[0], " ".join(words[1:])
        if verb == "set":
            key = rest.split("=")[0]
            at = [i for i, line in enumerate(lines) if line.split("=")[0] == key]
            if at:
                lines[at[0]] = rest
            else:
                lines.append(rest)
        elif verb == "drop":
            if not any(line.split("=")[0] == rest for line in lines):
                raise RecipeError(f"vmcoreinfo has no {rest}")
            lines = [line for line in lines if line.split("=")[0] != rest]
        elif verb not in ("cut", "cut-in", "drop-note", *COPIES):
            raise RecipeError(f"unknown vmcoreinfo statement {verb!r}")
    text = "".join(line[:VMCOREINFO_LINE] + "\n" for line in lines)
    for words in edits:
        if words[0] == "cut":
            text = text[:number(words[1])]
        elif words[0] == "cut-in":
            text = text[:text.index(words[1]) + len(words[1]) + 2]
    return text


def kcore_task_notes(machine):
    """What /proc/kcore says of no CPU and of the program that reads it."""
    info = bytearray(136)
    info[40:47] = b"vmlinux"
    task = b"task_struct of the reader, nobody else's business ".ljust(4160, b"\xa5")
    return b"".join(elfnote.build("CORE", kind, bytes(data), machine.order) for kind, data in (
        (elfnote.NT_PRSTATUS, bytes(machine.arch.prstatus)), (elfnote.NT_PRPSINFO, info),
        (elfnote.NT_TASKSTRUCT, task)))


def cpu_notes(machine):
    """One PRSTATUS per CPU."""
    area = b""
    for cpu in range(machine.config.number("cpus", 2)):
        status = bytearray(machine.arch.prstatus)
        struct.pack_into(machine.order + "I", status, 32, 100 + cpu)
        area += elfnote.build("CORE", elfnote.NT_PRSTATUS, bytes(status), machine.order)
    return area


def notes(machine):
    """The note area: of CPUs (or, in /proc/kcore, of the reader), then VMCOREINFO."""
    kcore = machine.config.get("elf", "kexec") == "kcore"
    area = kcore_task_notes(machine) if kcore else cpu_notes(machine) + machinecpus.qemu_notes(machine)
    text = edit_vmcoreinfo(vmcoreinfo_lines(machine), machine.info_edits)
    write_copies(machine, text)
    if ["drop-note"] not in machine.info_edits:
        area += elfnote.build(elfnote.VMCOREINFO, 0, text.encode(), machine.order)
    return area
