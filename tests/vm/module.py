# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the lab's out-of-tree modules for one Debian kernel."""

import pathlib
import re
import shutil
import subprocess

from packages import Archive, Lock, PackageError, cache_dir

GUEST = pathlib.Path(__file__).parent / "guest"
SHARED = GUEST / "vmcoreinfo.h"


def _headers(release):
    """The kernel's build folder, made to work from where it was unpacked."""
    archive = Archive("amd64")
    root = cache_dir() / "tools" / ("headers-" + release)
    base, flavour = re.fullmatch(r"(\d+\.\d+\.0-\d+)-(.*)", release).groups()
    series = ".".join(base.split(".")[:2])
    for package in (f"linux-headers-{release}", f"linux-headers-{base}-common",
                    f"linux-kbuild-{series}"):
        archive.unpack(package, root)
    build = root / "usr/src" / f"linux-headers-{base}-{flavour}"
    # The package expects to be installed: its Makefile includes an absolute path.
    makefile = build / "Makefile"
    makefile.write_text(f"include {root}/usr/src/linux-headers-{base}-common/Makefile\n",
                        encoding="ascii")
    return build


def build(name, release):
    """Path of NAME.ko, of the folder guest/NAME, for the kernel release, built when its source changed."""
    folder = cache_dir() / "tools" / f"{name}-{release}"
    out, whole = folder / f"{name}.ko", folder / ".complete"
    with Lock(folder.with_suffix(".lock")):
        sources = [SHARED, *(GUEST / name).iterdir()]
        if whole.exists() and whole.stat().st_mtime > max(path.stat().st_mtime for path in sources):
            return out
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(GUEST / name, folder)
        shutil.copy(SHARED, folder)
        done = subprocess.run(["make", "-C", _headers(release), f"M={folder}", "modules"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise PackageError(f"building {name}.ko: {done.stdout}{done.stderr}")
        whole.touch()
    return out
