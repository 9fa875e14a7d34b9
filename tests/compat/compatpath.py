# SPDX-License-Identifier: GPL-2.0-or-later
"""Importing this module makes tests/ importable."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))
