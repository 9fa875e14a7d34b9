# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing with clang's libFuzzer. tests/fuzz/fuzz_NAME.c is a target; its seeds
# come from tests/fuzz/seeds_NAME.py, where there is one. To add a target, add
# these two files.
#
# FUZZ_TARGETS="elf vmcoreinfo" runs some; FUZZ_SECONDS each.

FUZZ_CC ?= clang
FUZZ_TARGETS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined

.PHONY: fuzz fuzz-bins
fuzz:
	@$(MAKE) --no-print-directory VARIANT=fuzz CC=$(FUZZ_CC) CFLAGS='$(FUZZ_CFLAGS)' \
		FUZZ_TARGETS='$(FUZZ_TARGETS)' fuzz-bins
	@tests/fuzz/run build/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

fuzz-bins: $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz_%)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer,address,undefined \
		-MMD -MP -o $@ $< $(LIB) $(LIBS)

-include $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz_%.d)
