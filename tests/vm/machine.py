# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU machine: start, watch the serial console, talk QMP, stop.

Hardware virtualisation is not asked for: the lab must give the same result
where /dev/kvm is missing or does not work.
"""

import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import time


# For what takes QEMU moments. No wait here measures anything: it only ends what hangs, so
# each is a multiple of what the slowest machine was seen to need.
QEMU_SECONDS = 300
POLL_SECONDS = 0.05


class MachineError(Exception):
    """The guest or QEMU did not do what it should; str() says what was last seen."""


class Machine:
    """`with Machine(arguments, log) as machine:` runs QEMU and always ends it.

    arguments: list of str or Path after the program name, which is the first.
    log: Path the serial console is copied to.
    """

    def __init__(self, arguments, log):
        self.log = pathlib.Path(log)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mdflab-"))
        self.arguments = [str(item) for item in arguments]
        self.process = None
        self.serial = self.qmp_file = self.qmp_socket = None
        self.pending = b""
        self.cpu = 0

    def __enter__(self):
        folder = self.folder
        self.log.write_bytes(b"")
        # Should this process be killed, QEMU must not run on.
        command = ["setpriv", "--pdeathsig", "KILL", *self.arguments, "-display", "none", "-nodefaults", "-no-reboot",
                   "-chardev", f"socket,id=serial,path={folder}/serial,server=on,wait=on",
                   "-serial", "chardev:serial",
                   "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        errors = open(folder / "stderr", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors,
                                        stderr=errors)
        errors.close()
        try:
            self.serial = self._connect("serial")
            self.qmp_socket = self._connect("qmp")
            self.qmp_file = self.qmp_socket.makefile("rw", encoding="utf-8")
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for item in (self.serial, self.qmp_file, self.qmp_socket):
            if item:
                item.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connect(self, name):
        end = time.monotonic() + QEMU_SECONDS
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.folder / name))
                return connection
            except OSError:
                connection.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise self._error("QEMU did not start") from None
                time.sleep(POLL_SECONDS)

    def cpu_seconds(self):
        """Processor time of QEMU, as of the last line waited for once it has ended."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                user, system = file.read().rpartition(")")[2].split()[11:13]
            self.cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") or self.cpu
        except OSError:
            pass
        return self.cpu

    def _error(self, what):
        tail = b"\n".join(self.log.read_bytes().splitlines()[-15:]).decode("utf-8", "replace")
        stderr = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()
        return MachineError("\n".join(filter(None, [what, stderr, f"console ({self.log}):", tail])))

    def qmp(self, command, **arguments):
        """Run a QMP command and return its answer; events are ignored."""
        self.qmp_file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp_file.flush()
        while True:
            line = self.qmp_file.readline()
            if not line:
                raise self._error(f"QEMU ended during {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise self._error(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def send(self, text):
        """Type a line on the console."""
        self.serial.sendall(text.encode() + b"\n")

    def wait_line(self, wanted, seconds):
        """The first console line from here on that matches the compiled pattern wanted.

        Returns the match object, or None when the machine powered off first.
        """
        end = time.monotonic() + seconds
        with open(self.log, "ab") as log:
            while True:
                line, found, rest = self.pending.partition(b"\n")
                if found:
                    self.pending = rest
                    match = wanted.search(line.decode("utf-8", "replace").rstrip("\r"))
                    if match:
                        self.cpu_seconds()
                        return match
                    continue
                left = end - time.monotonic()
                if left <= 0 or not select.select([self.serial], [], [], left)[0]:
                    raise self._error(f"no line {wanted.pattern!r} in {seconds} s")
                data = self.serial.recv(65536)
                if not data:
                    return None
                log.write(data)
                log.flush()
                self.pending += data

    def dump(self, path, kind="elf"):
        """dump-guest-memory into path (kind: elf, kdump-zlib, ...)."""
        self.qmp("dump-guest-memory", paging=False, protocol=f"file:{path}", format=kind)

    def balloon(self, size):
        """Have the guest's driver bring its memory to size bytes, and wait until it has."""
        self.qmp("balloon", value=size)
        end = time.monotonic() + QEMU_SECONDS
        while (now := self.qmp("query-balloon")["actual"]) != size:
            if time.monotonic() > end:
                raise self._error(f"the balloon stays at {now}, {size} wanted")
            time.sleep(POLL_SECONDS)

    def stop(self):
        """End the machine."""
        self.qmp("quit")
        self.process.wait(timeout=QEMU_SECONDS)
