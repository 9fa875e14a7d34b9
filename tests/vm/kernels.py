# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian kernels for the lab: which packages, where the image and modules are."""

import dataclasses
import lzma
import pathlib
import re
import subprocess

from packages import Archive, Lock, PackageError, cache_dir

# Name of the kernel in the guest table -> (architecture, prefixes of the package
# names, pattern of what follows them).  Archives drop point releases all the
# time, so a pattern is matched and the newest package that can be had is taken.
# Until 6.12 the unsigned package holds image and modules; 6.16 to 6.19 the
# signed one does; since 7.2 image, modules and the list of built-in modules
# are three packages.  Of 7.0 and 7.1 the archive has lost all but the image.
_IMAGE = ("linux-binary-",)
_SPLIT = ("linux-binary-", "linux-modules-", "linux-base-")
KERNELS = {
    "5.10": ("amd64", ("linux-image-",), r"5\.10\.0-\d+-cloud-amd64-unsigned"),
    "6.1": ("amd64", ("linux-image-",), r"6\.1\.0-\d+-cloud-amd64-unsigned"),
    "6.12": ("amd64", ("linux-image-",), r"6\.12\.\d+\+deb13(\.\d+)?-cloud-amd64-unsigned"),
    "6.16": ("amd64", ("linux-image-",), r"6\.16\.\d+\+deb\d+-cloud-amd64"),
    "6.18": ("amd64", ("linux-image-",), r"6\.18\.\d+\+deb\d+-cloud-amd64"),
    "7.0": ("amd64", _IMAGE, r"7\.0\.\d+\+deb\d+-cloud-amd64"),
    "7.1": ("amd64", _IMAGE, r"7\.1\.\d+\+deb\d+-cloud-amd64"),
    "7.2": ("amd64", _SPLIT, r"7\.2\.\d+\+deb\d+-cloud-amd64"),
    "7.3": ("amd64", _SPLIT, r"7\.3\.\d+\+deb\d+-cloud-amd64"),
    "arm64-6.1": ("arm64", ("linux-image-",), r"6\.1\.0-\d+-cloud-arm64-unsigned"),
    "arm64-7.2": ("arm64", _SPLIT, r"7\.2\.\d+\+deb\d+-cloud-arm64"),
    "arm64-7.2-16k": ("arm64", _SPLIT, r"7\.2\.\d+\+deb\d+-arm64-16k"),
}

CANDIDATES = 8


@dataclasses.dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: arch is Debian's name, release is `uname -r`.

    modules is None for a kernel whose modules cannot be had: guests of it do
    with what is built in, and it has not written VMCOREINFO where QEMU finds it.
    """

    name: str
    arch: str
    release: str
    image: pathlib.Path
    modules: pathlib.Path | None

    @property
    def builtin(self):
        """Names of the modules linked into the image ('_' for '-')."""
        text = (self.modules / "modules.builtin").read_text(encoding="ascii")
        return {module_name(line) for line in text.splitlines()}

    def module_files(self, wanted):
        """Paths of the wanted modules and what they need, in load order.

        Built-in modules need no file; a name that is neither built in nor
        packaged is an error, so that a guest cannot run without its devices.
        """
        if not self.modules:
            return []
        deps = self._dependencies()
        paths = {module_name(path): path for path in deps}
        builtin = self.builtin
        order = []

        def add(path):
            # modules.dep lists what must be loaded first in reverse.
            for item in [*reversed(deps[path]), path]:
                if item not in order:
                    order.append(item)

        for name in wanted:
            if name in paths:
                add(paths[name])
            elif name not in builtin:
                raise PackageError(f"kernel {self.release} has no module {name}")
        return [self.modules / item for item in order]

    def _dependencies(self):
        deps = {}
        for line in (self.modules / "modules.dep").read_text(encoding="ascii").splitlines():
            path, rest = line.split(":", 1)
            deps[path] = rest.split()
        return deps


def module_name(path):
    """`kernel/fs/ext4/ext4.ko.xz` -> `ext4`."""
    return re.sub(r"\.ko(\.\w+)?$", "", path.rsplit("/", 1)[-1]).replace("-", "_")


def module_bytes(path):
    """The contents of a module file, decompressed."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout
    return path.read_bytes()


def _one(paths, what):
    for path in paths:
        return path
    raise PackageError(f"the kernel packages hold no {what}")


def _unpack_newest(name, root):
    """Unpack the newest packages that can be had; their version as the folder's name.

    An index may name packages that have left the archive, so older ones are tried.
    """
    arch, prefixes, pattern = KERNELS[name]
    archive = Archive(arch)
    failure = None
    for first in archive.candidates(re.escape(prefixes[0]) + pattern)[:CANDIDATES]:
        version = first.removeprefix(prefixes[0])
        try:
            for prefix in prefixes:
                archive.unpack(prefix + version, root / version)
            return version
        except PackageError as error:
            failure = error
    raise failure


def _modules(root):
    """The folder of modules of unpacked packages, with its list of dependencies."""
    modules = _one([path for path in [*root.glob("lib/modules/*"), *root.glob("usr/lib/modules/*")]
                    if (path / "kernel").is_dir()], "modules")
    if not (modules / "modules.dep").exists():
        base = modules.parent.parent.parent
        subprocess.run(["depmod", "-b", base, modules.name], check=True)
    return modules


def kernel(name):
    """The Kernel called name in KERNELS, fetched and unpacked when first asked for.

    The choice is kept in a file NAME.version, so that a new point release does
    not make every result stale in the middle of a day; remove it to move on.
    """
    folder = cache_dir() / "kernels" / name
    pinned = folder.with_name(name + ".version")
    with Lock(folder.with_name(name + ".lock")):
        version = pinned.read_text(encoding="ascii").strip() if pinned.exists() else None
        root = folder / str(version)
        if not version or not root.is_dir():
            root = folder / _unpack_newest(name, folder)
        image = _one([*root.glob("boot/vmlinuz-*"), *root.glob("usr/lib/modules/*/vmlinuz")],
                     "kernel image")
        modules = None if KERNELS[name][1] == _IMAGE else _modules(root)
        pinned.write_text(root.name + "\n", encoding="ascii")
    return Kernel(name, KERNELS[name][0], modules.name if modules else root.name, image, modules)


def vmlinux(name):
    """Path of the kernel's vmlinux with DWARF, from its -dbg package (about 300 MB to fetch)."""
    kern = kernel(name)
    root = Archive(kern.arch).unpack(f"linux-image-{kern.release}-dbg",
                                     cache_dir() / "debug" / name, only="usr/lib/debug/*vmlinux*")
    # Since 7.2 this is a link to the file in lib/modules.
    return root / f"usr/lib/debug/boot/vmlinux-{kern.release}"
