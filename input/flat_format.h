/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flattened format: a file as a stream, for outputs without positions.
 *
 * The format has no specification; these are its numbers as makedumpfile -R,
 * crash, libkdumpfile and QEMU write and read them.
 *
 *   0      header: signature, type, version, zeros up to FLAT_HEADER_SIZE
 *   4096   records, one behind another: s64 offset, s64 size, then size bytes
 *   end    a record of offset -1 and size -1 without bytes
 *
 * Integers are big endian, whatever the dump is. A record's bytes belong at its
 * offset in the file that is carried; later records win over earlier ones, what
 * no record covers is zero, and the file ends where its highest record ends. A
 * stream without its end record was cut off. Bytes behind it mean nothing: a
 * partition holds whatever was there before.
 */
#ifndef INPUT_FLAT_FORMAT_H
#define INPUT_FLAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FLAT_SIGNATURE "makedumpfile\0\0\0"	/* with the NUL of the literal: 16 bytes */
#define FLAT_SIGNATURE_LEN 16u
#define FLAT_HEADER_SIZE 4096u
#define FLAT_HEADER_USED 32u	/* bytes of it that say something */
#define FLAT_RECORD_HEAD 16u

/* What a record says: its @size bytes follow it. */
struct flat_record {
	uint64_t off;		/* in the file that is carried */
	uint64_t size;		/* bytes, > 0; off + size is below 2^63 */
};

enum flat_head { FLAT_RECORD, FLAT_END, FLAT_BAD };

/* The first FLAT_HEADER_SIZE bytes of a stream. */
void flat_header_put(uint8_t header[FLAT_HEADER_SIZE]);

/*
 * Look at the first FLAT_HEADER_USED bytes of @name: err_not_mine without the
 * signature, ERR_UNSUPPORTED for another type or version.
 */
struct err *flat_header_check(const uint8_t header[FLAT_HEADER_USED], const char *name)
	__attribute__((warn_unused_result));

void flat_record_put(uint8_t head[FLAT_RECORD_HEAD], const struct flat_record *record);
void flat_end_put(uint8_t head[FLAT_RECORD_HEAD]);

/* *@ret is what the head says, also of a bad one. */
enum flat_head flat_record_get(const uint8_t head[FLAT_RECORD_HEAD], struct flat_record *ret);

#endif
