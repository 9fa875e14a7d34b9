// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading where one thread at a time may: a thread takes one of the source's
 * openings, reads through it and gives it back. As many are opened as threads
 * ever read at once.
 */
#include "base/file_turns.h"

#include <pthread.h>
#include <stdlib.h>

/* More threads than this wait. */
#define OPENINGS_MAX 64

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	/* Under the lock. */
	struct source *idle[OPENINGS_MAX];
	unsigned int idle_count;
	unsigned int opened;	/* the source itself included */
	unsigned int most;	/* may be opened */
};

static struct err *turns_start(struct source *src, unsigned int most)
{
	struct turns *turns;

	if (src->turns)
		return NULL;
	turns = calloc(1, sizeof(*turns));
	if (!turns)
		return err_nomem;
	pthread_mutex_init(&turns->lock, NULL);
	pthread_cond_init(&turns->given_back, NULL);
	turns->idle[turns->idle_count++] = src;
	turns->opened = 1;
	turns->most = most;
	src->turns = turns;
	return NULL;
}

struct err *source_take_turns(struct source *src)
{
	return turns_start(src, 1);
}

struct err *source_read_apart(struct source *src)
{
	return turns_start(src, src->ops->reopen ? OPENINGS_MAX : 1);
}

/* Under the lock, which is let go meanwhile: one opening more, or NULL and no further attempts. */
static struct source *open_more(struct turns *turns, struct source *src)
{
	struct source *more = NULL;
	struct err *e;

	turns->opened++;
	pthread_mutex_unlock(&turns->lock);
	e = src->ops->reopen(src, &more);
	pthread_mutex_lock(&turns->lock);
	if (!e)
		return more;
	err_free(e);
	turns->most = --turns->opened;
	return NULL;
}

static struct source *take(struct turns *turns, struct source *src)
{
	struct source *taken = NULL;

	pthread_mutex_lock(&turns->lock);
	while (!taken) {
		if (turns->idle_count)
			taken = turns->idle[--turns->idle_count];
		else if (turns->opened < turns->most)
			taken = open_more(turns, src);
		else
			pthread_cond_wait(&turns->given_back, &turns->lock);
	}
	pthread_mutex_unlock(&turns->lock);
	return taken;
}

static void give_back(struct turns *turns, struct source *taken)
{
	pthread_mutex_lock(&turns->lock);
	turns->idle[turns->idle_count++] = taken;
	pthread_cond_signal(&turns->given_back);
	pthread_mutex_unlock(&turns->lock);
}

struct err *turns_read(struct source *src, uint64_t off, void *buf, size_t len, size_t *ret_len)
{
	struct source *taken = take(src->turns, src);
	struct err *e = taken->ops->read(taken, off, buf, len, ret_len);

	give_back(src->turns, taken);
	return e;
}

void turns_destroy(struct source *src)
{
	struct turns *turns = src->turns;

	if (!turns)
		return;
	while (turns->idle_count) {
		struct source *opening = turns->idle[--turns->idle_count];

		if (opening != src)
			opening->ops->destroy(opening);
	}
	pthread_cond_destroy(&turns->given_back);
	pthread_mutex_destroy(&turns->lock);
	free(turns);
	src->turns = NULL;
}
