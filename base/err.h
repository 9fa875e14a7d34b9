/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors as values.
 *
 * A function that can fail returns `struct err *`; NULL is success. The caller
 * owns a returned error and either handles it (err_free), or returns it with
 * one clause put in front (err_prepend). Only cli/ prints one.
 *
 * Expected outcomes (a page that is not in the dump, an address without a
 * mapping) are static objects: they cost no allocation and no formatting, so
 * they may be returned once per page. err_free() and err_prepend() accept
 * them; prepending to one makes an allocated error of the same kind.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* What a caller can do about an error; the text is for people. */
enum err_kind {
	ERR_OTHER = 1,
	ERR_NOMEM,
	ERR_IO,			/* the system refused a read or write; errnum says why */
	ERR_BAD_INPUT,		/* the input contradicts its format */
	ERR_NOT_MINE,		/* probe: another format, try the next */
	ERR_UNSUPPORTED,	/* well-formed, but this program cannot do it */
	ERR_NOT_PRESENT,	/* no such physical page or byte in the dump */
	ERR_EXCLUDED,		/* the page existed and was left out by an earlier filter */
	ERR_LOST,		/* the page should be there, but its data is cut off or unreadable */
	ERR_NO_MAPPING,		/* the page tables have no translation */
	ERR_NOT_FOUND,		/* a fact, symbol or key is absent */
	ERR_NO_SPACE,		/* the output device is full */
	ERR_LIMIT,		/* a size limit of the output was reached */
	ERR_STOPPED,		/* a signal asked the run to end */
	ERR_WRONG_RELEASE,	/* facts of another kernel; exit status 2 */
	ERR_USAGE,		/* command line; exit status 1 with the hint */
};

struct err;

/* The static outcomes. Never modified, never freed. */
extern struct err *const err_nomem;
extern struct err *const err_not_mine;
extern struct err *const err_not_present;
extern struct err *const err_excluded;
extern struct err *const err_lost;
extern struct err *const err_no_mapping;
extern struct err *const err_not_found;
extern struct err *const err_stopped;

/*
 * A new error of @kind. Never returns NULL: without memory it returns
 * err_nomem. Not NUL-limited: text of any length.
 */
struct err *err_new(enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull, warn_unused_result));

/*
 * The same for a failed system call: kind ERR_IO (ERR_NO_SPACE for ENOSPC and
 * EDQUOT, ERR_LIMIT for EFBIG, ERR_NOMEM for ENOMEM), text "<fmt>: <strerror>".
 */
struct err *err_sys(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull, warn_unused_result));

/* "<fmt>: <old text>", same kind and errnum. Consumes @e. NULL stays NULL. */
struct err *err_prepend(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Free an error. NULL and the static outcomes are fine. */
void err_free(struct err *e);

/* Kind of @e, 0 for NULL. */
enum err_kind err_kind(const struct err *e);

/* errno of the failed call, 0 when there was none. */
int err_errnum(const struct err *e);

/* Text without a newline; borrowed, valid as long as @e. */
const char *err_text(const struct err *e);

/* True for "these bytes cannot be had": not present, excluded, lost, I/O or unmapped. */
bool err_is_unreadable(const struct err *e);

/* Return from the calling function when @expr yields an error. */
#define TRY(expr)                                 \
	do {                                      \
		struct err *try_err_ = (expr);    \
		if (try_err_)                     \
			return try_err_;          \
	} while (0)

#endif
