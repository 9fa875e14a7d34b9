# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of guests: which kernel, which machine, which memory."""

import dataclasses

# A CPU of the 4-level paging kind; `max` brings 5 levels (la57).  QEMU 7.2's
# TCG crashes 6.12 in early boot with `max`, a fault of QEMU.
FOUR_LEVELS = "Skylake-Server"
FIVE_LEVELS = "max"

WORKLOAD = ("free=24 anon=48 thp=32 mlock=8 tmpfs=24 clean=24 dirty=24 mapped=8 cow=8 "
            "hugetlb=16")
# Needs CONFIG_MEMORY_FAILURE, which Debian's amd64 cloud kernels have since 6.12.
POISON = WORKLOAD + " poison=1"


@dataclasses.dataclass(frozen=True)
class Guest:
    """One row: everything that makes one virtual machine differ from another.

    memory and max_memory are QEMU sizes; kexec is "file", "load" or "" (no
    crash); balloon and plug are MiB taken from, and added to, the running
    guest; flood is a number of log records; nodes is the number of NUMA nodes.
    """

    name: str
    kernel: str
    cpu: str = FOUR_LEVELS
    memory: int = 1024
    workload: str = WORKLOAD
    kexec: str = ""
    cmdline: str = "hugepages=8"
    balloon: int = 0
    plug: int = 0
    flood: int = 0
    swap: int = 0
    nodes: int = 1
    pmem: bool = False
    why: str = ""


GUESTS = [
    Guest("x86-5.10", "5.10", kexec="load", balloon=32, why="oldest kernel, 4 levels, kexec_load"),
    Guest("x86-6.1", "6.1", cpu=FIVE_LEVELS, kexec="file", swap=64,
          why="5 levels, kexec_file_load"),
    Guest("x86-6.12", "6.12", kexec="file", workload=POISON, why="4 levels"),
    Guest("x86-6.18", "6.18", kexec="load", flood=9000, workload=POISON,
          why="4 levels, full log ring"),
    Guest("x86-7.2", "7.2", cpu=FIVE_LEVELS, kexec="file", balloon=32,
          workload=POISON, why="newest kernel, 5 levels"),
]


def guest(name):
    """The Guest called name; KeyError when there is none."""
    return {item.name: item for item in GUESTS}[name]
