# SPDX-License-Identifier: GPL-2.0-or-later
"""A printk ring buffer in memory, filled the way the kernel fills it (5.10+).

Layout and semantics: kernel/printk/printk_ringbuffer.[ch]. Positions in the
text ring run freely from minus the ring size, so every ring passes zero once.
"""

import struct

REUSABLE, FINALIZED, COMMITTED = 3, 2, 1
FAILED_LPOS, EMPTY_LPOS = 1, 3


class Record:
    """One message. lost = the kernel could not store its text."""

    def __init__(self, text, ts_nsec, caller_id=1, level=6, facility=0, lost=False):
        self.text = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        self.ts_nsec, self.caller_id = ts_nsec, caller_id
        self.level, self.facility, self.lost = level, facility, lost


class Ring:
    """A ring of 2^count_bits descriptors and 2^size_bits text bytes.

    exact_end: a block may end exactly at the ring's end without moving to its
    start (kernel 67e1b0052f6b, in v6.19).
    """

    def __init__(self, version, order="<", count_bits=8, size_bits=13, word=8):
        self.version, self.order, self.word = version, order, word
        self.count, self.size = 1 << count_bits, 1 << size_bits
        self.count_bits, self.size_bits = count_bits, size_bits
        self.mask = (1 << 8 * word) - 1
        self.id_mask = (1 << 8 * word - 2) - 1
        self.exact_end = version >= (6, 19)
        self.info_size = 112 if version >= (7, 0) else 88
        # until v6.18 the first id was computed in 32 bits
        first = (-(self.count + 1)) & (self.id_mask if version >= (6, 19) else 0xFFFFFFFF)
        self.head_id = self.tail_id = first
        self.head = self.tail = (-self.size) & self.mask
        self.text = bytearray(self.size)
        # the kernel initialises one descriptor; the others are still all zero
        self.descs = [(0, 0, 0)] * self.count
        self.descs[first % self.count] = (REUSABLE << 8 * word - 2 | first, FAILED_LPOS, FAILED_LPOS)
        self.oldest_text = first
        self.infos = [None] * self.count
        self.seq = 0
        self.clear_seq = 0

    def _wraps(self, lpos):
        return (lpos & self.mask) >> self.size_bits

    def _crosses(self, begin, end):
        last = end - 1 if self.exact_end else end
        return self._wraps(begin) != self._wraps(last)

    def _alloc(self, length):
        """(begin, next, index of the text) of a new block for `length` bytes."""
        spare = 1 if self.version >= (5, 11) else 0
        need = self.word + -(-(length + spare) // self.word) * self.word
        begin = self.head
        end = (begin + need) & self.mask
        place = begin % self.size
        if self._crosses(begin, end):
            end = (end // self.size * self.size + need) & self.mask
            place = 0
        self.head = end
        self._drop_texts()
        return begin, end, place

    def _drop_texts(self):
        """Invalidate records whose text the new head has overrun."""
        while (self.head - self.tail) & self.mask > self.size:
            self._drop_oldest_text()

    def _drop_oldest_text(self):
        """Make the oldest record reusable; its descriptor stays until needed."""
        index = self.oldest_text % self.count
        _, begin, end = self.descs[index]
        if not begin & 1:
            self.tail = end
        self.descs[index] = (REUSABLE << 8 * self.word - 2 | self.oldest_text, begin, end)
        self.oldest_text = (self.oldest_text + 1) & self.id_mask

    def add(self, record):
        """Store one record; the newest stays in state committed."""
        new_id = (self.head_id + 1) & self.id_mask
        if (new_id - self.tail_id) & self.id_mask >= self.count:
            if self.oldest_text == self.tail_id:
                self._drop_oldest_text()
            self.tail_id = (self.tail_id + 1) & self.id_mask
        self._finalize(self.head_id)
        self.head_id = new_id
        index = new_id % self.count
        begin = end = FAILED_LPOS if record.lost else EMPTY_LPOS
        stored = b""
        if record.text and not record.lost or not record.text and self.version >= (6, 1):
            stored = record.text
            begin, end, place = self._alloc(len(stored))
            marker = struct.pack(self.order + ("Q" if self.word == 8 else "I"), new_id)
            self.text[begin % self.size:begin % self.size + self.word] = marker
            self.text[place:place + self.word] = marker
            self.text[place + self.word:place + self.word + len(stored)] = stored
        self.descs[index] = (COMMITTED << 8 * self.word - 2 | new_id, begin, end)
        self.infos[index] = (self.seq, record, len(record.text))
        self.seq += 1

    def _finalize(self, one_id):
        index = one_id % self.count
        state, begin, end = self.descs[index]
        if state >> 8 * self.word - 2 == COMMITTED:
            self.descs[index] = (FINALIZED << 8 * self.word - 2 | one_id, begin, end)

    def alive(self):
        """Records a reader must print, oldest first, as dicts for DUMP.json."""
        result = []
        for step in range(self.count):
            one_id = (self.tail_id + step) & self.id_mask
            state, begin, _ = self.descs[one_id % self.count]
            usable = state >> 8 * self.word - 2 in (COMMITTED, FINALIZED)
            if usable and state & self.id_mask == one_id:
                seq, record, _ = self.infos[one_id % self.count]
                result.append({"seq": seq, "ts_nsec": record.ts_nsec,
                               "caller_id": record.caller_id, "lost": begin == FAILED_LPOS,
                               "text": record.text.decode("latin-1")})
            if one_id == self.head_id:
                break
        return result

    # --- bytes ---

    def desc_bytes(self):
        """The array of struct prb_desc."""
        return b"".join(struct.pack(self.order + "QQQ", *desc) for desc in self.descs)

    def info_bytes(self):
        """The array of struct printk_info."""
        rows = []
        for info in self.infos:
            raw = bytearray(self.info_size)
            if info:
                seq, record, length = info
                struct.pack_into(self.order + "QQHBBI", raw, 0, seq, record.ts_nsec, length,
                                 record.facility, record.level << 5, record.caller_id)
            rows.append(bytes(raw))
        return b"".join(rows)

    def ring_bytes(self, descs, infos, data):
        """struct printk_ringbuffer with the given array addresses."""
        q = self.order
        desc_ring = struct.pack(q + "IIQQQQ", self.count_bits, 0, descs, infos,
                                self.head_id, self.tail_id)
        if self.version >= (6, 1):
            desc_ring += struct.pack(q + "Q", max(self.seq - 1, 0))
        text_ring = struct.pack(q + "IIQQQ", self.size_bits, 0, data, self.head, self.tail)
        return desc_ring + text_ring + struct.pack(q + "Q", 0)

    def clear_seq_bytes(self):
        """Content of clear_seq: plain, or latched since v5.13."""
        if self.version < (5, 13):
            return struct.pack(self.order + "Q", self.clear_seq)
        return struct.pack(self.order + "IIQQ", 1, 0, 0, self.clear_seq)

    def vmcoreinfo(self):
        """SIZE and OFFSET lines."""
        new = self.version >= (6, 1)
        dev = 44 if self.version >= (7, 0) else 24
        lines = [f"SIZE(printk_ringbuffer)={88 if new else 80}",
                 "OFFSET(printk_ringbuffer.desc_ring)=0",
                 f"OFFSET(printk_ringbuffer.text_data_ring)={48 if new else 40}",
                 f"OFFSET(printk_ringbuffer.fail)={80 if new else 72}",
                 f"SIZE(prb_desc_ring)={48 if new else 40}", "OFFSET(prb_desc_ring.count_bits)=0",
                 "OFFSET(prb_desc_ring.descs)=8", "OFFSET(prb_desc_ring.infos)=16",
                 "OFFSET(prb_desc_ring.head_id)=24", "OFFSET(prb_desc_ring.tail_id)=32",
                 "SIZE(prb_desc)=24", "OFFSET(prb_desc.state_var)=0",
                 "OFFSET(prb_desc.text_blk_lpos)=8", "SIZE(prb_data_blk_lpos)=16",
                 "OFFSET(prb_data_blk_lpos.begin)=0", "OFFSET(prb_data_blk_lpos.next)=8",
                 f"SIZE(printk_info)={self.info_size}", "OFFSET(printk_info.seq)=0",
                 "OFFSET(printk_info.ts_nsec)=8", "OFFSET(printk_info.text_len)=16",
                 "OFFSET(printk_info.caller_id)=20", f"OFFSET(printk_info.dev_info)={dev}",
                 "SIZE(dev_printk_info)=64", "OFFSET(dev_printk_info.subsystem)=0",
                 "LENGTH(printk_info_subsystem)=16", "OFFSET(dev_printk_info.device)=16",
                 "LENGTH(printk_info_device)=48", "SIZE(prb_data_ring)=32",
                 "OFFSET(prb_data_ring.size_bits)=0", "OFFSET(prb_data_ring.data)=8",
                 "OFFSET(prb_data_ring.head_lpos)=16", "OFFSET(prb_data_ring.tail_lpos)=24",
                 "SIZE(atomic_long_t)=8", "OFFSET(atomic_long_t.counter)=0"]
        if self.version >= (5, 13):
            lines += ["SIZE(latched_seq)=24", "OFFSET(latched_seq.val)=8"]
        return lines
