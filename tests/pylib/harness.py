# SPDX-License-Identifier: GPL-2.0-or-later
"""A small test harness: named cases, three results, one summary line.

	suite = Suite("kdump reader")

	@suite.case("page past the end is refused")
	def past_end():
	    expect(condition, "what was seen instead")

	sys.exit(suite.main(sys.argv[1:]))

A case passes when it returns, is skipped when it raises Skip, and fails on
any other exception. Every result is printed with its reason. Exit status:
0 no failure, 1 at least one failure, 77 every case was skipped, 99 no case
was selected (a wrong filter must not look like success).
"""

import contextlib
import io
import multiprocessing
import os
import resource
import sys
import traceback


# Set, each result line ends in the case's processor time, that of its children included.
SECONDS = "TEST_SECONDS"


def processor_seconds():
    """Processor time of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Skip(Exception):
    """The case cannot run here; the argument says what is missing."""


class Failure(Exception):
    """An expectation did not hold; the argument says what was seen."""


def expect(condition, seen):
    """Fail the running case with the text `seen` unless condition holds."""
    if not condition:
        raise Failure(seen)


def expect_equal(got, want, what):
    """Fail unless got == want; `what` names the compared value."""
    if got != want:
        raise Failure(f"{what}: got {shorten(got)}, want {shorten(want)}")


def shorten(value, limit=160):
    """repr() cut to `limit` characters, so that a failure stays readable."""
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."


def first_differences(got, want, limit=5):
    """Text naming up to `limit` keys whose values differ between two dicts."""
    keys = [k for k in sorted(set(got) | set(want)) if got.get(k) != want.get(k)]
    shown = ", ".join(f"{k}: {got.get(k)!r} != {want.get(k)!r}" for k in keys[:limit])
    return f"{len(keys)} differ: {shown}" if keys else ""


class Suite:
    """An ordered list of cases, run by main()."""

    def __init__(self, name, out=None):
        self.name = name
        self.out = out or sys.stdout
        self.cases = []
        self.start = 0

    def case(self, name):
        """Decorator: add a function without arguments under `name`."""
        def add(function):
            self.add(name, function)
            return function
        return add

    def add(self, name, function):
        """Add one case; names must be unique."""
        if any(known == name for known, _ in self.cases):
            raise ValueError(f"case {name!r} is defined twice")
        self.cases.append((name, function))

    def run_one(self, name, function):
        """Run one case, print its line, return 'passed'/'failed'/'skipped'."""
        self.start = processor_seconds()
        try:
            function()
        except Skip as why:
            self.line("skip", name, why)
            return "skipped"
        except Failure as why:
            self.line("FAIL", name, why)
            return "failed"
        except Exception as why:  # a crash of the case is a failure of the case
            self.line("FAIL", name, f"{type(why).__name__}: {why}")
            self.out.write(traceback.format_exc())
            return "failed"
        self.line("ok", name, "")
        return "passed"

    def line(self, result, name, why):
        """Print one result line."""
        tail = f": {why}" if str(why) else ""
        if SECONDS in os.environ:
            tail += f" [{processor_seconds() - self.start:.2f} s]"
        self.out.write(f"{result:4} {self.name}: {name}{tail}\n")
        self.out.flush()

    def run_apart(self, case):
        """run_one() with what it and the case print caught; (result, text)."""
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            self.out = text
            return self.run_one(*case), text.getvalue()

    def run_many(self, cases, workers):
        """Results of cases in order, run by so many processes at a time."""
        def work(numbers, pipe):
            for number in numbers:
                pipe.send(self.run_apart(cases[number]))
        # Forked: cases are functions that cannot be sent. Each takes every workers-th case.
        context = multiprocessing.get_context("fork")
        pipes = []
        for first in range(workers):
            here, there = context.Pipe(duplex=False)
            context.Process(target=work, args=(range(first, len(cases), workers), there),
                            daemon=True).start()
            there.close()
            pipes.append(here)
        for number, (name, _) in enumerate(cases):
            try:
                result, text = pipes[number % workers].recv()
            except EOFError:
                result, text = "failed", f"FAIL {self.name}: {name}: its process has died\n"
            self.out.write(text)
            self.out.flush()
            yield result

    def main(self, words=(), workers=1):
        """Run the cases whose name contains any of `words` (all without words).

        workers: processes that share the cases, which then must not depend on one another.
        """
        count = {"passed": 0, "failed": 0, "skipped": 0}
        cases = [case for case in self.cases
                 if not words or any(word in case[0] for word in words)]
        for result in (self.run_many(cases, workers) if workers > 1 else
                       (self.run_one(*case) for case in cases)):
            count[result] += 1
        self.out.write("{passed} passed, {failed} failed, {skipped} skipped\n".format(**count))
        if sum(count.values()) == 0:
            return 99
        if count["failed"]:
            return 1
        return 77 if count["skipped"] == sum(count.values()) else 0
