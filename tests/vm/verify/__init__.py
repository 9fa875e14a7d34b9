# SPDX-License-Identifier: GPL-2.0-or-later
"""What is proved on the dumps of the lab's guests, and the demonstrations."""
