# SPDX-License-Identifier: GPL-2.0-or-later
"""Command-line behaviour that needs more than one look at the result: limits,
full disks, signals, terminals, and equality of outputs."""

import hashlib
import os
import pty
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pylib import kdumpcheck
from pylib.harness import Skip, expect, expect_equal
from pylib.kdumpfile import KdumpFile
from pylib.kdumplayout import STATUS_INCOMPLETE

TIMEOUT = 1800
SIGNAL_TRIES = 10
# The headers, bitmaps and descriptors of the sample: beyond it there is data.
SAMPLE_FRONT = 512 << 10
# The same of the dump of `long`.
LONG_FRONT = 13 << 20


def add_cases(suite, program, inputs, work, module=sys.modules[__name__]):
    """Add every case_* function of @module."""
    for name, function in sorted(vars(module).items()):
        if name.startswith("case_"):
            def run(function=function):
                with tempfile.TemporaryDirectory(dir=work) as folder:
                    function(program, inputs, Path(folder))
            suite.add(f"behaviour: {name[5:].replace('_', ' ')}", run)


def start(words, **keywords):
    """subprocess.run() with captured text streams and a time limit."""
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, text=True,
                          timeout=TIMEOUT, check=False, **keywords)


def check_incomplete(path):
    """The file opens, says that it is incomplete, and every page it promises is there."""
    with KdumpFile(path) as dump:
        expect(dump.head["status"] & STATUS_INCOMPLETE, f"{path}: not marked incomplete")
    faults = kdumpcheck.check(str(path))
    expect(not faults, f"{path}: {faults}")


def check_failed_incomplete(done, path):
    """Exit status, messages and file of a run that ended early."""
    expect_equal(done.returncode, 1, "exit status")
    expect("This is an incomplete dumpfile, but might analyzable.\n" in done.stdout,
           f"no word of an incomplete file: {done.stdout!r}")
    expect(done.stdout.endswith("\nmakedumpfile Failed.\n"), f"last line: {done.stdout!r}")
    check_incomplete(path)


