# SPDX-License-Identifier: GPL-2.0-or-later
"""Importing this module makes tests/ and tests/gen importable."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (str(HERE.parent), str(HERE)):
    if folder not in sys.path:
        sys.path.insert(0, folder)
