#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real ELF core as firmware would have written it: tosadump.py CORE OUT [KEY=VALUE...].

Keys are those of a [sadump] section; registers are those of QEMU's notes.
"""

import sys

import genpath  # noqa: F401
from pylib.elfcore import ElfCore, ElfError
from recipe import RecipeError, Section
from sadumpbuild import Sadump


def convert(core_path, out, **keys):
    """Write OUT (and OUT.2 ...); the core stays as it is."""
    section = Section("sadump", 0)
    section.keys = {key: str(value) for key, value in keys.items()}
    with ElfCore(core_path) as core:
        Sadump(section, core).write(str(out))


def main(arguments):
    """Command line; exit status 2 for wrong usage or input."""
    if len(arguments) < 2 or not all("=" in word for word in arguments[2:]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        convert(arguments[0], arguments[1], **dict(word.split("=", 1) for word in arguments[2:]))
    except (RecipeError, ElfError, OSError) as why:
        print(f"{arguments[0]}: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
