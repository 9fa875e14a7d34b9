// SPDX-License-Identifier: GPL-2.0-or-later
/* What a VMCOREINFO text looks like. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/recover.h"

#define PAGE_SIZE_MIN 4096u
#define RELEASE_MAX 64u
/* Every kernel with VMCOREINFO has more; text about it has none. */
#define SYMBOLS_MIN 3u

bool recover_is_note(const uint8_t *p, enum byte_order order)
{
	return !memcmp(p + 12, RECOVER_NOTE_NAME, sizeof(RECOVER_NOTE_NAME)) &&
	       get_u32(p, order) == sizeof(RECOVER_NOTE_NAME);
}

bool recover_is_start(const uint8_t *p, size_t len)
{
	return len > RECOVER_START_LEN && !memcmp(p, RECOVER_START, RECOVER_START_LEN) && isdigit(p[RECOVER_START_LEN]);
}

void recover_text_free(struct recover_text *text)
{
	facts_deinit(&text->facts);
	free(text->text);
	text->text = NULL;
}

/* Bytes up to the first that no such text has, and then up to the last newline. */
static size_t text_length(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && (bytes[n] == '\n' || (bytes[n] >= ' ' && bytes[n] <= '~')))
		n++;
	while (n && bytes[n - 1] != '\n')
		n--;
	return n;
}

static bool is_release(const char *text)
{
	size_t len = strlen(text);

	return len && len <= RELEASE_MAX && isdigit((unsigned char)text[0]) && strchr(text, '.') &&
	       !strchr(text, ' ');
}

static size_t count_symbols(const struct facts *facts)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->map.count; i++) {
		const struct fact *fact = facts->map.v[i].value;

		n += fact->kind == FACT_SYMBOL;
	}
	return n;
}

/* The kernel fills one page at most, so a longer text is no kernel's. */
static bool is_plausible(const struct facts *facts, size_t len)
{
	const char *release;
	uint64_t page;

	return fact_text(facts, "OSRELEASE", &release) && is_release(release) &&
	       fact_text_number(facts, "PAGESIZE", 10, &page) && is_pow2(page) &&
	       page >= PAGE_SIZE_MIN && page <= RECOVER_TEXT_MAX && len <= page &&
	       count_symbols(facts) >= SYMBOLS_MIN;
}

struct err *recover_text_parse(const char *bytes, size_t len, struct recover_text *ret, bool *ok)
{
	struct recover_text text = { .len = text_length(bytes, len) };
	struct err *e;

	*ok = false;
	facts_init(&text.facts);
	e = facts_add_vmcoreinfo(&text.facts, bytes, text.len, "memory", NULL);
	if (!e && is_plausible(&text.facts, text.len)) {
		text.text = malloc(text.len);
		e = text.text ? NULL : err_nomem;
	}
	if (e || !text.text) {
		recover_text_free(&text);
		return e;
	}
	memcpy(text.text, bytes, text.len);
	text.has_crashtime = fact_has(&text.facts, "CRASHTIME");
	*ret = text;
	*ok = true;
	return NULL;
}

bool recover_is_needed(const struct kernel *kernel)
{
	/* A live kernel's memory is read only where it has to be; Xen's is not Linux's. */
	return !kernel->dump->live && !kernel->dump->xen_info &&
	       !fact_has(&kernel->facts, "OSRELEASE") && count_symbols(&kernel->facts) == 0;
}
