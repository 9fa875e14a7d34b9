/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking through the kernel image for something whose place nobody tells. */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include "kernel/kernel.h"

/*
 * Call @fn with each readable page of the image, from _stext on, in the order of
 * addresses: @len bytes that lie at @va, of which the first @seen were in the call
 * before. Those are at most @overlap, so that nothing of overlap + 1 bytes is missed at the
 * border of two pages; 0 behind a gap. ERR_NOT_FOUND: _stext is unknown. An
 * error of @fn ends the walk and is returned.
 */
struct err *image_for_each(struct kreader *reader, size_t overlap,
			   struct err *(*fn)(void *ctx, uint64_t va, const uint8_t *bytes,
					     size_t len, size_t seen),
			   void *ctx) __attribute__((warn_unused_result));

#endif
