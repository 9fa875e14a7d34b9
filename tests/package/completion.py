# SPDX-License-Identifier: GPL-2.0-or-later
"""Shell completion, by really completing in bash and zsh."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

from pylib.harness import Skip, expect, expect_equal

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SECONDS = 600


def options_of(program):
    """Spelling -> does it take an argument, of every option in the usage text."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        if not line.startswith("  -"):
            continue
        left = re.split(r"\s{2,}", line.strip())[0].replace(",", "").split()
        spellings = [word for word in left if word.startswith("-")]
        found.update({word: len(spellings) < len(left) for word in spellings})
    expect(len(found) > 15, f"only {sorted(found)} in the usage text")
    return found


class Bash:
    """Complete a line with completion/makedumpfile.bash."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __call__(self, *words):
        """What is offered for the last word."""
        script = (f'source {ROOT}/completion/makedumpfile.bash; COMP_WORDS=("$@") '
                  'COMP_CWORD=$(($# - 1)); _makedumpfile; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-uc", script, "bash", self.program, *words],
                              cwd=self.folder, check=True, capture_output=True, text=True,
                              timeout=SECONDS)
        expect_equal(done.stderr, "", "stderr of bash")
        return done.stdout.split()


class Zsh:
    """Complete a line with completion/_makedumpfile, in a terminal."""

    def __init__(self, program, folder):
        if not shutil.which("zsh"):
            raise Skip("no zsh")
        self.program, self.folder = program, folder

    def start(self):
        """(pid, file descriptor) of an interactive zsh."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.environ.update(TERM="dumb", HOME=str(self.folder), PATH=os.pathsep.join(
                [os.path.dirname(self.program), os.environ["PATH"]]))
            os.execlp("zsh", "zsh", "-f", "-i")
        return pid, terminal

    def __call__(self, *words):
        """What is offered for the last word."""
        pid, terminal = self.start()
        try:
            os.write(terminal, f"fpath=({ROOT}/completion $fpath); source {HERE}/capture.zsh; "
                               "print ready'>'here\n".encode())
            read_until(terminal, b"ready>here")
            os.write(terminal, ("makedumpfile " + " ".join(words) + "\t").encode())
            text = read_until(terminal, b">>>").decode()
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)
        lines = text.replace("\r", "").split("<<<\n")[-1].split(">>>")[0].splitlines()
        # The same word may be tried in several ways.
        return sorted({line.rstrip("=") for line in lines if line})


def read_until(terminal, mark):
    """Bytes up to mark."""
    data, end = b"", time.monotonic() + SECONDS
    while mark not in data:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        expect(ready, f"no {mark!r} in {data[-300:]!r}")
        data += os.read(terminal, 4096)
    return data


def check_options(complete, program):
    """Every option of the usage text is offered, and nothing else."""
    wanted = options_of(program)
    got = set(complete("-")) | set(complete("--"))
    expect_equal(sorted(got), sorted(wanted), "options offered")


def check_arguments(complete, program, folder):
    """A level, a number, a file and a folder complete as such; the others offer nothing."""
    (folder / "vmcore-file").touch()
    (folder / "vmcore-folder").mkdir()
    expect("31" in complete("-d", ""), "no level after -d")
    expect("7" in complete("--message-level", ""), "no level after --message-level")
    expect_equal(complete("--max-memory", ""), [], "sizes")
    both = ["vmcore-file", "vmcore-folder"]
    expect_equal([word.rstrip("/") for word in sorted(complete("--work-dir", "vmc"))],
                 ["vmcore-folder"], "folders")
    for words in (["--json", "vmc"], ["-c", "vmc"], ["vmc"], ["-c", "-d", "31", "vmcore", "vmc"]):
        expect_equal([word.rstrip("/") for word in sorted(complete(*words))], both,
                     f"files after {words[:-1]}")


def case_bash_options(program, folder):
    """Every option and nothing else."""
    check_options(Bash(program, folder), program)


def case_bash_arguments(program, folder):
    """By the name of the argument; also with '=' between."""
    complete = Bash(program, folder)
    check_arguments(complete, program, folder)
    expect_equal(complete("--message-level", "=", "3"), ["31"], "after --message-level=3")
    expect("31" in complete("--message-level", "="), "nothing after --message-level=")


def case_bash_registers(program, folder):
    """Sourcing binds the command, without the bash-completion package."""
    done = subprocess.run(["bash", "--norc", "-c", f"source {ROOT}/completion/makedumpfile.bash && "
                           "complete -p makedumpfile"], check=True, capture_output=True, text=True)
    expect_equal(done.stdout, "complete -F _makedumpfile makedumpfile\n", "binding")


def case_zsh_options(program, folder):
    """Every option and nothing else."""
    check_options(Zsh(program, folder), program)


def case_zsh_arguments(program, folder):
    """By the name of the argument."""
    check_arguments(Zsh(program, folder), program, folder)


def case_options_that_are_not_there_are_not_offered(program, folder):
    """The scripts follow the program: another usage text, other options."""
    other = folder / "makedumpfile"
    other.write_text("#!/bin/sh\nprintf '\\nNew things:\\n  -Z, --zap [LEVEL]  text\\n  --xen-thing-with-name FILE\\n"
                     "%26stext [of] it: here\\n  --colon KB   a: b\\n'\n", encoding="utf-8")
    other.chmod(0o755)
    for shell in (Bash, Zsh):
        complete = shell(str(other), folder)
        expect_equal(sorted(set(complete("-")) | set(complete("--"))),
                     ["--colon", "--xen-thing-with-name", "--zap", "-Z"], f"{shell.__name__}")
