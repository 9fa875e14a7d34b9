# SPDX-License-Identifier: GPL-2.0-or-later
"""Readers and helpers for the tests, independent of the program under test.

Nothing here shares code with the C sources: a mistake in one of them must
show up as a disagreement between the two.
"""
