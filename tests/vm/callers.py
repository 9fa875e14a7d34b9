# SPDX-License-Identifier: GPL-2.0-or-later
"""What the capture kernel needs to start makedumpfile as distributions do.

Debian's kdump-config is taken from its package, oldest and newest, with the
init functions it sources; dropbear stands for ssh on both sides.
"""

import pathlib
import re

from packages import Archive, cache_dir

SCRIPT = "callers"
STEPS = pathlib.Path(__file__).parent / "guest/callers-steps"
SUITES = ("bookworm", "sid")
SSH_SUITE = "bookworm"
SSH = ("dropbear", "dropbearkey", "dbclient")
LOADER = "ld-linux-x86-64.so.2"
# dropbear's own scp would be one more program; kdump-config only copies one file.
SCP = b"""#!/bin/sh
# scp -i KEY FILE HOST:PATH
exec ssh -i "$2" "${4%%:*}" "cat > ${4#*:}" < "$3"
"""


def contents():
    """The bytes of this side that decide what a crash gives."""
    return STEPS.read_bytes() + pathlib.Path(__file__).read_bytes()


def _kdump_tools(image):
    for suite in SUITES:
        root = Archive("amd64").unpack("kdump-tools", cache_dir() / "tools/kdump-tools" / suite, suite)
        image.copy(root / "usr/sbin/kdump-config", f"kdump-tools-{suite}/kdump-config")
    root = Archive("amd64").unpack("sysvinit-utils", cache_dir() / "tools/lsb", SSH_SUITE)
    for path in (root / "lib/lsb").rglob("*"):
        if path.is_file():
            image.copy(path, str(path.relative_to(root)))


def _ssh_root():
    archive = Archive("amd64")
    root = cache_dir() / "tools/dropbear"
    for name in archive.closure("dropbear-bin", SSH_SUITE):
        if not re.fullmatch(r"gcc-.*", name):
            archive.unpack(name, root, SSH_SUITE)
    return root


def _ssh(image):
    root = _ssh_root()
    for path in sorted(root.rglob("*.so*")):
        if path.is_file() and "gconv" not in path.parts:
            image.copy(path, "ssh/lib/" + path.name)
    for name in SSH:
        program = next(path for path in root.rglob(name) if path.is_file() and path.parent.name in ("bin", "sbin"))
        image.copy(program, "ssh/" + name)
        options = ' -y -y' if name == "dbclient" else ""
        # The server starts itself anew for each connection, then without this loader.
        image.add("bin/" + {"dbclient": "ssh"}.get(name, name),
                  f'#!/bin/sh\nexport LD_LIBRARY_PATH=/ssh/lib\n'
                  f'exec /ssh/lib/{LOADER} /ssh/{name}{options} "$@"\n'.encode(), 0o755)
    image.add("bin/scp", SCP, 0o755)
    image.add("root/.ssh/.keep", b"")
    image.add("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    image.add("etc/shells", b"/bin/sh\n")


def add(image):
    """All of it into an Initramfs."""
    image.add("callers-steps", STEPS.read_bytes())
    _kdump_tools(image)
    _ssh(image)
