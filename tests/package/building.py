# SPDX-License-Identifier: GPL-2.0-or-later
"""The build on machines that lack something, for other machines, and without shared libraries."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from layout import QUICK, ROOT, TIMEOUT, make
from pylib.harness import Skip, expect, expect_equal

sys.path.insert(0, str(ROOT / "tests" / "gen"))

import mkdump  # noqa: E402

STATIC = ROOT / "build" / "static" / "makedumpfile"


def compiler_without(folder, library):
    """A compiler that cannot link a library."""
    path = folder / "cc"
    path.write_text(f'#!/bin/sh\ncase " $* " in *" -l{library} "*) exit 1 ;; esac\nexec gcc "$@"\n',
                    encoding="utf-8")
    path.chmod(0o755)
    return path


def case_without_libelf(_program, folder):
    """Required: make names it, its packages, and stops before it compiles."""
    out = make(f"CC={compiler_without(folder, 'elf')}", "VARIANT=nolibelf", status=None)
    for word in ("gelf.h", "libelf-dev", "elfutils-libelf-devel", "missing: libelf"):
        expect(word in out, f"no {word!r} in {out!r}")
    expect("makedumpfile.o" not in out, f"compiles: {out!r}")


def case_without_a_compressor(_program, folder):
    """Optional: make says what is missing, and which switch stands for it."""
    for library, switch, packages in (("z", "ZLIB", ("zlib1g-dev", "zlib-devel")),
                                      ("lzo2", "LZO", ("liblzo2-dev", "lzo-devel")),
                                      ("snappy", "SNAPPY", ("libsnappy-dev", "snappy-devel")),
                                      ("zstd", "ZSTD", ("libzstd-dev", "libzstd-devel"))):
        for words in ([f"CC={compiler_without(folder, library)}"], [f"{switch}=0"]):
            out = make("-n", *words, "VARIANT=nothing")
            for word in (f"without {switch}", f"{switch}=0", *packages):
                expect(word in out, f"no {word!r} in {out[:500]!r}")
            commands = out[out.index("-DUSE_"):]
            expect(f"-DUSE_{switch}=0" in commands, f"-DUSE_{switch}=0 is not given")
            expect(f" -l{library} " not in commands, f"-l{library} is linked")


def case_cross_compiler_without_libraries(_program, _folder):
    """Headers of this machine must not pass for the other's libraries."""
    if not shutil.which("aarch64-linux-gnu-gcc"):
        raise Skip("no aarch64-linux-gnu-gcc")
    done = subprocess.run(["aarch64-linux-gnu-gcc", "-print-file-name=libelf.so"], check=True,
                          capture_output=True, text=True)
    if "/" in done.stdout:
        raise Skip("there is a libelf for it")
    out = make("CC=aarch64-linux-gnu-gcc", "VARIANT=cross", status=None)
    expect("missing: libelf" in out and "cannot find -l" not in out, out)


def case_cross_compiler(_program, _folder):
    """The sources compile for another machine, warnings being errors."""
    if not shutil.which("aarch64-linux-gnu-gcc"):
        raise Skip("no aarch64-linux-gnu-gcc")
    make("-j2", "CC=aarch64-linux-gnu-gcc", QUICK, "VARIANT=cross", "WERROR=1", "ZLIB=0", "LZO=0",
         "SNAPPY=0", "ZSTD=0", "DW=0", "build/cross/libmakedumpfile.a")
    out = subprocess.run(["file", "-L", ROOT / "build/cross/base/err.o"], check=True,
                         capture_output=True, text=True).stdout
    expect("aarch64" in out, out)


def case_musl(_program, _folder):
    """The sources compile with another C library, warnings being errors. Of libelf it gets
    the headers: distributions have none for musl."""
    if not shutil.which("musl-gcc"):
        raise Skip("no musl-gcc")
    headers = ROOT / "build/musl-include"
    headers.mkdir(parents=True, exist_ok=True)
    for name in ("gelf.h", "libelf.h"):
        shutil.copy(f"/usr/include/{name}", headers)
    make("-j2", "CC=musl-gcc", QUICK, f"CPPFLAGS=-idirafter {headers}", "VARIANT=musl", "WERROR=1",
         "ZLIB=0", "LZO=0", "SNAPPY=0", "ZSTD=0", "DW=0", "build/musl/libmakedumpfile.a")


def case_threads_need_no_libgcc_at_run_time(program, _folder):
    """What makes glibc load libgcc_s.so.1 by name would fail in an initramfs."""
    out = subprocess.run(["nm", "-u", program], check=True, capture_output=True, text=True).stdout
    expect("pthread_create" in out, "no threads?")
    found = re.findall(r"\b(pthread_cancel|pthread_exit|backtrace|dlopen)\b", out)
    expect_equal(found, [], "calls")


def case_libraries(program, _folder):
    """No library that is a large part of an initramfs for nothing."""
    out = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+?)\]", out)
    expect("libc.so.6" in needed, f"needs {needed}")
    for name in ("libm.so", "libgcc_s.so", "libstdc++.so", "libpthread.so"):
        expect(not any(library.startswith(name) for library in needed), f"needs {name}: {needed}")


def built_static():
    """build/static/makedumpfile."""
    out = make("-j2", QUICK, "static")
    expect(re.search(r"build/static/makedumpfile: \d+ bytes", out), f"no size told: {out}")
    return STATIC


def case_static_is_static(_program, _folder):
    """No interpreter, no shared library, every codec that the dynamic one has."""
    program = built_static()
    out = subprocess.run(["readelf", "-ld", program], check=True, capture_output=True, text=True).stdout
    expect("INTERP" not in out and "NEEDED" not in out, out)
    help_texts = [subprocess.run([path, "-v"], check=True, capture_output=True).stdout
                  for path in (program, ROOT / "makedumpfile")]
    expect_equal(help_texts[0], help_texts[1], "version and codecs")


def chrooted(root, words):
    """Run in an empty root, as root or in a user namespace."""
    way = ["chroot"] if os.getuid() == 0 else ["unshare", "-r", "chroot"]
    return subprocess.run([*way, root, *words], capture_output=True, text=True, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, check=False)


def digest(path):
    """Hash of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def case_static_in_an_empty_root(program, folder):
    """Nothing but the program and a dump, with threads: the bytes of the dynamic one."""
    root = folder / "root"
    root.mkdir()
    shutil.copy(built_static(), root / "makedumpfile")
    mkdump.make((ROOT / "tests/gen/sample.recipe").read_text(encoding="utf-8"), str(root / "vmcore"))
    if chrooted(root, ["/makedumpfile", "-v"]).returncode == 125:
        raise Skip("may not chroot")
    for letter in "clpz":
        words = ["-" + letter, "-d", "31", "--num-threads", "2"]
        done = chrooted(root, ["/makedumpfile", *words, "/vmcore", "/static-" + letter])
        expect_equal(done.returncode, 0, f"exit status in the empty root: {done.stderr}")
        subprocess.run([program, *words, root / "vmcore", root / f"dynamic-{letter}"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT)
        expect_equal(digest(root / f"static-{letter}"), digest(root / f"dynamic-{letter}"), f"-{letter}")
    done = chrooted(root, ["/makedumpfile", "--dump-dmesg", "/vmcore", "/log"])
    expect_equal(done.returncode, 0, f"exit status of --dump-dmesg: {done.stderr}")
