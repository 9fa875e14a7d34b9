# SPDX-License-Identifier: GPL-2.0-or-later
"""Deliberate damage inside a generated machine: the [poke] statements.

	page PFN FIELD VALUE      a field of a struct page (see FIELDS)
	symbol NAME[+OFF] u64 V   memory at a symbol
	phys ADDRESS u64 V...     memory at a physical address
	section N VALUE           section_mem_map of a section
	root N VALUE              pointer number N of the mem_section root array
	pte VA LEVEL VALUE        a page table entry (LEVEL 0 = top)
	pte-loop VA LEVEL         an entry that points back at its own table
	log PART OFFSET u64 V...  memory of the log: ring, descs, infos or text
	pmem N OFFSET u64 V       element N of the persistent memory list
	expect FIRST COUNT CLASS  the class such pages must then get
"""

from recipe import RecipeError, number, values

FIELDS = {"flags": (0, "u64"), "head": (8, "u64"), "w16": (16, "u64"), "dtor": (16, "u8"),
          "order": (17, "u8"), "mapping": (24, "u64"), "private": (40, "u64"),
          "mapcount": (48, "u32"), "refcount": (52, "u32")}


def before_flush(machine):
    """Damage to page tables, which are stored only after this."""
    for words in machine.pokes:
        if words[0] == "pte":
            machine.table.set_raw(number(words[1]), number(words[2]), number(words[3]))
        elif words[0] == "pte-loop":
            machine.table.point_to_itself(number(words[1]), number(words[2]))


def after_flush(machine):
    """All other damage, over the finished memory."""
    for words in machine.pokes:
        verb, rest = words[0], words[1:]
        if verb in ("pte", "pte-loop"):
            continue
        if verb == "expect":
            override(machine, number(rest[0]), number(rest[1]), rest[2])
        else:
            address, data = target(machine, verb, rest)
            machine.write(address, data)


def target(machine, verb, rest):
    """(physical address, bytes) that a statement writes."""
    order = machine.order
    if verb == "page":
        offset, code = FIELDS[rest[1]]
        return machine.page_pa(number(rest[0])) + offset, values([code, rest[2]], order)
    if verb == "symbol":
        name, plus, extra = rest[0].partition("+")
        pa = machine.symbols[name] - machine.arch.text_va + machine.kernel_pa
        if not machine.kernel_pa <= pa < machine.data_next:
            pa = (machine.symbols[name] - machine.arch.linear(0)) & (1 << 64) - 1
        return pa + (number(extra) if plus else 0), values(rest[1:], order)
    if verb == "phys":
        return number(rest[0]), values(rest[1:], order)
    if verb == "section":
        return machine.section_places[number(rest[0])], values(["u64", rest[1]], order)
    if verb == "root":
        value = rest[1]
        if value == "self":
            value = hex(machine.arch.linear(machine.root_array))
        return machine.root_array + 8 * number(rest[0]), values(["u64", value], order)
    if verb == "log":
        return machine.log_places[rest[0]] + number(rest[1]), values(rest[2:], order)
    if verb == "pmem":
        words = [pmem_word(machine, word) for word in rest[2:]]
        return machine.pmem_places[number(rest[0])] + number(rest[1]), values(words, order)
    raise RecipeError(f"unknown poke {verb!r}")


def pmem_word(machine, word):
    """A value; `element:N` stands for the address of list element N."""
    if word.startswith("element:"):
        return hex(machine.text_va(machine.pmem_places[number(word[8:])]))
    return word


def override(machine, first, count, kind):
    """Replace the expected class of pages."""
    end, kept = first + count, []
    for low, high, known in machine.runs:
        if low < first:
            kept.append([low, min(high, first), known])
        if high > end:
            kept.append([max(low, end), high, known])
    machine.runs = kept + [[first, end, kind]]
