# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured, as text and as docs/performance.md."""

import dataclasses
import os
import platform
import re
import statistics
import subprocess
import time

from rows import INCUMBENT, ONE, TWO

NAMES = {INCUMBENT: "incumbent", ONE: "1 thread", TWO: "2 workers"}


def _seconds(value):
    return "–" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


@dataclasses.dataclass
class Line:
    """All runs of a row; same: both our outputs have the same bytes, None without output."""

    row: object
    results: dict
    same: bool | None

    def median(self, who, field):
        """Median of a field over the runs, None where it was not measured."""
        values = [getattr(result, field) for result in self.results.get(who, ())]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, who, field):
        """The incumbent's median divided by ours."""
        base, ours = self.median(INCUMBENT, field), self.median(who, field)
        return base / ours if base and ours else None

    def _ratio_cell(self, who, target, field="wall"):
        ratio = self.ratio(who, field)
        if ratio is None:
            return "–"
        return f"{ratio:.2f}" + (f" ({target:g})" if target else "")

    def _memory_cell(self, who):
        value = self.median(who, "memory")
        return "–" if value is None else f"{value / 1024:.1f}"

    def _size_cell(self):
        base = self.median(INCUMBENT, "size")
        ours = self.median(TWO, "size")
        if not base or not ours:
            return "–"
        return f"{ours / base:.3f}" if self.row.base is None or self.row.one is None else "–"

    def time_cells(self):
        """Cells of the table of seconds."""
        return [self.row.name,
                *(_seconds(self.median(who, "wall")) for who in (INCUMBENT, ONE, TWO)),
                self._ratio_cell(ONE, self.row.one), self._ratio_cell(TWO, self.row.two),
                self._size_cell(), {None: "–", True: "yes", False: "NO"}[self.same]]

    def cost_cells(self):
        """Cells of the table of CPU time and memory."""
        return [self.row.name,
                *(_seconds(self.median(who, "cpu")) for who in (INCUMBENT, ONE, TWO)),
                self._ratio_cell(ONE, None, "cpu"),
                *(self._memory_cell(who) for who in (INCUMBENT, ONE, TWO))]

    def brief(self):
        """One line while the bench runs, with the spread of each program's times."""
        parts = []
        for who, results in self.results.items():
            walls = [result.wall for result in results if result.wall is not None]
            if walls:
                parts.append(f"{NAMES[who]} {_seconds(min(walls))}..{_seconds(max(walls))} s")
        return f"{self.row.name}: " + ", ".join(parts)


@dataclasses.dataclass
class KdumpLine:
    """What smallest.py found for a row."""

    row: object
    sizes: dict

    def _cell(self, who, field):
        size = self.sizes.get(who)
        value = size[field] if size else 0
        if field == "reserved":
            return f"{value}M" if size else "–"
        return f"{value / 1024:.1f}" if value else "–"

    def cells(self):
        """Cells of the table of reserved memory."""
        return [self.row.name, self._cell("alone", "reserved"),
                *(self._cell(who, field) for field in ("reserved", "least_available", "most_own")
                  for who in (INCUMBENT, ONE))]

    def brief(self):
        """One line while the bench runs."""
        return f"{self.row.name}: " + ", ".join(
            f"{NAMES[who]} {self._cell(who, 'reserved')}" for who in (INCUMBENT, ONE))


KDUMP_HEAD = ["work", "kernel alone", "incumbent", "ours", "incumbent: MiB left",
              "ours: MiB left", "incumbent MiB", "ours MiB"]
TIME_HEAD = ["work", "incumbent s", "1 thread s", "2 workers s", "ratio 1 (target)",
             "ratio 2 (target)", "size", "same bytes"]
COST_HEAD = ["work", "incumbent CPU s", "1 thread CPU s", "2 workers CPU s", "ratio 1",
             "incumbent MiB", "1 thread MiB", "2 workers MiB"]


