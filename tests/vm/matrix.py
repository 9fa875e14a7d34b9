# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of guests: which kernel, which machine, which memory."""

import dataclasses

# 4 and 5 (la57) levels of page tables.  Named CPU models make TCG guests slower.
# TCG emulates `rep movsb` byte by byte, and where ERMS is shown, glibc and the kernel copy with it.
FIVE_LEVELS = "max,erms=off"
FOUR_LEVELS = FIVE_LEVELS + ",la57=off"

# Pointer authentication by QARMA is most of the time of an arm64 guest under TCG.
ARM = "max,pauth-impdef=on"

# `free` comes last, so that nothing takes its pages again.
WORKLOAD = ("anon=48 thp=32 mlock=8 tmpfs=24 clean=24 dirty=24 mapped=8 cow=8 "
            "hugetlb=16 free=24")
# Needs CONFIG_MEMORY_FAILURE, which Debian's amd64 cloud kernels have since 6.12.
POISON = "poison=1 " + WORKLOAD


@dataclasses.dataclass(frozen=True)
class Guest:
    """One row: everything that makes one virtual machine differ from another.

    memory, pmem and swap are MiB; balloon and plug are MiB taken from, and added
    to, the running guest; kexec is "file", "load" or "" (no crash); flood is a
    number of log records; nodes is the number of NUMA nodes; workload is what
    guest/workload.c takes; script is the file in guest/ that the capture kernel runs;
    qemu is the format of a second dump that QEMU makes of the same moment; disk is the
    QEMU device of the disks: cloud kernels have the driver of nvme built in.
    secrets are the modules of a guest that runs guest/secrets, too.
    Guests that crash run the program on their own memory before, but for those where
    live says "no"; live lets one do so that does not crash ("yes"), and any one estimate
    the dump too ("estimate"). whole lets the capture kernel write a dump of level 0, too.
    namespaces makes guest/nvdimm prepare regions, one as each word says, of pmem MiB or
    as many as follow a colon, from the highest address down. x86 has struct pages of less
    than a section (128 MiB) in RAM, whatever a namespace says.
    brief guests are for what kernels differ in: their dumps are not written in every form.
    bitmap loads guest/crashbitmap, which chooses the pages worth dumping at the crash.
    """

    name: str
    kernel: str
    cpu: str = FOUR_LEVELS
    memory: int = 768
    workload: str = WORKLOAD
    kexec: str = ""
    cmdline: str = "hugepages=8"
    balloon: int = 0
    plug: int = 0
    flood: int = 0
    swap: int = 0
    nodes: int = 1
    pmem: int = 0
    script: str = "capture"
    qemu: str = ""
    live: str = ""
    disk: str = "virtio-blk-pci"
    why: str = ""
    namespaces: str = ""
    bitmap: bool = False
    secrets: str = ""
    brief: bool = False
    whole: bool = False


# Both sizes of huge pages, their struct pages freed where the kernel can do so.
HUGE = "hugetlb_free_vmemmap=on hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=16"
# Little: it is written eight times. No `free`: so few pages are taken again within a moment.
CALLED = "anon=16 thp=8 tmpfs=8 clean=8"
# Kernels between those that are tested at length.
BRIEF = {"workload": "anon=24 thp=16 tmpfs=8 clean=8 dirty=8 mapped=4 cow=4 hugetlb=8 free=16",
         "cmdline": "hugepages=4", "brief": True}
# Where keys are kept, and what they are used with.
SECRETS = "algif_skcipher dm_crypt brd tls gcm ctr"
# On arm64 with 16K pages a huge page is 32 MiB.
WORKLOAD_16K = WORKLOAD.replace("hugetlb=16", "hugetlb=64").replace("thp=32", "thp=64")

