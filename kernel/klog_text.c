/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/klog_text.h"

#include <stdio.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000ull
#define CALLER_IS_CPU 0x80000000u

struct err *klog_text_flush(struct klog_text *to)
{
	size_t len = to->used;

	if (!len)
		return NULL;
	to->used = 0;
	return to->out->write(to->out->ctx, to->buf, len);
}

static struct err *put(struct klog_text *to, const char *text, size_t len)
{
	if (len > sizeof(to->buf) - to->used)
		TRY(klog_text_flush(to));
	memcpy(to->buf + to->used, text, len);
	to->used += len;
	return NULL;
}

/* "[%5lld.%06ld] ", and "[%8s] " of the thread or CPU. Returns its length. */
static size_t format_prefix(const struct klog_record *record, bool caller, char *buf, size_t len)
{
	unsigned long long sec = record->ts_nsec / NSEC_PER_SEC;
	unsigned long usec = (unsigned long)(record->ts_nsec % NSEC_PER_SEC / 1000);
	char who[16];
	int n;

	if (!caller) {
		n = snprintf(buf, len, "[%5llu.%06lu] ", sec, usec);
		return (size_t)n;
	}
	snprintf(who, sizeof(who), "%c%u", record->caller_id & CALLER_IS_CPU ? 'C' : 'T',
		 record->caller_id & ~CALLER_IS_CPU);
	n = snprintf(buf, len, "[%5llu.%06lu] [%8s] ", sec, usec, who);
	return (size_t)n;
}

/* isprint or isspace of the C locale, whatever locale the program runs in. */
static bool is_plain(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r');
}

static struct err *put_byte(struct klog_text *to, uint8_t c, const char *indent, size_t indent_len)
{
	char raw[5];

	if (c == '\n') {
		TRY(put(to, "\n", 1));
		return put(to, indent, indent_len);
	}
	if (is_plain(c)) {
		raw[0] = (char)c;
		return put(to, raw, 1);
	}
	snprintf(raw, sizeof(raw), "\\x%02x", c);
	return put(to, raw, 4);
}

struct err *klog_text_record(struct klog_text *to, const struct klog_record *record,
			     const uint8_t *text, bool caller)
{
	char prefix[64];
	size_t width = format_prefix(record, caller, prefix, sizeof(prefix));

	TRY(put(to, prefix, width));
	memset(prefix, ' ', width);
	for (size_t i = 0; i < record->len; i++)
		TRY(put_byte(to, text[i], prefix, width));
	return put(to, "\n", 1);
}

struct err *klog_text_bytes(struct klog_text *to, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		TRY(put_byte(to, text[i], "", 0));
	return NULL;
}
