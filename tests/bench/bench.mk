# SPDX-License-Identifier: GPL-2.0-or-later
# Our program against the packaged one, on the same dumps; no test. BENCH_ARGS
# go to tests/bench/bench.py, as in BENCH_ARGS='--rows "-d 31" --pairs 3'.

.PHONY: bench bench-smoke
bench:
	@tests/deps build vm
	@$(MAKE) --no-print-directory all
	@tests/bench/bench.py --markdown docs/performance.md $(BENCH_ARGS)

# Does the bench itself work? Seconds, on a small machine.
bench-smoke: all
	@tests/bench/bench.py --smoke --pairs 1 $(BENCH_ARGS)
