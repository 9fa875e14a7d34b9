# SPDX-License-Identifier: GPL-2.0-or-later
"""-q on machines whose kernel left a bitmap.

Their recipes say in a comment line "# bitmap: obeyed" or "# bitmap: refused TEXT", the latter
with a part of the message.
"""

import re

from expect import Expected
from pylib import harness
from pylib.kdumpfile import KdumpFile

LEVEL = 31


def chosen(expected):
    """Pages that stay by the kernel's choice; it knows nothing of offline pages."""
    return expected.kept(expected.raw["notes"]["crash_bitmap"]["level"]) \
        | expected.classes.get("offline", 0)


def try_bitmap(run, program, text, dump):
    """Filter with -q, whole and in small pieces of the plan."""
    promise = re.search(r"^# bitmap: (obeyed|refused) ?(.*)$", text, re.M)
    harness.expect(promise, "the recipe has no '# bitmap:' line")
    output = dump.parent / "out.q"
    expected = Expected(f"{dump}.json")
    for more in ([], ["--cyclic-buffer", "1", "--num-threads", "2"]):
        status, out, err = run(program, "-q", "-f", "-c", "-d", str(LEVEL), *more, str(dump),
                               str(output))
        harness.expect_equal(status, 0, f"-q: {err}")
        written = KdumpFile(str(output)).bitmap2
        refused = f"{dump}: -q has no effect: " in err
        harness.expect_equal(refused, promise[1] == "refused", f"refused: {err}{out}")
        if refused:
            harness.expect(promise[2] in err, f"-q: {err}")
            wrong = expected.compare(written, LEVEL)
            harness.expect(not wrong, "; ".join(wrong[:4]))
        else:
            harness.expect_equal(written, chosen(expected), "-q: pages kept")
    output.unlink()
