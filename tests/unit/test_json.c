/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own JSON emitter: the bytes it writes. tests/cli reads whole files back with Python. */
#include <math.h>
#include <stdlib.h>

#include "cli/json.h"
#include "tests/unit/unit.h"

struct out {
	struct json json;
	char *text;
	size_t len;
};

static void open_out(struct out *out)
{
	json_init(&out->json, open_memstream(&out->text, &out->len));
}

static void close_out(struct out *out, const char *want)
{
	fclose(out->json.out);
	if (strcmp(out->text, want)) {
		printf("# got  \"%s\"\n# want \"%s\"\n", out->text, want);
		unit_current++;
	}
	free(out->text);
}

static void test_nesting(void)
{
	struct out out;

	open_out(&out);
	json_object(&out.json, NULL);
	json_array(&out.json, "none");
	json_array_end(&out.json);
	json_array(&out.json, "two");
	json_number(&out.json, NULL, UINT64_MAX);
	json_object(&out.json, NULL);
	json_bool(&out.json, "yes", true);
	json_bool(&out.json, "no", false);
	json_object_end(&out.json);
	json_array_end(&out.json);
	json_null(&out.json, "last");
	json_object_end(&out.json);
	close_out(&out, "{\n  \"none\": [],\n  \"two\": [\n    18446744073709551615,\n    {\n"
		  "      \"yes\": true,\n      \"no\": false\n    }\n  ],\n  \"last\": null\n}\n");
}

static void check_string(const char *value, const char *want)
{
	struct out out;

	open_out(&out);
	json_string(&out.json, NULL, value);
	close_out(&out, want);
}

static void test_strings(void)
{
	check_string("", "\"\"");
	check_string(NULL, "null");
	check_string("a/b \"c\" \\d", "\"a/b \\\"c\\\" \\\\d\"");
	check_string("\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"");
	check_string("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

/* What a dump may hold and JSON may not: each byte that is no UTF-8 is replaced. */
static void test_broken_utf8(void)
{
	check_string("a\xff" "b", "\"a\\ufffdb\"");
	check_string("\xc3", "\"\\ufffd\"");			/* cut off */
	check_string("\xe2\x82", "\"\\ufffd\\ufffd\"");
	check_string("\xc0\x80", "\"\\ufffd\\ufffd\"");		/* overlong */
	check_string("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	check_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");	/* surrogate */
	check_string("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	check_string("\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	check_string("\xc3\"", "\"\\ufffd\\\"\"");
}

static void test_reals(void)
{
	struct out out;

	open_out(&out);
	json_array(&out.json, NULL);
	json_real(&out.json, NULL, 1.25, 2);
	json_real(&out.json, NULL, -0.5, 0);
	json_real(&out.json, NULL, NAN, 3);
	json_real(&out.json, NULL, -INFINITY, 3);
	json_array_end(&out.json);
	close_out(&out, "[\n  1.25,\n  -0,\n  null,\n  null\n]\n");
}

static void check_key(const char *label, size_t len, const char *want)
{
	char buf[32];

	json_key(label, buf, len);
	if (strcmp(buf, want)) {
		printf("# got \"%s\", not \"%s\"\n", buf, want);
		unit_current++;
	}
}

static void test_keys(void)
{
	check_key("Non-private cache pages", 32, "non_private_cache_pages");
	check_key("  Unreadable, zeros kept ", 32, "unreadable_zeros_kept");
	check_key("pmem 2", 32, "pmem_2");
	check_key("Copying data", 9, "copying");
	check_key("", 32, "");
}

int main(void)
{
	RUN(test_nesting);
	RUN(test_strings);
	RUN(test_broken_utf8);
	RUN(test_reals);
	RUN(test_keys);
	return unit_status();
}
