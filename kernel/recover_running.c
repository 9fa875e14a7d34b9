// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel that the CPUs ran, by the page tables they used, and where it has
 * its VMCOREINFO, by its own symbols. It may be the capture kernel, which was
 * given an ELF header by the one that crashed; there the other's note is named.
 */
#include "kernel/recover_running.h"

#include <ctype.h>
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/corehdr.h"
#include "kernel/internal.h"
#include "kernel/recover.h"
#include "kernel/symbols.h"

/* elfcorehdr_addr of a kernel that captures nothing, and of one that has read the header (linux/crash_dump.h). */
#define ELFCORE_ADDR_MAX UINT64_MAX
#define ELFCORE_ADDR_ERR (UINT64_MAX - 1)
/* No architecture has a longer one, s390x has as much. */
#define COMMAND_LINE_MAX 4096u

static void add_place(struct recover_running *ret, uint64_t pa, size_t max, bool in_note)
{
	if (ret->place_count < ARRAY_LEN(ret->places))
		ret->places[ret->place_count++] = (struct recover_place){ pa, max, in_note };
}

/* What is at virtual @va, if it is a note or a text. */
static bool look_at(struct kreader *reader, uint64_t va, struct recover_running *ret)
{
	uint8_t head[RECOVER_NOTE_HEAD];
	struct mapping map;
	struct err *e = kread(reader, va, head, sizeof(head));

	if (!e)
		e = kread_vtop(reader, va, &map);
	err_free(e);
	if (e)
		return false;
	if (recover_is_note(head, kreader_kernel(reader)->order))
		add_place(ret, mapping_pa(&map, va) + sizeof(head),
			  get_u32(head + 4, kreader_kernel(reader)->order), true);
	else if (recover_is_start(head, sizeof(head)))
		add_place(ret, mapping_pa(&map, va), RECOVER_TEXT_MAX, false);
	else
		return false;
	return true;
}

/* An array up to v4.12, a pointer since (203e9e41219b). */
static void follow(struct kreader *reader, const struct symbol_want *symbol, struct recover_running *ret)
{
	uint64_t pointer;
	struct err *e;

	if (!symbol->found || look_at(reader, symbol->address, ret))
		return;
	e = kread_word(reader, symbol->address, &pointer);
	if (!e)
		(void)look_at(reader, pointer, ret);
	err_free(e);
}

/* The note of the kernel whose memory this one is to capture. */
static struct err *follow_corehdr(struct kreader *reader, uint64_t pa, struct recover_running *ret)
{
	uint8_t head[RECOVER_NOTE_HEAD];
	struct elf_info *info;

	TRY(corehdr_read(kreader_view(reader), pa, &info));
	for (size_t i = 0; i < info->segment_count; i++) {
		const struct elf_segment *note = &info->segments[i];
		struct err *e;

		if (note->type != PT_NOTE)
			continue;
		e = dump_view_read(kreader_view(reader), note->offset, head, sizeof(head));
		if (!e && recover_is_note(head, info->order))
			add_place(ret, note->offset + sizeof(head), get_u32(head + 4, info->order), true);
		err_free(e);
	}
	elf_info_destroy(info);
	return NULL;
}

bool recover_elfcorehdr(const char *line, uint64_t *ret)
{
	static const char name[] = "elfcorehdr=";
	static const char units[] = "KMGTPE";
	const char *at = line, *unit;
	char *end = NULL;

	while ((at = strstr(at, name)) && at != line && at[-1] != ' ')
		at++;
	if (!at)
		return false;
	for (at += sizeof(name) - 1;; at = end + 1) {
		*ret = strtoull(at, &end, 0);
		if (end == at)
			return false;
		unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
		if (unit) {
			*ret <<= 10 * (unit - units + 1);
			end++;
		}
		/* The size comes first. */
		if (*end != '@')
			return true;
	}
}

/* What a kernel that has read the header was given on its command line. */
static struct err *find_corehdr(struct kreader *reader, const struct symbol_want *line, uint64_t *ret)
{
	char text[COMMAND_LINE_MAX + 1] = "";
	uint64_t pointer;
	size_t len = 0;

	if (!line->found)
		return err_new(ERR_NOT_FOUND, "symbol saved_command_line is not known");
	TRY(kread_word(reader, line->address, &pointer));
	for (; len < COMMAND_LINE_MAX; len++) {
		TRY(kread(reader, pointer + len, text + len, 1));
		if (!text[len])
			break;
	}
	return recover_elfcorehdr(text, ret) ? NULL : err_new(ERR_NOT_FOUND, "its command line names no elfcorehdr");
}

static struct err *ask(struct kreader *reader, struct recover_running *ret)
{
	struct symbol_want wants[] = {
		{ .name = "vmcoreinfo_note" }, { .name = "vmcoreinfo_data" }, { .name = "elfcorehdr_addr" },
		{ .name = "saved_command_line" },
	};
	uint64_t header = ELFCORE_ADDR_MAX;

	TRY(ksymbols_find(reader, wants, ARRAY_LEN(wants)));
	if (wants[2].found)
		TRY(kread_u64(reader, wants[2].address, &header));
	ret->captures = header != ELFCORE_ADDR_MAX;
	if (header == ELFCORE_ADDR_ERR)
		TRY(find_corehdr(reader, &wants[3], &header));
	if (ret->captures)
		return follow_corehdr(reader, header, ret);
	follow(reader, &wants[0], ret);
	follow(reader, &wants[1], ret);
	return NULL;
}

/* With the facts that its page tables told. What it does not tell is no error. */
static struct err *ask_kernel(const struct kernel *kernel, struct recover_running *ret)
{
	struct kernel trial = *kernel;
	struct kreader *reader;
	uint64_t page;
	struct err *e;

	trial.facts = ret->facts;
	trial.page_shift = kernel->dump->page_shift;
	if (fact_text_number(&ret->facts, "PAGESIZE", 10, &page))
		trial.page_shift = (unsigned int)__builtin_ctzll(page);
	trial.word = arch_machine_word(trial.dump->machine, trial.dump->word);
	/* Its tables may not be those of the kernel that is taken in the end. */
	trial.kallsyms_place = NULL;
	e = kernel_start_arch(&trial);
	if (!e)
		e = kreader_create(&trial, &reader);
	if (!e) {
		e = ask(reader, ret);
		kreader_destroy(reader);
	}
	kernel_stop_arch(&trial);
	if (!e || e == err_nomem)
		return e;
	log_debug(kernel->log, "the kernel that the CPUs ran: %s", err_text(e));
	err_free(e);
	return NULL;
}

struct err *recover_running(const struct kernel *kernel, const struct arch *arch, struct dump_view *view,
			    struct recover_running *ret)
{
	struct arch_env env = kernel_arch_env(kernel, &ret->facts);
	struct err *e;

	*ret = (struct recover_running){ .found = false };
	facts_init(&ret->facts);
	if (!arch || !arch->search)
		return NULL;
	env.view = view;
	e = arch->search(&env, ARCH_CPUS, &ret->facts);
	if (err_kind(e) == ERR_NOT_FOUND) {
		err_free(e);
		return NULL;
	}
	TRY(e);
	ret->found = true;
	return ask_kernel(kernel, ret);
}
