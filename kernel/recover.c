// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding VMCOREINFO in memory, and which of what looks like it is this
 * kernel's. Memory may hold texts of kernels that ran before this one, of the
 * capture kernel, and of files in the page cache. A text proves itself by what
 * it leads to: with its addresses and its page tables there is a utsname of its release.
 */
#include "kernel/recover.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/stored.h"
#include "kernel/internal.h"
#include "kernel/recover_running.h"

/* The kernel's texts begin with a page since v4.13, whatever its page size. */
#define PAGE 4096u

/* Texts that are tried: a dump full of them is no kernel's. */
#define TRIES_MAX 1024u
/* Of more memory than this the first text that proves itself is taken, and only pages' starts are looked at. */
#define WHOLE_MAX (UINT64_C(64) << 30)

struct recovery {
	const struct kernel *kernel;
	struct dump_view *view;		/* for texts; the pass has its own */
	bool anywhere;			/* not only where pages begin: kernels before v4.13 */
	bool cpus_only;
	bool can_prove;			/* there is a translation for this machine */
	unsigned int tries;
	bool found;
	struct recover_text best;	/* when found */
	char other[72];			/* release of one that is of another kernel than the best; empty: none */
	uint64_t other_pa;
	char refused[72];		/* release of one that was not proved; empty: none */
	uint64_t refused_pa;
};

static bool did_run(const struct recovery *r, const struct kernel *trial)
{
	struct arch_env env = kernel_arch_env(trial, &trial->facts);
	struct arch_cpus cpus = { .here = 0 };

	env.view = r->view;
	if (trial->arch->count_cpus)
		trial->arch->count_cpus(&env, trial->arch_state, &cpus);
	return cpus.here != 0;
}

/* The kernel of @text, its addresses and page tables: is that its utsname? */
static struct err *prove(const struct recovery *r, struct recover_text *text, bool *ret)
{
	struct kernel trial = *r->kernel;
	struct dump *dump = trial.dump;
	uint16_t machine = dump->machine;
	uint64_t page = 0;
	struct err *e;

	trial.facts = text->facts;
	if (!machine)
		dump->machine = arch_machine_by_facts(&trial.facts);
	trial.word = arch_machine_word(dump->machine, dump->word);
	if (fact_text_number(&trial.facts, "PAGESIZE", 10, &page))
		trial.page_shift = (unsigned int)__builtin_ctzll(page);
	e = kernel_start_arch(&trial);
	if (!e)
		e = kernel_read_uts(&trial);
	*ret = !e && trial.uts_from_memory;
	text->ran = *ret && did_run(r, &trial);
	kernel_stop_arch(&trial);
	if (!*ret)
		dump->machine = machine;
	if (e && e != err_nomem) {
		log_debug(trial.log, "text at physical %#" PRIx64 ": %s", text->pa, err_text(e));
		err_free(e);
		e = NULL;
	}
	return e;
}

/* A note is the kernel's own; of two kernels that one is meant that crashed, else the one that ran. */
static bool is_better(const struct recover_text *a, const struct recover_text *b)
{
	if (a->in_note != b->in_note)
		return a->in_note;
	if (a->has_crashtime != b->has_crashtime)
		return a->has_crashtime;
	return a->ran && !b->ran;
}

static const char *release_of(const struct recover_text *text)
{
	const char *release = "";

	fact_text(&text->facts, "OSRELEASE", &release);
	return release;
}

/* Of another kernel, or, where both are proved, of another boot of it. */
static bool is_other_kernel(const struct recovery *r, const struct recover_text *a,
			    const struct recover_text *b)
{
	uint64_t uts_a = 0, uts_b = 0;

	return strcmp(release_of(a), release_of(b)) ||
	       (r->can_prove && fact_symbol(&a->facts, "init_uts_ns", &uts_a) &&
		fact_symbol(&b->facts, "init_uts_ns", &uts_b) && uts_a != uts_b);
}

static void keep(struct recovery *r, struct recover_text *text)
{
	struct recover_text lesser = *text;

	if (!r->found) {
		r->found = true;
		r->best = *text;
		return;
	}
	if (is_better(text, &r->best)) {
		lesser = r->best;
		r->best = *text;
	}
	if (is_other_kernel(r, &lesser, &r->best)) {
		snprintf(r->other, sizeof(r->other), "%s", release_of(&lesser));
		r->other_pa = lesser.pa;
	}
	recover_text_free(&lesser);
}

static void refuse(struct recovery *r, struct recover_text *text)
{
	snprintf(r->refused, sizeof(r->refused), "%s", release_of(text));
	r->refused_pa = text->pa;
	recover_text_free(text);
}

