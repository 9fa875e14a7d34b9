/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_SEC UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* Terminal: at most one redraw per second. Log file: a line every few seconds. */
#define TERMINAL_INTERVAL NS_PER_SEC
#define LOG_INTERVAL (5 * NS_PER_SEC)
#define SAMPLE_INTERVAL (NS_PER_SEC / 10)

/*
 * The clock is read at most a few hundred times per second: in a capture
 * kernel without a usable TSC every reading is slow (18 to 35 s per TiB were
 * once lost to it). More ticks pass unread while they come fast.
 */
#define LOOK_FAST (3 * NS_PER_MS)
#define LOOK_SLOW (20 * NS_PER_MS)
#define SKIP_MAX 64

/* Below this the rate says nothing. */
#define RATE_AFTER (NS_PER_SEC / 2)

const char *phase_name(enum phase phase)
{
	static const char *const names[PHASE_COUNT] = {
		[PHASE_HOLES] = "Checking for memory holes",
		[PHASE_CLASSIFY] = "Excluding unnecessary pages",
		[PHASE_COPY] = "Copying data",
		[PHASE_VERIFY] = "Checking stored pages",
	};

	return names[phase];
}

/* Time left: "eta: 12s", "3m12s", "2h05m" ... as wide as the contract's field. */
static void format_eta(const struct progress_view *view, char *buf, size_t len)
{
	double left;
	uint64_t s;

	buf[0] = 0;
	if (!view->done || view->done >= view->total || view->elapsed_ns < RATE_AFTER)
		return;
	left = (double)view->elapsed_ns / NS_PER_SEC * (double)(view->total - view->done) /
	       (double)view->done;
	if (left >= 100.0 * 86400) {
		snprintf(buf, len, "eta: >100day");
		return;
	}
	s = (uint64_t)left;
	if (s < 100)
		snprintf(buf, len, "eta: %" PRIu64 "s", s);
	else if (s < 100 * 60)
		snprintf(buf, len, "eta: %" PRIu64 "m%" PRIu64 "s", s / 60, s % 60);
	else if (s < 48 * 3600)
		snprintf(buf, len, "eta: %" PRIu64 "h%" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(buf, len, "eta: %" PRIu64 "d%" PRIu64 "h", s / 86400, s / 3600 % 24);
}

/* Memory passed per second; empty while it is not known. */
static void format_rate(const struct progress_view *view, char *buf, size_t len)
{
	double mib;

	buf[0] = 0;
	if (!view->unit_bytes || !view->done || view->elapsed_ns < RATE_AFTER)
		return;
	mib = (double)view->done * (double)view->unit_bytes / 1048576 /
	      ((double)view->elapsed_ns / NS_PER_SEC);
	snprintf(buf, len, "%.0f MiB/s", mib);
}

void progress_format(const struct progress_view *view, bool terminal, char *buf, size_t len)
{
	char rate[32], eta[32], name[64];
	unsigned int permille = 1000;

	if (view->done < view->total)
		permille = (unsigned int)((double)view->done * 1000 / (double)view->total);
	format_rate(view, rate, sizeof(rate));
	format_eta(view, eta, sizeof(eta));
	if (terminal) {
		snprintf(name, sizeof(name), "%-27s  %s", phase_name(view->phase), rate);
		snprintf(buf, len, "%-50s: [%3u.%u %%] %c  %16s", name, permille / 10,
			 permille % 10, "/|\\-"[view->turns % 4], eta);
	} else {
		snprintf(buf, len, "%-27s : [%3u.%u %%]%s%s%s%s", phase_name(view->phase),
			 permille / 10, permille % 10, rate[0] ? "  " : "", rate,
			 eta[0] ? "  " : "", eta);
	}
}

static void show(struct progress_line *line, uint64_t done, uint64_t total, uint64_t now)
{
	struct progress_view view = {
		.phase = line->phase, .done = done, .total = total,
		.elapsed_ns = now - line->started_ns, .unit_bytes = line->unit_bytes,
		.turns = line->turns++,
	};
	char text[160];

	progress_format(&view, line->console->terminal, text, sizeof(text));
	console_progress(line->console, text);
	line->shown_ns = now;
}

/* True when this tick should look at the clock; learns how many may pass. */
static bool tick_looks(struct progress_line *line, uint64_t *ret_now)
{
	uint64_t gap;

	if (line->skipped++ < line->skip)
		return false;
	line->skipped = 0;
	*ret_now = meter_now_ns();
	gap = *ret_now - line->looked_ns;
	line->looked_ns = *ret_now;
	if (gap < LOOK_FAST && line->skip < SKIP_MAX)
		line->skip = line->skip * 2 + 1;
	else if (gap > LOOK_SLOW)
		line->skip /= 4;
	return true;
}

static void progress_line_tick(const struct progress *progress, enum phase phase, uint64_t done,
			       uint64_t total)
{
	struct progress_line *line = progress->ctx;
	uint64_t interval = line->console->terminal ? TERMINAL_INTERVAL : LOG_INTERVAL;
	uint64_t now = line->looked_ns;

	if (phase != line->phase)
		return;
	line->total = total;
	if (!tick_looks(line, &now) && done < total)
		return;
	/* The last tick too: all buffers are still there. */
	if (now - line->sampled_ns >= SAMPLE_INTERVAL || done >= total) {
		meter_sample(line->meter);
		line->sampled_ns = now;
	}
	if (now - line->shown_ns >= interval && done < total)
		show(line, done, total, now);
}

void progress_line_init(struct progress_line *line, struct console *console, struct meter *meter,
			const volatile sig_atomic_t *stop)
{
	*line = (struct progress_line){
		.progress = { .stop = stop, .tick = progress_line_tick, .ctx = line },
		.console = console,
		.meter = meter,
	};
}

void progress_begin(struct progress_line *line, enum phase phase)
{
	uint64_t now = meter_now_ns();

	line->phase = phase;
	line->started_ns = line->shown_ns = line->looked_ns = now;
	line->sampled_ns = 0;
	line->skip = line->skipped = 0;
	line->total = 0;
	meter_start(line->meter);
}

struct err *progress_end(struct progress_line *line, struct err *e)
{
	uint64_t us;

	if (e) {
		progress_abandon(line);
		return e;
	}
	show(line, line->total, line->total, meter_now_ns());
	us = meter_stop(line->meter, line->phase) / 1000;
	log_line(&line->console->log, LOG_REPORT, "STEP [%-27s] : %" PRIu64 ".%06" PRIu64
		 " seconds", phase_name(line->phase), us / 1000000, us % 1000000);
	return NULL;
}

void progress_abandon(struct progress_line *line)
{
	meter_stop(line->meter, line->phase);
}