def limit_size(size):
    """For preexec_fn: files may not grow beyond size bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def case_mem_usage_table_comes_first(program, inputs, _work):
    """On both streams together: a program that merges them wants the header first (Oracle vmcore_sz)."""
    done = start([program, "--mem-usage", inputs["lesskcore"]], stderr=subprocess.STDOUT)
    expect_equal(done.returncode, 0, "exit status")
    expect(done.stdout.startswith("\nTYPE\t\tPAGES\t"), f"starts with {done.stdout[:80]!r}")
    expect("LENGTH(zone.free_area) is missing" in done.stdout, "the warning is missing")


def case_size_limit(program, inputs, folder):
    """A file size limit ends the run in order."""
    dump = folder / "dump"
    done = start([program, "-d", "1", inputs["sample"], dump], preexec_fn=limit_size(2 << 20))
    check_failed_incomplete(done, dump)
    expect("File too large" in done.stderr, f"stderr: {done.stderr!r}")
    expect(dump.stat().st_size <= 2 << 20, "the limit was passed")


def case_size_limit_of_nothing(program, inputs, folder):
    """What holds nothing is taken away."""
    dump = folder / "dump"
    done = start([program, "-d", "1", inputs["sample"], dump], preexec_fn=limit_size(0))
    expect_equal(done.returncode, 1, "exit status")
    expect(not dump.exists(), "a file without content is left")
    expect("incomplete dumpfile" not in done.stdout, "speaks of a file that is not there")


def case_size_limit_of_the_log(program, inputs, folder):
    """--dump-dmesg fails too, and keeps what it has."""
    log = folder / "log"
    done = start([program, "--dump-dmesg", inputs["sample"], log], preexec_fn=limit_size(100))
    expect_equal(done.returncode, 1, "exit status")
    expect(done.stdout.endswith("makedumpfile Failed.\n"), f"stdout: {done.stdout!r}")


def case_full_disk(program, inputs, folder):
    """No space left: marked incomplete, and it opens."""
    mount = start(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder])
    if mount.returncode:
        raise Skip(f"cannot mount a tmpfs: {mount.stderr.strip()}")
    try:
        dump = folder / "dump"
        done = start([program, "-d", "1", inputs["sample"], dump])
        check_failed_incomplete(done, dump)
        expect("No space left on device" in done.stderr, f"stderr: {done.stderr!r}")
    finally:
        start(["umount", folder])


def size_of(path):
    """Size of a file, 0 while there is none."""
    return path.stat().st_size if path.exists() else 0


def stop_copy(program, inputs, dump, signum):
    """Send signum while the copy is running; returns the finished process.
    Fails when the run was always over before. Background jobs of a shell start with
    SIGINT ignored, and the program would leave it so."""
    def heed():
        if signum != signal.SIGKILL:
            signal.signal(signum, signal.SIG_DFL)
    for _ in range(SIGNAL_TRIES):
        dump.unlink(missing_ok=True)
        with subprocess.Popen([program, "-c", "-d", "0", inputs["long"], str(dump)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
            while process.poll() is None and size_of(dump) < LONG_FRONT:
                time.sleep(0.001)
            process.send_signal(signum)
            out, err = process.communicate(timeout=TIMEOUT)
        if process.returncode != 0:
            return subprocess.CompletedProcess([], process.returncode, out, err)
    raise AssertionError(f"the run was over before signal {signum}, {SIGNAL_TRIES} times")


def case_sigterm(program, inputs, folder):
    """SIGTERM ends the run in order."""
    done = stop_copy(program, inputs, folder / "dump", signal.SIGTERM)
    check_failed_incomplete(done, folder / "dump")
    expect("stopped by a signal" in done.stderr, f"stderr: {done.stderr!r}")


def case_sigint(program, inputs, folder):
    """So does an interrupt."""
    done = stop_copy(program, inputs, folder / "dump", signal.SIGINT)
    check_failed_incomplete(done, folder / "dump")


def case_sigkill(program, inputs, folder):
    """Who is killed can say nothing: the file has said so from the start."""
    stop_copy(program, inputs, folder / "dump", signal.SIGKILL)
    with KdumpFile(folder / "dump") as dump:
        expect(dump.head["status"] & STATUS_INCOMPLETE, "not marked incomplete")


def case_sighup_under_nohup(program, inputs, folder):
    """A hang-up that was ignored at the start stays ignored."""
    dump = folder / "dump"

    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with subprocess.Popen([program, "-c", "-d", "0", inputs["sample"], str(dump)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=ignore) as process:
        while process.poll() is None and not dump.exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGHUP)
        process.wait(timeout=TIMEOUT)
    expect_equal(process.returncode, 0, "exit status")
    expect_equal(kdumpcheck.check(str(dump)), [], "faults")


def digest(path):
    """Hash of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def case_same_bytes_whatever_the_resources(program, inputs, folder):
    """Threads, plan budget and mapping do not change the file."""
    ways = {"plain": [], "threads": ["--num-threads", "4"], "budget": ["--cyclic-buffer", "1"],
            "small": ["--max-memory", "1K"], "read": ["--non-mmap"],
            "all": ["--num-threads", "2", "--cyclic-buffer", "1", "--non-mmap"]}
    for name, words in ways.items():
        done = start([program, "-z", "-d", "31", *words, inputs["sample"], folder / name])
        expect_equal(done.returncode, 0, f"exit status of {name}: {done.stderr}")
    sums = {name: digest(folder / name) for name in ways}
    expect_equal(len(set(sums.values())), 1, f"different files: {sums}")


def case_progress_on_a_terminal(program, inputs, folder):
    """One line that is redrawn, ending at 100 percent."""
    ours, theirs = pty.openpty()
    try:
        done = start([program, "--message-level", "1", "-d", "1", inputs["sample"],
                      folder / "dump"], stderr=theirs)
        os.close(theirs)
        theirs = -1
        text = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:     # EIO: the other side is closed
                break
            if not piece:
                break
            text += piece
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
    expect_equal(done.returncode, 0, "exit status")
    lines = text.decode().split("\r")
    copying = [line for line in lines if line.startswith("Copying data ")]
    expect(copying and len(copying[-1].rstrip("\n")) == 50 + 2 + 9 + 1 + 1 + 2 + 16,
           f"not the shape of the progress line: {lines}")
    expect("[100.0 %]" in copying[-1], f"last progress: {copying[-1]!r}")
    expect("\n" not in text.decode().replace("\r\n", ""), "line feeds between redrawings")


def case_no_carriage_return_in_a_log(program, inputs, folder):
    """Progress into a file is plain lines."""
    done = start([program, "-d", "1", inputs["sample"], folder / "dump"])
    expect_equal(done.returncode, 0, "exit status")
    expect("\r" not in done.stderr, f"stderr: {done.stderr!r}")


