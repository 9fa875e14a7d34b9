# SPDX-License-Identifier: GPL-2.0-or-later
"""Running a filter on a vmcore and taking the set of pages it kept."""

import os
import pathlib
import shlex
import shutil
import struct
import subprocess

import compatpath  # noqa: F401
from pylib.elfcore import ElfCore
from pylib.kdumpfile import KdumpFile
from pylib.scratch import scratch

TIMEOUT = 1800
# Uncompressed dumps of level 0 would cost the disk of a whole guest each.
COMPRESSION = "-l"


class RunError(Exception):
    """The filter failed; the text holds its last words."""


def workspace():
    """A temporary folder on a real disk for dumps."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(base) / "makedumpfile" / "compat"
    folder.mkdir(parents=True, exist_ok=True)
    return scratch("run-", folder)


def run_filter(command, vmcore, output, level):
    """Filter vmcore at a level; command is a shell-like string."""
    words = shlex.split(command) + [COMPRESSION, "--message-level", "4", "-d", str(level),
                                    str(vmcore), str(output)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=TIMEOUT, check=False,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise RunError(f"{words[0]}: {why}") from why
    if done.returncode:
        text = (done.stdout + done.stderr).decode("latin-1").strip()
        raise RunError(f"{' '.join(words)}: exit status {done.returncode}: {text[-400:]}")


def kept_pages(command, vmcore, folder, level):
    """(kept, present): the sets of bitmap2 and bitmap1 at a level."""
    output = pathlib.Path(folder) / "kept.dump"
    if output.exists():
        output.unlink()
    run_filter(command, vmcore, output, level)
    with KdumpFile(output) as dump:
        result = dump.bitmap2, dump.bitmap1
    output.unlink()
    return result


def classes(command, vmcore, folder):
    """class -> set of pages the filter gives that class, seen from outside:
    by which single-bit levels drop a page."""
    kept = {level: kept_pages(command, vmcore, folder, level) for level in (0, 2, 4, 8, 16)}
    present = kept[0][1]
    gone = {level: present & ~pages for level, (pages, _) in kept.items()}
    always = gone[0]
    return {
        "always": always, "cache": gone[2] & ~always,
        "cache_private": gone[4] & ~gone[2] & ~always,
        "user": gone[8] & ~always, "free": gone[16] & ~always,
    }, present


def needs_plain_headers(vmcore):
    """True when program headers are not directly behind the ELF header, which
    makedumpfile up to 1.7.9 does not understand (QEMU 7.2 and later write so)."""
    with ElfCore(vmcore, page_size=4096) as core:
        return core.phoff != (64 if core.is64 else 52)


def plain_copy(vmcore, folder):
    """A sparse copy of an ELF64 vmcore whose program headers are at offset 64.

    The headers shrink toward the front, over the section headers, so no data moves.
    """
    copy = pathlib.Path(folder) / "vmcore.plain"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", "--no-preserve=mode", str(vmcore), str(copy)],
                   check=True)
    with ElfCore(vmcore, page_size=4096) as core:
        if not core.is64 or core.phnum >= 0xFFFF:
            raise RunError("only ELF64 with fewer than 65535 program headers can be rewritten")
        table = os.pread(core.fd, core.phnum * core.phentsize, core.phoff)
        order = core.order
        rows = b"".join(table[i * core.phentsize:i * core.phentsize + 56]
                        for i in range(core.phnum))
    fd = os.open(copy, os.O_RDWR)
    os.pwrite(fd, rows, 64)
    os.pwrite(fd, struct.pack(order + "QQ", 64, 0), 32)
    os.pwrite(fd, struct.pack(order + "HHHHHH", 64, 56, len(rows) // 56, 0, 0, 0), 52)
    os.close(fd)
    return copy


def free_space_for(path, folder):
    """True when a copy of path (its allocated size) fits beside the results."""
    used = os.stat(path).st_blocks * 512
    return shutil.disk_usage(folder).free > 2 * used + (1 << 30)
