# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages: no warning of groff or mandoc, and every option in them."""

import re
import shutil
import subprocess
from pathlib import Path

from completion import options_of
from pylib.harness import Skip, expect, expect_equal

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.[1-9]"))
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"]


def complaints(words):
    """What a checker prints about all pages together."""
    if not shutil.which(words[0]):
        raise Skip(f"no {words[0]}")
    expect(PAGES, "no pages")
    return "".join(subprocess.run([*words, page], check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT).stdout for page in PAGES)


def rendered(name):
    """The page as plain text."""
    if not shutil.which("mandoc"):
        raise Skip("no mandoc")
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=200", DOCS / name], check=True,
                          capture_output=True, text=True)
    return re.sub(r".\x08", "", done.stdout)


def case_groff(_program, _folder):
    """groff with all warnings."""
    expect_equal(complaints(["groff", "-t", "-man", "-ww", "-z"]), "", "groff")


def case_mandoc(_program, _folder):
    """mandoc -Tlint."""
    expect_equal(complaints(["mandoc", "-Tlint", "-Wwarning"]), "", "mandoc")


def case_sections(_program, _folder):
    """The usual sections in the usual order, others between them."""
    found = [line for line in rendered("makedumpfile.8").splitlines() if re.match("[A-Z][A-Z ]+$", line)]
    expect_equal([name for name in found if name in SECTIONS], SECTIONS, "sections")


def case_every_option(program, _folder):
    """An option of the usage text begins a paragraph of the page, with its argument if it has one."""
    text = rendered("makedumpfile.8")
    heads = [line.strip() for line in text.splitlines() if re.match(r" {5,8}-", line)]
    for spelling, has_argument in options_of(program).items():
        own = [head for head in heads if re.search(rf"(^|, ){re.escape(spelling)}($|,| )", head)]
        expect(own, f"{spelling} begins no paragraph of makedumpfile.8")
        expect(not has_argument or re.search(rf"{re.escape(spelling)} [A-Z]", own[0]),
               f"{spelling}: no argument in {own[0]!r}")


def case_conf_words(_program, _folder):
    """makedumpfile.conf(5) has the grammar."""
    text = " ".join(rendered("makedumpfile.conf.5").split())
    for word in ("erase", "size", "nullify", "for", "in", "via", "within", "endfor", "vmlinux"):
        expect(re.search(rf"\b{word}\b", text), f"nothing about {word}")
