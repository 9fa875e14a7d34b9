#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_erase: files with every form of command. Usage: seeds_erase.py DIR"""

import sys
from pathlib import Path

SEEDS = {
    "plain": "[vmlinux]\nerase a.b size 12K # comment\nerase (struct t *)c nullify\nerase d size e.f\n",
    "loops": "[mod-1] rest\nfor x in a via next\n\terase x.y\nendfor\n"
             "for m in modules.next within module:list erase m.name size m.len endfor\n"
             "for e in table erase e endfor\n",
    "wrong": "erase a size 1Q\n",
    "cut": "for x in a within s",
}


def main():
    """Write one file per seed."""
    target = Path(sys.argv[1])
    for name, text in SEEDS.items():
        (target / name).write_text(text)


if __name__ == "__main__":
    main()
