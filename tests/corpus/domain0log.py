# SPDX-License-Identifier: GPL-2.0-or-later
"""The log of a Xen host's domain 0, whose facts -i gives: whole, or refused where the
recipe says so. Its page frames stay what the dump does not tell."""

import re
from pathlib import Path

from expect import Expected
from pylib import harness


def try_log(run, program, text, dump):
    """-i, with --dump-dmesg and at a level that asks for struct pages."""
    promise = re.search(r"^x = (\w+)$", text, re.M)
    words = ["-i", f"{dump}.vmcoreinfo"]
    log = Path(f"{dump}.log")
    status, out, err = run(program, "--dump-dmesg", *words, str(dump), str(log))
    if promise and promise[1] == "refused":
        harness.expect_equal(status, 1, f"log: {out}{err}: exit status")
        harness.expect("the kernel's memory cannot be translated: " in err, err)
        harness.expect(not log.exists(), "log: something was written")
    else:
        harness.expect(status == 0, f"log: {out}{err}")
        harness.expect_equal(log.read_text(encoding="latin-1"), Expected(f"{dump}.json").log_text(), "log")
    for level, wanted in ((1, 0), (31, 1)):
        output = dump.parent / f"domain0.{level}"
        status, out, err = run(program, "-d", str(level), *words, str(dump), str(output))
        harness.expect_equal(status, wanted, f"-d {level}: {out}{err}: exit status")
        harness.expect(output.exists() == (wanted == 0), f"-d {level}: output")
