/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --facts: all that is known about the crashed kernel and who says so, one line per fact in
 * the order of their names: "KEY=VALUE", a tab, the provider. What is looked for
 * and nobody says is "KEY", a tab, "unknown".
 */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "facts/wanted.h"

struct fact_line {
	const char *key;
	const struct fact *fact;	/* NULL: unknown */
};

static int compare_lines(const void *a, const void *b)
{
	return strcmp(((const struct fact_line *)a)->key, ((const struct fact_line *)b)->key);
}

static void show_lines(const struct log *log, struct fact_line *lines, size_t count)
{
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < count; i++) {
		const struct fact *fact = lines[i].fact;

		if (fact)
			log_common(log, "%s=%s\t%s", lines[i].key, fact->text, fact->provider);
		else
			log_common(log, "%s\tunknown", lines[i].key);
	}
}

/* The facts that are there, and those that are not under the keys in @unknown. */
static struct err *show_facts(const struct log *log, const struct facts *facts,
			      const struct strmap *unknown)
{
	size_t count = 0;
	struct fact_line *lines = calloc(facts->map.count + unknown->count + 1, sizeof(*lines));

	if (!lines)
		return err_nomem;
	for (size_t i = 0; i < facts->map.count; i++)
		lines[count++] = (struct fact_line){ facts->map.v[i].key, facts->map.v[i].value };
	for (size_t i = 0; i < unknown->count; i++)
		lines[count++] = (struct fact_line){ unknown->v[i].key, NULL };
	show_lines(log, lines, count);
	free(lines);
	return NULL;
}

static struct err *show_all(const struct run *run, struct kernel *kernel)
{
	struct strmap unknown;
	struct err *e;

	if (kernel->no_arch)
		log_warn(&run->console->log, "%s: the kernel's memory cannot be asked for facts: %s",
			 run->options->vmcore, err_text(kernel->no_arch));
	TRY(kernel_fill_facts(kernel));
	strmap_init(&unknown);
	e = facts_unknown(&kernel->facts, &unknown);
	if (!e)
		e = show_facts(&run->console->log, &kernel->facts, &unknown);
	strmap_deinit(&unknown);
	return e;
}

struct err *action_facts(const struct run *run)
{
	return run_on_kernel(run, show_all);
}
