#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold --estimate against dry runs of the same dumps.

Usage: tests/vm/estimates.py [--program PATH] [--levels 0,1,17,31] DUMP...

For each dump, level and codec: the size estimated, its interval, and the size
that a dump has. Exit status 1 when less than 90 % of the sizes are inside their
intervals, or a number of pages is wrong where all pages were judged.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LETTERS = {None: [], "zlib": ["-c"], "lzo": ["-l"], "snappy": ["-p"], "zstd": ["-z"]}
WANTED = 0.9


def run(program, words, folder):
    """Run quietly; returns the document of --json."""
    path = Path(folder) / "json"
    subprocess.run([program, "--message-level", "4", "-f", "--json", path, *words], check=True)
    return json.loads(path.read_text(encoding="utf-8"))


def check(program, dump, levels, folder):
    """Print a line per level and codec; yields (inside the interval, pages right) of each."""
    estimate = run(program, ["--estimate", dump], folder)["estimate"]
    for file in estimate["files"]:
        if file["level"] not in levels:
            continue
        words = ["--dry-run", "-d", str(file["level"]), *LETTERS[file["codec"]], dump, "none"]
        real = run(program, words, folder)
        size = real["written"]["bytes"]
        inside = file["bytes_low"] <= size <= file["bytes_high"]
        print(f"{dump} -d {file['level']} {file['codec'] or 'none'}: {file['bytes']} "
              f"[{file['bytes_low']}, {file['bytes_high']}], real {size}, "
              f"{(file['bytes'] / size - 1) * 100:+.2f} %{'' if inside else ' OUTSIDE'}; "
              f"seconds {file['seconds']}, real {real['seconds']['together']}; "
              f"KiB {file['memory_kib']}, real {real['memory'].get('peak_own_kib')}", flush=True)
        yield inside, not estimate["all_pages_judged"] or \
            file["pages"] == real["written"]["pages"]


def main():
    """Check every dump given; the last line counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="./makedumpfile")
    parser.add_argument("--levels", default="0,1,17,31")
    parser.add_argument("dumps", nargs="+")
    arguments = parser.parse_args()
    levels = {int(level) for level in arguments.levels.split(",")}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for dump in arguments.dumps:
            found += check(arguments.program, dump, levels, folder)
    inside = sum(good for good, _ in found)
    wrong = sum(not right for _, right in found)
    print(f"{inside} of {len(found)} sizes inside their intervals, {wrong} numbers of pages wrong")
    return int(not found or inside < WANTED * len(found) or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
