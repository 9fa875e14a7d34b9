# SPDX-License-Identifier: GPL-2.0-or-later
# Installing, and what leaves the source tree: the top Makefile includes this.
#
# The program is called by both names, /usr/sbin/makedumpfile and
# /usr/bin/makedumpfile. It is installed in PROGRAMDIR, by default SBINDIR; the other of BINDIR
# and SBINDIR gets a link, unless they are one folder (or LINK=0).
#
#   Debian   PROGRAMDIR=/usr/bin ZSHCOMPDIR=/usr/share/zsh/vendor-completions
#   Fedora   SBINDIR=/usr/bin where the two are merged; SAMPLEDIR=/etc

PREFIX ?= /usr
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
PROGRAMDIR ?= $(SBINDIR)
SYSCONFDIR ?= /etc
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/makedumpfile
# makedumpfile.conf.sample: an example, read by nobody.
SAMPLEDIR ?= $(DATADIR)/makedumpfile
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
LINK ?= 1
DESTDIR ?=
INSTALL ?= install

# Written for readers of the flattened format that have no makedumpfile.
REARRANGE := $(wildcard scripts/makedumpfile-R.pl)
MAN8 := docs/makedumpfile.8 $(REARRANGE:scripts/%=docs/%.8)
MAN5 := docs/makedumpfile.conf.5

LINKDIR := $(filter-out $(PROGRAMDIR),$(BINDIR) $(SBINDIR))

INSTALLED := $(PROGRAMDIR)/makedumpfile $(REARRANGE:scripts/%=$(BINDIR)/%) \
	$(MAN8:docs/%=$(MANDIR)/man8/%) $(MAN5:docs/%=$(MANDIR)/man5/%) \
	$(BASHCOMPDIR)/makedumpfile $(ZSHCOMPDIR)/_makedumpfile \
	$(SAMPLEDIR)/makedumpfile.conf.sample $(DOCDIR)/examples/kdump.conf

.PHONY: install uninstall static dist
install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	$(INSTALL) -m 755 $(PROGRAM) $(DESTDIR)$(PROGRAMDIR)/makedumpfile
	$(if $(REARRANGE),$(INSTALL) -m 755 $(REARRANGE) $(DESTDIR)$(BINDIR)/)
	$(INSTALL) -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8/
	$(INSTALL) -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5/
	$(INSTALL) -m 644 completion/makedumpfile.bash $(DESTDIR)$(BASHCOMPDIR)/makedumpfile
	$(INSTALL) -m 644 completion/_makedumpfile $(DESTDIR)$(ZSHCOMPDIR)/
	$(INSTALL) -m 644 examples/makedumpfile.conf.sample $(DESTDIR)$(SAMPLEDIR)/
	$(INSTALL) -m 644 examples/kdump.conf $(DESTDIR)$(DOCDIR)/examples/
ifeq ($(LINK),1)
	@for folder in $(LINKDIR); do \
		[ $(DESTDIR)$$folder -ef $(DESTDIR)$(PROGRAMDIR) ] && continue; \
		$(INSTALL) -d $(DESTDIR)$$folder && \
		ln -sfr $(DESTDIR)$(PROGRAMDIR)/makedumpfile $(DESTDIR)$$folder/makedumpfile || exit 1; \
	done
endif

# Takes away the files, not the folders: they may be others'.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(sort $(INSTALLED) $(LINKDIR:%=%/makedumpfile)))

# For an initramfs, or a machine without the libraries. Nobody reads the debug
# information of a vmlinux (libdw) in a capture kernel.
STATIC_PROGRAM := build/static/makedumpfile
static:
	@$(MAKE) --no-print-directory VARIANT=static STATIC=1 DW=0 all
	@size=$$(stat -c %s $(STATIC_PROGRAM)); echo "$(STATIC_PROGRAM): $$size bytes"

# The same commit gives the same bytes.
COMMIT ?= HEAD
VERSION := $(shell sed -n 's/^\#define MAKEDUMPFILE_VERSION "\(.*\)"/\1/p' makedumpfile.h)
RELEASE := makedumpfile-$(VERSION)
dist:
	@mkdir -p build
	git archive --format=tar --prefix=$(RELEASE)/ $(COMMIT) | gzip -9n > build/$(RELEASE).tar.gz.tmp
	mv build/$(RELEASE).tar.gz.tmp build/$(RELEASE).tar.gz
