// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/resolve.h"

#include <string.h>

#include "erase/command.h"

struct resolver {
	struct erase_space *space;
	const struct erase_config *config;
	/* The module of the section at hand. */
	const char *section;		/* NULL: the kernel itself */
	bool loaded;
	struct kmodule module;
	struct types *module_types;
};

/* One command in a loop: once per element. */
struct repeat {
	struct place_scope scope;
	const struct erase_command *command;
};

static struct err *run_element(void *ctx, const struct place *element)
{
	struct repeat *repeat = ctx;

	repeat->scope.element = *element;
	return command_run(&repeat->scope, repeat->command);
}

/*
 * A loop without elements tells nothing of the names in its commands: what they
 * mean is found out first, on an element that is not there.
 */
static struct err *run_loop(const struct place_scope *scope, const struct erase_item *item)
{
	struct repeat repeat = { .scope = *scope };
	struct loop loop;

	for (size_t i = 0; i < item->count; i++) {
		repeat.command = &item->commands[i];
		repeat.scope.variable = item->variable;
		TRY(erase_set_rule(scope->space->set, item->commands[i].expr.text));
		TRY(loop_open(scope, item, &loop));
		repeat.scope.element = (struct place){ .type = loop.element };
		repeat.scope.no_element = true;
		TRY(command_run(&repeat.scope, repeat.command));
		repeat.scope.no_element = false;
		TRY(loop_each(&loop, run_element, &repeat));
	}
	return NULL;
}

static struct err *run_item(const struct place_scope *scope, const struct erase_item *item)
{
	if (item->loop != ERASE_NO_LOOP)
		return run_loop(scope, item);
	TRY(erase_set_rule(scope->space->set, item->commands[0].expr.text));
	return command_run(scope, &item->commands[0]);
}

static void leave_section(struct resolver *r)
{
	types_destroy(r->module_types);
	r->module_types = NULL;
	r->section = NULL;
	r->loaded = false;
}

static struct err *enter_section(struct resolver *r, const char *name)
{
	struct err *e;

	leave_section(r);
	r->section = name;
	if (!r->space->types)
		return err_new(ERR_NOT_FOUND, "%s: section [%s]: the kernel's types are not known: it has "
			       "no BTF, give -x VMLINUX", r->config->name, name);
	e = kmodule_find(r->space->reader, r->space->types, name, &r->module);
	if (err_kind(e) == ERR_NOT_FOUND) {
		log_common(r->space->log, "%s: section [%s] is passed over: %s", r->config->name, name,
			   err_text(e));
		err_free(e);
		return NULL;
	}
	if (!e)
		e = erase_module_types(r->space, &r->module, &r->module_types);
	r->loaded = !e;
	return err_prepend(e, "%s: section [%s]", r->config->name, name);
}

static bool same_section(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct err *run_section_item(struct resolver *r, const struct erase_item *item)
{
	struct place_scope scope = { .space = r->space, .file = r->config->name,
				     .types = r->space->types };

	if (!same_section(item->module, r->section)) {
		if (item->module)
			TRY(enter_section(r, item->module));
		else
			leave_section(r);
	}
	if (!item->module)
		return run_item(&scope, item);
	if (!r->loaded)
		return NULL;
	scope.module = &r->module;
	scope.types = r->module_types;
	return run_item(&scope, item);
}

struct err *erase_resolve(struct erase_space *space, const struct erase_config *config)
{
	struct resolver r = { .space = space, .config = config };
	struct err *e = NULL;

	for (size_t i = 0; !e && i < config->count; i++)
		e = run_section_item(&r, &config->items[i]);
	leave_section(&r);
	return e;
}
