/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OUTPUT_ZERO_H
#define OUTPUT_ZERO_H

#include <stdbool.h>
#include <stddef.h>

/* All @len bytes at @data are 0. Any alignment, any length; reads nothing behind the end. */
bool is_zero(const void *data, size_t len);

#endif
