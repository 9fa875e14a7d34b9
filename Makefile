# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                build ./makedumpfile
# make install        DESTDIR=, PREFIX=/usr and the folders of install.mk; also make uninstall
# make static         one program without shared libraries, for an initramfs
# make dist           a release tarball of HEAD
# make demo           install what is missing, build, filter a sample dump
# make demo-kdump     crash a real kernel in QEMU and capture it
# make test           install what tests need, run all of them
# make test-unit      (also test-cli, test-corpus, test-package, test-vm, test-crash): a part
# make bench          measure against the packaged makedumpfile; writes docs/performance.md
# make asan           unit, cli and corpus tests under ASan and UBSan
# make fuzz           run the fuzz targets for FUZZ_SECONDS each
# make lint           layers, sizes, warnings of gcc and clang, cppcheck
#
# V=1 shows commands. VARIANT=asan builds with sanitizers, STATIC=1 without shared libraries.
# ZLIB=0 LZO=0 SNAPPY=0 ZSTD=0 build without a codec, DW=0 without reading debug
# information (-x then has only symbols to offer). Another machine's compiler is CC=.

VARIANT ?= release
FUZZ_SECONDS ?= 60

CC ?= gcc
CFLAGS ?= -O2 -g
BUILD := build/$(VARIANT)

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$(2)";)

# A checkout is for developers: warnings stop the build. A release tarball has no .git.
WERROR ?= $(if $(wildcard .git),1,0)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wvla -Wundef -Wwrite-strings -Wformat=2 -Wdate-time
ifeq ($(WERROR),1)
WARN += -Werror
endif

override CPPFLAGS += -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
# Square roots are an instruction, and a library that is not used is not needed: libm.so is a
# megabyte of an initramfs.
override CFLAGS += -std=gnu11 -pthread -fno-math-errno $(WARN)
override LDFLAGS += -pthread -Wl,--as-needed
ifeq ($(VARIANT),asan)
override CFLAGS += -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
override LDFLAGS += -fsanitize=address,undefined
endif

ifeq ($(STATIC),1)
override LDFLAGS += -static
# libdw.a wants what distributions have no static library of.
DW ?= 0
endif

# Libraries. libelf is required; a missing codec, or libdw, is said and left out.
#
# Header $(1) is there and $(2) can be linked. A cross compiler may see the
# headers of the machine it runs on, and a static build needs other files: only
# linking tells.
have_library = $(shell out=$$(mktemp) && printf '\043include <$(1)>\nint main(void){return 0;}\n' | \
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -x c - -o $$out $(2) >/dev/null 2>&1 && \
	echo 1 || echo 0; rm -f $$out)
# Static libraries do not bring what they need: zlib, the C++ runtime.
ELF_LIBS := -lelf $(if $(filter 1,$(STATIC)),-lz)
CXX_LIBS := $(if $(filter 1,$(STATIC)),-lstdc++)

# Goals that install dependencies first, or need none, do not look for them.
NO_PROBE_GOALS := clean test demo demo-kdump bench lint static dist uninstall
PROBING := $(filter-out $(NO_PROBE_GOALS),$(or $(MAKECMDGOALS),all))
ifneq ($(PROBING),)
ifneq ($(call have_library,gelf.h,$(ELF_LIBS)),1)
MISSING_REQUIRED += libelf
$(info makedumpfile needs libelf: header gelf.h and libelf.$(if $(filter 1,$(STATIC)),a,so), \
	Debian libelf-dev, Fedora elfutils-libelf-devel)
endif
endif

# $(1) switch, $(2) header, $(3) library, $(4) packages
define codec_probe
$(1) ?= $$(if $$(PROBING),$$(call have_library,$(2),$(3)),0)
ifeq ($$($(1)),1)
override CPPFLAGS += -DUSE_$(1)=1
LIBS += $(3)
else
override CPPFLAGS += -DUSE_$(1)=0
ifneq ($$(PROBING),)
$$(info building without $(1): $(2) and $(firstword $(3)) ($(4)) are missing, or $(1)=0 was given)
endif
endif
endef
$(eval $(call codec_probe,ZLIB,zlib.h,-lz,Debian zlib1g-dev; Fedora zlib-devel))
$(eval $(call codec_probe,LZO,lzo/lzo1x.h,-llzo2,Debian liblzo2-dev; Fedora lzo-devel))
$(eval $(call codec_probe,SNAPPY,snappy-c.h,-lsnappy $(CXX_LIBS),Debian libsnappy-dev; Fedora snappy-devel))
$(eval $(call codec_probe,ZSTD,zstd.h,-lzstd,Debian libzstd-dev; Fedora libzstd-devel))
# Types from a vmlinux (-x, -g).
$(eval $(call codec_probe,DW,elfutils/libdw.h,-ldw,Debian libdw-dev; Fedora elfutils-devel))
LIBS := $(ELF_LIBS) $(LIBS) -lm

ROOMS := base codec input facts arch kernel pages erase verify output cli
# Sorted: the same sources give the same bytes.
ROOM_SRCS := $(foreach room,$(ROOMS),$(sort $(wildcard $(room)/*.c))) elf_info.c dwarf_die.c dwarf_info.c dwarf_index.c dwarf_types.c
OBJS := $(ROOM_SRCS:%.c=$(BUILD)/%.o)
MAIN_OBJ := $(BUILD)/makedumpfile.o
LIB := $(BUILD)/libmakedumpfile.a
UNIT_SRCS := $(wildcard tests/unit/test_*.c)
UNIT_BINS := $(UNIT_SRCS:%.c=$(BUILD)/%)
ifeq ($(VARIANT),release)
PROGRAM := makedumpfile
else
PROGRAM := $(BUILD)/makedumpfile
endif

.DEFAULT_GOAL := all
.PHONY: all clean unit-bins

all: $(if $(MISSING_REQUIRED),missing-required,$(PROGRAM))

.PHONY: missing-required
missing-required:
	@echo "missing: $(MISSING_REQUIRED)" >&2; exit 1

$(PROGRAM): $(MAIN_OBJ) $(LIB)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(MAIN_OBJ) $(LIB) $(LIBS)

$(LIB): $(OBJS)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(OBJS)

# A changed switch (sanitizer, codec, compiler) rebuilds: the flags are a prerequisite.
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LIBS)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD); echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests: one program per file, linked with everything but main. Most of what they take is
# compiling, so only what they test is optimised; then the compiler does not see that a format is
# a constant.
TEST_FLAGS := -U_FORTIFY_SOURCE -O0 -g -Wno-format-nonliteral
$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB) $(LIBS)

unit-bins: $(UNIT_BINS)

clean:
	rm -rf build makedumpfile

include install.mk
include tests/tests.mk

-include $(OBJS:.o=.d) $(MAIN_OBJ:.o=.d) $(UNIT_BINS:=.d)