def _grid(head, body, markdown):
    widths = [max(len(cell) for cell in column) for column in zip(head, *body)]
    lines = []
    for number, cells in enumerate([head, *body]):
        padded = [cell.ljust(width) for cell, width in zip(cells, widths)]
        lines.append("| " + " | ".join(padded) + " |" if markdown else "  ".join(padded).rstrip())
        if number == 0 and markdown:
            lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def tables(lines, markdown):
    """The tables of time, of cost and of reserved memory as text, None for an empty one."""
    kdump = [line.cells() for line in lines if line.row.kind == "kdump"]
    run = [line for line in lines if line.row.kind != "kdump"]
    timed = [line.time_cells() for line in run if line.row.kind != "memory"]
    cost = [line.cost_cells() for line in run]
    return [_grid(head, body, markdown) if body else None
            for head, body in ((TIME_HEAD, timed), (COST_HEAD, cost), (KDUMP_HEAD, kdump))]


def text(lines):
    """For the terminal."""
    return "\n\n".join(filter(None, tables(lines, False)))


def _first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0].rstrip(".")


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as stream:
        found = re.search(r"^model name\s*: (.*)$", stream.read(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _machine():
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    return (f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB of memory, "
            f"Linux {platform.release()}")


def _other_load(busy):
    """A sentence about other work on the machine, from the load average at the start."""
    if busy < 0.5:
        return "Nothing else ran on the machine."
    return (f"Other work ran on the machine (load average {busy:.1f} at the start): trust the "
            "processor time more than the wall clock.")


def markdown(lines, pairs, commands, busy):
    """docs/performance.md; busy: the load average when the bench began."""
    timed, cost, kdump = (part or "Not measured." for part in tables(lines, True))
    return f"""<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Performance

Written by `make bench`; do not edit. Measured on {time.strftime("%Y-%m-%d")} on
{_machine()}.

* This program: {_first_line(commands[ONE] + ["-v"])}
* The incumbent: {_first_line(commands[INCUMBENT] + ["-v"])}, the newest package
  of the archive with the libraries it was built for

All figures are medians of {pairs} round{'s' if pairs > 1 else ''}. In a round each program runs once on the
same input, one after the other; the input is in the page cache, the output
goes to tmpfs. The incumbent runs with one thread unless the row says
otherwise; "1 thread" is `--num-threads 0`, "2 workers" is `--num-threads 2`.
{_other_load(busy)}

## Time

Seconds of wall clock; ratio is the incumbent's time divided by ours, in
brackets the ratio aimed at. Size is our output divided by the incumbent's;
same bytes says whether one thread and two workers wrote the same file.

{timed}

"classify" is the step "Excluding unnecessary pages" as both programs report
it. Its input is a generated machine: struct pages in full, of free blocks of
all orders, anonymous memory, transparent and static huge pages, page cache in
single pages and large folios, slab, page tables and a share of fragmented memory. The
guest is a Debian kernel 6.1 with 4.25 GiB and two nodes, dumped by QEMU.

## Processor time and memory

User and system seconds, and the incumbent's divided by those of our one thread; for
"classify" from the start of the program until its step was reported.
Memory is the peak of RssAnon + VmPTE in MiB, sampled every 10 ms, without mapped
pages of the dump, which are page cache. "memory" and "classify" runs are
stopped when copying begins; in the former the incumbent is stopped after a
minute in any case.

{cost}

## Memory of a capture kernel

The smallest crashkernel=, in steps of 4 MiB, with which a guest that crashes (Debian
kernel 6.1, 1 GiB, QEMU without KVM) ends with a whole dump on an ext4 disk, exit status 0
and no complaint of the capture kernel about memory, twice in a row. The initramfs is
the same for all, with both programs and their libraries in it; only the command
differs. "kernel alone" is what the capture kernel needs to come up and do nothing. The
other columns are of one more run at the larger of both sizes: the least
MemAvailable of the capture kernel, and the peak of RssAnon + VmPTE of the program.

{kdump}
"""
