# SPDX-License-Identifier: GPL-2.0-or-later
"""The text --dump-dmesg must write for the log of a generated machine.

A record is "[seconds.microseconds] [writer] text": the writer is T and a thread
or C and a processor. Lines after the first are indented by as much; bytes
that are neither printable nor space are \\xNN; a record whose text the kernel
lost is left out. Kernels that do not record the writer have records without; the
oldest have text that begins with the time.
"""

CPU = 1 << 31


def writer(caller_id):
    """T for a thread, C for a processor (bit 31)."""
    return f"C{caller_id & ~CPU}" if caller_id & CPU else f"T{caller_id}"


def escaped(byte):
    """One byte of a message as it is shown; a newline is not for here."""
    plain = 0x20 <= byte < 0x7F or 0x09 <= byte <= 0x0D
    return bytes([byte]) if plain else b"\\x%02x" % byte


def expected(records):
    """The whole file, from the "log" of a DUMP.json."""
    out = bytearray()
    for record in records:
        if record["lost"]:
            continue
        head = b""
        if record["ts_nsec"] is not None:
            seconds, rest = divmod(record["ts_nsec"], 10**9)
            head += b"[%5d.%06d] " % (seconds, rest // 1000)
        if record["caller_id"] is not None:
            head += b"[%8s] " % writer(record["caller_id"]).encode()
        lines = record["text"].encode("latin-1").split(b"\n")
        shown = [b"".join(map(escaped, line)) for line in lines]
        out += head + (b"\n" + b" " * len(head)).join(shown) + b"\n"
    return bytes(out)
