/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded pool of workers with ordered results.
 *
 * The caller's thread feeds jobs and consumes their results strictly in the
 * order of feeding; workers run jobs in between. At most @depth jobs are in
 * flight, so memory is fixed at creation: each job slot is a caller-sized
 * block allocated once. With 0 workers the consumer runs the job itself, so
 * the serial program is the same code path. Nobody spins: one mutex, two
 * conditions.
 *
 *   ordpool_create(&params, &pool);
 *   while (more || ordpool_pending(pool)) {
 *           if (more && (slot = ordpool_begin(pool))) {     // free slot?
 *                   fill slot; ordpool_submit(pool);
 *           } else {
 *                   slot = ordpool_wait(pool);              // oldest, finished
 *                   use slot; ordpool_release(pool);
 *           }
 *   }
 *   ordpool_destroy(pool);
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ordpool;

struct ordpool_params {
	unsigned int workers;	/* threads; 0 = run in the caller's thread */
	unsigned int depth;	/* job slots, >= 1; 2 per worker keeps them busy */
	size_t slot_size;	/* bytes per slot, zeroed once at creation */
	/*
	 * Runs one job. @worker is the per-worker state. Required. Errors go into
	 * the slot; the consumer looks at them in order.
	 */
	void (*run)(void *worker, void *slot);
	/* Make and free one worker's state; both NULL when there is none. Called in the caller's thread. */
	struct err *(*worker_create)(void *ctx, void **ret);
	void (*worker_destroy)(void *worker);
	/* Prepare and clean one slot's own buffers; NULL when there are none. */
	struct err *(*slot_init)(void *ctx, void *slot);
	void (*slot_deinit)(void *slot);
	void *ctx;
};

/*
 * Threads that cannot be started for lack of resources are done without
 * (at least one state always exists), and where the slots of so many do not
 * fit into memory, half of workers and slots are tried, down to no thread
 * and one slot. Other failures are returned.
 */
struct err *ordpool_create(const struct ordpool_params *params, struct ordpool **ret)
	__attribute__((warn_unused_result));

/* Waits for running jobs, drops results. NULL is fine. */
void ordpool_destroy(struct ordpool *pool);

/* Threads that really run; 0 when serial. */
unsigned int ordpool_workers(const struct ordpool *pool);

/* A free slot to fill, or NULL when all are in flight (then wait for one). */
void *ordpool_begin(struct ordpool *pool);

/* Hand the slot of the last ordpool_begin() to the workers. */
void ordpool_submit(struct ordpool *pool);

/* Jobs fed and not yet released. */
unsigned int ordpool_pending(const struct ordpool *pool);

/* The oldest job, finished; NULL when nothing is pending. */
void *ordpool_wait(struct ordpool *pool);

/* Give back the slot of the last ordpool_wait(). */
void ordpool_release(struct ordpool *pool);

#endif
