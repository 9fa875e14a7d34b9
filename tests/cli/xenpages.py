# SPDX-License-Identifier: GPL-2.0-or-later
"""-X beside the distribution's makedumpfile, as a black box: the same pages of Xen hosts
of all times, but for kinds of frames for which there is a reason."""

import json
import shutil
from pathlib import Path

from behaviour import start
from inputs import mkdump
from pylib import bits
from pylib.harness import Skip, expect
from pylib.kdumpfile import KdumpFile

NAME = "makedumpfile"
FRAMES = """dom0 x300
guest 1 x200
free x400
guest 7 x3
heap x20
dirty x10
extra x5
anonymous x9
unknown x6
guest 7 x1000
free x1
"""
OWNER = "an owner that is in no list: it drops what is not domain 0's, we keep what is not a guest's"
SHADOW = "Xen's own, with the number of a frame where an owner would be: it does not ask whether " \
         "the frame is allocated"
# layout -> (version, more frames, {kind of frame: why only we keep it}, {... why only it does})
HOSTS = {
    "new": ("4.17", "shared x5", {"unknown": OWNER, "extra": "a guest's, but Xen uses it (PGC_extra, 4.14)"},
            {"free": "the bits of a frame's state moved in 4.14", "dirty": "the same"}),
    "old": ("4.11", "shared x5", {"unknown": OWNER}, {}),
    "bitmap": ("3.4", "shared x5\nshadow x7",
               {"unknown": OWNER, "shadow": SHADOW,
                "shared": "Xen's heap is a bit since 3.4, it takes it for a range"}, {}),
    "int": ("3.3", "shared x5 at=0x1100\nshadow x7 at=0x2e00", {"unknown": OWNER, "shadow": SHADOW}, {}),
}


def kept(program, dump, output):
    """(pages kept, pages there)"""
    done = start([program, "-f", "-X", "-d", "0", str(dump), str(output)])
    expect(done.returncode == 0, f"{program}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    with KdumpFile(str(output)) as written:
        return written.bitmap2, written.bitmap1


def check(layout, dump, ours, theirs):
    """Every kind that differs has its reason, and every reason its difference."""
    record = json.loads(Path(f"{dump}.json").read_text(encoding="utf-8"))
    for who, pages, reasons in (("we", ours & ~theirs, HOSTS[layout][2]),
                                ("it", theirs & ~ours, HOSTS[layout][3])):
        wanted = 0
        for kind in reasons:
            wanted |= bits.from_ranges(map(tuple, record["notes"]["xen_kinds"][kind]))
        expect(pages == wanted, f"{layout}: only {who} keep: {bits.show(pages)}, explained: "
                                f"{bits.show(wanted)}")


def case_xen_guests_as_the_distribution(program, _inputs, folder):
    """Both on the same input, page sets compared."""
    other = shutil.which(NAME)
    if not other:
        raise Skip(f"no {NAME} is installed")
    for layout, (version, more, _, _) in HOSTS.items():
        dump = folder / layout
        mkdump.make(f"[xen]\nversion = {version}\nlayout = {layout}\ndomains = 0 1 7\nheap_end = yes\n"
                    f"[frames]\n{FRAMES}{more}\n", str(dump))
        ours, present = kept(program, dump, folder / "ours")
        theirs, also = kept(other, dump, folder / "theirs")
        expect(present == also, f"{layout}: other pages are present")
        check(layout, dump, ours, theirs)
