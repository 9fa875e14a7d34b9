// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/kcore_host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any /proc/iomem has. */
#define TEXT_MAX (4u << 20)
#define TEXT_PIECE (64u << 10)

void kcore_host_deinit(struct kcore_host *host)
{
	ranges_deinit(&host->ram);
	ranges_deinit(&host->crash);
}

static unsigned int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return 16;
}

/* Up to 16 hexadecimal digits at *@text, which moves behind them. */
static bool take_hex(const char **text, const char *end, uint64_t *ret)
{
	const char *at = *text;
	uint64_t value = 0;

	while (at < end && at - *text < 16 && hex_digit(*at) < 16)
		value = value << 4 | hex_digit(*at++);
	if (at == *text || (at < end && hex_digit(*at) < 16))
		return false;
	*text = at;
	*ret = value;
	return true;
}

static bool take_word(const char **text, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *text) < len || memcmp(*text, word, len) != 0)
		return false;
	*text += len;
	return true;
}

/* One line, without its end. Names may go on: "System RAM (kmem)". */
static struct err *add_line(struct kcore_host *host, const char *line, const char *end)
{
	uint64_t first, last;

	while (line < end && *line == ' ')
		line++;
	if (!take_hex(&line, end, &first) || !take_word(&line, end, "-") ||
	    !take_hex(&line, end, &last) || !take_word(&line, end, " : ") ||
	    last <= first || last == UINT64_MAX)
		return NULL;
	if (take_word(&line, end, "System RAM"))
		return ranges_add(&host->ram, first, last + 1);
	if (take_word(&line, end, "Crash kernel"))
		return ranges_add(&host->crash, first, last + 1);
	if (take_word(&line, end, "Kernel code"))
		host->code = (struct range){ first, last + 1 };
	return NULL;
}

struct err *kcore_host_add_iomem(struct kcore_host *host, const char *text, size_t len)
{
	const char *end = text + len, *stop;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		TRY(add_line(host, text, stop));
	}
	return NULL;
}

void kcore_host_add_vmcoreinfo(struct kcore_host *host, const char *text, size_t len)
{
	const char *end = text + len;
	uint64_t paddr, size;

	/* "%pa %x" since v4.9, "%lx %x" before: with and without 0x. */
	(void)take_word(&text, end, "0x");
	if (!take_hex(&text, end, &paddr) || !take_word(&text, end, " ") ||
	    !take_hex(&text, end, &size))
		return;
	host->note_paddr = paddr;
	host->note_len = size;
}

/* The whole file, as far as TEXT_MAX; *@ret is malloc'd. An errno, or 0. */
static int read_text(const char *path, char **ret, size_t *ret_len)
{
	char *text = NULL, *grown;
	size_t len = 0, room = 0;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC), errnum = 0;

	if (fd < 0)
		return errno;
	while (n > 0 && len < TEXT_MAX) {
		if (len == room) {
			grown = realloc(text, room += TEXT_PIECE);
			if (!grown) {
				errnum = ENOMEM;
				break;
			}
			text = grown;
		}
		n = read(fd, text + len, room - len);
		if (n < 0)
			errnum = errno;
		else
			len += (size_t)n;
	}
	close(fd);
	if (errnum)
		free(text);
	*ret = text;
	*ret_len = len;
	return errnum;
}

/* NULL when there is nothing to be had. */
static struct err *ask_for(const char *path, const struct log *log, char **ret, size_t *ret_len)
{
	int errnum = read_text(path, ret, ret_len);

	if (!errnum)
		return NULL;
	*ret = NULL;
	*ret_len = 0;
	if (errnum == ENOMEM)
		return err_nomem;
	log_debug(log, "%s: %s", path, strerror(errnum));
	return NULL;
}

struct err *kcore_host_ask(struct kcore_host *host, const struct log *log)
{
	struct err *e;
	char *text;
	size_t len;

	TRY(ask_for("/proc/iomem", log, &text, &len));
	e = kcore_host_add_iomem(host, text, len);
	free(text);
	TRY(e);
	TRY(ask_for("/sys/kernel/vmcoreinfo", log, &text, &len));
	kcore_host_add_vmcoreinfo(host, text, len);
	free(text);
	return NULL;
}
