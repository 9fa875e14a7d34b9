# SPDX-License-Identifier: GPL-2.0-or-later
"""The dumps the bench runs on, kept in the cache, and their state in memory."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "vm", HERE.parent / "compat", HERE.parent / "gen"):
    sys.path.insert(0, str(folder))

import bigmachine  # noqa: E402  pylint: disable=wrong-import-position
import dumps  # noqa: E402  pylint: disable=wrong-import-position
import foreign  # noqa: E402  pylint: disable=wrong-import-position
import machine  # noqa: E402  pylint: disable=wrong-import-position
import recipe  # noqa: E402  pylint: disable=wrong-import-position
from packages import cache_dir  # noqa: E402  pylint: disable=wrong-import-position

GUEST = "x86-6.1-big"
# Raise it when what is built changes.
VERSION = 3
READ = 4 << 20


def folder():
    """Where inputs are kept."""
    path = cache_dir() / "bench"
    path.mkdir(exist_ok=True)
    return path


def _build(name, text):
    path = folder() / f"{name}-{VERSION}.elf"
    if not path.exists():
        print(f"building {path}", flush=True)
        sections = recipe.parse(text)
        by_name = {section.name: section for section in sections}
        part = path.with_suffix(".part")
        machine.Unexplained(part, by_name["machine"], by_name["pages"].statements).build()
        part.rename(path)
    return path


def synthetic(gib):
    """A machine of so many GiB, every struct page written."""
    return _build(f"machine-{gib}g", bigmachine.recipe(gib))


def enormous(tib):
    """A machine of so many TiB. Behind 64 GiB all sections show the same struct pages,
    so that the file needs little disk."""
    return _build(f"machine-{tib}t", bigmachine.shared(tib))


def real_guest():
    """A dump of the lab's guest with more than 4 GiB and two nodes, in the form that
    the incumbent can read. Copied once from the lab's results, for which the guest
    is booted when there are none."""
    path = folder() / f"{GUEST}-{VERSION}.elf"
    if path.exists():
        return path
    source = cache_dir() / "vm" / GUEST / "vmcore.elf"
    if not source.exists():
        subprocess.run([sys.executable, HERE.parent / "vm/lab.py", "run", GUEST], check=True)
    print(f"copying {source}", flush=True)
    dumps.plain_copy(source, folder()).rename(path)
    return path


def filtered_guest():
    """The guest's dump as the incumbent stores it with zlib at level 1."""
    path = folder() / f"{GUEST}-{VERSION}.kdump"
    if not path.exists():
        part = path.with_suffix(".part")
        print(f"filtering {path}", flush=True)
        subprocess.run([*foreign.makedumpfile().command, "-f", "-c", "-d", "1", real_guest(), part],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        part.rename(path)
    return path


def data_ranges(fd):
    """(start, end) of what is not a hole in a file."""
    at, size = 0, os.fstat(fd).st_size
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, at


def warm(path, anew=False):
    """Have all data of a file in the page cache.

    anew: put it there by reading front to back, as a page cache is usually
    filled, whoever filled it before: the kernel maps memory in large pieces
    then, where a file just written piecemeal has a page cache of small ones.
    """
    fd = os.open(path, os.O_RDONLY)
    if anew:
        os.sync()
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    buffer = bytearray(READ)
    for start, end in data_ranges(fd):
        while start < end:
            start += os.preadv(fd, [memoryview(buffer)[:min(READ, end - start)]], start)
    os.close(fd)
