# SPDX-License-Identifier: GPL-2.0-or-later
"""make install, make uninstall, make dist."""

import os
import re
import stat
import subprocess
from pathlib import Path

from pylib.harness import expect, expect_equal

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 1800
# For builds of which the form is looked at, not the speed.
QUICK = "CFLAGS=-O1"
REARRANGE = ROOT / "scripts" / "makedumpfile-R.pl"

# What is installed besides the program, below PREFIX, with its mode.
SHARED = {
    "share/bash-completion/completions/makedumpfile": 0o644,
    "share/doc/makedumpfile/examples/kdump.conf": 0o644,
    "share/makedumpfile/makedumpfile.conf.sample": 0o644,
    "share/man/man5/makedumpfile.conf.5": 0o644,
    "share/man/man8/makedumpfile.8": 0o644,
    "share/zsh/site-functions/_makedumpfile": 0o644,
    **({"bin/makedumpfile-R.pl": 0o755, "share/man/man8/makedumpfile-R.pl.8": 0o644}
       if REARRANGE.exists() else {}),
}


def make(*words, folder=ROOT, status=0, env=None):
    """Run make; returns stdout and stderr as one text. Fails on another exit status."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "--no-print-directory", *map(str, words)], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={**clean, **(env or {})}, timeout=TIMEOUT)
    expect(done.returncode == status or (status is None and done.returncode),
           f"make {' '.join(map(str, words))}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def tree(folder):
    """Path below folder -> mode of a file, or target of a link; folders are not listed."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = stat.S_IMODE(path.stat().st_mode)
    return found


def check_tree(folder, program, link=None, prefix="usr/"):
    """The folder holds what is shared, the program, and the link if there is one."""
    wanted = {prefix + name: mode for name, mode in SHARED.items()}
    wanted[program] = 0o755
    if link:
        wanted[link[0]] = link[1]
    expect_equal(tree(folder), wanted, "files installed")


def case_install(_program, folder):
    """The defaults: /usr/sbin, and a link from /usr/bin. uninstall leaves no file."""
    make("install", f"DESTDIR={folder}")
    check_tree(folder, "usr/sbin/makedumpfile", ("usr/bin/makedumpfile", "../sbin/makedumpfile"))
    expect_equal((folder / "usr/sbin/makedumpfile").read_bytes(),
                 (ROOT / "makedumpfile").read_bytes(), "program")
    (folder / "usr/bin/other").touch()
    make("uninstall", f"DESTDIR={folder}")
    expect_equal(list(tree(folder)), ["usr/bin/other"], "files left")


def case_install_the_way_debian_does(_program, folder):
    """/usr/bin has the program."""
    make("install", f"DESTDIR={folder}", "PROGRAMDIR=/usr/bin")
    check_tree(folder, "usr/bin/makedumpfile", ("usr/sbin/makedumpfile", "../bin/makedumpfile"))
    done = subprocess.run([folder / "usr/sbin/makedumpfile", "-v"], check=True, capture_output=True)
    expect(done.stdout.startswith(b"makedumpfile: version "), "the link leads nowhere")


def case_install_where_sbin_is_bin(_program, folder):
    """One folder under two names, told by SBINDIR or found: no link."""
    make("install", f"DESTDIR={folder}/told", "SBINDIR=/usr/bin")
    check_tree(folder / "told", "usr/bin/makedumpfile")
    (folder / "found/usr/bin").mkdir(parents=True)
    (folder / "found/usr/sbin").symlink_to("bin")
    make("install", f"DESTDIR={folder}/found")
    check_tree(folder / "found", "usr/bin/makedumpfile", ("usr/sbin", "bin"))


def case_install_elsewhere(_program, folder):
    """PREFIX moves everything; LINK=0; no DESTDIR."""
    make("install", f"PREFIX={folder}/local", "LINK=0")
    check_tree(folder, "local/sbin/makedumpfile", prefix="local/")


def case_versions_agree(_program, _folder):
    """Program, manual pages, changelog and spec file tell one version."""
    version = re.search(r'MAKEDUMPFILE_VERSION "(.*)"', (ROOT / "makedumpfile.h").read_text())[1]
    places = {
        "docs/makedumpfile.8": r'^\.TH .* "makedumpfile (\S+)"',
        "docs/makedumpfile-R.pl.8": r'^\.TH .* "makedumpfile (\S+)"',
        "docs/makedumpfile.conf.5": r'^\.TH .* "makedumpfile (\S+)"',
        "debian/changelog": r"^makedumpfile \(1:(\S+)-\d+\)",
        "makedumpfile.spec": r"^Version:\s+(\S+)",
    }
    for name, pattern in places.items():
        match = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.M)
        expect_equal(match and match[1], version, f"version in {name}")
