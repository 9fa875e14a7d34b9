// SPDX-License-Identifier: GPL-2.0-or-later
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/pool.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define JOBS 2000

/* What the pool's callbacks share. Counters are touched by the caller's thread only. */
struct shop {
	int workers_made, workers_freed, slots_made, slots_freed;
	int fail_worker, fail_slot;	/* this one, counted from 1, fails; 0: none */
	int slot_room;			/* slots at the same time; 0: any number */
	enum err_kind fail_kind;
};

struct worker_state {
	struct shop *shop;
	uint64_t jobs;			/* not atomic: one thread per state */
	pthread_t thread;
};

struct job {
	struct shop *shop;
	char *buffer;			/* made once per slot */
	uint64_t input;
	uint64_t output;
	uint64_t noise;
	int runs;
	bool term_blocked, bus_blocked;
	struct err *error;
};

static struct err *make_state(void *ctx, void **ret)
{
	struct shop *shop = ctx;
	struct worker_state *state;

	if (shop->fail_worker && shop->workers_made + 1 == shop->fail_worker)
		return err_new(shop->fail_kind, "worker");
	state = calloc(1, sizeof(*state));
	state->shop = shop;
	shop->workers_made++;
	*ret = state;
	return NULL;
}

static void free_state(void *worker)
{
	((struct worker_state *)worker)->shop->workers_freed++;
	free(worker);
}

static struct err *make_slot(void *ctx, void *slot)
{
	struct shop *shop = ctx;
	struct job *job = slot;
	static const struct job zero;

	CHECK(!memcmp(job, &zero, sizeof(zero)));
	if (shop->fail_slot && shop->slots_made + 1 == shop->fail_slot)
		return err_new(shop->fail_kind, "slot");
	if (shop->slot_room && shop->slots_made - shop->slots_freed == shop->slot_room)
		return err_nomem;
	job->shop = shop;
	job->buffer = malloc(64);
	shop->slots_made++;
	return NULL;
}

static void free_slot(void *slot)
{
	struct job *job = slot;

	job->shop->slots_freed++;
	err_free(job->error);
	free(job->buffer);
}

/* A small, uneven amount of work, so that workers overtake each other. */
static void run_job(void *worker, void *slot)
{
	struct worker_state *state = worker;
	struct job *job = slot;
	uint64_t seed = job->input, sum = 0;
	sigset_t set;

	if (!state->jobs++)
		state->thread = pthread_self();
	job->runs += pthread_equal(state->thread, pthread_self()) ? 1 : 1000;
	for (uint64_t n = random_below(&seed, 2000); n; n--)
		sum += random_next(&seed) & 1;
	job->noise = sum;
	job->output = job->input * 3;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	job->term_blocked = sigismember(&set, SIGTERM);
	job->bus_blocked = sigismember(&set, SIGBUS);
	job->error = job->input % 7 == 3 ? err_new(ERR_LOST, "job %d", (int)job->input) : NULL;
}

static struct ordpool_params shop_params(struct shop *shop, unsigned int workers,
					 unsigned int depth)
{
	return (struct ordpool_params){
		.workers = workers, .depth = depth, .slot_size = sizeof(struct job),
		.run = run_job, .worker_create = make_state, .worker_destroy = free_state,
		.slot_init = make_slot, .slot_deinit = free_slot, .ctx = shop,
	};
}

static void check_job(struct job *job, uint64_t number, bool threads)
{
	CHECK_EQ(job->input, number);
	CHECK_EQ(job->output, number * 3);
	CHECK_EQ(job->runs, 1);
	CHECK_EQ(job->term_blocked, threads);
	CHECK(!job->bus_blocked);
	CHECK_EQ(err_kind(job->error), number % 7 == 3 ? ERR_LOST : 0);
	err_free(job->error);
	job->error = NULL;
}

static void feed(struct ordpool *pool, uint64_t number)
{
	struct job *job = ordpool_begin(pool);

	CHECK(job != NULL);
	CHECK(ordpool_begin(pool) == job);
	job->input = number;
	job->output = 0;
	job->runs = 0;
	ordpool_submit(pool);
}

