# SPDX-License-Identifier: GPL-2.0-or-later
"""Parser of the text recipes that describe dumps (see README.md).

A recipe is a list of [sections]; sections may repeat and keep their order:

	# comment
	[load]                      a section
	paddr = 0x1000              a key
	| OSRELEASE=6.1.0           a line of text (one leading blank is removed)
	@0x10 u64 1 0x2             values written at an offset inside the section
	free order=9 x4             anything else is a statement, for free-form sections
"""

import struct

FREE_FORM = ("pages", "poke", "log", "damage", "vmcoreinfo", "frames")
CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}
SUFFIX = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class RecipeError(Exception):
    """The recipe is wrong; the text names the line."""


class Section:
    """One section: name, line, keys (dict), text (list of lines), writes
    (list of (offset, words)), statements (list of lists of words)."""

    def __init__(self, name, line):
        self.name, self.line = name, line
        self.keys, self.text, self.writes, self.statements = {}, [], [], []

    def get(self, key, default=None):
        """Value text of a key."""
        return self.keys.get(key, default)

    def number(self, key, default=0):
        """Value of a key as a number."""
        return number(self.keys[key]) if key in self.keys else default

    def flag(self, key, default=False):
        """Value of a yes/no key."""
        text = self.keys.get(key)
        if text is None:
            return default
        if text not in ("yes", "no"):
            raise RecipeError(f"line {self.line}: {key} must be yes or no")
        return text == "yes"


def number(text):
    """Decimal or 0x number, sums with '+', suffix K M G T, leading minus."""
    total = 0
    for part in text.strip().split("+"):
        part = part.strip()
        scale = 1
        if part and part[-1] in SUFFIX and not part.lower().startswith("0x"):
            scale, part = SUFFIX[part[-1]], part[:-1]
        try:
            total += int(part, 0) * scale
        except ValueError as why:
            raise RecipeError(f"not a number: {text!r}") from why
    return total


def values(words, order):
    """Bytes of `KIND VALUE...`, for example u32 1 2, bytes 0a ff, str text."""
    kind, rest = words[0], words[1:]
    if kind == "str":
        return " ".join(rest).encode("latin-1")
    if kind == "bytes":
        return bytes(int(word, 16) for word in rest)
    if kind not in CODES:
        raise RecipeError(f"unknown value kind {kind!r}")
    size = struct.calcsize(CODES[kind])
    return b"".join((number(w) & ((1 << 8 * size) - 1)).to_bytes(
        size, "little" if order == "<" else "big") for w in rest)


def parse_line(section, line, at):
    """Add one non-empty line to a section."""
    if line.startswith("|"):
        section.text.append(line[2:] if line.startswith("| ") else line[1:])
    elif line.startswith("@"):
        words = line[1:].split()
        section.writes.append((number(words[0]), words[1:]))
    elif section.name in FREE_FORM:
        section.statements.append(line.split())
    else:
        key, equals, value = line.partition("=")
        if not equals:
            raise RecipeError(f"line {at}: expected key = value, got {line!r}")
        section.keys[key.strip()] = value.strip()


def parse(text):
    """List of Sections of a recipe text."""
    sections = []
    for at, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            sections.append(Section(line[1:-1].strip(), at))
        elif not sections:
            raise RecipeError(f"line {at}: text before the first [section]")
        else:
            parse_line(sections[-1], line, at)
    return sections


def title(text):
    """First comment line after the licence: what is special about the recipe."""
    for line in text.split("\n"):
        if line.startswith("#") and "SPDX-License-Identifier" not in line:
            return line[1:].strip()
    return ""


def words_to_options(words):
    """Split statement words into (plain words, dict of key=value words)."""
    plain = [w for w in words if "=" not in w]
    return plain, dict(w.split("=", 1) for w in words if "=" in w)
