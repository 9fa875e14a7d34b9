# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel log before the ring: records in a buffer (3.5 - 5.9) and text (.. 3.4).

Layout and semantics: kernel/printk/printk.c of v4.19 and kernel/printk.c of v3.4.
"""

import re
import struct

LEVEL = re.compile(rb"^<\d{1,3}>", re.MULTILINE)


class RecordBuffer:
    """log_buf of struct printk_log: header, text, dictionary, padding.

    caller: with CONFIG_PRINTK_CALLER (5.1+); old_name: struct log, before 3.11.
    """

    def __init__(self, order="<", size=1 << 12, caller=False, old_name=False):
        self.order, self.size, self.caller = order, size, caller
        self.name = "log" if old_name else "printk_log"
        self.header = 24 if caller else 16
        self.data = bytearray(size)
        self.first = self.next = 0
        self.stored = []        # (index, Record, seq), oldest first
        self.seq = 0
        self.clear_at = None    # number of the first record after the clear

    def _room(self, need):
        """Space for `need` bytes and a mark behind them, as the writer computes it."""
        if self.next >= self.first and self.stored and self.next == self.first:
            return 0
        if self.next >= self.first:
            return max(self.size - self.next, self.first)
        return self.first - self.next

    def _drop_oldest(self):
        self.stored.pop(0)
        self.first = self.stored[0][0] if self.stored else self.next

    def add(self, record):
        """Store one record, dropping the oldest for it."""
        attributes = b"SUBSYSTEM=test\0DEVICE=+test" if self.seq % 5 == 0 else b""
        need = -(-(self.header + len(record.text) + len(attributes)) // 8) * 8
        while self.stored and self._room(need) < need + self.header:
            self._drop_oldest()
        if self.next + need + self.header > self.size:
            self.data[self.next:self.next + self.header] = bytes(self.header)
            self.next = 0
            if not self.stored:
                self.first = 0
        at = self.next
        head = struct.pack(self.order + "QHHHBB", record.ts_nsec, need, len(record.text),
                           len(attributes), record.facility, record.level << 5)
        if self.caller:
            head += struct.pack(self.order + "II", record.caller_id, 0)
        block = (head + record.text + attributes).ljust(need, b"\0")
        self.data[at:at + need] = block
        self.next = at + need
        self.stored.append((at, record, self.seq))
        self.seq += 1

    def alive(self):
        """What a reader must find, oldest first."""
        return [{"seq": seq, "ts_nsec": record.ts_nsec,
                 "caller_id": record.caller_id if self.caller else None, "lost": False,
                 "text": record.text.decode("latin-1")} for _, record, seq in self.stored]

    def clear(self, seq):
        """dmesg -c before record number seq."""
        self.clear_at = seq

    def variables(self):
        """name -> value of the u32 variables."""
        clear = [at for at, _, seq in self.stored if seq == self.clear_at]
        return {"log_buf_len": self.size, "log_first_idx": self.first, "log_next_idx": self.next,
                "clear_idx": clear[0] if clear else 0}

    def vmcoreinfo(self):
        """SIZE and OFFSET lines."""
        members = {"ts_nsec": 0, "len": 8, "text_len": 10, "dict_len": 12}
        if self.caller:
            members["caller_id"] = 16
        return [f"SIZE({self.name})={self.header}",
                *(f"OFFSET({self.name}.{name})={at}" for name, at in members.items())]


class TextBuffer:
    """log_buf as characters; lines begin with the level."""

    def __init__(self, order="<", size=1 << 12):
        self.order, self.size = order, size
        self.stream = b""
        self.clear_at = None
        self.starts = []        # position in the stream of each record

    def add(self, record):
        """Append a line as printk with time stamps does."""
        self.starts.append(len(self.stream))
        seconds, rest = divmod(record.ts_nsec, 10**9)
        self.stream += b"<%d>[%5d.%06d] " % (record.level, seconds, rest // 1000)
        self.stream += record.text.rstrip(b"\n") + b"\n"

    def clear(self, seq):
        """dmesg -c before record number seq."""
        self.clear_at = self.starts[seq] if seq < len(self.starts) else len(self.stream)

    def _text(self, start):
        raw = LEVEL.sub(b"", self.stream[start:])
        return {"seq": 0, "ts_nsec": None, "caller_id": None, "lost": False,
                "text": raw.removesuffix(b"\n").decode("latin-1")}

    def alive(self):
        """One text without prefix."""
        return [self._text(max(0, len(self.stream) - self.size))]

    def partial(self):
        """The same since the log was cleared."""
        chars = self.variables()["logged_chars"]
        return [self._text(len(self.stream) - min(chars, len(self.stream)))] if chars else []

    @property
    def data(self):
        """The circular buffer."""
        ring = bytearray(self.size)
        for at in range(max(0, len(self.stream) - self.size), len(self.stream)):
            ring[at % self.size] = self.stream[at]
        return ring

    def variables(self):
        """name -> value of the u32 variables."""
        chars = len(self.stream) - self.clear_at if self.clear_at is not None else self.size
        return {"log_buf_len": self.size, "log_end": len(self.stream),
                "logged_chars": min(chars, self.size)}

    def vmcoreinfo(self):
        """No types: it is only text."""
        return []
