# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipe of a large machine as it looks after weeks of use.

Blocks of 4 MiB are drawn from the table below, always in the same way, so that
every run of the bench sees the same machine. Struct pages are written in
full; page contents are holes of the sparse file, for this is about struct
pages.
"""

import random

BLOCK = 1024
SEED = 20250615

# Weight, and what fills a block: (kind, order, count) until it is full.
BLOCKS = (
    (14, (("free", 10, 1),)),
    (20, (("thp", 9, 2),)),
    (6, (("hugetlb", 9, 2),)),
    (24, (("anon", 0, 1000), ("anon-nolru", 0, 24))),
    (8, (("cache", 4, 32), ("cache", 0, 512))),
    (10, (("cache", 0, 900), ("cache-private", 0, 100), ("pcp", 0, 24))),
    (2, (("shmem", 0, 1024),)),
    (3, (("slab", 3, 64), ("slab", 0, 256), ("pagetable", 0, 160), ("large-kmalloc", 3, 12))),
    (1, (("kernel", 0, 1024),)),
)
FRAGMENTED = 12     # weight of a block of short runs

# Runs of a fragmented block: weight, kind, orders.
SHORT = ((34, "anon", (0,)), (26, "cache", (0,)), (18, "free", (0, 0, 1, 1, 2, 3)),
         (5, "cache-private", (0,)), (5, "slab", (0, 1, 2, 3)), (4, "kernel", (0,)),
         (8, "thp", (2, 4)))


def fragmented(draw):
    """Statements of one block of allocations of a few pages each, side by side."""
    left, at = BLOCK, 0
    weights = [row[0] for row in SHORT]
    while left:
        _, kind, orders = draw.choices(SHORT, weights)[0]
        order = draw.choice(orders)
        while at % (1 << order) or left < 1 << order:
            order -= 1
        if kind == "thp" and order == 0:
            kind = "anon"
        count = 1 if order else min(left, draw.choice((1, 1, 1, 2, 3, 5, 8)))
        # Two free blocks of order 0 side by side are one free run; the allocator
        # would have merged only buddies, so this is as it can be.
        yield f"{kind} x{count} order={order}"
        at += count << order
        left -= count << order


def statements(pages):
    """The [pages] statements for so many pages, a multiple of BLOCK."""
    draw = random.Random(SEED)
    rows = BLOCKS + ((FRAGMENTED, None),)
    weights = [row[0] for row in rows]
    for _ in range(pages // BLOCK):
        _, parts = draw.choices(rows, weights)[0]
        if parts is None:
            yield from fragmented(draw)
            continue
        for kind, order, count in parts:
            yield f"{kind} x{count} order={order}"


def recipe(gib):
    """Text of a recipe for a machine of `gib` GiB, at least 2.

    The kernel, its struct pages and page tables take 17 MiB of each GiB and
    some more at the start; the statements fill what is left.
    """
    pages = (gib * 1007 - 32) // 4 * BLOCK
    head = f"""# SPDX-License-Identifier: GPL-2.0-or-later
# result: ok
[machine]
arch = x86_64
era = 6.12
model = vmemmap
ram = 0x1000-0x9fc00 1M-{gib}G
content = zero
cpus = 4
crashtime = 1750000000

[pages]
"""
    return head + "\n".join(statements(pages)) + "\n"


def shared(tib):
    """Text of a recipe for a machine of so many TiB, 64 GiB of it in a mixture of
    its own, the rest in sections that show the same struct pages: free blocks,
    anonymous memory and page cache. As on real machines, memory ends a few GiB
    higher. Above 64 GiB all PT_LOADs have the
    same bytes of the file, which on ext4 cannot be larger than 16 TiB.
    """
    return f"""# SPDX-License-Identifier: GPL-2.0-or-later
# result: ok
[machine]
arch = x86_64
era = 6.12
model = vmemmap
ram = 0x1000-0x9fc00 1M-{tib}T+2G
alias_from = 64G
alias_repeat = 512G
content = zero
cpus = 4
crashtime = 1750000000

[pages]
mix x14M
free order=10 at=0x1000000 link=hole x4
anon at=0x1001000 x8192
anon at=0x1003000 x4096
cache at=0x1004000 x4096
cache-private at=0x1005000 x4096
free order=9 at=0x1006000 link=hole x8
anon at=0x1007000 x4096
"""
