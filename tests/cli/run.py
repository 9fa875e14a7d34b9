#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the command-line tests: cases/*.case, agreement.list, and the
cases of behaviour.py.

Usage: tests/cli/run.py --program PATH [WORD...]

Only cases whose name holds one of the words run. Results as in pylib.harness.
"""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import agreement  # noqa: E402
import behaviour  # noqa: E402
import casefile  # noqa: E402
import flattened  # noqa: E402
import statistics_file  # noqa: E402
import writers  # noqa: E402
import xenpages  # noqa: E402
from inputs import Inputs  # noqa: E402
from pylib.harness import Suite  # noqa: E402


def add_cases(suite, program, inputs, work):
    """Add every golden case, each with a folder of its own."""
    for path in sorted((HERE / "cases").glob("*.case")):
        for case in casefile.parse(path):
            def run(case=case):
                with tempfile.TemporaryDirectory(dir=work) as folder:
                    casefile.run_case(case, program, inputs, Path(folder))
            suite.add(f"{path.stem}: {case.name}", run)


def main():
    """Build inputs on demand, run, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    suite = Suite("cli")
    with tempfile.TemporaryDirectory(prefix="makedumpfile-cli-") as work:
        (Path(work) / "inputs").mkdir()
        inputs = Inputs(Path(work) / "inputs")
        add_cases(suite, program, inputs, work)
        agreement.add_cases(suite, program, work)
        behaviour.add_cases(suite, program, inputs, work)
        behaviour.add_cases(suite, program, inputs, work, statistics_file)
        behaviour.add_cases(suite, program, inputs, work, writers)
        behaviour.add_cases(suite, program, inputs, work, flattened)
        behaviour.add_cases(suite, program, inputs, work, xenpages)
        return suite.main(arguments.words)


if __name__ == "__main__":
    sys.exit(main())
