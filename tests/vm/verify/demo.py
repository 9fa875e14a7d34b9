# SPDX-License-Identifier: GPL-2.0-or-later
"""One real crash for people to watch."""

import re

from run import run

EVENTS = re.compile(r"Trigger a crash|Kernel panic|^MDFCAP")
LAST_LINES = 12


def _text(path):
    return path.read_text(encoding="utf-8", errors="replace")


def _mib(path):
    return f"{path.stat().st_size / 2**20:.1f} MiB"


def demo(guest, program):
    """Crash a guest, capture it with the program, show what came of it; the number of faults."""
    print(f"Booting Linux {guest.kernel} in QEMU with {guest.memory} MiB, 256 MiB of them reserved "
          f"for the capture kernel.\nThen it panics, and {program.path.name} runs on /proc/vmcore. "
          "This takes about a minute.\n", flush=True)
    folder = run(guest, program, say=print, again=True)
    crash, serial = folder / "crash", _text(folder / "serial.log")
    print("\n== The console: the panic, and what the capture kernel did\n")
    for line in serial.splitlines():
        if EVENTS.search(line):
            print(line)
    print("\n== makedumpfile -l -d 31 --show-stats /proc/vmcore dump.31\n")
    print(_text(crash / "dump.31.log").strip())
    print(f"\n== makedumpfile --dump-dmesg /proc/vmcore, the last {LAST_LINES} lines\n")
    log = _text(crash / "dmesg.txt")
    print("\n".join(log.splitlines()[-LAST_LINES:]))
    print("\n== Before and after\n")
    print(f"/proc/vmcore  {_mib(crash / 'vmcore.elf')}")
    for name in ("dump.0", "dump.31"):
        print(f"{name:12}  {_mib(crash / name)}")
    print(f"\nAll of it is in {folder}")
    failed = re.findall(r"^MDFCAP (\S+) status=[^0]", serial, re.M)
    if "Kernel panic - not syncing" not in log:
        failed.append("dmesg (no panic in it)")
    for step in failed:
        print(f"FAILED: {step}")
    return len(failed)
