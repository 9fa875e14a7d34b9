#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mkdump.py RECIPE OUT: turn a text recipe into a dump (README.md has the format).

Sorts of recipe: [machine] = a whole Linux machine (OUT.json says what a
filter must do with it), [xen] = a Xen host, [elf] = an ELF core given field by
field, [raw] = any bytes. A [kdump] section makes a kdump-compressed file of the first
ones, a [sadump] section a file in the firmware's format; [flatten] wraps whatever
was made.
"""

import os
import struct
import sys

import genpath  # noqa: F401
import elfbuild
import domain0
import kdumpbuild
import machine
import recipe
import sadumpbuild
import xenhost
from pylib import elfnote, flatfile
from pylib.elfcore import ElfCore, ElfError

FILL_CHUNK = 1 << 16


def fill_bytes(kind, size, start):
    """Content of a load: zero, pattern (text with the address), byte:XX."""
    if kind == "zero":
        return b""
    if kind.startswith("byte:"):
        return bytes([int(kind[5:], 16)]) * size
    if kind != "pattern":
        raise recipe.RecipeError(f"unknown fill {kind!r}")
    out = bytearray()
    while len(out) < size:
        out += b"addr %016x " % (start + len(out)) * 8
    return bytes(out[:size])


def build_note(section, order):
    """Bytes of one [note] section; namesz/descsz keys falsify the header."""
    name, kind = section.get("name", "CORE"), section.number("type")
    desc = "".join(line + "\n" for line in section.text).encode("latin-1")
    if "size" in section.keys:
        desc = desc.ljust(section.number("size"), b"\0")
    if section.flag("cut"):
        desc = desc[:-1]
    desc = bytearray(desc)
    for offset, words in section.writes:
        data = recipe.values(words, order)
        desc[offset:offset + len(data)] = data
    raw = bytearray(elfnote.build(name, kind, bytes(desc), order))
    for at, key in ((0, "namesz"), (4, "descsz")):
        if key in section.keys:
            struct.pack_into(order + "I", raw, at, section.number(key))
    return bytes(raw)


def build_loads(sections, is64):
    """Load objects for all [load] sections, and their memory writes."""
    ones = (1 << (64 if is64 else 32)) - 1
    loads = []
    for section in sections:
        paddr, vaddr = section.number("paddr"), section.number("vaddr", section.number("paddr"))
        share = loads[section.number("share")] if "share" in section.keys else None
        offset = section.number("offset") & ones if "offset" in section.keys else None
        loads.append(elfbuild.Load(
            paddr & ones, section.number("memsz", section.number("filesz")) & ones, vaddr & ones,
            section.number("filesz", section.number("memsz")) & ones, section.number("flags", 7),
            share, offset, section.number("align")))
    return loads


def write_loads(elf, sections):
    """Fill the loads' file ranges and apply their writes."""
    for load, section in zip(elf.loads, sections):
        if load.share is None and "offset" not in section.keys:
            for at in range(0, load.filesz, FILL_CHUNK):
                data = fill_bytes(section.get("fill", "pattern"),
                                  min(FILL_CHUNK, load.filesz - at), load.paddr + at)
                os.pwrite(elf.fd, data, load.offset + at)
        for offset, words in section.writes:
            os.pwrite(elf.fd, recipe.values(words, elf.order), load.offset + offset)


def build_elf(path, by_name):
    """An ELF core from [elf], [note], [load] and [phdr] sections."""
    head = by_name["elf"][0]
    is64 = head.number("class", 64) == 64
    order = {"little": "<", "big": ">"}[head.get("order", "little")]
    name = head.get("machine", "x86_64")
    number = elfbuild.MACHINES[name] if name in elfbuild.MACHINES else recipe.number(name)
    elf = elfbuild.ElfFile(path, is64, order, number, head.number("type", 4),
                           head.get("phoff", "after-ehdr"), head.flag("xnum"),
                           head.number("ehsize", 64 if is64 else 52), head.number("page", 4096))
    elf.notes = b"".join(build_note(s, order) for s in by_name.get("note", ()))
    loads = by_name.get("load", [])
    elf.loads = build_loads(loads, is64)
    for extra in by_name.get("phdr", ()):
        elf.extra_phdrs.append(tuple(extra.number(k) for k in (
            "type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")))
    elf.layout()
    elf.write_headers()
    write_loads(elf, loads)
    elf.close()


def build_raw(path, section):
    """Bytes of a [raw] section: size, writes, little endian."""
    with open(path, "wb") as stream:
        stream.truncate(section.number("size"))
        for offset, words in section.writes:
            stream.seek(offset)
            stream.write(recipe.values(words, "<"))


