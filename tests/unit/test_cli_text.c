/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that callers parse: progress lines, the statistics block, streams. */
#include <stdlib.h>

#include "cli/progress.h"
#include "cli/report.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static const char *line_of(const struct progress_view *view, bool terminal)
{
	static char buf[160];

	progress_format(view, terminal, buf, sizeof(buf));
	return buf;
}

static void check_text(const char *got, const char *want)
{
	if (strcmp(got, want)) {
		printf("# got  \"%s\"\n# want \"%s\"\n", got, want);
		unit_current++;
	}
}

static void test_terminal_line(void)
{
	struct progress_view view = {
		.phase = PHASE_COPY, .done = 256, .total = 1024, .elapsed_ns = 2 * SECOND,
		.unit_bytes = 1 << 20, .turns = 1,
	};

	check_text(line_of(&view, true), "Copying data                 128 MiB/s           "
		   " : [ 25.0 %] |           eta: 6s");
	view.done = view.total;
	check_text(line_of(&view, true), "Copying data                 512 MiB/s           "
		   " : [100.0 %] |                  ");
}

static void test_log_line(void)
{
	struct progress_view view = {
		.phase = PHASE_CLASSIFY, .done = 1, .total = 3, .elapsed_ns = 9 * SECOND,
	};

	check_text(line_of(&view, false), "Excluding unnecessary pages : [ 33.3 %]  eta: 18s");
	view.phase = PHASE_HOLES;
	view.done = view.total = 0;
	check_text(line_of(&view, false), "Checking for memory holes   : [100.0 %]");
}

static void test_eta_units(void)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {
		{ 99, "eta: 99s" }, { 100, "eta: 1m40s" }, { 5999, "eta: 99m59s" },
		{ 6000, "eta: 1h40m" }, { 172799, "eta: 47h59m" }, { 172800, "eta: 2d0h" },
		{ 8639999, "eta: 99d23h" }, { 8640000, "eta: >100day" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct progress_view view = {
			.phase = PHASE_COPY, .done = 1, .total = 2,
			.elapsed_ns = cases[i].seconds * SECOND,
		};
		const char *eta = strstr(line_of(&view, false), "eta");

		check_text(eta ? eta : "", cases[i].text);
	}
}

/* Progress never reads as done before it is. */
static void test_not_early(void)
{
	struct progress_view view = {
		.phase = PHASE_COPY, .done = UINT64_C(0xfffffff), .total = UINT64_C(0x10000000),
	};

	CHECK(strstr(line_of(&view, false), "[ 99.9 %]") != NULL);
}

static char *report_text(const struct report *report)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	report_write(report, out);
	fclose(out);
	return text;
}

static const char usual_block[] =
	"\nOriginal pages  : 0x0000000000001000\n"
	"  Excluded pages   : 0x000000000000007f\n"
	"    Pages filled with zero  : 0x0000000000000001\n"
	"    Non-private cache pages : 0x0000000000000002\n"
	"    Private cache pages     : 0x0000000000000004\n"
	"    User process data pages : 0x0000000000000008\n"
	"    Free pages              : 0x0000000000000010\n"
	"    Hwpoison pages          : 0x0000000000000020\n"
	"    Offline pages           : 0x0000000000000040\n"
	"    Extension filter pages  : 0x0000000000000000\n"
	"  Remaining pages  : 0x0000000000000f81\n"
	"  (The number of pages is reduced to 96%.)\n"
	"Memory Hole     : 0x0000000000000234\n"
	"--------------------------------------------------\n"
	"Total pages     : 0x0000000000001234\n"
	"Write bytes     : 4711\n"
	"\n"
	"Cache hit: 0, miss: 0\n"
	"\n";

