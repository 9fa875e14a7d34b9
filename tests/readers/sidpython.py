#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sidpython.py SCRIPT ARGUMENTS...: run a script under unstable's Python with
unstable's drgn and libkdumpfile, unpacked beside the other cached tools.

Exit status 77 when the packages cannot be had; otherwise the script's.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

from packages import Archive, PackageError, cache_dir  # noqa: E402

PACKAGE = "python3-drgn"
LOADER = "ld-linux-x86-64.so.2"


def tree():
    """The folder with unstable's Python, drgn and all libraries; fetched once."""
    root = cache_dir() / "tools" / (PACKAGE + "-sid")
    stamp = root / ".complete"
    if not stamp.exists():
        archive = Archive("amd64")
        for name in archive.closure(PACKAGE, "sid"):
            archive.unpack(name, root, "sid")
        stamp.touch()
    return root


def command(root):
    """Words that start unstable's Python through its own loader."""
    folders = sorted({str(item.parent) for item in root.rglob("lib*.so*")})
    loader = next(root.rglob(LOADER))
    python = sorted((root / "usr/bin").glob("python3.[0-9]*"))[-1]
    return [str(loader), "--library-path", ":".join(folders), str(python)]


def main():
    """Command line."""
    try:
        root = tree()
        words = command(root)
    except (PackageError, StopIteration, IndexError, subprocess.CalledProcessError) as why:
        print(f"skip unstable's readers: {why}\n0 passed, 0 failed, 1 skipped")
        return 77
    environment = dict(os.environ, PYTHONHOME=str(root / "usr"), READERS_RESTARTED="1",
                       PYTHONPATH=str(root / "usr/lib/python3/dist-packages"),
                       PYTHONDONTWRITEBYTECODE="1",
                       LD_LIBRARY_PATH="")
    return subprocess.run(words + sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