/* The bytes at @pa page by page, up to a page that ends with NUL or is not there. Returns their number. */
static size_t read_text(const struct recovery *r, uint64_t pa, void *buf, size_t want)
{
	uint8_t *to = buf;
	size_t len = 0, part;

	for (; len < want && (!len || to[len - 1]); len += part) {
		struct err *e;

		part = (size_t)min_u64(PAGE - (pa + len) % PAGE, want - len);
		e = dump_view_read(r->view, pa + len, to + len, part);
		if (e) {
			err_free(e);
			break;
		}
	}
	return len;
}

/* @len bytes of memory before @pa. */
static bool read_before(const struct recovery *r, uint64_t pa, void *buf, size_t len)
{
	struct err *e = pa >= len ? dump_view_read(r->view, pa - len, buf, len) : err_not_present;

	err_free(e);
	return !e;
}

/* Perhaps a text of at most @max bytes at @pa. */
static struct err *consider(struct recovery *r, uint64_t pa, size_t max, bool in_note)
{
	struct recover_text text;
	bool ok = false, proved = true;
	char *buf = malloc(RECOVER_TEXT_MAX);
	struct err *e;

	if (!buf)
		return err_nomem;
	e = recover_text_parse(buf, read_text(r, pa, buf, (size_t)min_u64(max, RECOVER_TEXT_MAX)), &text,
			       &ok);
	free(buf);
	r->tries++;
	if (e || !ok)
		return e;
	text.pa = pa;
	text.in_note = in_note;
	if (r->can_prove)
		e = prove(r, &text, &proved);
	log_debug(r->kernel->log, "VMCOREINFO of %s at physical %#" PRIx64 "%s: %s", release_of(&text), pa,
		  in_note ? ", a note" : "", !r->can_prove ? "not checked" : proved ? "proved" : "not its kernel");
	if (e || !proved)
		refuse(r, &text);
	else
		keep(r, &text);
	return e;
}

static struct err *look_at_page(struct recovery *r, uint64_t pa, const uint8_t *p)
{
	if (recover_is_start(p, PAGE))
		return consider(r, pa, RECOVER_TEXT_MAX, false);
	if (recover_is_note(p, r->kernel->order))
		return consider(r, pa + RECOVER_NOTE_HEAD, get_u32(p + 4, r->kernel->order), true);
	return NULL;
}

/*
 * Wherever it stands. One that begins in one piece of memory and goes on in
 * the next is missed; the kernel has it twice.
 */
static struct err *look_anywhere(struct recovery *r, uint64_t pa, const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes, *end = bytes + len;

	for (; r->tries < TRIES_MAX && (p = memmem(p, (size_t)(end - p), RECOVER_START, RECOVER_START_LEN)); p++) {
		uint64_t at = pa + (uint64_t)(p - bytes);
		uint8_t head[RECOVER_NOTE_HEAD];

		if (!recover_is_start(p, (size_t)(end - p)))
			continue;
		if (read_before(r, at, head, sizeof(head)) && recover_is_note(head, r->kernel->order))
			TRY(consider(r, at, get_u32(head + 4, r->kernel->order), true));
		else
			TRY(consider(r, at, RECOVER_TEXT_MAX, false));
	}
	return NULL;
}

static struct err *look(void *ctx, uint64_t pa, const uint8_t *bytes, size_t len, bool *done)
{
	struct recovery *r = ctx;

	if (r->anywhere)
		TRY(look_anywhere(r, pa, bytes, len));
	for (size_t at = 0; !r->anywhere && at < len && r->tries < TRIES_MAX; at += PAGE)
		TRY(look_at_page(r, pa + at, bytes + at));
	*done = r->tries >= TRIES_MAX ||
		(r->found && r->can_prove && r->kernel->dump->stored_count > WHOLE_MAX >> r->kernel->dump->page_shift);
	return NULL;
}

static struct err *pass(struct recovery *r, bool anywhere)
{
	struct dump *dump = r->kernel->dump;
	struct stored_pass scan = { .look = look, .ctx = r };
	struct dump_view *view;
	struct err *e;

	r->anywhere = anywhere;
	TRY(dump_view_create(dump, 0, &view));
	e = dump_pass_stored(dump, view, &scan);
	dump_view_destroy(view);
	log_debug(r->kernel->log, "looked for VMCOREINFO in %" PRIu64 " bytes of memory%s: %u texts",
		  scan.bytes, anywhere ? ", anywhere" : "", r->tries);
	return e;
}

static struct err *search(struct recovery *r)
{
	const struct dump *dump = r->kernel->dump;

