# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that test; the top Makefile includes this.

.PHONY: test test-pylib test-gen test-unit test-cli test-corpus test-dwarf test-dbg test-synthetic test-package test-vm test-crash asan lint demo demo-kdump

# What a machine lacks is installed first, so the build is a make of its own.
test:
	@tests/deps build test package vm lint
	@$(MAKE) --no-print-directory all
	@tests/all

test-unit: unit-bins
	@tests/run-unit $(UNIT_BINS)

test-cli: all
	@tests/cli/run.py --program ./makedumpfile

# What the tests themselves stand on: their readers and checkers, their generator.
test-pylib: all
	@tests/pylib/test_pylib.py --program ./makedumpfile

test-gen:
	@tests/gen/test_gen.py

# Every recipe of tests/gen/recipes through the program.
test-corpus: all
	@tests/corpus/run.py --program ./makedumpfile

# Debug information that the compiler makes, in every form.
test-dwarf: all
	@tests/dwarf/run.py --program ./makedumpfile

# Debug information of real kernels: fetches 600 MB, so it is not part of test.
test-dbg: all
	@tests/vm/verify/debuginfo.py --program ./makedumpfile

# Whole synthetic machines: classes, eras, budgets, threads, memory.
test-synthetic: all
	@tests/synthetic/run.py --program ./makedumpfile

# What a distribution gets: install layout, manual pages, completion, packages, static build.
test-package: all
	@tests/package/run.py --program ./makedumpfile

# Unit tests and corpus once more under ASan and UBSan.
asan:
	@$(MAKE) --no-print-directory -s VARIANT=asan all unit-bins
	@tests/run-asan

test-vm: all
	@tests/vm/lab.py test --program ./makedumpfile

# What verify/ asks beside the program: make build/release/tests/vm/tools/NAME.
$(BUILD)/tests/vm/tools/%: tests/vm/tools/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS)

test-crash: all
	@tests/vm/lab.py test-crash --program ./makedumpfile

lint:
	@tests/lint --compilers

demo:
	@tests/deps build test
	@$(MAKE) --no-print-directory all
	@tests/demo

demo-kdump:
	@tests/deps build vm
	@$(MAKE) --no-print-directory all
	@tests/vm/lab.py demo --program ./makedumpfile

include tests/fuzz.mk
include tests/bench/bench.mk
