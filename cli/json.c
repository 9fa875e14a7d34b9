/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_init(struct json *json, FILE *out)
{
	*json = (struct json){ .out = out, .first = true };
}

/*
 * Length of the UTF-8 sequence at @s, 0 when there is none: the shortest form
 * only, no surrogates, nothing above U+10FFFF (RFC 3629, section 4).
 */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		     s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		size_t len = utf8_length(s);

		if (!len)
			fputs("\\ufffd", out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, len, out);
		s += len ? len : 1;
	}
	fputc('"', out);
}

static void new_line(struct json *json)
{
	fprintf(json->out, "\n%*s", (int)(2 * json->depth), "");
}

/* What stands before every value. */
static void begin(struct json *json, const char *key)
{
	if (!json->first)
		fputc(',', json->out);
	if (json->depth)
		new_line(json);
	json->first = false;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void open_nest(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->first = true;
}

static void close_nest(struct json *json, char bracket)
{
	json->depth--;
	if (!json->first)
		new_line(json);
	fputc(bracket, json->out);
	json->first = false;
	if (!json->depth)
		fputc('\n', json->out);
}

void json_object(struct json *json, const char *key)
{
	open_nest(json, key, '{');
}

void json_object_end(struct json *json)
{
	close_nest(json, '}');
}

void json_array(struct json *json, const char *key)
{
	open_nest(json, key, '[');
}

void json_array_end(struct json *json)
{
	close_nest(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	put_string(json->out, value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_real(struct json *json, const char *key, double value, int digits)
{
	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	fprintf(json->out, "%.*f", digits, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

const char *json_key(const char *label, char *buf, size_t len)
{
	size_t used = 0;

	for (; *label && used + 1 < len; label++) {
		if (isalnum((unsigned char)*label))
			buf[used++] = (char)tolower((unsigned char)*label);
		else if (used && buf[used - 1] != '_')
			buf[used++] = '_';
	}
	while (used && buf[used - 1] == '_')
		used--;
	buf[used] = 0;
	return buf;
}
