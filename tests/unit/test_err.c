// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/log.h"
#include "base/progress.h"
#include "tests/unit/unit.h"

static void test_new(void)
{
	struct err *e = err_new(ERR_BAD_INPUT, "%s: version %d", "file", 7);

	CHECK_EQ(err_kind(e), ERR_BAD_INPUT);
	CHECK_EQ(err_errnum(e), 0);
	CHECK(!strcmp(err_text(e), "file: version 7"));
	err_free(e);
}

static void test_long_text(void)
{
	static char text[20001];
	struct err *e;

	memset(text, 'x', sizeof(text) - 1);
	e = err_prepend(err_new(ERR_OTHER, "%s", text), "%s", text);
	CHECK_EQ(strlen(err_text(e)), 2 * 20000 + 2);
	CHECK(!strncmp(err_text(e) + 19999, "x: x", 4));
	err_free(e);
}

static void test_system_errors(void)
{
	static const struct { int errnum; enum err_kind kind; } rows[] = {
		{ EIO, ERR_IO }, { ENOENT, ERR_IO }, { ENOSPC, ERR_NO_SPACE },
		{ EDQUOT, ERR_NO_SPACE }, { EFBIG, ERR_LIMIT }, { ENOMEM, ERR_NOMEM },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err *e = err_sys(rows[i].errnum, "out/%d", 3);
		char want[200];

		snprintf(want, sizeof(want), "out/3: %s", strerror(rows[i].errnum));
		CHECK_EQ(err_kind(e), rows[i].kind);
		CHECK_EQ(err_errnum(e), rows[i].errnum);
		CHECK(!strcmp(err_text(e), want));
		err_free(e);
	}
}

static void test_prepend_keeps_kind(void)
{
	struct err *e = err_sys(ENOSPC, "write");

	e = err_prepend(e, "page %#x", 0x10);
	e = err_prepend(e, "dump");
	CHECK_EQ(err_kind(e), ERR_NO_SPACE);
	CHECK_EQ(err_errnum(e), ENOSPC);
	CHECK(!strncmp(err_text(e), "dump: page 0x10: write: ", 24));
	err_free(e);
	CHECK(!err_prepend(NULL, "nothing"));
}

static void test_static_outcomes(void)
{
	static const enum err_kind kinds[] = {
		ERR_NOMEM, ERR_NOT_MINE, ERR_NOT_PRESENT, ERR_EXCLUDED,
		ERR_LOST, ERR_NO_MAPPING, ERR_NOT_FOUND, ERR_STOPPED,
	};
	struct err *const outcomes[] = {
		err_nomem, err_not_mine, err_not_present, err_excluded,
		err_lost, err_no_mapping, err_not_found, err_stopped,
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err *longer = err_prepend(outcomes[i], "pfn %d", 5);

		CHECK_EQ(err_kind(outcomes[i]), kinds[i]);
		CHECK(err_text(outcomes[i])[0]);
		CHECK(longer != outcomes[i]);
		CHECK_EQ(err_kind(longer), kinds[i]);
		CHECK(!strncmp(err_text(longer), "pfn 5: ", 7));
		CHECK(!strcmp(err_text(longer) + 7, err_text(outcomes[i])));
		err_free(longer);
		err_free(outcomes[i]);
		CHECK_EQ(err_kind(outcomes[i]), kinds[i]);
	}
}

static void test_success_and_unreadable(void)
{
	static const struct { enum err_kind kind; bool unreadable; } rows[] = {
		{ ERR_OTHER, false }, { ERR_NOMEM, false }, { ERR_IO, true },
		{ ERR_BAD_INPUT, false }, { ERR_NOT_MINE, false }, { ERR_UNSUPPORTED, false },
		{ ERR_NOT_PRESENT, true }, { ERR_EXCLUDED, true }, { ERR_LOST, true },
		{ ERR_NO_MAPPING, true }, { ERR_NOT_FOUND, false }, { ERR_NO_SPACE, false },
		{ ERR_LIMIT, false }, { ERR_STOPPED, false }, { ERR_WRONG_RELEASE, false },
		{ ERR_USAGE, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err *e = err_new(rows[i].kind, "x");

		CHECK_EQ(err_is_unreadable(e), rows[i].unreadable);
		err_free(e);
	}
	CHECK(!err_is_unreadable(NULL));
	CHECK_EQ(err_kind(NULL), 0);
	CHECK_EQ(err_errnum(NULL), 0);
	err_free(NULL);
}

/* A log that keeps the last line. */
struct kept {
	char line[2000];
	enum log_level level;
	int count;
};

static void keep_line(const struct log *log, enum log_level level, const char *line)
{
	struct kept *kept = log->ctx;

	snprintf(kept->line, sizeof(kept->line), "%s", line);
	kept->level = level;
	kept->count++;
}

static void test_log_mask(void)
{
	struct kept kept = { .count = 0 };
	struct log log = { .mask = LOG_ERROR | LOG_REPORT, .emit = keep_line, .ctx = &kept };

	log_warn(&log, "segment %d", 4);
	CHECK_EQ(kept.count, 1);
	CHECK_EQ(kept.level, LOG_ERROR);
	CHECK(!strcmp(kept.line, "segment 4"));
	log_debug(&log, "not wanted");
	log_common(&log, "not wanted");
	CHECK_EQ(kept.count, 1);
	CHECK(log_wants(&log, LOG_REPORT));
	CHECK(!log_wants(&log, LOG_DEBUG));
	CHECK(!log_wants(NULL, LOG_ERROR));
	log_warn(NULL, "nobody listens");
}

static void test_log_long_line(void)
{
	struct kept kept = { .count = 0 };
	struct log log = { .mask = LOG_DEBUG, .emit = keep_line, .ctx = &kept };

	for (int len = 500; len < 1500; len++) {
		log_debug(&log, "%*d", len, 7);
		CHECK_EQ(strlen(kept.line), len);
		CHECK(kept.line[len - 1] == '7');
	}
}

static void count_tick(const struct progress *progress, enum phase phase, uint64_t done,
		       uint64_t total)
{
	uint64_t *sum = progress->ctx;

	*sum += phase * 10000 + done * 100 + total;
}

static void test_progress(void)
{
	volatile sig_atomic_t stop = 0;
	uint64_t sum = 0;
	struct progress progress = { .stop = &stop, .tick = count_tick, .ctx = &sum };
	struct progress silent = { .stop = NULL };

	CHECK_OK(progress_tick(NULL, PHASE_COPY, 1, 2));
	CHECK_OK(progress_tick(&silent, PHASE_COPY, 1, 2));
	CHECK_OK(progress_tick(&progress, PHASE_COPY, 3, 9));
	CHECK_EQ(sum, 20309);
	stop = 1;
	CHECK(progress_tick(&progress, PHASE_HOLES, 4, 9) == err_stopped);
	CHECK_EQ(sum, 20309 + 409);
}

int main(void)
{
	RUN(test_new);
	RUN(test_long_text);
	RUN(test_system_errors);
	RUN(test_prepend_keeps_kind);
	RUN(test_static_outcomes);
	RUN(test_success_and_unreadable);
	RUN(test_log_mask);
	RUN(test_log_long_line);
	RUN(test_progress);
	return unit_status();
}
