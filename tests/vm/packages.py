# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages of any suite, fetched and unpacked without installing them.

A private apt configuration (own lists, cache and an empty status file) is
derived from the machine's own apt sources: the same archives and keyrings,
other suites.  apt checks every signature and hash as usual.  All results
live below cache_dir() and nothing is fetched twice.
"""

import fcntl
import functools
import glob
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

# Suites in which a kernel or a reader may be found.  Versions move between
# them, so callers name a release pattern and, seldom, a suite.
BASE_SUITES = ("bullseye", "bookworm", "bookworm-backports", "trixie",
               "trixie-backports", "sid")
SECURITY_SUITES = ("bullseye-security", "bookworm-security", "trixie-security")
LISTS_MAX_AGE = 14 * 86400
# In the name of a folder in which a package is fetched, behind that of where it is to go.
PART = ".part-"


class PackageError(Exception):
    """A package or an archive index could not be had; str() says why."""


def cache_dir():
    """The root of everything the lab caches, as a Path; created if missing."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(base) / "makedumpfile"
    path.mkdir(parents=True, exist_ok=True)
    return path


class Lock:
    """`with Lock(path):` keeps other processes of the lab out of a folder."""

    def __init__(self, path):
        self.path = path
        self.file = None

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "w", encoding="ascii")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *unused):
        self.file.close()


def host_codename():
    """The code name of this machine's Debian release."""
    for line in open("/etc/os-release", encoding="utf-8"):
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip().strip('"')
    raise PackageError("/etc/os-release names no VERSION_CODENAME")


