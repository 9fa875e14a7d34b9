# SPDX-License-Identifier: GPL-2.0-or-later
"""Command lines that are accepted or refused, and the distribution's
makedumpfile asked the same (agreement.list says how it is written)."""

import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from pylib.harness import Skip, expect, expect_equal

LIST = Path(__file__).resolve().parent / "agreement.list"
TIMEOUT = 600
NAME = "makedumpfile"
REFUSAL = "Commandline parameter is invalid.\nTry `makedumpfile --help' for more information.\n"

# Heading -> does our program accept, does the other (None: it is not asked).
VERDICTS = {"accept": (True, True), "refuse": (False, False), "we accept": (True, False),
            "we refuse": (False, True), "ours": (True, None)}


class ListError(Exception):
    """The list is wrong; the text names the line."""


def parse():
    """(options that are missing, [(words, ours accepts, other accepts)])."""
    missing, lines, verdict = set(), [], None
    for number, line in enumerate(LIST.read_text(encoding="utf-8").splitlines(), 1):
        heading = re.fullmatch(r"\[([a-z ]+)(: .+)?\]", line)
        if not line or line.startswith("#"):
            continue
        if line.startswith("missing "):
            missing |= set(line.split()[1:])
        elif heading and heading[1] in VERDICTS:
            verdict = VERDICTS[heading[1]]
        elif verdict and not line.startswith("["):
            lines.append((line, *verdict))
        else:
            raise ListError(f"{LIST}:{number}: no heading yet, or an unknown one")
    return missing, lines


def ask(program, line, folder, only_check=True):
    """Exit status, stdout and stderr, with --check-params or without; no file may be left."""
    words = ["--check-params"] if only_check else []
    with tempfile.TemporaryDirectory(dir=folder) as empty:
        done = subprocess.run([program, *words, *shlex.split(line)], cwd=empty, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                              check=False)
        expect_equal(list(Path(empty).iterdir()), [], "files left behind")
    return done


def check_ours(program, line, accepts, missing, folder):
    """Exit status, and what is printed with it."""
    done = ask(program, line, folder)
    absent = re.search(r"option (\S+?):? .*not (read )?in this version", done.stderr)
    named = set(re.findall(r"(?<!\S)-[-\w]+", done.stderr)) & missing
    if accepts and done.returncode and named:
        raise Skip(f"{' '.join(sorted(named))} is not in this version: {done.stderr.strip()}")
    expect_equal(done.returncode, 0 if accepts else 1, f"exit status ({done.stderr.strip()})")
    if not accepts:
        check_refusal(done, line, "" if absent else REFUSAL)
        check_refusal(ask(program, line, folder, only_check=False), line,
                      ("" if absent else REFUSAL) + "\nmakedumpfile Failed.\n")
    elif not re.search(r"(^| )(-v|-h|--help)( |$)", line):
        expect_equal((done.stdout, done.stderr), ("", ""), "output")


def check_refusal(done, line, common):
    """One line that says why on stderr, and the common messages on stdout; with -F standard
    output is the dump's, and they are on stderr, too."""
    to_stderr = "-F" in shlex.split(line) and not done.stdout
    expect_equal(done.returncode, 1, "exit status")
    expect_equal(done.stdout, "" if to_stderr else common, "stdout")
    expect(re.fullmatch(r"makedumpfile: [^\n]+\n" + re.escape(common if to_stderr else ""),
                        done.stderr), f"stderr: {done.stderr!r}")


def version(program):
    """What a program says about itself."""
    return subprocess.run([program, "-v"], capture_output=True, check=False, timeout=TIMEOUT).stdout


def distributions_program(ours):
    """Path of the installed makedumpfile; None if there is none, or it is this one."""
    other = shutil.which(NAME)
    return other if other and version(other) != version(ours) else None


def add_cases(suite, program, work):
    """A case for each line."""
    missing, lines = parse()
    other = distributions_program(program)
    for line, accepts, other_accepts in lines:
        def run(line=line, accepts=accepts, other_accepts=other_accepts):
            if other and other_accepts is not None:
                for only_check in (True, False) if not other_accepts else (True,):
                    done = ask(other, line, work, only_check)
                    expect_equal(done.returncode, 0 if other_accepts else 1,
                                 f"exit status of {other}")
            check_ours(program, line, accepts, missing, work)
        suite.add(f"agreement: {line}", run)

    def every_option():
        text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True,
                              timeout=TIMEOUT).stdout
        rows = re.findall(r"^  (-[A-Za-z])?(?:, )?(--[a-z][\w-]*)?(?: [A-Z]+)?(?: {2}|$)", text, re.M)
        said = {word.split("=")[0] for line, *_ in lines for word in shlex.split(line)}
        expect(len(rows) > 40, f"only {len(rows)} options in the usage text")
        expect_equal({word for row in rows for word in row if word} - said, {"--check-params"},
                     "options without a line")
    suite.add("agreement: every option has a line", every_option)

    def other_is_there():
        if not other:
            raise Skip(f"no other {NAME} is installed")
    suite.add("agreement: the distribution's program was asked too", other_is_there)
