// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs are numbered from 0 in the order of feeding; job n lives in slot
 * n % depth. Three counters cut the numbers into stretches:
 *
 *	released <= taken <= fed <= released + depth
 *
 * [released, taken) run or are done, [taken, fed) wait for a worker.
 */
#include "base/pool.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"

/* Slots start on their own cache lines: neighbours are written by different threads. */
#define SLOT_ALIGN 64

/* A capture kernel has little memory to spare; codecs keep their tables on the heap. */
#define STACK_SIZE (256u << 10)

struct worker {
	struct ordpool *pool;
	void *state;		/* from params.worker_create, or NULL */
	pthread_t thread;
};

struct ordpool {
	struct ordpool_params params;
	uint8_t *slots;
	size_t stride;
	unsigned int slots_ready;	/* slot_init() done */
	struct worker *workers;
	unsigned int workers_ready;	/* with a state; at least 1 */
	unsigned int threads;		/* started; 0 when serial */

	pthread_mutex_t lock;
	pthread_cond_t fed_or_stop;	/* workers wait for it */
	pthread_cond_t oldest_done;	/* the consumer waits for it */
	/* Written by the consumer under the lock; the consumer may read them without. */
	uint64_t fed;
	uint64_t released;
	bool oldest_seen;		/* consumer only: job `released` was waited for */
	/* Read and written under the lock; without threads, by the consumer. */
	uint64_t taken;
	bool *done;			/* per slot: its job has run */
	bool stop;
};

static void *slot_of(const struct ordpool *pool, uint64_t job)
{
	return pool->slots + (size_t)(job % pool->params.depth) * pool->stride;
}

static bool *done_of(const struct ordpool *pool, uint64_t job)
{
	return &pool->done[job % pool->params.depth];
}