def damage_elf_field(fd, words, path):
    """`ehdr FIELD VALUE` or `phdr INDEX FIELD VALUE` on a finished ELF file."""
    with ElfCore(path, page_size=4096) as core:
        is64, order, phoff, size = core.is64, core.order, core.phoff, core.phentsize
    if words[0] == "ehdr":
        elfbuild.write_field(fd, elfbuild.EHDR_FIELDS, 0, words[1], recipe.number(words[2]),
                             order, is64)
    else:
        elfbuild.write_field(fd, elfbuild.PHDR_FIELDS, phoff + recipe.number(words[1]) * size,
                             words[2], recipe.number(words[3]), order, is64)


def damage(path, statements):
    """Apply [damage] statements: truncate N (negative = from the end),
    write OFFSET KIND VALUE..., ehdr FIELD VALUE, phdr INDEX FIELD VALUE."""
    fd = os.open(path, os.O_RDWR)
    try:
        # header fields last to first would be unreadable once damaged, so
        # program headers are done before the ELF header
        ranked = sorted(statements, key=lambda w: ("phdr", "ehdr", "write", "truncate").index(w[0]))
        ehdr_seen = [w for w in ranked if w[0] == "ehdr"]
        if len(ehdr_seen) > 1:
            raise recipe.RecipeError("only one ehdr statement; use write for more")
        for words in ranked:
            if words[0] in ("ehdr", "phdr"):
                damage_elf_field(fd, words, path)
            elif words[0] == "write":
                os.pwrite(fd, recipe.values(words[2:], "<"), recipe.number(words[1]))
            else:
                size = recipe.number(words[1])
                os.ftruncate(fd, size if size >= 0 else max(os.fstat(fd).st_size + size, 0))
    finally:
        os.close(fd)


def flat_pieces(section, data):
    """(offset, bytes) records of a [flatten] section's file, in the order they are sent."""
    pieces = flatfile.cut(data, section.number("piece", 65536))
    order = section.get("order", "ascending")
    if order == "descending":
        pieces.reverse()
    elif order == "turns":      # as page data and descriptors take turns
        half = len(pieces) // 2
        pieces = [piece for pair in zip(pieces[half:2 * half], pieces) for piece in pair] + pieces[2 * half:]
    elif order != "ascending":
        raise recipe.RecipeError(f"unknown order {order!r}")
    if section.flag("gaps"):
        pieces = [piece for piece in pieces if any(piece[1])]
    # What a writer sent first and then again with other bytes: later records win.
    placeholders = [(off, b"\xff" * section.number("placeholder", 0)) for off, _ in pieces[:1]]
    return [piece for piece in placeholders if piece[1]] + pieces


def flatten(path, section):
    """Replace the finished dump by a flattened one. Its keys: piece, order, gaps, placeholder, end = no;
    `@OFFSET KIND VALUE...` writes falsify the stream, text lines are put behind it."""
    with open(path, "rb") as stream:
        data = stream.read()
    flat = bytearray(flatfile.flatten(flat_pieces(section, data), section.flag("end", True)))
    for offset, words in section.writes:
        value = recipe.values(words, ">")
        at = offset if offset >= 0 else len(flat) + offset
        flat[at:at + len(value)] = value
    if "truncate" in section.keys:
        del flat[section.number("truncate"):]
    with open(path, "wb") as stream:
        stream.write(flat + "".join(section.text).encode("latin-1"))


def make(text, path):
    """Build the dump that the recipe text describes at path."""
    sections = recipe.parse(text)
    by_name = {}
    for section in sections:
        by_name.setdefault(section.name, []).append(section)
    if "machine" in by_name:
        special = domain0.Domain0 if by_name["machine"][0].flag("xen_dom0") else None
        machine.from_sections(path, sections, special).build()
    elif "xen" in by_name:
        xenhost.from_sections(path, by_name).build()
    elif "elf" in by_name:
        build_elf(path, by_name)
    elif "raw" in by_name:
        build_raw(path, by_name["raw"][0])
    else:
        raise recipe.RecipeError("no [machine], [xen], [elf] or [raw] section")
    if "kdump" in by_name:
        kdumpbuild.convert(path, by_name["kdump"][0])
    if "sadump" in by_name:
        sadumpbuild.convert(path, by_name["sadump"][0])
    damage(path, [s for part in by_name.get("damage", ()) for s in part.statements])
    for section in by_name.get("flatten", ()):
        flatten(path, section)


def input_words(dump):
    """What names a dump on a command line: further disks are DUMP.2, DUMP.3 ..."""
    disks = sorted(dump.parent.glob(f"{dump.name}.[0-9]*"))
    # Last first: the order does not matter.
    return [f"--diskset={disk}" for disk in disks[::-1] + [dump]] if disks else [str(dump)]


def main(arguments):
    """Command line; exit status 2 for a wrong recipe or usage."""
    if len(arguments) != 2:
        print("usage: mkdump.py RECIPE OUT", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as stream:
            make(stream.read(), arguments[1])
    except (recipe.RecipeError, ElfError, OSError) as why:
        print(f"{arguments[0]}: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
