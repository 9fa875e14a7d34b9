/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest unit test kit: a test is a function, CHECK counts.
 *
 *	static void test_adds(void) { CHECK(1 + 1 == 2); CHECK_EQ(1 + 1, 2); }
 *	int main(void) { RUN(test_adds); return unit_status(); }
 *
 * Prints "ok NAME" or "not ok NAME" per RUN; tests/run-unit counts them.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static int unit_failures;
static int unit_current;

#define CHECK(cond)                                                              \
	do {                                                                     \
		if (!(cond)) {                                                   \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);      \
			unit_current++;                                          \
		}                                                                \
	} while (0)

#define CHECK_EQ(got, want)                                                      \
	do {                                                                     \
		uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);       \
		if (got_ != want_) {                                             \
			printf("# %s:%d: %s is %#" PRIx64 ", not %#" PRIx64 "\n", \
			       __FILE__, __LINE__, #got, got_, want_);           \
			unit_current++;                                          \
		}                                                                \
	} while (0)

/* The expression succeeds. */
#define CHECK_OK(expr)                                                           \
	do {                                                                     \
		struct err *err_ = (expr);                                       \
		if (err_) {                                                      \
			printf("# %s:%d: %s: %s\n", __FILE__, __LINE__, #expr,   \
			       err_text(err_));                                  \
			err_free(err_);                                          \
			unit_current++;                                          \
		}                                                                \
	} while (0)

/* The expression fails with @kind. */
#define CHECK_ERR(expr, want_kind)                                               \
	do {                                                                     \
		struct err *err_ = (expr);                                       \
		if (err_kind(err_) != (want_kind)) {                             \
			printf("# %s:%d: %s: kind %d (%s), not %s\n", __FILE__,  \
			       __LINE__, #expr, err_kind(err_),                  \
			       err_ ? err_text(err_) : "success", #want_kind);   \
			unit_current++;                                          \
		}                                                                \
		err_free(err_);                                                  \
	} while (0)

#define RUN(fn)                                                                  \
	do {                                                                     \
		unit_current = 0;                                                \
		fn();                                                            \
		printf("%s %s\n", unit_current ? "not ok" : "ok", #fn);          \
		unit_failures += unit_current != 0;                              \
	} while (0)

static inline int unit_status(void)
{
	return unit_failures != 0;
}

#endif
