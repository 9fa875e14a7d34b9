// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/erase_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

static struct err *join(struct erase_text *text, const struct dump *dump, const char *own,
			size_t own_len)
{
	size_t inherited = dump->eraseinfo_len;

	text->len = inherited + own_len;
	text->room = text->len;
	if (!text->len)
		return NULL;
	text->text = malloc(text->len);
	if (!text->text)
		return err_nomem;
	if (inherited)
		memcpy(text->text, dump->eraseinfo, inherited);
	if (own_len)
		memcpy(text->text + inherited, own, own_len);
	return NULL;
}

/* Room for what a file with all pages says: headers of all pieces have one size. */
static struct err *find_room(struct erase_text *text, const struct copy_params *copy)
{
	const struct range all = { 0, 0 };
	char *own = NULL;
	size_t len = 0;

	TRY(erase_set_text(copy->erase, copy->plan, &all, copy->dump->page_shift, &own, &len));
	free(own);
	text->room = (size_t)max_u64(text->len, copy->dump->eraseinfo_len + len);
	return NULL;
}

struct err *erase_text_init(struct erase_text *text, const struct copy_params *copy)
{
	char *own = NULL;
	size_t len = 0;
	struct err *e;

	*text = (struct erase_text){ 0 };
	if (copy->erase)
		TRY(erase_set_text(copy->erase, copy->plan, &copy->pfns, copy->dump->page_shift, &own,
				   &len));
	e = join(text, copy->dump, own, len);
	free(own);
	if (!e && copy->erase && copy->pfns.end)
		e = find_room(text, copy);
	return e;
}

void erase_text_deinit(struct erase_text *text)
{
	free(text->text);
	*text = (struct erase_text){ 0 };
}
