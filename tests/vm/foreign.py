# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of Debian's unstable suite, run here with that suite's own libraries.

A program is unpacked into a folder with everything it depends on and started
through the loader in that folder, so nothing is installed.
"""

import dataclasses
import pathlib
import re

from packages import Archive, PackageError, cache_dir

LOADER = "ld-linux-x86-64.so.2"


@dataclasses.dataclass(frozen=True)
class Foreign:
    """An unpacked program: root is the folder, path the program in it."""

    root: pathlib.Path
    path: pathlib.Path

    @property
    def command(self):
        """What to put before the program's arguments, as a list of str."""
        folders = sorted({str(item.parent) for item in self.root.rglob("lib*.so*")})
        loader = next(self.root.rglob(LOADER))
        words = [str(loader), "--library-path", ":".join(folders)]
        # makedumpfile ends its threads by pthread_exit(), which looks for libgcc_s where
        # this loader was not told to, and aborts.
        for library in self.root.rglob("libgcc_s.so.1"):
            words += ["--preload", str(library)]
        return [*words, str(self.path)]


def _fetch(package, program, skip):
    archive = Archive("amd64")
    root = cache_dir() / "tools" / (package + "-sid")
    stamp = root / ".complete"
    if not stamp.exists():
        for name in archive.closure(package, "sid"):
            if not re.fullmatch(skip, name):
                archive.unpack(name, root, "sid")
        stamp.touch()
    path = root / program
    if not path.exists():
        raise PackageError(f"package {package} holds no {program}")
    return Foreign(root, path)


def makedumpfile():
    """The archive's newest makedumpfile; its Perl script is left without Perl."""
    return _fetch("makedumpfile", "usr/bin/makedumpfile", r".*perl.*|libdb.*|libgdbm.*|libcrypt1")


def crash():
    """The archive's newest crash."""
    return _fetch("crash", "usr/bin/crash", r"binutils|binutils-x86.*|libgprofng.*")
