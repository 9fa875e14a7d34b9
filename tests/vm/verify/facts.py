# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: what the program learns from the kernel's own memory.

VMCOREINFO of a dump is cut down to what it takes to read memory, in the headers of a
kdump-compressed dump at level 1, which is small. The same pages must stay, and
whatever is found instead must have the value that VMCOREINFO had.
"""

import re

import verify.paths  # noqa: F401
from pylib.harness import expect, expect_equal
from verify.program import filter_dump, run
from verify.subject import kept_pages

# Enough to read memory by virtual address, and the keys of kallsyms.
NEEDED = re.compile(
    r"(OSRELEASE|PAGESIZE|KERNELOFFSET|SYMBOL\((_stext|init_uts_ns|swapper_pg_dir|kallsyms_\w+)\)|"
    r"NUMBER\((phys_base|pgtable_l5_enabled|KERNEL_IMAGE_SIZE|sme_mask|VA_BITS|TCR_EL1_T1SZ|"
    r"kimage_voffset|PHYS_OFFSET)\))=")
# Values of pointers there; the symbols are those of the pointers.
POINTERS = {"SYMBOL(mem_section)", "SYMBOL(vmemmap)"}
LINE = re.compile(r"(\S+)=(\S*)\t(.+)")
HEADERS = 1 << 20
ROWS = ("Non-private cache pages", "Private cache pages", "User process data pages", "Free pages",
        "Hwpoison pages", "Offline pages")
ASKED = "asking the kernel's own memory"


def replace(path, old, new):
    """Write new, padded with zeros, over each old in the file's headers; how many there were."""
    count = 0
    with open(path, "r+b") as file:
        head = file.read(HEADERS)
        at = head.find(old)
        while at >= 0:
            file.seek(at)
            file.write(new.ljust(len(old), b"\0"))
            count += 1
            at = head.find(old, at + len(old))
    return count


class Cut:
    """As a context: the file without all but the needed lines of its VMCOREINFO, text; "" changes nothing."""

    def __init__(self, path, text):
        self.path = path
        self.old = text.encode("latin-1")
        self.new = "".join(line + "\n" for line in text.rstrip("\0").split("\n")
                           if NEEDED.match(line)).encode("latin-1")

    def __enter__(self):
        if self.old:
            expect(replace(self.path, self.old, self.new), "the headers have no VMCOREINFO")

    def __exit__(self, *what):
        if self.old:
            replace(self.path, self.new.ljust(len(self.old), b"\0"), self.old)


def facts_of(subject, path):
    """{key: (value, provider)} as --facts prints them."""
    status, out, err, _ = run(subject.program, "--message-level", "6", "--facts", path)
    expect(status == 0 and not err.strip(), f"--facts: exit status {status}: {err.strip()[:300]}")
    return {match[1]: match.groups()[1:] for match in map(LINE.fullmatch, out.splitlines()) if match}


def same_pages(subject, source):
    """Level 31 of the cut dump keeps what level 31 of the whole one keeps."""
    made = {}
    for name in ("whole", "cut"):
        target = subject.scratch / name
        if name == "cut":
            with Cut(source.path, subject.core.vmcoreinfo_text):
                output = filter_dump(subject.program, source.path, target, "-l", "-d", "31")
        else:
            output = filter_dump(subject.program, source.path, target, "-l", "-d", "31")
        made[name] = (kept_pages(output.path), output.rows)
        target.unlink()
    different = made["whole"][0] ^ made["cut"][0]
    expect(not different, f"{different.bit_count()} pages differ")
    for row in ROWS:
        expect_equal(made["cut"][1][row], made["whole"][1][row], row)


def same_values(subject, source):
    """Each fact that is found without VMCOREINFO is the one it had."""
    with Cut(source.path, subject.core.vmcoreinfo_text):
        found = facts_of(subject, source.path)
    told = subject.core.vmcoreinfo
    compared = 0
    for key, (value, provider) in found.items():
        if key in told and provider != "vmcoreinfo" and key not in POINTERS:
            compared += 1
            wanted = told[key]
            # As the kernel writes them: NUMBER() in hexadecimal too, SYMBOL() without 0x.
            expect(value == wanted or int(value, 0) == int(wanted, 0),
                   f"{key}={value} ({provider}), not {wanted}")
    expect(compared >= 60, f"only {compared} facts are found")


def same_log(subject, source):
    """The kernel log, which is read by facts of its own."""
    logs = []
    for name in ("whole", "cut"):
        target = subject.scratch / name
        with Cut(source.path, subject.core.vmcoreinfo_text if name == "cut" else ""):
            status, _, err, _ = run(subject.program, "-f", "--dump-dmesg", source.path, target)
        expect(status == 0, f"{name}: --dump-dmesg: {err}")
        logs.append(target.read_bytes())
        target.unlink()
    expect(logs[0] and logs[0] == logs[1], f"{len(logs[0])} and {len(logs[1])} bytes of log differ")


def add(suite, subject, facts):
    """Add the cases of a dump."""
    del facts

    def source():
        return subject.output(1, "-l")

    def whole():
        status, out, err, _ = run(subject.program, "-f", "-D", "--dry-run", "-d", "31", "-l",
                                  subject.vmcore, subject.scratch / "none")
        expect(status == 0, err)
        expect(ASKED not in out + err, "the kernel's memory is asked for facts although all are there")

    suite.add("a whole VMCOREINFO is enough", whole)
    suite.add("without most of VMCOREINFO: the same pages", lambda: same_pages(subject, source()))
    # Without CONFIG_KALLSYMS_ALL nobody but VMCOREINFO knows where the log is.
    if re.search(r" prb$", (subject.folder / "kallsyms").read_text(encoding="latin-1"), re.M):
        suite.add("without most of VMCOREINFO: the same log", lambda: same_log(subject, source()))
    suite.add("without most of VMCOREINFO: the same facts", lambda: same_values(subject, source()))
