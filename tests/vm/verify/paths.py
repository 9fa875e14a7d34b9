# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the packages of tests/ and the modules of tests/vm importable."""

import pathlib
import sys

VM = pathlib.Path(__file__).resolve().parent.parent
TESTS = VM.parent
ROOT = TESTS.parent
for folder in (str(TESTS), str(VM)):
    if folder not in sys.path:
        sys.path.append(folder)
