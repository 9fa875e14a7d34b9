# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                build ./makedumpfile
# make install        DESTDIR=, PREFIX=/usr, SBINDIR=, MANDIR=
# make demo           install what is missing, build, filter a sample dump
# make demo-kdump     crash a real kernel in QEMU and capture it
# make test           install what tests need, run all of them
# make test-unit      (also test-cli, test-corpus, test-vm, test-crash): a part
# make bench          measure against the packaged makedumpfile; writes docs/performance.md
# make asan           unit, cli and corpus tests under ASan and UBSan
# make fuzz           run the fuzz targets for FUZZ_SECONDS each
# make lint           layers, sizes, warnings of gcc and clang, cppcheck
#
# V=1 shows commands. VARIANT=asan builds with sanitizers.
# ZLIB=0 LZO=0 SNAPPY=0 ZSTD=0 build without a codec, DW=0 without reading debug
# information (-x then has only symbols to offer).

PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DESTDIR ?=
VARIANT ?= release
FUZZ_SECONDS ?= 60

CC ?= gcc
CFLAGS ?= -O2 -g
BUILD := build/$(VARIANT)
PKG_CONFIG ?= pkg-config

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$(2)";)

# A checkout is for developers: warnings stop the build. A release tarball has no .git.
WERROR ?= $(if $(wildcard .git),1,0)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wvla -Wundef -Wwrite-strings -Wformat=2
ifeq ($(WERROR),1)
WARN += -Werror
endif

override CPPFLAGS += -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
override CFLAGS += -std=gnu11 -pthread $(WARN)
override LDFLAGS += -pthread
ifeq ($(VARIANT),asan)
override CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
override LDFLAGS += -fsanitize=address,undefined
endif

# Libraries. libelf is required; a missing codec, or libdw, is said and left out.
have_header = $(shell printf '\043include <$(1)>\n' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 && echo 1 || echo 0)

# Goals that install dependencies first, or need none, do not look for them.
NO_PROBE_GOALS := clean test demo demo-kdump bench lint
PROBING := $(filter-out $(NO_PROBE_GOALS),$(or $(MAKECMDGOALS),all))
ifneq ($(PROBING),)
ifneq ($(call have_header,gelf.h),1)
MISSING_REQUIRED += libelf
$(info makedumpfile needs libelf: header gelf.h, Debian libelf-dev, Fedora elfutils-libelf-devel)
endif
endif

# $(1) switch, $(2) header, $(3) library, $(4) packages
define codec_probe
$(1) ?= $$(call have_header,$(2))
ifeq ($$($(1)),1)
override CPPFLAGS += -DUSE_$(1)=1
LIBS += $(3)
else
override CPPFLAGS += -DUSE_$(1)=0
ifneq ($$(PROBING),)
$$(info building without $(1): header $(2) ($(4)) is missing or $(1)=0 was given)
endif
endif
endef
$(eval $(call codec_probe,ZLIB,zlib.h,-lz,Debian zlib1g-dev; Fedora zlib-devel))
$(eval $(call codec_probe,LZO,lzo/lzo1x.h,-llzo2,Debian liblzo2-dev; Fedora lzo-devel))
$(eval $(call codec_probe,SNAPPY,snappy-c.h,-lsnappy,Debian libsnappy-dev; Fedora snappy-devel))
$(eval $(call codec_probe,ZSTD,zstd.h,-lzstd,Debian libzstd-dev; Fedora libzstd-devel))
# Types from a vmlinux (-x, -g).
$(eval $(call codec_probe,DW,elfutils/libdw.h,-ldw,Debian libdw-dev; Fedora elfutils-devel))
LIBS += -lelf -lm

ROOMS := base codec input facts arch kernel pages erase output cli
ROOM_SRCS := $(foreach room,$(ROOMS),$(wildcard $(room)/*.c)) $(wildcard elf_info.c dwarf_die.c dwarf_info.c)
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
.PHONY: all clean install unit-bins

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

# Unit tests: one program per file, linked with everything but main.
$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB) $(LIBS)

unit-bins: $(UNIT_BINS)

clean:
	rm -rf build makedumpfile

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8
	install -m 755 $(PROGRAM) $(DESTDIR)$(SBINDIR)/makedumpfile
	install -m 644 docs/makedumpfile.8 $(DESTDIR)$(MANDIR)/man8/makedumpfile.8

include tests/tests.mk

-include $(OBJS:.o=.d) $(MAIN_OBJ:.o=.d) $(UNIT_BINS:=.d)
