/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's one program: it makes pages of every kind, writes awkward log
 * records and saves what the kernel says about all pages.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>

/* Print "mdflab: TEXT: errno text" on standard error and exit with status 1. */
void lab_die(const char *text) __attribute__((noreturn));

/*
 * `workload DIR KIND=MIB...`: make the pages, write DIR/KIND.txt with one
 * "index pfn" line (decimal, hexadecimal) per base page, then DIR/ready, then
 * sleep for ever.  Returns only to report a usage error.
 */
int workload_main(int argc, char **argv);

/*
 * `snapshot DEVICE START FILE...`: take all memory needed, wait for the file
 * START to appear, read all files into memory, write them as one tar archive to
 * DEVICE past the page cache, print a line and sleep for ever, so that as little
 * as possible moves between the snapshot and the dump.
 */
int snapshot_main(int argc, char **argv);

/* `torture`: log records that readers get wrong, written to /dev/kmsg. */
int torture_main(int argc, char **argv);

/* `flood COUNT`: COUNT short records, to make the log ring wrap. */
int flood_main(int argc, char **argv);

/* `kmsg FILE`: save all records of /dev/kmsg, one raw line each. */
int kmsg_main(int argc, char **argv);

#endif
