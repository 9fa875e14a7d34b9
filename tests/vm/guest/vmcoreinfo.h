/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab's modules write into VMCOREINFO, whose functions are not exported. */
#ifndef GUEST_VMCOREINFO_H
#define GUEST_VMCOREINFO_H

#include <linux/kprobes.h>

struct vmcoreinfo {
	void (*append)(const char *format, ...);
	/* A dump by the hypervisor copies the note, which is only made at a crash: make it now. */
	void (*save)(void);
};

/*
 * False: this kernel has none. kallsyms_lookup_name() is not exported since v5.7 ("kallsyms:
 * unexport kallsyms_lookup_name() and kallsyms_on_each_symbol()"); a probe finds it.
 */
static bool vmcoreinfo_find(struct vmcoreinfo *ret)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);

	if (register_kprobe(&probe))
		return false;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	ret->append = (void *)lookup("vmcoreinfo_append_str");
	ret->save = (void *)lookup("crash_save_vmcoreinfo");
	return ret->append && ret->save;
}

#endif
