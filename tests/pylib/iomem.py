# SPDX-License-Identifier: GPL-2.0-or-later
"""A text of /proc/iomem."""

import re

from . import bits

LINE = re.compile(r"^ *([0-9a-f]+)-([0-9a-f]+) : (.*)$", re.M)


def persistent(text, page_size):
    """(pages of persistent memory, those of them that the kernel uses as RAM), as pylib.bits."""
    def pages(wanted):
        return bits.from_ranges((int(start, 16) // page_size, (int(end, 16) + 1) // page_size)
                                for start, end, name in LINE.findall(text) if name == wanted)

    return pages("Persistent Memory"), pages("System RAM (kmem)")