/* Under the lock: wait for a job and take it. False when the pool is closing. */
static bool take_job(struct ordpool *pool, uint64_t *ret)
{
	while (!pool->stop && pool->taken == pool->fed)
		pthread_cond_wait(&pool->fed_or_stop, &pool->lock);
	if (pool->stop)
		return false;
	*ret = pool->taken++;
	return true;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct ordpool *pool = worker->pool;
	uint64_t job;

	pthread_mutex_lock(&pool->lock);
	while (take_job(pool, &job)) {
		pthread_mutex_unlock(&pool->lock);
		pool->params.run(worker->state, slot_of(pool, job));
		pthread_mutex_lock(&pool->lock);
		*done_of(pool, job) = true;
		if (job == pool->released)
			pthread_cond_signal(&pool->oldest_done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static struct err *make_slots(struct ordpool *pool)
{
	const struct ordpool_params *params = &pool->params;
	uint64_t bytes;
	void *slots;

	pool->stride = (size_t)round_up(max_u64(params->slot_size, 1), SLOT_ALIGN);
	if (pool->stride < params->slot_size ||
	    !checked_mul(pool->stride, params->depth, &bytes) || bytes > SIZE_MAX)
		return err_nomem;
	pool->done = calloc(params->depth, sizeof(*pool->done));
	if (!pool->done || posix_memalign(&slots, SLOT_ALIGN, (size_t)bytes))
		return err_nomem;
	memset(slots, 0, (size_t)bytes);
	pool->slots = slots;
	for (; pool->slots_ready < params->depth; pool->slots_ready++)
		if (params->slot_init)
			TRY(params->slot_init(params->ctx, slot_of(pool, pool->slots_ready)));
	return NULL;
}

static struct err *make_worker(struct ordpool *pool)
{
	struct worker *worker = &pool->workers[pool->workers_ready];

	worker->pool = pool;
	if (pool->params.worker_create)
		TRY(pool->params.worker_create(pool->params.ctx, &worker->state));
	pool->workers_ready++;
	return NULL;
}

static void drop_last_worker(struct ordpool *pool)
{
	struct worker *worker = &pool->workers[--pool->workers_ready];

	if (pool->params.worker_destroy)
		pool->params.worker_destroy(worker->state);
}

/* Grows with the vector registers of the CPU, so glibc 2.34 made it a run-time value. */
#ifdef _SC_THREAD_STACK_MIN
static long least_stack_size(void)
{
	return sysconf(_SC_THREAD_STACK_MIN);
}
#else
static long least_stack_size(void)
{
	return PTHREAD_STACK_MIN;
}
#endif

static size_t stack_size(void)
{
	long least = least_stack_size();

	return least > 0 ? (size_t)max_u64(STACK_SIZE, (size_t)least + STACK_SIZE / 2) : STACK_SIZE;
}

/* 0 or an errno. */
static int start_thread(struct worker *worker)
{
	pthread_attr_t attr;
	int errnum = pthread_attr_init(&attr);

	if (errnum)
		return errnum;
	/* A refused size leaves the default, which works too. */
	pthread_attr_setstacksize(&attr, stack_size());
	errnum = pthread_create(&worker->thread, &attr, worker_main, worker);
	pthread_attr_destroy(&attr);
	return errnum;
}

/*
 * Signals that ask the program to end go to the main thread, which looks at
 * the flag they set. Those that a fault of the thread raises stay deliverable.
 */
static void block_signals(sigset_t *ret_old)
{
	static const int faults[] = { SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		sigdelset(&set, faults[i]);
	pthread_sigmask(SIG_BLOCK, &set, ret_old);
}

/* One more worker with a thread. *ret_full: there is no memory or thread for it. */
static struct err *add_thread(struct ordpool *pool, bool *ret_full)
{
	struct err *e;
	int errnum;

	if (pool->workers_ready == pool->threads) {
		e = make_worker(pool);
		if (err_kind(e) == ERR_NOMEM && pool->threads) {
			err_free(e);
			*ret_full = true;
			return NULL;
		}
		TRY(e);
	}
	errnum = start_thread(&pool->workers[pool->threads]);
	if (!errnum) {
		pool->threads++;
		return NULL;
	}
	if (errnum != EAGAIN && errnum != ENOMEM)
		return err_sys(errnum, "starting worker thread %u", pool->threads + 1);
	/* Without a single thread, the first state serves the consumer. */
	if (pool->threads)
		drop_last_worker(pool);
	*ret_full = true;
	return NULL;
}

static struct err *make_workers(struct ordpool *pool)
{
	unsigned int want = pool->params.workers;
	struct err *e = NULL;
	bool full = false;
	sigset_t old;

	pool->workers = calloc(want ? want : 1, sizeof(*pool->workers));
	if (!pool->workers)
		return err_nomem;
	if (!want)
		return make_worker(pool);
	block_signals(&old);
	while (!e && !full && pool->threads < want)
		e = add_thread(pool, &full);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e;
}

static struct err *try_create(const struct ordpool_params *params, struct ordpool **ret)
{
	struct ordpool *pool;
	struct err *e;

	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return err_nomem;
	pool->params = *params;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->fed_or_stop, NULL);
	pthread_cond_init(&pool->oldest_done, NULL);
	e = make_slots(pool);
	if (!e)
		e = make_workers(pool);
	if (e) {
		ordpool_destroy(pool);
		return e;
	}
	*ret = pool;
	return NULL;
}

struct err *ordpool_create(const struct ordpool_params *params, struct ordpool **ret)
{
	struct ordpool_params less = *params;
	struct err *e;

	if (!params->depth)
		return err_new(ERR_OTHER, "a pool needs at least one slot");
	for (;;) {
		e = try_create(&less, ret);
		if (err_kind(e) != ERR_NOMEM || (!less.workers && less.depth == 1))
			return e;
		err_free(e);
		less.workers /= 2;
		less.depth = less.workers ? (less.depth + 1) / 2 : 1;
	}
}

static void join_threads(struct ordpool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->fed_or_stop);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->threads; i++)
		pthread_join(pool->workers[i].thread, NULL);
}

void ordpool_destroy(struct ordpool *pool)
{
	if (!pool)
		return;
	join_threads(pool);
	while (pool->workers_ready)
		drop_last_worker(pool);
	while (pool->slots_ready--)
		if (pool->params.slot_deinit)
			pool->params.slot_deinit(slot_of(pool, pool->slots_ready));
	pthread_cond_destroy(&pool->oldest_done);
	pthread_cond_destroy(&pool->fed_or_stop);
	pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	free(pool->slots);
	free(pool->done);
	free(pool);
}

unsigned int ordpool_workers(const struct ordpool *pool)
{
	return pool->threads;
}

unsigned int ordpool_pending(const struct ordpool *pool)
{
	return (unsigned int)(pool->fed - pool->released);
}

void *ordpool_begin(struct ordpool *pool)
{
	if (ordpool_pending(pool) == pool->params.depth)
		return NULL;
	return slot_of(pool, pool->fed);
}

void ordpool_submit(struct ordpool *pool)
{
	pthread_mutex_lock(&pool->lock);
	*done_of(pool, pool->fed) = false;
	pool->fed++;
	pthread_cond_signal(&pool->fed_or_stop);
	pthread_mutex_unlock(&pool->lock);
}

void *ordpool_wait(struct ordpool *pool)
{
	uint64_t oldest = pool->released;
	void *slot = slot_of(pool, oldest);

	if (!ordpool_pending(pool))
		return NULL;
	if (pool->oldest_seen)
		return slot;
	pool->oldest_seen = true;
	if (!pool->threads) {
		pool->taken++;
		pool->params.run(pool->workers[0].state, slot);
		return slot;
	}
	pthread_mutex_lock(&pool->lock);
	while (!*done_of(pool, oldest))
		pthread_cond_wait(&pool->oldest_done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return slot;
}

/* Dropping a job that nobody waited for would hand its slot out while a worker uses it. */
void ordpool_release(struct ordpool *pool)
{
	if (!ordpool_wait(pool))
		return;
	pool->oldest_seen = false;
	pthread_mutex_lock(&pool->lock);
	pool->released++;
	pthread_mutex_unlock(&pool->lock);
}
