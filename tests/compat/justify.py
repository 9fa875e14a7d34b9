# SPDX-License-Identifier: GPL-2.0-or-later
"""Explaining pages on which two programs differ: the tests of rules.json.

Each test takes a Context and a pfn and looks only at the dump. To add a
reason: write the test, name it in TESTS and add a rule to rules.json.
"""

import json
import pathlib
import re

import compatpath  # noqa: F401
from pylib import bits

SCAN_LEVELS = 2 | 4 | 8
PG_WAITERS = 1 << 7


class Context:
    """What the tests may look at: the dump's struct pages and the level."""

    def __init__(self, core, view, seen):
        self.core, self.view, self.seen = core, view, seen
        self.level = 0

    def kind(self, pfn):
        """Class of a page by its struct page (pylib.pageview)."""
        return next((k for k, pages in self.seen.items() if pages >> pfn & 1), "none")

    def page_and_head(self, pfn):
        """(page, head); head is the page itself when it is no tail; or (None, None)."""
        page = self.view.pages.get(pfn)
        return (page, self.view.head_of(page) or page) if page else (None, None)


def offline_or_poison_low_level(context, pfn):
    """The page is offline or poisoned and the level asks for no class by struct page."""
    return not context.level & SCAN_LEVELS and context.kind(pfn) in ("offline", "hwpoison")


def fractional(context, pfn):
    """Some load begins or ends inside this page."""
    size = context.core.page_size
    return any(edge % size and edge // size == pfn for load in context.core.loads
               for edge in (load.paddr, load.paddr + load.memsz))


def poisoned_tail(context, pfn):
    """PG_hwpoison is set on a tail page."""
    page, head = context.page_and_head(pfn)
    return page is not None and head is not page and context.kind(pfn) == "hwpoison"


def waiters(context, pfn):
    """Bit 7 of the flags is set where slab is a page type."""
    page, head = context.page_and_head(pfn)
    return (page is not None and "slab" in context.view.types
            and bool((page.flags | head.flags) & PG_WAITERS))


def preinit_section(context, pfn):
    """The section's map has bit 5 set."""
    return bool(context.view.section_flags.get(pfn // context.view.per_section, 0) & 0x20)


def no_struct_page(context, pfn):
    """The struct page cannot be read from the dump."""
    return pfn not in context.view.pages


def typed_odd_mapping(context, pfn):
    """The page has a type (top byte f0 to fe) and an odd word 24, and is no HugeTLB page."""
    page, head = context.page_and_head(pfn)
    return (page is not None and 0xF0 <= head.mapcount >> 24 < 0xFF and bool(head.mapping & 1)
            and not context.view.is_hugetlb(head))


def tail_odd_word(context, pfn):
    """A tail whose word 24, no mapping there, happens to be odd."""
    page, head = context.page_and_head(pfn)
    return page is not None and head is not page and bool(page.mapping & 1)


TESTS = {test.__name__: test for test in (
    offline_or_poison_low_level, fractional, poisoned_tail, waiters, preinit_section,
    no_struct_page, typed_odd_mapping, tail_odd_word)}


def load_rules(release, tool):
    """The rules that apply to a kernel release and the other program's version."""
    path = pathlib.Path(__file__).resolve().parent / "rules.json"
    rules = json.loads(path.read_text(encoding="utf-8"))["rules"]
    for rule in rules:
        if rule["when"] not in TESTS or rule["who"] not in ("ours", "theirs", "any"):
            raise ValueError(f"rules.json: {rule['name']} is not understood")
    return [rule for rule in rules if re.search(rule.get("kernels", ""), release)
            and re.search(rule.get("tools", ""), tool)]


def explain(context, rules, who, pages):
    """(rule name -> set of pages, unexplained set) for pages only `who` kept."""
    found, left = {}, []
    for pfn in bits.iterate(pages):
        for rule in rules:
            if rule["who"] in (who, "any") and TESTS[rule["when"]](context, pfn):
                found.setdefault(rule["name"], []).append(pfn)
                break
        else:
            left.append(pfn)
    return {name: bits.from_iterable(members) for name, members in found.items()}, \
        bits.from_iterable(left)
