#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the tests of what a distribution gets: install layout, man pages,
completion, packages, static build.

Usage: tests/package/run.py --program PATH [WORD...]

Only cases whose name holds one of the words run. Results as in pylib.harness.
"""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import building  # noqa: E402
import completion  # noqa: E402
import layout  # noqa: E402
import manpages  # noqa: E402
import source  # noqa: E402
from pylib.harness import Suite  # noqa: E402

MODULES = [layout, manpages, completion, building, source]


def main():
    """Add every case_* function of the modules and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    suite = Suite("package")
    for module in MODULES:
        for name, function in vars(module).items():
            if name.startswith("case_"):
                def run(function=function):
                    with tempfile.TemporaryDirectory(prefix="makedumpfile-package-") as folder:
                        function(program, Path(folder))
                suite.add(f"{module.__name__}: {name[5:].replace('_', ' ')}", run)
    return suite.main(arguments.words)


if __name__ == "__main__":
    sys.exit(main())
