#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_libkdumpfile.py DUMP VMCORE: read a dump back through libkdumpfile.

The library is called with ctypes, so that no development package is needed.
Signatures and numbers are those of its public header kdumpfile.h (0.5.x).
"""

import ctypes
import os
import sys

import common
from pylib import harness

SONAMES = ("libkdumpfile.so.10", "libkdumpfile.so")
# machine physical addresses: the other kind would need a known operating system first
MACHPHYSADDR = 1
STATUS_OK = 0


def load():
    """The library with its prototypes set, or None."""
    for name in SONAMES:
        try:
            lib = ctypes.CDLL(name)
        except OSError:
            continue
        lib.kdump_new.restype = ctypes.c_void_p
        lib.kdump_new.argtypes = []
        lib.kdump_open_fdset.argtypes = [ctypes.c_void_p, ctypes.c_uint,
                                         ctypes.POINTER(ctypes.c_int)]
        lib.kdump_read.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64,
                                   ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)]
        lib.kdump_get_err.restype = ctypes.c_char_p
        lib.kdump_get_err.argtypes = [ctypes.c_void_p]
        lib.kdump_clear_err.argtypes = [ctypes.c_void_p]
        return lib
    return None


def opener(lib):
    """open_reader for common.run()."""
    def open_reader(path):
        context = lib.kdump_new()
        fds = (ctypes.c_int * 1)(os.open(path, os.O_RDONLY))
        if lib.kdump_open_fdset(context, 1, fds) != STATUS_OK:
            raise harness.Failure(lib.kdump_get_err(context).decode())

        def read(address, size):
            buffer = ctypes.create_string_buffer(size)
            length = ctypes.c_size_t(size)
            status = lib.kdump_read(context, MACHPHYSADDR, address, buffer, ctypes.byref(length))
            if status != STATUS_OK or length.value != size:
                text = (lib.kdump_get_err(context) or b"?").decode()
                lib.kdump_clear_err(context)
                raise common.Unreadable(f"{length.value} of {size} bytes: {text}")
            return buffer.raw

        return read, "opened"
    return open_reader


def main():
    """Command line."""
    options = common.arguments(__doc__.split("\n\n")[0])
    lib = load()
    if lib is None:
        return common.skip_all("libkdumpfile", "libkdumpfile is not installed")
    return common.run("libkdumpfile", options, opener(lib))


if __name__ == "__main__":
    sys.exit(main())
