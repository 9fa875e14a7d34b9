#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py --program PROG [--newest] [--codec NAME] VMCORE...: every codec through every reader.

Each vmcore is filtered at level 31 with each compressor (or the one called NAME)
and uncompressed, and once at level 0; libkdumpfile and drgn of this system (with --newest also those
of unstable) must read every kept page back as the vmcore has it, and the format
checker must find no fault.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from pylib import harness, kdumpfile  # noqa: E402

RUNS = (("zlib", ["-c", "-d", "31"]), ("lzo", ["-l", "-d", "31"]), ("snappy", ["-p", "-d", "31"]),
        ("zstd", ["-z", "-d", "31"]), ("raw", ["-d", "31"]), ("level 0", ["-l", "-d", "0"]))
READERS = ("check_libkdumpfile.py", "check_drgn.py")
ALL_SKIPPED = 77
SECONDS = 1800


def filtered(program, vmcore, words, output):
    """Make the dump and check its form; Skip when a codec is not built in."""
    done = subprocess.run([program, *words, "--message-level", "4", vmcore, output],
                          capture_output=True, text=True, check=False, timeout=SECONDS)
    text = done.stdout + done.stderr
    if done.returncode and re.search(r"not (built|compiled|supported)|disabled", text):
        raise harness.Skip(text.strip().splitlines()[0])
    harness.expect(done.returncode == 0, f"exit status {done.returncode}: {text[-400:]}")
    faults = kdumpfile.check(output, deep=False)  # the readers decode every page
    harness.expect(not faults, "; ".join(faults[:3]))


def read_back(reader, newest, dump, vmcore):
    """Run one reader; its failures become this case's."""
    launcher = [sys.executable] + ([str(HERE / "sidpython.py")] if newest else [])
    done = subprocess.run([*launcher, str(HERE / reader), dump, vmcore], capture_output=True,
                          text=True, check=False, timeout=SECONDS)
    if done.returncode == ALL_SKIPPED:
        raise harness.Skip(done.stdout.strip().splitlines()[0])
    harness.expect(done.returncode == 0, done.stdout + done.stderr)
    print("    ", " / ".join(line.strip() for line in done.stdout.splitlines()
                             if line.startswith(" ")))


def add_vmcore(suite, program, vmcore, newest, codecs, folder):
    """Cases of one vmcore."""
    name = pathlib.Path(vmcore).parent.name
    for codec, words in RUNS:
        if codec not in codecs:
            continue
        dump = str(pathlib.Path(folder) / f"{name}.{codec.replace(' ', '')}")
        suite.add(f"{name} {codec} written",
                  lambda words=words, dump=dump: filtered(program, vmcore, words, dump))
        for reader in READERS:
            for new in (False, True) if newest else (False,):
                def case(reader=reader, new=new, dump=dump):
                    if not pathlib.Path(dump).exists():
                        raise harness.Skip("no dump was written")
                    read_back(reader, new, dump, vmcore)
                suite.add(f"{name} {codec} {reader[6:-3]}{' of unstable' if new else ''}", case)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--newest", action="store_true")
    parser.add_argument("--codec", choices=[name for name, _ in RUNS])
    parser.add_argument("vmcore", nargs="+")
    args = parser.parse_args()
    suite = harness.Suite("readers")
    codecs = [args.codec] if args.codec else [name for name, _ in RUNS]
    with tempfile.TemporaryDirectory(prefix="readers-", dir="/var/tmp") as folder:
        for vmcore in args.vmcore:
            add_vmcore(suite, args.program, vmcore, args.newest, codecs, folder)
        return suite.main()


if __name__ == "__main__":
    sys.exit(main())
