# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture side of a real crash: its initramfs, and what it leaves behind."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

import callers
from initramfs import Initramfs, add_busybox
from machine import QEMU_SECONDS, MachineError
from packages import Archive, PackageError, cache_dir, host_codename

HERE = pathlib.Path(__file__).parent
MIB = 1 << 20
# What kdump scripts of distributions pass, less the disk they boot from.  Without
# acpi_no_memhotplug the capture kernel takes added memory modules for its own
# and writes over what they held.
CMDLINE = ("console=ttyS0 irqpoll nr_cpus=1 reset_devices acpi_no_memhotplug loglevel=4 "
           "panic=-1 mitigations=off no_timer_check")
MODULES = ["virtio_pci", "virtio_blk", "ext4"]
# Between two lines of the capture kernel, of which the slowest is some 25 s away on an idle machine.
CRASH_SECONDS = 900
RAW_BYTES = 160 * MIB
LINE = re.compile(r"^MDFCAP (done|fail|\S+ status=)(.*)")


@dataclasses.dataclass(frozen=True)
class Program:
    """The makedumpfile the capture kernel runs.

    path is a program of this machine; it is started through its libraries as
    ldd finds them.  root, when given, is a folder with unpacked packages of
    another suite: then everything needed is taken from there.
    script is the sh file that says what to run.
    """

    path: pathlib.Path
    root: pathlib.Path | None = None
    script: pathlib.Path = HERE / "guest/capture"

    def add_to(self, image):
        """Put the program into an initramfs as /bin/makedumpfile."""
        if self.root:
            add_foreign(image, self)
        else:
            image.add_program(self.path, "bin/makedumpfile")

    def contents(self):
        """The bytes that decide what a crash gives."""
        more = callers.contents() if self.script.name == callers.SCRIPT else b""
        return self.path.read_bytes() + self.script.read_bytes() + more

    def running(self, script):
        """The same program run by another file of guest/."""
        return dataclasses.replace(self, script=HERE / "guest" / script)


def kexec_program():
    """The kexec of this machine's own release, which runs with its libraries."""
    root = Archive("amd64").unpack("kexec-tools", cache_dir() / "tools" / "amd64", host_codename())
    return next(path for path in (root / "sbin/kexec", root / "usr/sbin/kexec") if path.exists())


def add_foreign(image, program, name="bin/makedumpfile"):
    """A program of another suite, with that suite's libraries and loader in /foreign."""
    for path in sorted(program.root.rglob("*.so*")):
        if path.is_file() and "gconv" not in path.parts:
            image.copy(path, "foreign/lib/" + path.name)
    image.copy(program.path, "foreign/makedumpfile")
    image.add(name, b"#!/bin/sh\nexec /foreign/lib/ld-linux-x86-64.so.2 "
              b"--library-path /foreign/lib /foreign/makedumpfile \"$@\"\n", 0o755)


def image(kern, program, whole=False):
    """The capture kernel's initramfs as bytes; with whole it writes a dump of level 0, too."""
    result = Initramfs()
    add_busybox(result, kern.arch)
    result.add("init", (HERE / "guest/capture-init").read_bytes(), 0o755)
    result.add("capture", program.script.read_bytes(), 0o755)
    program.add_to(result)
    if whole:
        result.add("whole", b"")
    if program.script.name == callers.SCRIPT:
        callers.add(result)
    result.add_modules(kern, MODULES)
    return result.bytes()


def disks(work, memory, contents=None):
    """Make the disks of the capture side in work; memory is in MiB; {serial: path}.

    `result` is an ext4 image for files, at first those of the folder contents;
    `vmcore` a raw disk that takes /proc/vmcore as it is, `raw` one that holds
    something else already.
    """
    paths = {name: work / (name + ".img") for name in ("result", "vmcore", "raw")}
    make_ext4(paths["result"], (2 * memory + 128) * MIB, contents)
    with open(paths["vmcore"], "wb") as file:
        file.truncate((memory + 64) * MIB)
    with open(paths["raw"], "wb") as file:
        file.write(b"what was here before\n" * (RAW_BYTES // 21))
    return paths


def make_ext4(path, size, contents=None):
    """An ext4 image of size bytes, sparse, holding the folder contents."""
    path.unlink(missing_ok=True)
    with open(path, "wb") as file:
        file.truncate(size)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,nodiscard",
                    *(["-d", contents] if contents else []), path], check=True)


def collect(image, out):
    """The files of an ext4 image into the new folder out."""
    out.mkdir()
    done = subprocess.run(["debugfs", "-R", f"rdump / {out}", image],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"debugfs: {done.stderr}")
    (out / "lost+found").rmdir()


def crash(machine, guest, images, out, seconds=CRASH_SECONDS):
    """Let the waiting guest panic, wait for the capture side, collect into out.

    Returns {step: {"status": n, "seconds": s, "maxrss_kib": k}}.  A step that
    failed is a result like any other: the caller decides.
    """
    machine.send("go")
    steps = {}
    size = 0
    while True:
        match = machine.wait_line(LINE, seconds)
        if not match or match.group(1) == "fail":
            raise MachineError(f"{guest.name}: the capture kernel failed: "
                               f"{match.group(2) if match else 'it powered off'}")
        if match.group(1) == "done":
            break
        values = dict(item.split("=", 1) for item in match.group(0).split()[2:])
        steps[match.group(1).split()[0]] = {key: json.loads(text) for key, text in values.items()}
        size = int(values.get("bytes", size))
    if steps.get("vmcore", {}).get("status"):
        raise MachineError(f"{guest.name}: /proc/vmcore could not be copied")
    machine.process.wait(timeout=QEMU_SECONDS)
    collect(images["result"], out)
    if size:
        os.truncate(images["vmcore"], size)
        os.replace(images["vmcore"], out / "vmcore.elf")
    (out / "steps.json").write_text(json.dumps(steps, indent=1) + "\n", encoding="utf-8")
    return steps
