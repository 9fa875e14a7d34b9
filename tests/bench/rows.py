# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bench measures: one row of the table each.

To add a row: add it to ROWS. Its name must tell the work to someone who reads
nothing else.
"""

import dataclasses

import inputs

INCUMBENT, ONE, TWO = "incumbent", "one", "two"


@dataclasses.dataclass(frozen=True)
class Row:
    """kind: "classify" (until copying begins), "whole" (to the end, a file on
    tmpfs), "stream" (to the end, standard output is a pipe to cat), "split" (to the
    end, two files), "memory" (as classify, once, for the sake of its memory) or "kdump"
    (the smallest crashkernel= with which the guest `input` is captured).

    options are ours, base those of the incumbent when they differ; targets:
    how many times as fast as the incumbent we want to be with one thread and
    with two workers, None where that is no question. Where `one` is None only
    two workers are run.
    """

    name: str
    kind: str
    input: str
    options: tuple
    one: float | None
    two: float | None
    base: tuple | None = None

    def runs(self):
        """Who runs: (who, options) in turn."""
        result = [(INCUMBENT, self.options if self.base is None else self.base)]
        if self.one or self.kind == "memory":
            result.append((ONE, (*self.options, "--num-threads", "0")))
        result.append((TWO, (*self.options, "--num-threads", "2")))
        return result


INPUTS = {
    "64g": lambda: inputs.synthetic(64),
    "2g": lambda: inputs.synthetic(2),
    "guest": inputs.real_guest,
    "filtered": inputs.filtered_guest,
    "1t": lambda: inputs.enormous(1),
    "16t": lambda: inputs.enormous(16),
}
CODECS = (("-c", "zlib"), ("-l", "lzo"), ("-p", "snappy"), ("-z", "zstd"))


def _copies():
    for level, targets, hard in (("31", (1.3, 2.2), (1.8, 3.4)), ("1", (1.5, 2.5), (1.5, 2.5))):
        for option, codec in CODECS:
            one, two = hard if option == "-c" else targets
            # The incumbent's package has no snappy; lzo is what it would be used for.
            base = ("-l", "-d", level) if option == "-p" else None
            against = ", against -l" if base else ""
            yield Row(f"guest, {option} -d {level} ({codec}{against})", "whole", "guest",
                      (option, "-d", level), one, two, base)


ROWS = (
    Row("classify 64 GiB, -d 31", "classify", "64g", ("-d", "31"), 4, 6),
    *_copies(),
    Row("guest, -z -d 1, against --num-threads 2", "whole", "guest", ("-z", "-d", "1"), None, 20,
        ("-z", "-d", "1", "--num-threads", "2")),
    Row("guest, -F -l -d 31 into a pipe", "stream", "guest", ("-F", "-l", "-d", "31"), 1.3, 2),
    Row("guest, -E -d 31 (ELF)", "whole", "guest", ("-E", "-d", "31"), 1.3, 2),
    Row("guest, --split -l -d 31, two files", "split", "guest", ("--split", "-l", "-d", "31"), 1.3, 2),
    Row("its -c -d 1 dump refiltered, -l -d 31", "whole", "filtered", ("-l", "-d", "31"), 1.3, 2),
    Row("memory, 64 GiB", "memory", "64g", ("-d", "31"), None, None),
    Row("memory, 1 TiB", "memory", "1t", ("-d", "31"), None, None),
    Row("memory, 16 TiB", "memory", "16t", ("-d", "31"), None, None),
    Row("kdump, -l -d 31", "kdump", "x86-6.1", ("-l", "-d", "31"), None, None),
    Row("kdump, -l -d 1", "kdump", "x86-6.1", ("-l", "-d", "1"), None, None),
)
# For a quick look whether the bench works at all.
SMOKE = (Row("classify 2 GiB, -d 31", "classify", "2g", ("-d", "31"), 4, 6),
         Row("2 GiB, -l -d 31", "whole", "2g", ("-l", "-d", "31"), 1.3, 2.2))
