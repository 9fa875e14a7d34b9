#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.py: our program and the packaged makedumpfile on the same dumps, in turn.

Every figure is the median of --pairs rounds; in a round each program runs
once, one after the other, on an input that is in the page cache, with the
output on tmpfs. Nothing here passes or fails: figures are for people. When it
is stopped, or a row cannot be measured, --markdown leaves its file alone.
"""

import argparse
import filecmp
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

import inputs
import measure
import rows
import table
from rows import INCUMBENT, ONE, TWO

ROOT = inputs.HERE.parent.parent
TMPFS = "/dev/shm"
MEMORY_SECONDS = 60
BUSY = 0.5


def incumbent(text):
    """The command before the incumbent's arguments: as given, or the archive's newest package."""
    if text:
        return shlex.split(text)
    import foreign  # pylint: disable=import-outside-toplevel  (needs apt's lists)
    return foreign.makedumpfile().command


class Bench:
    """Runs rows and collects what was measured."""

    def __init__(self, commands, pairs, folder):
        self.commands, self.pairs, self.folder = commands, pairs, pathlib.Path(folder)
        self.floor = None   # MiB that a capture kernel needs by itself

    def once(self, row, who, options, vmcore):
        """One run of one program."""
        output = self.folder / who
        output.unlink(missing_ok=True)
        command = [*self.commands[who], *options]
        if row.kind == "whole":
            return measure.whole_run([*command, str(vmcore), str(output)], [output])
        if row.kind == "stream":
            return measure.whole_run([*command, str(vmcore)], [], piped=True)
        if row.kind == "split":
            pieces = [output, output.with_suffix(".second")]
            pieces[1].unlink(missing_ok=True)
            return measure.whole_run([*command, str(vmcore), *map(str, pieces)], pieces)
        command += ["--dry-run", "--message-level", "31", str(vmcore), str(output)]
        return measure.classify_run(command, MEMORY_SECONDS if row.kind == "memory" else None)

    def kdump(self, row):
        """Search for the smallest crashkernel=; a table.KdumpLine."""
        command = [sys.executable, inputs.HERE / "smallest.py", "--program", *self.commands[ONE]]
        if self.floor:
            command += ["--floor", str(self.floor)]
        done = subprocess.run([*command, row.input, "--", *row.options], stdout=subprocess.PIPE,
                              check=True)
        sizes = json.loads(done.stdout)
        self.floor = sizes["alone"]["reserved"]
        return table.KdumpLine(row, sizes)

    def run(self, row):
        """All rounds of a row, as a table.Line."""
        if row.kind == "kdump":
            return self.kdump(row)
        vmcore = rows.INPUTS[row.input]()
        inputs.warm(vmcore, anew=True)
        results = {}
        for _ in range(1 if row.kind == "memory" else self.pairs):
            inputs.warm(vmcore)
            for who, options in row.runs():
                results.setdefault(who, []).append(self.once(row, who, options, vmcore))
        same = None
        if row.kind == "whole" and ONE in results:
            same = filecmp.cmp(self.folder / ONE, self.folder / TWO, shallow=False)
        for path in self.folder.iterdir():
            path.unlink()
        return table.Line(row, results, same)


def measure_rows(bench, chosen, lines):
    """Add a line per row; False when some could not be measured, or somebody stopped it."""
    whole = True
    try:
        for row in chosen:
            try:
                lines.append(bench.run(row))
                print(lines[-1].brief(), flush=True)
            except (measure.MeasureError, subprocess.CalledProcessError) as error:
                print(f"{row.name}: not measured: {error}", flush=True)
                whole = False
    except KeyboardInterrupt:
        print("stopped; what was measured until then:", flush=True)
        whole = False
    return whole


def main():
    """Command line."""
    # As for an interrupt from the keyboard: files on tmpfs must go.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", default=str(ROOT / "makedumpfile"))
    parser.add_argument("--incumbent", help="command; default: the archive's newest package")
    parser.add_argument("--pairs", type=int, default=5, help="rounds, default 5")
    parser.add_argument("--rows", default="", help="only rows whose name matches this expression")
    parser.add_argument("--smoke", action="store_true", help="two rows on a small machine")
    parser.add_argument("--markdown", help="write the tables and the machine to this file")
    args = parser.parse_args()
    ours = [str(pathlib.Path(args.program).resolve(strict=True))]
    commands = {INCUMBENT: incumbent(args.incumbent), ONE: ours, TWO: ours}
    chosen = [row for row in (rows.SMOKE if args.smoke else rows.ROWS)
              if re.search(args.rows, row.name)]
    if args.pairs < 1 or not chosen:
        parser.error("nothing to measure")
    busy = os.getloadavg()[0]
    if busy > BUSY:
        print(f"the load of this machine is {busy:.1f}: wall clock times will say little")
    lines = []
    with tempfile.TemporaryDirectory(prefix="makedumpfile-bench-", dir=TMPFS) as folder:
        bench = Bench(commands, args.pairs, folder)
        whole = measure_rows(bench, chosen, lines)
    print("\n" + table.text(lines))
    if args.markdown and whole:
        pathlib.Path(args.markdown).write_text(
            table.markdown(lines, args.pairs, commands, busy), encoding="utf-8")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
