# SPDX-License-Identifier: GPL-2.0-or-later
"""The program for guests of another architecture: linked statically, with libraries of its packages."""

import os
import pathlib
import shutil
import subprocess

from packages import Archive, PackageError, cache_dir, host_codename

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRIPLET = {"arm64": "aarch64-linux-gnu"}
# zstd and snappy are left out: libelf.a and these three are enough to dump with -l and -c.
LIBRARIES = ("libelf-dev", "zlib1g-dev", "liblzo2-dev")


def static_program(arch):
    """Path of ./makedumpfile for a Debian architecture, built again when a source changed."""
    triplet = TRIPLET[arch]
    compiler = shutil.which(triplet + "-gcc")
    if not compiler:
        raise PackageError(f"no {triplet}-gcc: install its package to build for {arch}")
    archive, root = Archive(arch), cache_dir() / "tools" / f"libraries-{arch}"
    for name in LIBRARIES:
        archive.unpack(name, root, host_codename())
    target = f"build/{arch}/makedumpfile"
    done = subprocess.run(
        ["make", "-j2", "-s", f"VARIANT={arch}", f"CC={compiler}", f"AR={triplet}-ar", "CFLAGS=-O2",
         "ZSTD=0", "SNAPPY=0", f"CPPFLAGS=-I{root}/usr/include", f"LDFLAGS=-static -s -L{root}/usr/lib/{triplet}",
         target], cwd=ROOT, env={**os.environ, "MAKEFLAGS": ""}, capture_output=True, text=True,
        check=False)
    if done.returncode:
        raise PackageError(f"building for {arch}: {done.stderr.strip()[-400:]}")
    return ROOT / target
