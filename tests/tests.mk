# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that test; the top Makefile includes this.

.PHONY: test-unit asan
test-unit: unit-bins
	@tests/run-unit $(UNIT_BINS)
