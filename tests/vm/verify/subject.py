# SPDX-License-Identifier: GPL-2.0-or-later
"""One dump of one guest with all the ground truth there is about it."""

import functools
import json
import pathlib
import re

import verify.paths  # noqa: F401
from pylib import kpageflags
from pylib.kdumpfile import KdumpFile
from verify import program
from verify.mapped import MappedCore

TAG = re.compile(rb"MDFTAG-([a-z0-9]+)-(\d{10}):")
TAG_WORD = b"MDFTAG-"


class Subject:
    """folder: the guest's results (see tests/vm/README.md); vmcore: the dump in it.

    What the program makes of it goes to scratch and is made once per set of options.
    """

    def __init__(self, folder, vmcore, program_path, scratch):
        self.folder, self.vmcore = pathlib.Path(folder), pathlib.Path(vmcore)
        self.program, self.scratch = program_path, pathlib.Path(scratch)
        self.meta = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))
        self.outputs = {}

    @functools.cached_property
    def core(self):
        """The dump itself, as a MappedCore."""
        return MappedCore(self.vmcore)

    @functools.cached_property
    def flags(self):
        """/proc/kpageflags at the snapshot."""
        return kpageflags.load(self.folder / "kpageflags.bin")

    @functools.cached_property
    def counts(self):
        """/proc/kpagecount at the snapshot."""
        return kpageflags.load(self.folder / "kpagecount.bin")

    @functools.cached_property
    def tagged(self):
        """{pfn: (kind, index)} of the workload's pages whose own tag is in the dump."""
        found = {}
        for path in sorted((self.folder / "workload").glob("*.txt")):
            for line in path.read_text(encoding="ascii").splitlines():
                index, pfn = line.split()
                page = self.core.page(int(pfn, 16)) if pfn != "0" else None
                match = TAG.match(page) if page else None
                # Every second page of a private file map is still the file's own page.
                names = {"cow": ("cow", "cowfile")}.get(path.stem, (path.stem,))
                if match and match[1].decode() in names and int(match[2]) == int(index):
                    found[int(pfn, 16)] = (path.stem, int(index))
        return found

    def meminfo(self, key):
        """A number of the guest's /proc/meminfo (kB or pages), 0 when it has no such line."""
        text = (self.folder / "meminfo").read_text(encoding="ascii")
        match = re.search(rf"^{re.escape(key)}:\s+(\d+)", text, re.M)
        return int(match.group(1)) if match else 0

    def output(self, level, *options, name=None):
        """The Output of one run at a dump level, made when first asked for.

        name lets a second run with the same options have its own file.
        """
        key = name or " ".join(["-d", str(level), *options])
        if key not in self.outputs:
            target = self.scratch / re.sub(r"[^a-z0-9]+", "_", key)
            self.outputs[key] = program.filter_dump(self.program, self.vmcore, target,
                                                    "-d", str(level), *options)
        return self.outputs[key]

    def drop(self, output):
        """Remove an output of this subject: there is not that much scratch space."""
        output.path.unlink(missing_ok=True)
        self.outputs = {key: value for key, value in self.outputs.items() if value is not output}

    def close(self):
        """Release the dump and remove what was written."""
        for output in list(self.outputs.values()):
            self.drop(output)
        if "core" in self.__dict__:
            self.core.close()


def kept_pages(path):
    """Set (see pylib.bits) of the pages a written dump holds."""
    with KdumpFile(path) as dump:
        return dump.kept()
