/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/meter.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

uint64_t meter_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void meter_start(struct meter *meter)
{
	meter->started_ns = meter_now_ns();
}

uint64_t meter_stop(struct meter *meter, enum phase phase)
{
	uint64_t spent = meter_now_ns() - meter->started_ns;

	meter->phase_ns[phase] += spent;
	meter_sample(meter);
	return spent;
}

/* Sum of the "NAME:  N kB" lines of a /proc file whose name is in @names; false without the file. */
static bool sum_kb(const char *path, const char *const *names, uint64_t *ret)
{
	FILE *file = fopen(path, "re");
	char line[128];
	uint64_t sum = 0;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		for (const char *const *name = names; *name; name++) {
			unsigned long long kb;
			size_t len = strlen(*name);

			if (!strncmp(line, *name, len) && line[len] == ':' &&
			    sscanf(line + len + 1, "%llu", &kb) == 1)
				sum += kb;
		}
	}
	fclose(file);
	*ret = sum;
	return true;
}

uint64_t meter_own_kb(void)
{
	static const char *const own[] = { "RssAnon", "VmPTE", NULL };
	uint64_t kb;

	return sum_kb("/proc/self/status", own, &kb) ? kb : 0;
}

void meter_sample(struct meter *meter)
{
	uint64_t kb = meter_own_kb();

	if (kb > meter->peak_anon_kb)
		meter->peak_anon_kb = kb;
}

uint64_t meter_peak_resident_kb(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_maxrss;
}

uint64_t meter_free_memory(void)
{
	static const char *const available[] = { "MemAvailable", NULL };
	static const char *const unused[] = { "MemFree", NULL };
	uint64_t kb = 0;

	if (!sum_kb("/proc/meminfo", available, &kb) || kb == 0)
		if (!sum_kb("/proc/meminfo", unused, &kb))
			return 0;
	return kb * 1024;
}
