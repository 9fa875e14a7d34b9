# SPDX-License-Identifier: GPL-2.0-or-later
"""-e on whole machines: exactly the struct pages of dropped pages are left out.

What is unused is worked out from the generator's own knowledge of where struct
pages are, page by page and for all machines in the same way.
"""

import pathlib
import re
import subprocess
import tempfile

import mkdump
from expect import Expected
from pylib import bits, harness
from pylib.kdumpfile import KdumpFile

STATUS_BIT = 0x10
LEVELS = (31, 16, 8, 1, 0)
MESSAGE = re.compile(r"^Excluded (\d+) unused vmemmap pages$", re.M)
ROW = re.compile(r"^ +Unused vmemmap pages *: 0x([0-9a-f]{16})$", re.M)
TIMEOUT = 600


def applies(recipe):
    """True for machines of which the generator knows what becomes of the memory map."""
    sections = re.findall(r"^\[(\w+)\]", recipe.read_text(encoding="utf-8"), re.M)
    return "machine" in sections and "poke" not in sections and "damage" not in sections


def already(text):
    """The level whose pages a recipe's dump is made without."""
    match = re.search(r"^\[kdump\]$.*?^level = (\d+)$", text, re.M | re.S)
    return int(match.group(1)) if match else 0


def check_level(program, words, expected, level, output):
    """One run; returns the number of pages left out. level: (asked for, gone before)."""
    done = subprocess.run(
        [program, "-f", "-l", "-e", "--work-dir", "/tmp", "--show-stats", "-d", str(level[0]), *words,
         output], capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    text = (done.stdout + done.stderr).decode("latin-1")
    harness.expect(done.returncode == 0, f"level {level}: exit status {done.returncode}: {text}")
    level = level[0] | level[1]
    unused = expected.unused_vmemmap(level)
    with KdumpFile(output) as written:
        wrong = written.bitmap2 ^ (expected.kept(level) & ~unused)
        status = written.head["status"]
    harness.expect(not wrong, f"level {level}: {bits.show(wrong)}, of them needed "
                   f"{bits.show(wrong & ~unused)}")
    count = unused.bit_count()
    said = [int(MESSAGE.search(text).group(1)), int(ROW.search(text).group(1), 16)]
    harness.expect(said == [count, count], f"level {level}: {said} reported, {count} left out")
    harness.expect(bool(status & STATUS_BIT) == bool(count), f"level {level}: status {status:#x}")
    return count


def try_recipe(program, recipe):
    """All levels of one machine."""
    with tempfile.TemporaryDirectory(prefix="synthetic-") as name:
        folder = pathlib.Path(name)
        dump = str(folder / "vmcore")
        text = recipe.read_text(encoding="utf-8")
        mkdump.make(text, dump)
        expected, words = Expected(dump + ".json"), mkdump.input_words(pathlib.Path(dump))
        counts = [check_level(program, words, expected, (level, already(text)), str(folder / "out"))
                  for level in LEVELS]
    print(f"     left out at levels {LEVELS}: {counts}")
