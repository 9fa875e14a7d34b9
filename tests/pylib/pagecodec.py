# SPDX-License-Identifier: GPL-2.0-or-later
"""Decompressors for one dump page, through the libraries a user has.

zlib comes with Python; lzo, snappy and zstd are reached with ctypes. A
missing library raises CodecMissing, so that a test can skip with a reason.
"""

import ctypes
import zlib

ZLIB, LZO, SNAPPY, ZSTD = 0x01, 0x02, 0x04, 0x20
NAMES = {ZLIB: "zlib", LZO: "lzo", SNAPPY: "snappy", ZSTD: "zstd"}
SONAMES = {LZO: "liblzo2.so.2", SNAPPY: "libsnappy.so.1", ZSTD: "libzstd.so.1"}
_loaded = {}


class CodecMissing(Exception):
    """The shared library of a compressor is not installed."""


class CodecError(Exception):
    """The stored bytes do not decode to exactly one page."""


def library(flag):
    """The ctypes handle of the library for a compression flag."""
    if flag not in _loaded:
        try:
            _loaded[flag] = ctypes.CDLL(SONAMES[flag])
        except OSError as why:
            raise CodecMissing(f"{SONAMES[flag]}: {why}") from why
    return _loaded[flag]


def available(flag):
    """True when pages with this compression flag can be decoded here."""
    if flag in (0, ZLIB):
        return True
    try:
        library(flag)
    except CodecMissing:
        return False
    return True


def _unlzo(data, size):
    out = ctypes.create_string_buffer(size)
    length = ctypes.c_ulong(size)
    status = library(LZO).lzo1x_decompress_safe(
        data, ctypes.c_ulong(len(data)), out, ctypes.byref(length), None)
    return (out.raw, length.value) if status == 0 else (b"", -1)


def _unsnappy(data, size):
    lib = library(SNAPPY)
    length = ctypes.c_size_t(0)
    if lib.snappy_uncompressed_length(data, ctypes.c_size_t(len(data)), ctypes.byref(length)):
        return b"", -1
    if length.value != size:
        return b"", length.value
    out = ctypes.create_string_buffer(size)
    status = lib.snappy_uncompress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(length))
    return (out.raw, length.value) if status == 0 else (b"", -1)


def _unzstd(data, size):
    lib = library(ZSTD)
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(size)
    length = lib.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    if lib.ZSTD_isError(ctypes.c_size_t(length)):
        return b"", -1
    return out.raw, length


def _unzlib(data, size):
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, size + 1)
    except zlib.error:
        return b"", -1
    # Bytes after the stream or a stream without its end are both errors:
    # one page is one complete stream.
    if not stream.eof or stream.unused_data:
        return b"", -1
    return out, len(out)


def decode(flag, data, size):
    """The `size` page bytes stored as `data` with one compression flag (0 = raw)."""
    if flag == 0:
        out, length = data, len(data)
    else:
        decoder = {ZLIB: _unzlib, LZO: _unlzo, SNAPPY: _unsnappy, ZSTD: _unzstd}.get(flag)
        if decoder is None:
            raise CodecError(f"unknown compression flag {flag:#x}")
        out, length = decoder(data, size)
    if length != size:
        raise CodecError(f"{NAMES.get(flag, 'raw')} data gives {length} bytes, not {size}")
    return out
