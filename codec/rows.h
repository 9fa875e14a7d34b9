/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the table in codec/codec.c; other rooms go through codec/codec.h. */
#ifndef CODEC_ROWS_H
#define CODEC_ROWS_H

#include "codec/codec.h"

extern const struct codec codec_zlib;
extern const struct codec codec_lzo;
extern const struct codec codec_snappy;
extern const struct codec codec_zstd;

#endif