static void test_report(void)
{
	struct scan_counts scan = { .dropped = {
		[PAGE_CACHE] = 2, [PAGE_CACHE_PRIVATE] = 4, [PAGE_USER] = 8, [PAGE_FREE] = 16,
		[PAGE_HWPOISON] = 32, [PAGE_OFFLINE] = 64,
	}, .kept_for = { [KEEP_BAD_ORDER] = 3, [KEEP_NO_STRUCT] = 4 } };
	struct copy_stats copy = { .pages = 0xf82, .zero = 1 };
	struct meter meter = { .phase_ns = { [PHASE_COPY] = SECOND } };
	struct report report = {
		.max_mapnr = 0x1234, .present = 0x1000, .bytes_written = 4711, .page_size = 4096,
		.scan = &scan, .copy = &copy, .meter = &meter,
	};
	char *text = report_text(&report);

	CHECK(!strncmp(text, usual_block, strlen(usual_block)));
	CHECK(strstr(text, "Kept for lack of facts : 0x0000000000000007\n") != NULL);
	CHECK(!strstr(text, "pmem"));
	free(text);

	report.left_out = 0x100;
	text = report_text(&report);
	CHECK(strstr(text, "  Excluded pages   : 0x000000000000017f\n") != NULL);
	CHECK(strstr(text, "    Left out in the input   : 0x0000000000000100\n"
		     "  Remaining pages  : 0x0000000000000e81\n") != NULL);
	free(text);

	report.left_out = 0;
	report.has_pmem = true;
	scan.dropped[PAGE_PMEM_USERDATA] = 0xfa200;
	text = report_text(&report);
	CHECK(strstr(text, "    Offline pages           : 0x0000000000000040\n"
		     "    pmem metadata pages     : 0x0000000000000000\n"
		     "    pmem userdata pages     : 0x00000000000fa200\n") != NULL);
	free(text);
}

static void test_report_of_nothing(void)
{
	struct scan_counts scan = { .dropped = { 0 } };
	struct copy_stats copy = { 0 };
	struct meter meter = { 0 };
	struct report report = { .scan = &scan, .copy = &copy, .meter = &meter };
	char *text = report_text(&report);

	CHECK(!strstr(text, "reduced"));
	free(text);
}

/* What console_init() would write to the process's streams, into files. */
static void console_to_files(struct console *console, unsigned int level)
{
	console_init(console, level, false);
	console->out = tmpfile();
	console->err = tmpfile();
	console->terminal = false;
}

static const char *written(FILE *file)
{
	static char buf[512];
	size_t len;

	rewind(file);
	len = fread(buf, 1, sizeof(buf) - 1, file);
	buf[len] = 0;
	return buf;
}

static void test_streams(void)
{
	struct console console;

	console_to_files(&console, 31);
	log_line(&console.log, LOG_COMMON, "common");
	log_line(&console.log, LOG_DEBUG, "debug");
	log_line(&console.log, LOG_REPORT, "report");
	log_line(&console.log, LOG_ERROR, "error");
	console_progress(&console, "progress");
	check_text(written(console.out), "common\ndebug\nreport\n");
	check_text(written(console.err), "makedumpfile: error\nprogress\n");
	fclose(console.out);
	fclose(console.err);
	console_deinit(&console);
}

static void test_levels(void)
{
	for (unsigned int level = 0; level < 32; level++) {
		struct console console;

		console_to_files(&console, level);
		log_line(&console.log, LOG_COMMON, "c");
		log_line(&console.log, LOG_DEBUG, "d");
		console_block(&console, LOG_REPORT, "r\n");
		log_line(&console.log, LOG_ERROR, "e");
		console_progress(&console, "p");
		CHECK_EQ(strchr(written(console.out), 'c') != NULL, !!(level & 2));
		CHECK_EQ(strchr(written(console.out), 'd') != NULL, !!(level & 8));
		CHECK_EQ(strchr(written(console.out), 'r') != NULL, !!(level & 16));
		CHECK_EQ(strstr(written(console.err), ": e\n") != NULL, !!(level & 4));
		CHECK_EQ(!strncmp(written(console.err) + (level & 4 ? 16 : 0), "p\n", 2),
			 !!(level & 1));
		fclose(console.out);
		fclose(console.err);
		console_deinit(&console);
	}
}

/* On a terminal the line is redrawn, and other text does not run into it. */
static void test_open_line(void)
{
	struct console console;

	console_to_files(&console, 7);
	console.terminal = true;
	console_progress(&console, "one");
	console_progress(&console, "two");
	log_line(&console.log, LOG_ERROR, "oops");
	check_text(written(console.err), "\rone\rtwo\nmakedumpfile: oops\n");
	fclose(console.out);
	fclose(console.err);
	console_deinit(&console);
}

int main(void)
{
	RUN(test_terminal_line);
	RUN(test_log_line);
	RUN(test_eta_units);
	RUN(test_not_early);
	RUN(test_report);
	RUN(test_report_of_nothing);
	RUN(test_streams);
	RUN(test_levels);
	RUN(test_open_line);
	return unit_status();
}
