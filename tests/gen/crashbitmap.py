# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose kernel chose the pages worth dumping itself: struct crash_dump_bitmap_info.

`crash_bitmap = LEVEL` in [machine] is the level it chose at; the struct is a symbol for [poke].
"""

import struct

from expect import dropped_at
from pylib import bits

# In the order of the struct's counters. Offline pages are not among them.
COUNTED = ("cache", "cache_private", "user", "free", "hwpoison")
SYMBOL = "crash_dump_bitmap_info"


def build(machine):
    """Put struct and bitmap into the machine's memory, which is filled already."""
    level, size = machine.config.number("crash_bitmap", 0), -(-machine.max_mapnr // 8)
    ram = bits.from_ranges((first // machine.page_size, -(-end // machine.page_size))
                           for first, end in machine.ram)
    keep, counters = (1 << size * 8) - 1, []
    for kind in COUNTED:
        gone = bits.from_ranges((first, end) for first, end, name in machine.runs
                                if name == kind and dropped_at(kind, level)) & ram
        keep &= ~gone
        counters.append(gone.bit_count())
    place = machine.alloc_boot(size, machine.page_size)
    machine.write(place, keep.to_bytes(size, "little"))
    machine.write(machine.alloc_data(SYMBOL, 64),
                  struct.pack(machine.order + "IxxxxQQ5Q", 1, place, size, *counters))
    machine.notes_for_json["crash_bitmap"] = {"level": level, "place": place, "counters": counters}
