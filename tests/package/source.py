# SPDX-License-Identifier: GPL-2.0-or-later
"""The release tarball and what is built from it: plain, .deb, .rpm."""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from layout import QUICK, REARRANGE, ROOT, TIMEOUT, make, tree
from pylib.harness import Skip, expect, expect_equal


def run(words, folder=None, env=None):
    """A command that must succeed; its stdout and stderr as one text."""
    if not shutil.which(words[0]):
        raise Skip(f"no {words[0]}")
    clean = {name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run([str(word) for word in words], cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                          env={**clean, **(env or {})})
    expect_equal(done.returncode, 0, f"exit status of {words[0]}:\n{done.stdout[-3000:]}")
    return done.stdout


def tarball(commit=None):
    """make dist of a commit; without one of this tree as it is, changes that are not committed
    included."""
    if not (ROOT / ".git").exists():
        raise Skip("not a git checkout")
    make("dist", f"COMMIT={commit or run(['git', 'stash', 'create'], ROOT).strip() or 'HEAD'}")
    found = sorted((ROOT / "build").glob("makedumpfile-*.tar.gz"), key=os.path.getmtime)
    expect(found, "make dist makes no tarball")
    return found[-1]


def unpack(folder):
    """The tarball's tree below folder."""
    with tarfile.open(tarball()) as archive:
        archive.extractall(folder)
    (top,) = folder.iterdir()
    expect(not (top / ".git").exists(), ".git in the tarball")
    return top


def case_the_same_tarball(_program, _folder):
    """A commit has one tarball, with what a build and its tests need."""
    first = tarball("HEAD").read_bytes()
    expect(tarball("HEAD").read_bytes() == first, "two tarballs differ")
    with tarfile.open(tarball()) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    for name in ("Makefile", "COPYING", "README", "debian/control", "tests/all", "makedumpfile.spec"):
        expect(name in names, f"no {name} in the tarball")


def case_the_same_bytes_everywhere(_program, folder):
    """Built in two places without .git, with other jobs, locale and time zone."""
    results = []
    for name, words, env in (("a", ["-j1"], {"TZ": "UTC", "LC_ALL": "C"}),
                             ("long/name", ["-j3"], {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})):
        (folder / name).mkdir(parents=True)
        top = unpack(folder / name)
        out = make(*words, QUICK, folder=top, env=env)
        expect("warning" not in out, f"warnings:\n{out}")
        results.append((top / "makedumpfile").read_bytes())
    expect(results[0] == results[1], "two builds differ")


def case_a_warning_is_no_error_in_a_tarball(_program, folder):
    """A compiler to come may warn of something new; in a checkout that stops the build."""
    top = unpack(folder)
    source = top / "makedumpfile.c"
    source.write_text(source.read_text() + "static int unused_;\n", encoding="utf-8")
    words = ["build/release/makedumpfile.o"]
    expect("warning:" in make(*words, folder=top), "no warning")
    source.touch()
    expect("-Werror" in make(*words, "WERROR=1", folder=top, status=None), "no error")


def check_package_tree(folder, wanted, links):
    """Files below folder: all of wanted, links as given, nothing else but documents."""
    found = tree(folder)
    expect_equal({name: found.get(name) for name in [*wanted, *links]},
                 {**wanted, **links}, "files of the package")
    extra = [name for name in found if name not in wanted and name not in links
             and not name.startswith("usr/share/doc/")]
    expect_equal(extra, [], "other files of the package")


def case_deb(_program, folder):
    """dpkg-buildpackage, lintian, and the installed program does what callers need."""
    top = unpack(folder)
    out = run(["dpkg-buildpackage", "-us", "-uc", "-b"], top,
              {"DEB_BUILD_OPTIONS": "nocheck parallel=2"})
    expect_equal(out.count("-o build/release/makedumpfile.o"), 1, "times that it was compiled")
    (package,) = folder.glob("makedumpfile_*.deb")
    (changes,) = folder.glob("*.changes")
    run(["dpkg-deb", "-x", package, folder / "root"])
    wanted = {
        "usr/bin/makedumpfile": 0o755,
        "usr/share/bash-completion/completions/makedumpfile": 0o644,
        "usr/share/makedumpfile/makedumpfile.conf.sample": 0o644,
        "usr/share/man/man5/makedumpfile.conf.5.gz": 0o644,
        "usr/share/man/man8/makedumpfile.8.gz": 0o644,
        "usr/share/zsh/vendor-completions/_makedumpfile": 0o644,
        **({"usr/bin/makedumpfile-R.pl": 0o755, "usr/share/man/man8/makedumpfile-R.pl.8.gz": 0o644}
           if REARRANGE.exists() else {}),
    }
    check_package_tree(folder / "root", wanted, {"usr/sbin/makedumpfile": "../bin/makedumpfile"})
    check_deb_fields(package)
    out = run(["lintian", "--allow-root", "--fail-on", "error", "--no-tag-display-limit", changes])
    expect("hardening" not in out, out)
    run([top / "debian/tests/smoke"], top,
        {"PATH": f"{folder / 'root/usr/bin'}{os.pathsep}{os.environ['PATH']}"})


def check_deb_fields(package):
    """It replaces the distribution's package, and takes no C++ into an initramfs."""
    depends = run(["dpkg-deb", "-f", package, "Depends"])
    for library in ("libc6", "libelf1", "liblzo2-2", "libzstd1", "zlib1g"):
        expect(library in depends, f"no {library} in {depends}")
    expect("libstdc++" not in depends and "libgcc" not in depends, depends)
    version = run(["dpkg-deb", "-f", package, "Version"]).strip()
    known = re.findall(r"^\s+Candidate: (\d\S*)", run(["apt-cache", "policy", "makedumpfile"]), re.M)
    for other in known:
        run(["dpkg", "--compare-versions", version, "gt", other])


def rpm_files(folder, *defines):
    """Path (and " -> target") -> mode of what rpmbuild packs."""
    source = tarball()
    with tarfile.open(source) as archive:
        archive.extract(next(m for m in archive if m.name.endswith("/makedumpfile.spec")), folder)
    (spec,) = folder.glob("*/makedumpfile.spec")
    words = ["--nodeps", "--without", "check"]
    for define in (f"_topdir {folder}/rpm", f"_sourcedir {source.parent}", "_smp_mflags -j2", *defines):
        words += ["--define", define]
    run(["rpmbuild", "-bb", *words, spec])
    (package,) = (folder / "rpm/RPMS").glob("*/makedumpfile-[0-9]*.rpm")
    listed = run(["rpm", "-qplv", package]).splitlines()
    return dict(reversed(re.match(r"(\S+) .*? (/.*)$", line).groups()) for line in listed)


def check_rpm(files, programs):
    """The program's names are these; completion, pages, example and licence are there."""
    wanted = [*programs, "/etc/makedumpfile.conf.sample",
              "/usr/share/bash-completion/completions/makedumpfile",
              "/usr/share/zsh/site-functions/_makedumpfile"]
    wanted += ["/usr/bin/makedumpfile-R.pl"] if REARRANGE.exists() else []
    got = [name for name, mode in files.items()
           if not mode.startswith("d") and not re.match("/usr/(share/(doc|man|licenses)|lib)/", name)]
    expect_equal(sorted(got), sorted(wanted), "files of the package")
    for part in ("/man5/makedumpfile.conf.5", "/man8/makedumpfile.8", "/COPYING", "/examples/kdump.conf"):
        expect(any(part in name for name in files), f"no {part}")
    for program in programs:
        expect(" -> " in program or files[program] == "-rwxr-xr-x", f"{program}: {files[program]}")


def case_rpm(_program, folder):
    """rpmbuild -bb: the program where dracut looks, and the other name."""
    check_rpm(rpm_files(folder, "optflags -O1"),
              ["/usr/sbin/makedumpfile", "/usr/bin/makedumpfile -> ../sbin/makedumpfile"])


def case_rpm_where_sbin_is_bin(_program, folder):
    """Fedora since 42: the macros say so."""
    check_rpm(rpm_files(folder, "_sbindir /usr/bin", "optflags -O1"), ["/usr/bin/makedumpfile"])