def case_streams(program, inputs, folder):
    """Errors and progress to stderr, the rest to stdout, each by its bit."""
    wanted = {1: ("", "Copying data"), 2: ("is saved to", ""), 4: ("", ""),
              8: ("VMCOREINFO", ""), 16: ("Original pages", "")}
    for level, (out, err) in wanted.items():
        done = start([program, "-f", "--message-level", level, "-d", "1", inputs["sample"],
                      folder / "dump"])
        expect_equal(done.returncode, 0, f"exit status at {level}")
        for name, text, part in (("stdout", done.stdout, out), ("stderr", done.stderr, err)):
            expect(part in text if part else not text, f"level {level}: {name} is {text[:200]!r}")


def case_output_that_is_standard_output(program, inputs, folder):
    """By its other name it has the dump or the log, and not what is said about them."""
    for words, name in ((["-l", "-d", "31"], "dump"), (["--dump-dmesg"], "log")):
        plain = start([program, *words, inputs["sample"], folder / name])
        expect_equal(plain.returncode, 0, plain.stderr)
        with open(folder / f"{name}.out", "wb") as out:
            done = start([program, "-f", *words, inputs["sample"], "/dev/stdout"], stdout=out)
        expect_equal(done.returncode, 0, done.stderr)
        expect("makedumpfile Completed." in done.stderr, f"stderr: {done.stderr!r}")
        expect((folder / name).read_bytes() == (folder / f"{name}.out").read_bytes(), f"another {name}")


def case_check_params_opens_no_file(program, inputs, folder):
    """Opening a pipe without a writer would wait for ever, and -f would empty the output."""
    os.mkfifo(folder / "vmcore")
    (folder / "dump").write_text("keep me", encoding="utf-8")
    done = start([program, "--check-params", "-f", "-d", "31", "vmcore", "dump"], cwd=folder)
    expect_equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "result")
    expect_equal((folder / "dump").read_text(encoding="utf-8"), "keep me", "dump")
    expect_equal(sorted(os.listdir(folder)), ["dump", "vmcore"], "files")


def case_compressor_that_was_not_built_in(program, inputs, folder):
    """A program without the library says so and stores pages as they are."""
    root = Path(__file__).resolve().parents[2]
    bare = root / "build" / "nocodec" / "makedumpfile"
    made = start(["make", "-s", "-j2", "-C", root, "VARIANT=nocodec", "CFLAGS=-O1", "ZLIB=0", "LZO=0",
                  "SNAPPY=0", "ZSTD=0", "all"])
    expect_equal(made.returncode, 0, f"make without compressors: {made.stdout}{made.stderr}")
    for letter in "clpz":
        done = start([bare, "-" + letter, "-d", "31", inputs["sample"], folder / letter])
        expect_equal(done.returncode, 0, f"exit status of -{letter}: {done.stderr}")
        expect(f"'-{letter}' option is ignored" in done.stdout, f"stdout: {done.stdout!r}")
        expect_equal(kdumpcheck.check(str(folder / letter)), [], f"faults with -{letter}")
        with KdumpFile(folder / letter) as dump:
            expect_equal(dump.head["status"], 0, f"header status with -{letter}")
    expect("disabled ('-z' option will be ignored.)" in start([bare, "-h"]).stdout, "usage text")
    expect("zstd\tdisabled\n" in start([bare, "-v"]).stdout, "version text")


def case_unwritable_stdout(program, inputs, folder):
    """Whoever closed stdout still gets the dump."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = start([program, "-d", "1", inputs["sample"], folder / "dump"], stdout=full)
    expect_equal(done.returncode, 0, "exit status")
    expect_equal(kdumpcheck.check(str(folder / "dump")), [], "faults")


def case_unwritable_answer(program, inputs, folder):
    """Whoever asked for a table and cannot have it is told; with --json it is in a file."""
    for words in (["--mem-usage", inputs["kcore"]], ["-v"],
                  ["--json", folder / "json", "--mem-usage", inputs["kcore"]]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = start([program, *words], stdout=full)
        lost = "--json" not in words
        expect_equal(done.returncode, int(lost), f"exit status of {words}")
        expect_equal("STDOUT: cannot write" in done.stderr, lost, f"stderr of {words}: {done.stderr!r}")