/* Every job comes back once, in order, with its own result and error. */
static void run_all(unsigned int workers, unsigned int depth)
{
	struct shop shop = { 0 };
	struct ordpool_params params = shop_params(&shop, workers, depth);
	uint64_t fed = 0, used = 0;
	struct ordpool *pool = NULL;

	CHECK_OK(ordpool_create(&params, &pool));
	CHECK_EQ(ordpool_workers(pool), workers);
	CHECK(!ordpool_wait(pool));
	ordpool_release(pool);
	while (fed < JOBS || ordpool_pending(pool)) {
		if (fed < JOBS && ordpool_begin(pool)) {
			feed(pool, fed++);
		} else {
			struct job *job = ordpool_wait(pool);

			CHECK(ordpool_wait(pool) == job);
			check_job(job, used++, workers > 0);
			ordpool_release(pool);
		}
		CHECK_EQ(ordpool_pending(pool), fed - used);
		CHECK(ordpool_pending(pool) <= depth);
	}
	CHECK_EQ(used, JOBS);
	CHECK(!ordpool_wait(pool));
	ordpool_destroy(pool);
	CHECK_EQ(shop.workers_made, workers ? workers : 1);
	CHECK_EQ(shop.workers_freed, shop.workers_made);
	CHECK_EQ(shop.slots_made, depth);
	CHECK_EQ(shop.slots_freed, depth);
}

static void test_order(void)
{
	static const unsigned int workers[] = { 0, 1, 2, 4 };
	static const unsigned int depths[] = { 1, 2, 3, 8 };

	for (size_t i = 0; i < ARRAY_LEN(workers); i++)
		for (size_t j = 0; j < ARRAY_LEN(depths); j++)
			run_all(workers[i], depths[j]);
}

static void test_signal_mask_of_caller(void)
{
	sigset_t before, after;

	pthread_sigmask(SIG_BLOCK, NULL, &before);
	run_all(2, 4);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	for (int signum = 1; signum < 32; signum++)
		CHECK_EQ(sigismember(&before, signum), sigismember(&after, signum));
}

static void test_early_destroy(void)
{
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int workers = round % 5, depth = 1 + round % 9;
		struct shop shop = { 0 };
		struct ordpool_params params = shop_params(&shop, workers, depth);
		struct ordpool *pool = NULL;

		CHECK_OK(ordpool_create(&params, &pool));
		for (uint64_t job = 0; job < round % (depth + 1); job++)
			feed(pool, job);
		if (round % 3 == 0)
			ordpool_wait(pool);
		ordpool_destroy(pool);
		CHECK_EQ(shop.workers_freed, shop.workers_made);
		CHECK_EQ(shop.slots_freed, depth);
	}
	ordpool_destroy(NULL);
}

/* Releasing a job that was not waited for waits for it: its slot is still in use. */
static void test_release_without_wait(void)
{
	for (unsigned int workers = 0; workers < 3; workers++) {
		struct shop shop = { 0 };
		struct ordpool_params params = shop_params(&shop, workers, 2);
		struct ordpool *pool = NULL;

		CHECK_OK(ordpool_create(&params, &pool));
		feed(pool, 1);
		feed(pool, 2);
		CHECK(!ordpool_begin(pool));
		ordpool_release(pool);
		CHECK_EQ(ordpool_pending(pool), 1);
		check_job(ordpool_wait(pool), 2, workers > 0);
		ordpool_destroy(pool);
	}
}

static void test_setup_failures(void)
{
	struct shop shop = { .fail_slot = 3, .fail_kind = ERR_BAD_INPUT };
	struct ordpool_params params = shop_params(&shop, 2, 4);
	struct ordpool *pool = NULL;

	CHECK_ERR(ordpool_create(&params, &pool), ERR_BAD_INPUT);
	CHECK_EQ(shop.slots_freed, 2);

	shop = (struct shop){ .fail_worker = 1, .fail_kind = ERR_NOMEM };
	CHECK_ERR(ordpool_create(&params, &pool), ERR_NOMEM);
	params.workers = 0;
	CHECK_ERR(ordpool_create(&params, &pool), ERR_NOMEM);
	/* 4 slots, then 2 with half of the workers, 1 without any; the second time 4 and 1. */
	CHECK_EQ(shop.slots_freed, 4 + 2 + 1 + 4 + 1);

	params.workers = 3;
	shop = (struct shop){ .fail_worker = 2, .fail_kind = ERR_UNSUPPORTED };
	CHECK_ERR(ordpool_create(&params, &pool), ERR_UNSUPPORTED);
	CHECK_EQ(shop.workers_freed, 1);

	params.depth = 0;
	CHECK_ERR(ordpool_create(&params, &pool), ERR_OTHER);
	params.depth = 4;
	params.slot_size = SIZE_MAX - 8;
	CHECK_ERR(ordpool_create(&params, &pool), ERR_NOMEM);
	params.slot_size = SIZE_MAX / 2;
	CHECK_ERR(ordpool_create(&params, &pool), ERR_NOMEM);
	CHECK(!pool);
}

