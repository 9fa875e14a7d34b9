// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that threads cannot read at once. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/unit.h"

/*
 * A source that must not be read by two threads at once, and says whether it was; so are its
 * further openings. Reads wait for a while until @want threads are in all of them together.
 */
struct lonely {
	struct source base;
	struct lonely *first;	/* of all openings: has the figures below */
	int inside;		/* of this opening */
	int together;		/* in all of them */
	int most_together;
	int want;
	int met;		/* in one opening */
	int open;		/* openings that were not destroyed */
	int refuse;		/* openings beyond so many; 0: none */
	int refused;
};

static void note_together(struct lonely *first, int now)
{
	int most = __atomic_load_n(&first->most_together, __ATOMIC_SEQ_CST);

	while (now > most &&
	       !__atomic_compare_exchange_n(&first->most_together, &most, now, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static struct err *read_alone(struct source *src, uint64_t off, void *buf, size_t len,
			      size_t *ret_len)
{
	struct lonely *lonely = (struct lonely *)src, *first = lonely->first;

	(void)off;
	if (__atomic_fetch_add(&lonely->inside, 1, __ATOMIC_SEQ_CST))
		__atomic_store_n(&first->met, 1, __ATOMIC_SEQ_CST);
	note_together(first, __atomic_add_fetch(&first->together, 1, __ATOMIC_SEQ_CST));
	for (int i = 0; i < 20; i++)
		sched_yield();
	for (int i = 0; i < 1000000 &&
	     __atomic_load_n(&first->most_together, __ATOMIC_SEQ_CST) < first->want; i++)
		sched_yield();
	__atomic_fetch_sub(&first->together, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&lonely->inside, 1, __ATOMIC_SEQ_CST);
	memset(buf, 0, len);
	*ret_len = len;
	return NULL;
}

static void lonely_destroy(struct source *src)
{
	struct lonely *lonely = (struct lonely *)src;

	__atomic_fetch_sub(&lonely->first->open, 1, __ATOMIC_SEQ_CST);
	if (lonely != lonely->first)
		free(lonely);
}

static struct err *lonely_reopen(struct source *src, struct source **ret)
{
	struct lonely *lonely = calloc(1, sizeof(*lonely)), *first = (struct lonely *)src;

	if (__atomic_add_fetch(&first->open, 1, __ATOMIC_SEQ_CST) > first->refuse && first->refuse) {
		__atomic_fetch_sub(&first->open, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&first->refused, 1, __ATOMIC_SEQ_CST);
		free(lonely);
		return err_sys(EMFILE, "lonely");
	}
	lonely->base = first->base;
	lonely->first = first;
	*ret = &lonely->base;
	return NULL;
}

#define READERS 4

static void *read_often(void *arg)
{
	struct lonely *lonely = arg;
	char buf[16];

	for (int i = 0; i < 500; i++)
		err_free(source_read(&lonely->base, 0, buf, sizeof(buf)));
	return NULL;
}

static void read_from_threads(struct lonely *lonely)
{
	pthread_t threads[READERS];

	for (size_t i = 0; i < READERS; i++)
		CHECK(!pthread_create(&threads[i], NULL, read_often, lonely));
	for (size_t i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(lonely->met, 0);
	CHECK_EQ(lonely->together, 0);
}

static const struct source_ops lonely_ops = {
	.read = read_alone, .reopen = lonely_reopen, .destroy = lonely_destroy,
};

static struct lonely make_lonely(const struct source_ops *ops)
{
	return (struct lonely){ .base = { .ops = ops, .name = "lonely", .size = 4096 }, .open = 1 };
}

static void test_turns(void)
{
	struct lonely lonely = make_lonely(&lonely_ops);

	lonely.first = &lonely;
	CHECK_OK(source_take_turns(&lonely.base));
	CHECK_OK(source_take_turns(&lonely.base));
	read_from_threads(&lonely);
	CHECK_EQ(lonely.most_together, 1);
	source_destroy(&lonely.base);
	CHECK_EQ(lonely.open, 0);
}

/* Threads read at once, each through an opening of its own, and no more are opened than that. */
static void test_read_apart(void)
{
	struct lonely lonely = make_lonely(&lonely_ops);

	lonely.first = &lonely;
	lonely.want = READERS;
	CHECK_OK(source_read_apart(&lonely.base));
	read_from_threads(&lonely);
	CHECK_EQ(lonely.most_together, READERS);
	CHECK_EQ(lonely.open, READERS);
	source_destroy(&lonely.base);
	CHECK_EQ(lonely.open, 0);
}

/* Where there is no other opening, or none any more, threads wait for each other. */
static void test_read_apart_refused(void)
{
	static const struct source_ops once = { .read = read_alone, .destroy = lonely_destroy };
	struct lonely few = make_lonely(&lonely_ops), single = make_lonely(&once);

	few.first = &few;
	few.refuse = few.want = 2;
	CHECK_OK(source_read_apart(&few.base));
	read_from_threads(&few);
	CHECK_EQ(few.most_together, 2);
	CHECK_EQ(few.open, 2);
	CHECK(few.refused <= READERS);
	source_destroy(&few.base);
	CHECK_EQ(few.open, 0);

	single.first = &single;
	CHECK_OK(source_read_apart(&single.base));
	read_from_threads(&single);
	CHECK_EQ(single.most_together, 1);
	source_destroy(&single.base);
	CHECK_EQ(single.open, 0);
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* The file itself is opened again, also when its name is gone, and closed. */
static void test_file_reopened(void)
{
	static const uint8_t bytes[200] = { [100] = 1, 2, 3 };
	char path[] = "/tmp/test_file_turns.XXXXXX";
	int fd = mkstemp(path);
	struct source *src = NULL, *again = NULL;
	unsigned int before;
	uint8_t got[3];

	CHECK(fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
	close(fd);
	before = open_files();
	CHECK_OK(source_open_file(path, true, &src));
	unlink(path);
	CHECK_OK(src->ops->reopen(src, &again));
	CHECK_EQ(open_files(), before + 2);
	again->size = src->size;
	CHECK_OK(source_read(again, 100, got, sizeof(got)));
	CHECK(!memcmp(got, bytes + 100, sizeof(got)));
	source_destroy(again);
	source_destroy(src);
	CHECK_EQ(open_files(), before);
}

int main(void)
{
	RUN(test_turns);
	RUN(test_read_apart);
	RUN(test_read_apart_refused);
	RUN(test_file_reopened);
	return unit_status();
}
