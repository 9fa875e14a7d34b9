# SPDX-License-Identifier: GPL-2.0-or-later
"""Input files for the command-line cases, made when first asked for.

NAME is tests/cli/inputs/NAME.recipe; `sample` is the sample of tests/gen. The
files live in one temporary folder.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
GEN = HERE.parent / "gen"
sys.path.insert(0, str(GEN))

import mkdump  # noqa: E402


class Inputs(dict):
    """name -> path of the built dump; builds on first use."""

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder)

    def __missing__(self, name):
        recipe = GEN / "sample.recipe" if name == "sample" else HERE / "inputs" / f"{name}.recipe"
        path = self.folder / name
        mkdump.make(recipe.read_text(encoding="utf-8"), str(path))
        self[name] = str(path)
        return self[name]
