// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/codec.h"

#include "codec/rows.h"

const struct codec *const codecs[] = {
	&codec_zlib,
	&codec_lzo,
	&codec_snappy,
	&codec_zstd,
	NULL,
};

const struct codec *codec_by_option(char option)
{
	for (const struct codec *const *row = codecs; *row; row++)
		if ((*row)->option == option)
			return *row;
	return NULL;
}

const struct codec *codec_by_flag(uint32_t page_flag)
{
	for (const struct codec *const *row = codecs; *row; row++)
		if ((*row)->page_flag == page_flag)
			return *row;
	return NULL;
}
