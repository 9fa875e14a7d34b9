/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the table in codec/codec.c; other rooms go through codec/codec.h. */
#ifndef CODEC_ROWS_H
#define CODEC_ROWS_H

#include "codec/codec.h"

/*
 * The bit of each compressor in a kdump-compressed file, fixed by its readers.
 * This room is above the file formats, so the numbers stand here once more;
 * tests/unit/test_codec.c compares them with those of diskdump_mod.h.
 */
#define PAGE_FLAG_ZLIB 0x01u
#define PAGE_FLAG_LZO 0x02u
#define PAGE_FLAG_SNAPPY 0x04u
#define PAGE_FLAG_ZSTD 0x20u

extern const struct codec codec_zlib;
extern const struct codec codec_lzo;
extern const struct codec codec_snappy;
extern const struct codec codec_zstd;

#endif