	TRY(pass(r, false));
	if (r->found || dump->stored_count > WHOLE_MAX >> dump->page_shift)
		return NULL;
	return pass(r, true);
}

/* Say what was found, and make it the dump's. */
static struct err *take(struct recovery *r, struct kernel *kernel)
{
	struct recover_text *text = &r->best;

	log_warn(kernel->log, "%s: no VMCOREINFO note; the VMCOREINFO of kernel %s at physical %#" PRIx64
		 " is used%s", kernel->dump->src->name, release_of(text), text->pa,
		 r->can_prove ? "" : ", unchecked");
	if (r->other[0])
		log_warn(kernel->log, "%s: memory has another kernel, too: %s, by the VMCOREINFO at physical %#"
			 PRIx64, kernel->dump->src->name, r->other, r->other_pa);
	dump_give_vmcoreinfo(kernel->dump, text->text, text->len);
	text->text = NULL;
	facts_deinit(&kernel->facts);
	facts_init(&kernel->facts);
	return facts_add_vmcoreinfo(&kernel->facts, kernel->dump->vmcoreinfo,
				    kernel->dump->vmcoreinfo_len, "memory", kernel->log);
}

static void say_nothing_fits(const struct recovery *r)
{
	const struct kernel *kernel = r->kernel;

	if (r->found)
		log_warn(kernel->log, "%s: no VMCOREINFO note; memory has that of %s and of %s, and nothing "
			 "tells which it is", kernel->dump->src->name, release_of(&r->best), r->other);
	else if (r->refused[0])
		log_warn(kernel->log, "%s: no VMCOREINFO note; what memory has of %s at physical %#" PRIx64
			 " does not lead to that kernel and is not used", kernel->dump->src->name,
			 r->refused, r->refused_pa);
}

static struct err *use_tables(struct kernel *kernel, struct facts *learned)
{
	const char *release = "";

	fact_text(learned, "OSRELEASE", &release);
	log_warn(kernel->log, "%s: no VMCOREINFO; the page tables of kernel %s were found in "
		 "memory and are used", kernel->dump->src->name, release);
	return facts_merge(&kernel->facts, learned);
}

/* No text: what page tables and the banner tell is enough to read memory. */
static struct err *find_by_tables(struct kernel *kernel, const struct arch *arch,
				  struct dump_view *view)
{
	struct facts learned;
	struct arch_env env = kernel_arch_env(kernel, &learned);
	struct err *e;

	if (!arch || !arch->search)
		return NULL;
	env.view = view;
	facts_init(&learned);
	e = arch->search(&env, ARCH_MEMORY, &learned);
	if (err_kind(e) == ERR_NOT_FOUND) {
		err_free(e);
		e = NULL;
	} else if (!e) {
		e = use_tables(kernel, &learned);
	}
	facts_deinit(&learned);
	return e;
}

static struct err *try_places(struct recovery *r, const struct recover_running *running)
{
	for (size_t i = 0; i < running->place_count; i++) {
		const struct recover_place *place = &running->places[i];

		TRY(consider(r, place->pa, place->max, place->in_note));
	}
	return NULL;
}

/* The kernel that the CPUs ran first: it knows where its text is. All of memory has to be read else. */
static struct err *recover(struct recovery *r, struct kernel *kernel, const struct arch *arch,
			   struct recover_running *running)
{
	TRY(recover_running(kernel, arch, r->view, running));
	TRY(try_places(r, running));
	if (!r->found && !r->cpus_only)
		TRY(search(r));
	if (r->found && (r->can_prove || !r->other[0]))
		return take(r, kernel);
	if (r->cpus_only)
		return NULL;
	say_nothing_fits(r);
	return running->found ? use_tables(kernel, &running->facts) : find_by_tables(kernel, arch, r->view);
}

struct err *kernel_recover(struct kernel *kernel, bool cpus_only)
{
	struct recovery r = { .kernel = kernel, .cpus_only = cpus_only };
	struct recover_running running = { .found = false };
	struct dump *dump = kernel->dump;
	const struct arch *arch = NULL;
	struct err *e = kernel_find_arch(kernel, &arch);

	r.can_prove = !e || !dump->machine;
	err_free(e);
	/* For now; the page size proper is in what is found. */
	TRY(dump_set_page_size(dump, dump->page_shift ? UINT64_C(1) << dump->page_shift :
							arch_machine_min_page(dump->machine)));
	TRY(dump_view_create(dump, 0, &r.view));
	e = recover(&r, kernel, arch, &running);
	dump_view_destroy(r.view);
	facts_deinit(&running.facts);
	if (r.found)
		recover_text_free(&r.best);
	return e;
}