GUESTS = [
    Guest("x86-5.10", "5.10", kexec="load", balloon=32, whole=True, why="oldest kernel, 4 levels, kexec_load"),
    Guest("x86-6.1", "6.1", cpu=FIVE_LEVELS, kexec="file", live="estimate", whole=True,
          why="5 levels, kexec_file_load"),
    Guest("x86-6.12", "6.12", kexec="file", live="no", workload="swapped=8 " + POISON, swap=64,
          why="4 levels, swapped pages"),
    Guest("x86-6.18", "6.18", kexec="load", live="no", flood=9000, workload=POISON, qemu="kdump-zlib",
          why="4 levels, full log ring"),
    Guest("x86-7.2", "7.2", cpu=FIVE_LEVELS, kexec="file", live="no", balloon=32,
          workload=POISON, why="5 levels"),
    Guest("x86-6.16", "6.16", memory=512, **BRIEF, why="page types renumbered"),
    Guest("x86-7.0", "7.0", memory=512, **BRIEF, disk="nvme", why="kallsyms without relative_base; no modules"),
    Guest("x86-7.1", "7.1", memory=512, **BRIEF, disk="nvme", cpu=FIVE_LEVELS, why="5 levels; no modules"),
    Guest("x86-7.3", "7.3", **BRIEF, kexec="file", whole=True, why="newest kernel"),
    Guest("x86-6.1-big", "6.1", memory=4352, nodes=2, cmdline=HUGE, kexec="load", live="no",
          workload="hugetlb1g=1024 " + WORKLOAD,
          why="above 4 GiB, two NUMA nodes, huge pages of both sizes with freed struct pages"),
    Guest("x86-7.2-big", "7.2", memory=4352, nodes=2, cmdline=HUGE, kexec="file",
          workload="hugetlb1g=1024 " + POISON,
          why="above 4 GiB, two NUMA nodes, huge pages of both sizes with freed struct pages"),
    Guest("x86-6.12-hotplug", "6.12", plug=512, kexec="file", whole=True,
          why="memory added and partly taken offline again"),
    Guest("x86-6.1-pmem", "6.1", pmem=512, kexec="file", workload="dax=64 " + WORKLOAD,
          why="persistent memory with its memmap on the device, listed by our module"),
    Guest("x86-6.12-nvdimm", "6.12", memory=640, pmem=128, workload="dax=16 anon=16",
          namespaces="raw:64 devdax-mem:64 fsdax-dev fsdax-mem devdax-dev kmem:256",
          qemu="kdump-zlib",
          why="namespaces of persistent memory as a stock kernel leaves them"),
    Guest("x86-6.12-callers", "6.12", kexec="file", workload=CALLED,
          script="callers", why="captured by the commands of the distributions"),
    Guest("x86-6.1-bitmap", "6.1", memory=768, kexec="file", workload=BRIEF["workload"],
          cmdline="hugepages=4 crash_kexec_post_notifiers", script="bitmap", bitmap=True,
          why="the kernel chooses the pages itself, by our module"),
    Guest("arm64-6.1", "arm64-6.1", cpu=ARM, workload=POISON, why="arm64, 4K pages, 48 bits"),
    Guest("arm64-7.2", "arm64-7.2", cpu=ARM, workload=POISON, live="yes", qemu="kdump-zlib",
          cmdline="hugepages=8 crashkernel=128M", why="arm64, 4K pages, 52 bits"),
    Guest("arm64-7.2-16k", "arm64-7.2-16k", cpu=ARM, cmdline="hugepages=2",
          workload="poison=1 " + WORKLOAD_16K, why="arm64, 16K pages"),
    Guest("x86-6.1-secrets", "6.1", memory=512, workload=CALLED, cmdline="",
          secrets=SECRETS + " ghash_generic", why="keys and arguments to be erased"),
    Guest("x86-7.2-secrets", "7.2", memory=512, workload=CALLED, cmdline="", cpu=FIVE_LEVELS,
          secrets=SECRETS, why="the same of the newest kernel"),
    Guest("arm64-7.2-secrets", "arm64-7.2", cpu=ARM, memory=512, workload=CALLED, cmdline="",
          secrets=SECRETS, why="the same on arm64"),
]


def guest(name):
    """The Guest called name; KeyError when there is none."""
    return {item.name: item for item in GUESTS}[name]
