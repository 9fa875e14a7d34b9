// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err {
	enum err_kind kind;
	int errnum;
	bool fixed;		/* a static outcome: not on the heap */
	const char *text;	/* of an allocated error: directly behind the struct */
};

/* The objects are const, so a write through the public pointers faults at once. */
#define FIXED_ERR(name, err_kind_, errnum_, text_)                                        \
	static const struct err name##_object = {                                         \
		.kind = err_kind_, .errnum = errnum_, .fixed = true, .text = text_,       \
	};                                                                                \
	struct err *const name = (struct err *)&name##_object

FIXED_ERR(err_nomem, ERR_NOMEM, ENOMEM, "out of memory");
FIXED_ERR(err_not_mine, ERR_NOT_MINE, 0, "another format");
FIXED_ERR(err_not_present, ERR_NOT_PRESENT, 0, "not present in the dump");
FIXED_ERR(err_excluded, ERR_EXCLUDED, 0, "left out by an earlier filter");
FIXED_ERR(err_lost, ERR_LOST, 0, "data cut off or unreadable");
FIXED_ERR(err_no_mapping, ERR_NO_MAPPING, 0, "no translation in the page tables");
FIXED_ERR(err_not_found, ERR_NOT_FOUND, 0, "not found");
FIXED_ERR(err_stopped, ERR_STOPPED, 0, "stopped by a signal");

/* Text "<formatted>: <tail>", or without ": <tail>" for NULL. NULL without memory. */
__attribute__((format(printf, 4, 0)))
static struct err *err_make(enum err_kind kind, int errnum, const char *tail, const char *fmt,
			    va_list ap)
{
	size_t tail_len = tail ? strlen(tail) + 2 : 0;
	struct err *e;
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return NULL;
	e = malloc(sizeof(*e) + (size_t)len + tail_len + 1);
	if (!e)
		return NULL;
	text = (char *)(e + 1);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	if (tail)
		snprintf(text + len, tail_len + 1, ": %s", tail);
	*e = (struct err){ .kind = kind, .errnum = errnum, .text = text };
	return e;
}

struct err *err_new(enum err_kind kind, const char *fmt, ...)
{
	struct err *e;
	va_list ap;

	va_start(ap, fmt);
	e = err_make(kind, 0, NULL, fmt, ap);
	va_end(ap);
	return e ? e : err_nomem;
}

static enum err_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case EFBIG:
		return ERR_LIMIT;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

struct err *err_sys(int errnum, const char *fmt, ...)
{
	struct err *e;
	va_list ap;

	/*
	 * strerror() and not strerror_r(), which has two signatures: for a known
	 * errno glibc and musl return a constant string, so threads do not meet.
	 */
	va_start(ap, fmt);
	e = err_make(kind_of_errno(errnum), errnum, strerror(errnum), fmt, ap);
	va_end(ap);
	return e ? e : err_nomem;
}

struct err *err_prepend(struct err *e, const char *fmt, ...)
{
	struct err *longer;
	va_list ap;

	if (!e)
		return NULL;
	va_start(ap, fmt);
	longer = err_make(e->kind, e->errnum, e->text, fmt, ap);
	va_end(ap);
	if (!longer)
		return e;
	err_free(e);
	return longer;
}

void err_free(struct err *e)
{
	if (e && !e->fixed)
		free(e);
}

enum err_kind err_kind(const struct err *e)
{
	return e ? e->kind : (enum err_kind)0;
}

int err_errnum(const struct err *e)
{
	return e ? e->errnum : 0;
}

const char *err_text(const struct err *e)
{
	return e ? e->text : "no error";
}

bool err_is_unreadable(const struct err *e)
{
	switch (err_kind(e)) {
	case ERR_IO:
	case ERR_NOT_PRESENT:
	case ERR_EXCLUDED:
	case ERR_LOST:
	case ERR_NO_MAPPING:
		return true;
	default:
		return false;
	}
}
