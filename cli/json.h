/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing JSON (RFC 8259), two blanks of indentation per level.
 *
 * Inside an object every call names a @key; inside an array, and for the
 * outermost value, @key is NULL. Commas are put where they belong; that what
 * is opened is closed is the caller's part.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;		/* borrowed; look at ferror() when all is written */
	unsigned int depth;
	bool first;		/* nothing stands in the innermost object or array yet */
};

void json_init(struct json *json, FILE *out);

void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

/*
 * A string of any bytes. Bytes that are no UTF-8 become U+FFFD each, so that
 * the file can be read whatever a dump or a command line holds. NULL: null.
 */
void json_string(struct json *json, const char *key, const char *value);
/* A whole number; readers that only have doubles are exact up to 2^53. */
void json_number(struct json *json, const char *key, uint64_t value);
/* A number with @digits (0 to 9) behind the point; null where JSON has no word for it. */
void json_real(struct json *json, const char *key, double value, int digits);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/*
 * "Non-private cache pages" to "non_private_cache_pages": letters and digits
 * in lower case, whatever is between them one '_'. Cut to @len with NUL.
 */
const char *json_key(const char *label, char *buf, size_t len);

#endif
