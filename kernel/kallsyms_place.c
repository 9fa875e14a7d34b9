/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking through the kernel image takes longer than all questions to the tables: it is done once. */
#include <pthread.h>
#include <stdlib.h>

#include "kernel/kallsyms.h"

struct kallsyms_place {
	pthread_mutex_t lock;		/* for the rest */
	bool known;
	struct kallsyms_tables tables;
};

struct err *kallsyms_place_create(struct kallsyms_place **ret)
{
	struct kallsyms_place *place = calloc(1, sizeof(*place));

	if (!place)
		return err_nomem;
	pthread_mutex_init(&place->lock, NULL);
	*ret = place;
	return NULL;
}

void kallsyms_place_destroy(struct kallsyms_place *place)
{
	if (!place)
		return;
	pthread_mutex_destroy(&place->lock);
	free(place);
}

bool kallsyms_place_known(struct kallsyms_place *place, struct kallsyms_tables *ret)
{
	bool known;

	if (!place)
		return false;
	pthread_mutex_lock(&place->lock);
	known = place->known;
	if (known)
		*ret = place->tables;
	pthread_mutex_unlock(&place->lock);
	return known;
}

void kallsyms_place_tell(struct kallsyms_place *place, const struct kallsyms_tables *tables)
{
	if (!place)
		return;
	pthread_mutex_lock(&place->lock);
	place->known = true;
	place->tables = *tables;
	pthread_mutex_unlock(&place->lock);
}
