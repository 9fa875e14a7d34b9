# SPDX-License-Identifier: GPL-2.0-or-later
"""A kdump-compressed dump of any kind through every form that output has: what
comes back to a plain file at last is the file that is written at once."""

from pathlib import Path

from pylib import flatfile, harness
from pylib.kdumpfile import KdumpFile


def applies(text, result):
    """Dumps without damage."""
    return result.startswith("ok") and "\n[kdump]\n" in text and "\n[damage]\n" not in text


def nonzero(path):
    """{pfn: bytes} of the pages that are not filled with zeros."""
    with KdumpFile(str(path)) as dump:
        return {pfn: page for pfn, page in dump.pages() if page.strip(b"\0")}


def try_forms(run, program, dump):
    """Level 1, so that pages of zeros are shared, and no kernel is needed."""
    folder = Path(dump).parent
    pieces = [str(folder / f"piece{number}") for number in range(3)]
    names = ("plain", "flat", "carried", "set", "joined", "core", "back")
    plain, flat, carried, united, joined, core, back = (folder / name for name in names)

    def written(*words):
        status, out, err = run(program, "--message-level", "6", *map(str, words))
        harness.expect(status == 0, f"{' '.join(map(str, words))}: {out[-200:]}{err}")

    def same(path, what):
        harness.expect(path.read_bytes() == plain.read_bytes(), f"{what}: another file")

    written("-c", "-d", "1", dump, plain)
    stream = run(program, "-F", "-c", "-d", "1", str(dump))[1].encode("latin-1")
    flat.write_bytes(stream)
    carried.write_bytes(flatfile.rearrange(flatfile.records(stream)))
    same(carried, "-F")
    written("--split", "-c", "-d", "1", flat, *pieces)
    written("-c", "-d", "1", ",".join(pieces[::-1]), united)
    same(united, "a set as input")
    written("--reassemble", *pieces[1:], pieces[0], joined)
    same(joined, "--reassemble")
    written("-E", "-d", "1", dump, core)
    written("-l", "-d", "1", core, back)
    harness.expect(nonzero(back) == nonzero(plain), "-E: other pages, or other bytes")
    for path in (*map(Path, pieces), plain, flat, carried, united, joined, core, back):
        path.unlink()
