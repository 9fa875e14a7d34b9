# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden cases of the command line, as text.

A file holds cases; each runs the program once in an empty directory of its own:

	case NAME            starts a case
	needs OPTION         skip it while the usage text has no such option
	make FILE TEXT       a file that is there before, empty without TEXT
	run WORDS            the command line; {name} is an input of inputs.py
	status N             wanted exit status (default 0)
	out TEXT             a line of stdout; '*' stands for any characters,
	                     a line '...' for any number of lines
	err TEXT             the same for stderr
	file FILE TEXT       afterwards FILE holds exactly this line
	has FILE TEXT        afterwards FILE is readable text with TEXT in it
	mode FILE OCTAL      permission bits of FILE
	kdump FILE           afterwards FILE is a kdump file without a fault
	bare FILE            the same, of a dump that tells nothing about its kernel
	type FILE TEXT       file(1) says TEXT about FILE, among other things

Without out (err) lines the stream must be empty. A file that is there
afterwards and that the case does not name is a failure.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

from pylib import kdumpcheck
from pylib.harness import Failure, Skip, expect, expect_equal

TIMEOUT = 1800
LISTS = ("out", "err", "make", "file", "has", "mode", "kdump", "bare", "type", "needs")


class CaseError(Exception):
    """The case file is wrong; the text names file and line."""


class Case:
    """One case: name, words, status, and a list of texts per keyword."""

    def __init__(self, name):
        self.name, self.words, self.status = name, None, 0
        self.lists = {keyword: [] for keyword in LISTS}


def parse(path):
    """All cases of a file."""
    cases = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        keyword, _, text = line.partition(" ")
        if keyword == "case":
            cases.append(Case(text))
        elif not cases:
            raise CaseError(f"{path}:{number}: no case yet")
        elif keyword == "run":
            cases[-1].words = shlex.split(text)
        elif keyword == "status":
            cases[-1].status = int(text)
        elif keyword in LISTS:
            cases[-1].lists[keyword].append(text)
        else:
            raise CaseError(f"{path}:{number}: unknown word {keyword!r}")
    for case in cases:
        if case.words is None:
            raise CaseError(f"{path}: case {case.name!r} runs nothing")
    return cases


def line_matches(pattern, line):
    """'*' in the pattern stands for any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), line, re.S) is not None


def lines_match(patterns, lines):
    """'...' among the patterns stands for any number of lines."""
    if not patterns:
        return not lines
    if patterns[0] == "...":
        return any(lines_match(patterns[1:], lines[at:]) for at in range(len(lines) + 1))
    return bool(lines) and line_matches(patterns[0], lines[0]) and \
        lines_match(patterns[1:], lines[1:])


def check_stream(name, patterns, data):
    """Fail unless the stream's bytes are the lines wanted."""
    text = data.decode("utf-8", "backslashreplace")
    expect(not text or text.endswith("\n"), f"{name} does not end with a newline: {text[-80:]!r}")
    lines = text.split("\n")[:-1]
    expect(lines_match(patterns, lines),
           f"{name} differs\nwanted:\n  " + "\n  ".join(patterns) + "\ngot:\n  " + "\n  ".join(lines))


def check_files(case, folder):
    """Fail unless exactly the files named are there, with their contents."""
    named = set()
    for keyword in ("make", "file", "has", "mode", "kdump", "bare", "type"):
        named |= {text.split(" ", 1)[0] for text in case.lists[keyword]}
    stray = set(os.listdir(folder)) - named
    expect(not stray, f"left behind: {sorted(stray)}")
    for text in case.lists["file"]:
        name, _, content = text.partition(" ")
        expect_equal((folder / name).read_bytes(), content.encode() + b"\n", name)
    for text in case.lists["has"]:
        name, _, content = text.partition(" ")
        expect(content in (folder / name).read_text(encoding="utf-8"), f"{name} lacks {content!r}")
    for text in case.lists["mode"]:
        name, _, mode = text.partition(" ")
        expect_equal(oct((folder / name).stat().st_mode & 0o7777), oct(int(mode, 8)),
                     f"mode of {name}")
    for keyword in ("kdump", "bare"):
        for name in case.lists[keyword]:
            faults = kdumpcheck.check(str(folder / name), kernel=keyword == "kdump")
            expect(not faults, f"{name}: {faults}")
    for text in case.lists["type"]:
        name, _, content = text.partition(" ")
        done = subprocess.run(["file", "-b", folder / name], check=True, capture_output=True, text=True)
        expect(content in done.stdout, f"{name}: {done.stdout!r}")


def check_needs(case, program):
    """Skip what this version cannot do."""
    if not case.lists["needs"]:
        return
    usage = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    for option in case.lists["needs"]:
        if not re.search(rf"^  (-., )?{re.escape(option)}( |$)", usage, re.M):
            raise Skip(f"{option} is not in this version")


def run_case(case, program, inputs, folder):
    """Run one case in the empty folder."""
    check_needs(case, program)
    for text in case.lists["make"]:
        name, _, content = text.partition(" ")
        (folder / name).write_text(content + "\n" if content else "", encoding="utf-8")
    words = [word.format_map(inputs) for word in case.words]
    try:
        done = subprocess.run([program, *words], cwd=folder, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as why:
        raise Failure(f"no end after {TIMEOUT} s") from why
    check_stream("stdout", [t.format_map(inputs) for t in case.lists["out"]], done.stdout)
    check_stream("stderr", [t.format_map(inputs) for t in case.lists["err"]], done.stderr)
    expect_equal(done.returncode, case.status, "exit status")
    check_files(case, folder)
