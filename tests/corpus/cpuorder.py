# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers of a machine with `registers = yes`: one note for each CPU, in the kernel's order."""

import json
import struct

from pylib import elfnote

R15 = 112


def compare(expected, written):
    """What is wrong with the PRSTATUS notes of a dump; expected: path of DUMP.json."""
    notes = json.loads(expected.read_text(encoding="utf-8"))["notes"]
    if "cpus" not in notes:
        return ""
    got = [struct.unpack_from("<Q", note.desc, R15)[0] for note in written.notes
           if note.name == "CORE" and note.type == elfnote.NT_PRSTATUS]
    return "" if got == notes["cpus"] else f"registers are of {got}, not of {notes['cpus']}"
