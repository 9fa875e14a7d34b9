# SPDX-License-Identifier: GPL-2.0-or-later
"""-F, -R and makedumpfile-R.pl: streams, pipes that close or stall, what is cut
off; and flattened dumps as input."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from behaviour import SAMPLE_FRONT, TIMEOUT, check_incomplete, digest, start
from pylib import flatfile, kdumpcheck
from pylib.harness import Skip, expect, expect_equal
from pylib.kdumpfile import KdumpFile
from pylib.kdumplayout import STATUS_INCOMPLETE

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "makedumpfile-R.pl"
QUIET = ["--message-level", "4"]


def flatten(program, inputs, path, *words):
    """A stream of the sample in a file; returns its bytes."""
    with open(path, "wb") as out:
        done = start([program, "-F", *QUIET, *words, inputs["sample"]], stdout=out)
    expect_equal((done.returncode, done.stderr), (0, ""), "result of -F")
    return path.read_bytes()


def rearrange(program, stream, output, *words, script=False):
    """-R, or the script, with a file or bytes as standard input."""
    command = ["perl", SCRIPT, output] if script else [program, "-R", *QUIET, *words, output]
    data = stream if isinstance(stream, bytes) else Path(stream).read_bytes()
    return subprocess.run([str(word) for word in command], input=data, capture_output=True,
                          timeout=TIMEOUT, check=False)


def direct(program, inputs, path, *words):
    """What is written without -F."""
    done = start([program, *QUIET, *words, inputs["sample"], path])
    expect_equal((done.returncode, done.stderr), (0, ""), "result without -F")
    return path.read_bytes()


def case_stream_carries_the_file(program, inputs, folder):
    """Records by the rules, the same for all threads; rearranged they are what is written to a file."""
    want = direct(program, inputs, folder / "direct", "-l", "-d", "31")
    stream = flatten(program, inputs, folder / "flat", "-l", "-d", "31", "--num-threads", "0")
    found = flatfile.records(stream)
    expect_equal(flatfile.faults(found), [], "faults")
    expect(flatfile.rearrange(found) == want, "carries another file")
    for threads in ("1", "4"):
        again = flatten(program, inputs, folder / "again", "-l", "-d", "31", "--num-threads", threads)
        expect(again == stream, f"another stream with {threads} threads")
    for name, script in (("program", False), ("script", True)):
        done = rearrange(program, stream + b"what a partition held before" * 9, folder / name, script=script)
        expect_equal((done.returncode, done.stderr), (0, b""), f"result of the {name}")
        expect(digest(folder / name) == digest(folder / "direct"), f"another file by the {name}")
        expect_equal((folder / name).stat().st_mode & 0o777, 0o600, f"mode by the {name}")


def case_the_packaged_program_rearranges_ours(program, inputs, folder):
    """And ours what it flattened, to the same file it makes itself."""
    theirs = shutil.which("makedumpfile", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not theirs:
        raise Skip("no packaged makedumpfile")
    stream = flatten(program, inputs, folder / "flat", "-c", "-d", "31")
    for name, command in (("ours", program), ("theirs", theirs)):
        expect_equal(rearrange(command, stream, folder / name).returncode, 0, f"exit status of {name}")
    expect(digest(folder / "ours") == digest(folder / "theirs"), "different files")
    with open(folder / "foreign", "wb") as out:
        done = start([theirs, "-F", "-c", "-d", "31", inputs["sample"]], stdout=out)
    expect_equal(done.returncode, 0, f"packaged -F: {done.stderr}")
    for name, command in (("a", program), ("b", theirs)):
        expect_equal(rearrange(command, folder / "foreign", folder / name).returncode, 0, f"status of {name}")
    expect(digest(folder / "a") == digest(folder / "b"), "different files of its stream")


def case_messages_go_to_stderr(program, inputs, folder):
    """Standard output has the stream and nothing else."""
    with open(folder / "flat", "wb") as out:
        done = start([program, "-F", "-d", "31", "--message-level", "31", inputs["sample"], "-F"], stdout=out)
    expect_equal(done.returncode, 0, "exit status")
    for part in ("\nThe dumpfile is saved to STDOUT.\n", "Original pages", "VMCOREINFO"):
        expect(part in done.stderr, f"no {part!r} in stderr")
    expect(done.stderr.endswith("\nmakedumpfile Completed.\n"), f"last line: {done.stderr[-80:]!r}")
    flatfile.records((folder / "flat").read_bytes())


def case_dry_run_flattened(program, inputs, folder):
    """Nothing on standard output, whatever it is."""
    done = start([program, "-F", "-l", "-d", "31", inputs["sample"], "--dry-run", "--show-stats"])
    expect_equal((done.returncode, done.stdout), (0, ""), "result")
    expect("Original pages  : 0x" in done.stderr and "saved to" not in done.stderr, done.stderr)
    expect_equal(os.listdir(folder), [], "files")


def case_closed_pipe(program, inputs, folder):
    """One error, at once."""
    for threads in ("0", "2"):
        with subprocess.Popen([program, "-F", *QUIET, "-d", "0", "--num-threads", threads, inputs["sample"]],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            expect_equal(process.stdout.read(16), flatfile.HEADER[:16], "start")
            process.stdout.close()
            err = process.stderr.read().decode()
            expect_equal(process.wait(timeout=TIMEOUT), 1, "exit status")
        expect(err.count("\n") == 1 and "STDOUT" in err and "Broken pipe" in err
               and "without its end record" in err, f"stderr: {err!r}")


def case_closed_standard_output(program, inputs, folder):
    """Refused before the input is opened, which would get its number."""
    done = subprocess.run(["sh", "-c", 'exec "$0" -F -d 31 "$1" >&-', program, inputs["sample"]],
                          capture_output=True, text=True, timeout=TIMEOUT, check=False)
    expect_equal(done.returncode, 1, "exit status")
    expect("STDOUT: is not open" in done.stderr, f"stderr: {done.stderr!r}")


def case_sigterm_while_the_receiver_stalls(program, inputs, folder):
    """A full pipe does not hold up the end, and the stream has none."""
    with subprocess.Popen([program, "-F", *QUIET, "-d", "0", "--num-threads", "2", inputs["sample"]],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        start_bytes = process.stdout.read(flatfile.HEAD.size)
        process.send_signal(signal.SIGTERM)
        expect_equal(process.wait(timeout=TIMEOUT), 1, "exit status")
        stream = start_bytes + process.stdout.read()
        err = process.stderr.read().decode()
    expect("stopped by a signal" in err and err.count("\n") == 1, f"stderr: {err!r}")
    try:
        flatfile.records(stream)
    except flatfile.FlatError:
        return
    raise AssertionError("ended as if whole")


def case_rearranging_stops_by_signal(program, inputs, folder):
    """A sender that stalls does not hold it up either; what came is kept and marked."""
    stream = flatten(program, inputs, folder / "flat", "-d", "1")
    with subprocess.Popen([program, "-R", *QUIET, folder / "dump"], stdin=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(stream[:2 << 20])
        process.stdin.flush()
        process.send_signal(signal.SIGTERM)
        expect_equal(process.wait(timeout=TIMEOUT), 1, "exit status")
        err = process.stderr.read().decode()
        process.stdin.close()
    expect("stopped by a signal" in err, f"stderr: {err!r}")
    check_incomplete(folder / "dump")


def case_rearranging_is_killed(program, inputs, folder):
    """The file has said so from its first record on."""
    stream = flatten(program, inputs, folder / "flat", "-d", "1")
    with subprocess.Popen([program, "-R", *QUIET, folder / "dump"], stdin=subprocess.PIPE) as process:
        process.stdin.write(stream[:4 << 20])
        process.stdin.flush()
        process.kill()
    with KdumpFile(folder / "dump") as dump:
        expect(dump.head["status"] & STATUS_INCOMPLETE, "not marked incomplete")


def case_truncated_streams(program, inputs, folder):
    """Program and script keep the same bytes, mark them, and fail with one error."""
    stream = flatten(program, inputs, folder / "flat", "-l", "-d", "31")
    for length in (SAMPLE_FRONT, 1 << 20, len(stream) // 2, len(stream) - 17, len(stream) - 16, len(stream) - 1):
        outputs = {}
        for name, script in (("program", False), ("script", True)):
            output = folder / f"{name}.{length}"
            done = rearrange(program, stream[:length], output, script=script)
            expect_equal(done.returncode, 1, f"{name}, {length} bytes: exit status")
            expect(done.stderr.count(b"\n") == 1 and b"is marked incomplete" in done.stderr,
                   f"{name}, {length} bytes: {done.stderr!r}")
            outputs[name] = output.read_bytes()
        expect(outputs["program"] == outputs["script"], f"{length} bytes: different files")
        check_incomplete(output)


def case_nothing_is_left_of_garbage(program, inputs, folder):
    """No stream, or one that ends before its first byte: no file."""
    starts = {"empty": b"", "text": b"hello, world\n" * 1000, "header": flatfile.HEADER,
              "cut header": flatfile.HEADER[:4000], "head": flatfile.HEADER + bytes(15),
              "type": flatfile.HEADER[:23] + b"\2" + flatfile.HEADER[24:] + flatfile.END,
              "no records": flatfile.HEADER + flatfile.END,
              "negative size": flatfile.HEADER + flatfile.HEAD.pack(0, -1),
              "negative offset": flatfile.HEADER + flatfile.HEAD.pack(-2, 4) + b"data",
              "beyond all": flatfile.HEADER + flatfile.HEAD.pack((1 << 63) - 4, 4) + b"data",
              "no size": flatfile.HEADER + flatfile.HEAD.pack(0, 0) + flatfile.END}
    for name, stream in starts.items():
        for script in (False, True):
            done = rearrange(program, stream, folder / "dump", script=script)
            expect_equal(done.returncode, 1, f"{name}: exit status")
            expect(done.stderr.count(b"\n") == 1 and b"STDIN" in done.stderr, f"{name}: {done.stderr!r}")
            expect_equal(os.listdir(folder), [], f"{name}: files")


def case_garbage_is_refused_at_once(program, inputs, folder):
    """Without waiting for more of it."""
    with subprocess.Popen([program, "-R", *QUIET, folder / "dump"], stdin=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(b"no dump at all: 16 bytes and more")
        process.stdin.flush()
        expect_equal(process.wait(timeout=TIMEOUT), 1, "exit status")
        expect(b"is no flattened dump" in process.stderr.read(), "no error")
        process.stdin.close()


def case_existing_output_of_r(program, inputs, folder):
    """Refused, also before anything is read; -f overwrites."""
    stream = flatfile.flatten([(0, b"new")])
    (folder / "dump").write_bytes(b"old content")
    for script in (False, True):
        done = rearrange(program, stream, folder / "dump", script=script)
        expect_equal(done.returncode, 1, "exit status")
        expect(b"File exists" in done.stderr, f"stderr: {done.stderr!r}")
    expect_equal((folder / "dump").read_bytes(), b"old content", "dump")
    expect_equal(rearrange(program, stream, folder / "dump", "-f").returncode, 0, "exit status with -f")
    expect_equal((folder / "dump").read_bytes(), b"new", "dump")


def case_standard_streams_that_are_the_other_file(program, inputs, folder):
    """-R -f would empty what it reads, and -F would write into its input."""
    stream = flatfile.flatten([(0, b"new")])
    (folder / "flat").write_bytes(stream)
    with open(folder / "flat", "rb") as source:
        done = subprocess.run([program, "-R", "-f", *QUIET, folder / "flat"], stdin=source,
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
    expect_equal((done.returncode, "are the same file" in done.stderr), (1, True), done.stderr)
    expect_equal((folder / "flat").read_bytes(), stream, "the stream")
    (folder / "vmcore").write_bytes(b"no dump, but kept")
    for words in (["-F"], ["-F", "--dump-dmesg"]):
        with open(folder / "vmcore", "ab") as out:
            done = start([program, *words, *QUIET, folder / "vmcore"], stdout=out)
        expect_equal((done.returncode, "are the same file" in done.stderr), (1, True), done.stderr)
    expect_equal((folder / "vmcore").read_bytes(), b"no dump, but kept", "the input")


def case_odd_streams(program, inputs, folder):
    """Out of order, over each other, with gaps, in small pieces: later records win."""
    pieces = [(100, b"x" * 50), (0, b"abc"), (90, b"y" * 20), (2, b"z"), (1000, b"end")]
    stream = flatfile.flatten(pieces)
    want = flatfile.rearrange(pieces)
    for name, script in (("program", False), ("script", True)):
        expect_equal(rearrange(program, stream, folder / name, script=script).returncode, 0, "exit status")
        expect_equal((folder / name).read_bytes(), want, name)


def case_flattened_input(program, inputs, folder):
    """Read in place: the same dump comes out, whatever the order and size of records."""
    want = direct(program, inputs, folder / "want", "-z", "-d", "31")
    data = Path(inputs["sample"]).read_bytes()
    ways = {"large": flatfile.cut(data, 1 << 20), "odd": flatfile.cut(data, 77777),
            "backwards": flatfile.cut(data, 65536)[::-1],
            "overlapping": [(0, b"\xff" * (1 << 20))] + flatfile.cut(data, 1 << 22)}
    for name, pieces in ways.items():
        (folder / "flat").write_bytes(flatfile.flatten(pieces))
        done = start([program, "-f", *QUIET, "-z", "-d", "31", "--num-threads", "2", folder / "flat", folder / "out"])
        expect_equal((done.returncode, done.stderr), (0, ""), f"{name}: result")
        expect((folder / "out").read_bytes() == want, f"{name}: another dump")


def case_flattened_input_cut_off(program, inputs, folder):
    """Used as far as it goes, said, and marked."""
    data = Path(inputs["sample"]).read_bytes()
    (folder / "flat").write_bytes(flatfile.flatten(flatfile.cut(data, 1 << 20), end=False)[:-(10 << 20)])
    done = start([program, *QUIET, "-d", "1", folder / "flat", folder / "out"])
    expect_equal(done.returncode, 0, f"exit status: {done.stderr}")
    expect("there is no end record" in done.stderr, f"stderr: {done.stderr!r}")
    check_incomplete(folder / "out")


def case_flattened_input_from_a_pipe(program, inputs, folder):
    """Cannot be read by offset: said, with no waiting."""
    os.mkfifo(folder / "fifo")
    done = start([program, *QUIET, "-d", "31", folder / "fifo", folder / "out"])
    expect_equal(done.returncode, 1, "exit status")
    expect("is a pipe" in done.stderr, f"stderr: {done.stderr!r}")


def case_size_limit_option(program, inputs, folder):
    """-L: as a full disk, with its own line; nothing behind the limit."""
    dump = folder / "dump"
    done = start([program, "-L", "2M", "-d", "1", inputs["sample"], dump])
    expect_equal(done.returncode, 1, "exit status")
    expect(f"\nCan't write the dump file({dump}). Size limit({2 << 20}) reached.\n" in done.stdout
           and "This is an incomplete dumpfile, but might analyzable.\n" in done.stdout, done.stdout)
    check_incomplete(dump)
    expect(dump.stat().st_size <= 2 << 20, "the limit was passed")


def case_size_limit_that_is_not_reached(program, inputs, folder):
    """The same file as without."""
    want = direct(program, inputs, folder / "want", "-l", "-d", "31")
    direct(program, inputs, folder / "dump", "-l", "-d", "31", "-L", str(len(want)))
    expect(digest(folder / "dump") == digest(folder / "want"), "another file")
    done = start([program, *QUIET, "-l", "-d", "31", "-L", len(want) - 1, inputs["sample"], folder / "less"])
    expect_equal(done.returncode, 1, "exit status with one byte less")


def case_next_level_when_it_does_not_fit(program, inputs, folder):
    """The output is as if the last level had been asked for alone."""
    want = direct(program, inputs, folder / "want", "-l", "-d", "31")
    done = start([program, "-l", "-L", len(want), "-d", "0,1,31,16", inputs["sample"], folder / "dump"])
    expect_equal(done.returncode, 0, f"exit status: {done.stderr}")
    for level in (1, 31):
        expect(f"Retry to create a dumpfile by dump_level({level}).\n" in done.stdout, done.stdout)
    expect("dump_level(16)" not in done.stdout, "went on after success")
    expect(digest(folder / "dump") == digest(folder / "want"), "another file")


def case_no_level_fits(program, inputs, folder):
    """The last one is left, marked."""
    done = start([program, "-L", "1M", "-d", "1,31", inputs["sample"], folder / "dump"])
    expect_equal(done.returncode, 1, "exit status")
    expect(done.stdout.count("Size limit(1048576) reached.") == 2, done.stdout)
    check_incomplete(folder / "dump")


def case_next_level_on_a_full_disk(program, inputs, folder):
    """The space of the first attempt is free again for the second."""
    mount = start(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder])
    if mount.returncode:
        raise Skip(f"cannot mount a tmpfs: {mount.stderr.strip()}")
    try:
        dump = folder / "dump"
        done = start([program, "-l", "-d", "1,31", inputs["sample"], dump])
        expect_equal(done.returncode, 0, f"exit status: {done.stderr}")
        expect("No space left on device" in done.stderr, f"stderr: {done.stderr!r}")
        expect_equal(kdumpcheck.check(str(dump)), [], "faults")
    finally:
        start(["umount", folder])


def case_levels_of_a_stream(program, inputs, folder):
    """Only the first one is tried, and that is said."""
    with open(folder / "flat", "wb") as out:
        done = start([program, "-F", "-L", "1M", "-d", "1,31", inputs["sample"]], stdout=out)
    expect_equal(done.returncode, 1, "exit status")
    expect("Only dump_level(1) is tried" in done.stderr and "Retry" not in done.stderr, done.stderr)


def case_log_to_standard_output(program, inputs, folder):
    """-F --dump-dmesg is plain text, and the facts a collector reads are on stderr."""
    done = start([program, "--dump-dmesg", *QUIET, inputs["sample"], folder / "log"])
    expect_equal(done.returncode, 0, "exit status")
    piped = start([program, "-F", "--message-level", "8", "--dump-dmesg", inputs["sample"]])
    expect_equal(piped.returncode, 0, "exit status with -F")
    expect_equal(piped.stdout, (folder / "log").read_text(encoding="utf-8"), "text")
    for key in ("OSRELEASE=", "CRASHTIME="):
        expect(f"\n  {key}" in piped.stderr, f"no {key} in {piped.stderr!r}")
