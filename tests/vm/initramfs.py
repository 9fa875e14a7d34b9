# SPDX-License-Identifier: GPL-2.0-or-later
"""An initramfs as a newc cpio archive; see the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst for the layout."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from kernels import module_bytes, module_name
from packages import Archive, PackageError, cache_dir

MODE_DIR, MODE_FILE, MODE_LINK, MODE_CHAR = 0o040000, 0o100000, 0o120000, 0o020000


class Initramfs:
    """Collects files; bytes() gives the archive.  Parent folders come by themselves."""

    def __init__(self):
        self.entries = {}
        self._put("dev/console", MODE_CHAR | 0o600, b"", (5, 1))

    def _put(self, path, mode, data, device=(0, 0)):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self._put(parent, MODE_DIR | 0o755, b"")
        self.entries[path] = (mode, data, device)

    def add(self, path, data, mode=0o644):
        """A file with the given bytes."""
        self._put(path, MODE_FILE | mode, data)

    def copy(self, source, path=None):
        """A host file, symbolic links followed, under its own or another path."""
        source = pathlib.Path(source)
        self.add(path or str(source), source.read_bytes(), source.stat().st_mode & 0o777)

    def link(self, path, target):
        """A symbolic link."""
        self._put(path, MODE_LINK | 0o777, target.encode())

    def add_program(self, program, path):
        """A host program with the shared libraries that ldd finds for it, as packages have it.

        Symbols would be most of it, and each byte of a capture kernel's initramfs is
        hashed twice under emulation.
        """
        self.add(path, _without_symbols(program), 0o755)
        for library in libraries(program):
            self.copy(library)

    def add_modules(self, kernel, names):
        """Modules and, in /modules.list, the order to load them in."""
        order = []
        for item in kernel.module_files(names):
            name = module_name(item.name) + ".ko"
            self.add("modules/" + name, module_bytes(item))
            order.append(name)
        self.add("modules.list", ("\n".join(order) + "\n").encode())

    def add_built(self, path):
        """A module of the lab's own, loaded behind those of add_modules()."""
        self.copy(path, "modules/" + path.name)
        self.add("modules.list", self.entries["modules.list"][1] + (path.name + "\n").encode())

    def bytes(self):
        """The archive."""
        out = bytearray()
        for number, (path, entry) in enumerate(self.entries.items(), 1):
            _append(out, number, path, *entry)
        _append(out, 0, "TRAILER!!!", 0, b"", (0, 0))
        out.extend(b"\0" * (-len(out) % 512))
        return bytes(out)


def _append(out, inode, path, mode, data, device):
    name = path.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
    out.extend(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
    out.extend(b"\0" * (-len(out) % 4))
    out.extend(data)
    out.extend(b"\0" * (-len(out) % 4))


def _without_symbols(program):
    """The bytes of a program without debug information; as it is when this machine's strip cannot."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "stripped"
        done = subprocess.run(["strip", "-o", out, program], capture_output=True, check=False)
        return (pathlib.Path(program) if done.returncode else out).read_bytes()


def libraries(program):
    """Absolute paths of the shared libraries of a host program; [] for a static one."""
    done = subprocess.run(["ldd", program], text=True, capture_output=True, check=False)
    if done.returncode:
        if "not a dynamic executable" in done.stderr + done.stdout:
            return []
        raise PackageError(f"ldd {program}: {done.stderr.strip()}")
    if "not found" in done.stdout:
        raise PackageError(f"{program} lacks libraries:\n{done.stdout}")
    return re.findall(r"(?:^|=> |\t)(/\S+) \(0x", done.stdout)


def busybox(arch):
    """The static busybox of a Debian architecture."""
    root = Archive(arch).unpack("busybox-static", cache_dir() / "tools" / arch)
    return next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())


def add_busybox(image, arch):
    """busybox as /bin/busybox and /bin/sh; scripts make the other links."""
    image.copy(busybox(arch), "bin/busybox")
    image.link("bin/sh", "busybox")


COMPILERS = {"amd64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}


def guest_program(arch, folder="guest", name="mdflab"):
    """Path of the C program of a folder beside this file, compiled when its sources changed."""
    sources = sorted((pathlib.Path(__file__).parent / folder).glob("*.[ch]"))
    out = cache_dir() / "tools" / f"{name}-{arch}"
    if out.exists() and out.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return out
    compiler = shutil.which(COMPILERS[arch])
    if not compiler:
        raise PackageError(f"no {COMPILERS[arch]}: install its package to build for {arch}")
    out.parent.mkdir(parents=True, exist_ok=True)
    # Only what is whole gets the name: a run that is killed leaves nothing to be taken for it.
    made = out.with_name(f"{out.name}.{os.getpid()}")
    subprocess.run([compiler, "-std=gnu11", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o",
                    made, *[path for path in sources if path.suffix == ".c"]], check=True)
    os.replace(made, out)
    return out
