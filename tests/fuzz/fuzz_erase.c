// SPDX-License-Identifier: GPL-2.0-or-later
/* A file for --config. It is the user's own, but what is wrong with it must be said and not be done. */
#include "erase/config.h"
#include "tests/fuzz/fuzz.h"

static void check_expr(const struct erase_expr *expr)
{
	require(expr->text && expr->count && expr->line);
	for (size_t i = 0; i < expr->count; i++)
		require(expr->names[i][0] && strlen(expr->names[i]) <= strlen(expr->text));
	require(!expr->cast.stars || expr->cast.name);
}

static void check_item(const struct erase_item *item)
{
	require(item->loop || item->count == 1);
	require((item->loop != ERASE_NO_LOOP) == (item->variable != NULL));
	if (item->loop)
		check_expr(&item->list);
	require((item->loop == ERASE_LOOP_WITHIN) == (item->type_name != NULL));
	for (size_t i = 0; i < item->count; i++) {
		check_expr(&item->commands[i].expr);
		if (item->commands[i].size_kind == ERASE_SIZE_EXPR)
			check_expr(&item->commands[i].size);
		require(!item->loop || !strcmp(item->commands[i].expr.names[0], item->variable));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct erase_config *config = NULL;
	struct err *e = erase_config_parse("fuzz", (const char *)data, len, &config);

	if (e) {
		require(err_kind(e) == ERR_BAD_INPUT && !strncmp(err_text(e), "fuzz:", 5));
		err_free(e);
		return 0;
	}
	for (size_t i = 0; i < config->count; i++)
		check_item(&config->items[i]);
	erase_config_destroy(config);
	return 0;
}