/* Where slots for all do not fit, there are fewer workers. */
static void test_fewer_slots(void)
{
	for (int room = 1; room <= 18; room++) {
		struct shop shop = { .slot_room = room };
		struct ordpool_params params = shop_params(&shop, 8, 17);
		unsigned int workers = room >= 17 ? 8 : room >= 9 ? 4 : room >= 5 ? 2 : room >= 3;
		struct ordpool *pool = NULL;

		CHECK_OK(ordpool_create(&params, &pool));
		CHECK_EQ(ordpool_workers(pool), workers);
		feed(pool, 5);
		check_job(ordpool_wait(pool), 5, workers > 0);
		ordpool_destroy(pool);
		CHECK_EQ(shop.slots_freed, shop.slots_made);
		CHECK_EQ(shop.workers_freed, shop.workers_made);
	}
}

/* pthread_create() below fails with thread_errnum once thread_room is used up. */
static int thread_room = 1000;
static int thread_errnum;

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
		   void *arg)
{
	typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	create_fn *next = (create_fn *)dlsym(RTLD_NEXT, "pthread_create");

	if (!thread_room)
		return thread_errnum;
	thread_room--;
	return next(thread, attr, start, arg);
}

static void run_with_room(int room, const struct shop *start)
{
	struct shop shop = *start;
	struct ordpool_params params = shop_params(&shop, 4, 3);
	struct ordpool *pool = NULL;

	thread_room = room;
	CHECK_OK(ordpool_create(&params, &pool));
	CHECK_EQ(ordpool_workers(pool), room > 1 && start->fail_worker ? 1 : room);
	/* A state whose thread did not start is not kept, but for the first. */
	CHECK_EQ(shop.workers_made - shop.workers_freed,
		 max_u64(ordpool_workers(pool), 1));
	for (uint64_t job = 0; job < 3; job++)
		feed(pool, job);
	for (uint64_t job = 0; job < 3; job++) {
		check_job(ordpool_wait(pool), job, room > 0);
		ordpool_release(pool);
	}
	ordpool_destroy(pool);
	CHECK_EQ(shop.workers_freed, shop.workers_made);
	thread_room = 1000;
}

static void test_fewer_threads(void)
{
	static const struct shop plain = { 0 };
	static const struct shop no_memory = { .fail_worker = 2, .fail_kind = ERR_NOMEM };

	thread_errnum = EAGAIN;
	for (int room = 0; room <= 4; room++)
		run_with_room(room, &plain);
	run_with_room(0, &no_memory);
	run_with_room(3, &no_memory);
}

static void test_thread_refused(void)
{
	struct shop shop = { 0 };
	struct ordpool_params params = shop_params(&shop, 4, 3);
	struct ordpool *pool = NULL;

	thread_errnum = EPERM;
	thread_room = 2;
	CHECK_ERR(ordpool_create(&params, &pool), ERR_IO);
	CHECK(!pool);
	CHECK_EQ(shop.workers_freed, 3);
	CHECK_EQ(shop.slots_freed, 3);
	thread_room = 1000;
}

static void count_run(void *worker, void *slot)
{
	CHECK(!worker);
	++*(int *)slot;
}

static void test_only_run_is_required(void)
{
	for (unsigned int workers = 0; workers < 2; workers++) {
		struct ordpool_params params = {
			.workers = workers, .depth = 2, .slot_size = sizeof(int), .run = count_run,
		};
		struct ordpool *pool = NULL;

		CHECK_OK(ordpool_create(&params, &pool));
		for (int i = 1; i <= 6; i++) {
			CHECK(ordpool_begin(pool) != NULL);
			ordpool_submit(pool);
			CHECK_EQ(*(int *)ordpool_wait(pool), (i + 1) / 2);
			ordpool_release(pool);
		}
		ordpool_destroy(pool);
	}
}

int main(void)
{
	RUN(test_order);
	RUN(test_signal_mask_of_caller);
	RUN(test_early_destroy);
	RUN(test_release_without_wait);
	RUN(test_setup_failures);
	RUN(test_fewer_threads);
	RUN(test_thread_refused);
	RUN(test_fewer_slots);
	RUN(test_only_run_is_required);
	return unit_status();
}