def _deb822_entries(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for line in stanza.splitlines():
            if line.startswith("#") or ":" not in line or line[0].isspace():
                continue
            key, value = line.split(":", 1)
            fields[key.strip().lower()] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no":
            yield (fields.get("uris", "").split(), fields.get("suites", "").split(),
                   fields.get("signed-by"))


def _one_line_entries(text):
    pattern = re.compile(r"^deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)")
    for line in text.splitlines():
        match = pattern.match(line.strip())
        if not match:
            continue
        signed = re.search(r"signed-by=(\S+)", match.group(1) or "")
        yield [match.group(2)], [match.group(3)], signed.group(1) if signed else None


def _host_entries():
    """(uris, suites, keyring or None) of each of the machine's apt sources."""
    etc = pathlib.Path("/etc/apt")
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if path.suffix == ".sources":
            yield from _deb822_entries(path.read_text(encoding="utf-8"))
        elif path.suffix == ".list" and path.is_file():
            yield from _one_line_entries(path.read_text(encoding="utf-8"))


def _templates():
    """{"base": (uri, keyring), "security": (uri, keyring)} of the machine."""
    code = host_codename()
    found = {}
    for uris, suites, keyring in _host_entries():
        for suite in suites:
            kind = {code: "base", code + "-security": "security"}.get(suite)
            if kind and uris:
                found.setdefault(kind, (uris[0], keyring))
    if "base" not in found:
        raise PackageError(f"the machine's apt sources have no suite {code} to take as template")
    return found


class Archive:
    """The package archive as seen by one Debian architecture ("amd64", "arm64")."""

    def __init__(self, arch):
        self.arch = arch
        self.root = cache_dir() / "apt" / arch
        self.conf = self.root / "apt.conf"

    def _write_conf(self):
        for sub in ("lists/partial", "cache/archives/partial", "parts"):
            (self.root / sub).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        lines = []
        for kind, (uri, keyring) in _templates().items():
            suites = BASE_SUITES if kind == "base" else SECURITY_SUITES
            lines.append("\n".join([
                "Types: deb", f"URIs: {uri}", "Suites: " + " ".join(suites), "Components: main",
                *([f"Signed-By: {keyring}"] if keyring else []), ""]))
        (self.root / "lab.sources").write_text("\n".join(lines), encoding="utf-8")
        root = self.root
        self.conf.write_text("\n".join([
            f'Dir::State "{root}";', f'Dir::State::lists "{root}/lists";',
            f'Dir::State::status "{root}/status";', f'Dir::Cache "{root}/cache";',
            f'Dir::Etc::sourcelist "{root}/lab.sources";', f'Dir::Etc::sourceparts "{root}/parts";',
            f'APT::Architecture "{self.arch}";', f'APT::Architectures {{ "{self.arch}"; }};',
            'Acquire::Languages "none";', 'APT::Sandbox::User "root";',
            'APT::Get::List-Cleanup "0";', ""]), encoding="utf-8")

    def _apt(self, tool, *args, cwd=None):
        env = dict(os.environ, APT_CONFIG=str(self.conf), LC_ALL="C")
        # The cache options go on the command line: configuration files of
        # container images switch the package cache off and are read later.
        options = ["-q", "-o", "Acquire::Retries=3", "-o", "Dir::Cache::pkgcache=pkgcache.bin",
                   "-o", "Dir::Cache::srcpkgcache=srcpkgcache.bin"]
        done = subprocess.run([tool, *options, *args], env=env, cwd=cwd, text=True,
                              capture_output=True, check=False)
        if done.returncode:
            raise PackageError(f"{tool} {' '.join(args)} ({self.arch}): {done.stderr.strip()}")
        return done.stdout

    def _update(self):
        stamp = self.root / "updated"
        with Lock(self.root / "lock"):
            if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_MAX_AGE:
                return
            self._write_conf()
            # A suite that has left the mirror only matters to who asks for its packages.
            try:
                self._apt("apt-get", "update")
            except PackageError as error:
                if not list((self.root / "lists").glob("*_Packages*")):
                    raise
                (self.root / "update.err").write_text(str(error), encoding="utf-8")
            stamp.touch()

    @functools.cached_property
    def names(self):
        """The names of all packages of all suites, as a list of str."""
        self._update()
        return self._apt("apt-cache", "pkgnames").split()

    def candidates(self, pattern):
        """Names of the packages that match pattern in full, highest version digits first."""
        rule = re.compile(pattern)
        found = [name for name in self.names if rule.fullmatch(name)]
        if not found:
            raise PackageError(f"no {self.arch} package is called {pattern}")
        return sorted(found, reverse=True,
                      key=lambda name: [int(n) for n in re.findall(r"\d+", name)])

    def closure(self, package, suite):
        """Names of package and all it depends on, as they are in one suite."""
        self._update()
        plan = self._apt("apt-get", "-s", "--no-install-recommends", "-t", suite, "install", package)
        return re.findall(r"^Inst (\S+)", plan, re.MULTILINE)

    def unpack(self, package, dest, suite=None, only=None):
        """Fetch package (of suite, or the newest) and unpack it into dest, once.

        only: path of the one file wanted of a big package, or a pattern as
        tar takes it, without a leading slash.  dest may collect several packages; a stamp in dest/.packages
        says which are there.  Returns dest as a Path.
        """
        dest = pathlib.Path(dest)
        stamp = dest / ".packages" / package
        if stamp.exists():
            return dest
        self._update()
        with Lock(dest.parent / (dest.name + ".lock")):
            if stamp.exists():
                return dest
            # What a killed run left half-fetched; nobody else is here while the lock is held.
            for old in dest.parent.glob(glob.escape(dest.name) + PART + "*"):
                shutil.rmtree(old, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=dest.name + PART, dir=dest.parent) as temp:
                wanted = f"{package}/{suite}" if suite else package
                self._apt("apt-get", "download", wanted, cwd=temp)
                deb = next(pathlib.Path(temp).glob("*.deb"))
                dest.mkdir(parents=True, exist_ok=True)
                _extract(deb, dest, only)
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(deb.name + "\n", encoding="utf-8")
        return dest


def _extract(deb, dest, only):
    if not only:
        subprocess.run(["dpkg-deb", "-x", deb, dest], check=True)
        return
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        done = subprocess.run(["tar", "-x", "-C", dest, "--wildcards", "./" + only], stdin=source.stdout,
                              capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"{deb.name} has no {only}: {done.stderr.strip()}")
