# SPDX-License-Identifier: GPL-2.0-or-later
"""What -X must make of a Xen host's recipe: its generator says which pages go."""

from pathlib import Path

from expect import Expected
from pylib import bits, harness, kdumpcheck
from pylib.kdumpfile import KdumpFile

LEVELS = (0, 31)


def check(output, expected, level):
    """-X left out what it should, and nothing else."""
    written = KdumpFile(str(output))
    faults = kdumpcheck.check(str(output), kernel=False)
    harness.expect(not faults, f"-X -d {level}: {faults[:3]}")
    want = expected.present & ~bits.from_ranges(map(tuple, expected.raw["notes"]["xen_dropped"]))
    for text, pages in (("kept needlessly", written.bitmap2 & ~want),
                        ("lost", want & ~written.bitmap2)):
        harness.expect(not pages, f"-X -d {level}: {text}: {bits.show(pages)}")
    harness.expect_equal(written.sub["dump_level"], level & 1, f"-X -d {level}: dump_level")


def try_guests(run, check_refusal, program, dump):
    """-X does what the recipe's x says: "ok", "refused", or "either"."""
    expected = Expected(f"{dump}.json")
    promise = expected.raw["notes"]["xen"]
    text = Path(f"{dump}.vmcoreinfo")
    words = [f"--xen-vmcoreinfo={text}"] if text.exists() else []
    # What is refused does not depend on the level.
    for level in LEVELS[:1] if promise == "refused" else LEVELS:
        output = dump.parent / f"xen.{level}"
        status, out, err = run(program, "-X", "-d", str(level), *words, str(dump), str(output))
        if status == 0:
            harness.expect(promise != "refused", f"-X -d {level}: accepted")
            if promise == "ok":
                check(output, expected, level)
        else:
            harness.expect(promise != "ok", f"-X -d {level}: refused: {err}")
            check_refusal(dump, output, out, err)
