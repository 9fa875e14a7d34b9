# SPDX-License-Identifier: GPL-2.0-or-later
"""--json: the file, read back with Python's json module, against what the run did."""

import json
import os
import stat

from behaviour import start
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile


def read(path):
    """The document; a number that is no JSON number (NaN) is refused."""
    def refuse(word):
        raise ValueError(word)
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=refuse)


def run(program, folder, *words, status=0):
    """Run with --json; returns the document and the finished process."""
    done = start([program, "--json", folder / "json", *words])
    expect_equal(done.returncode, status, f"exit status; stderr {done.stderr!r}")
    found = read(folder / "json")
    expect_equal(found["exit_status"], status, "exit_status")
    command = [os.fsencode(word).decode("utf-8", "replace") for word in
               (program, "--json", folder / "json", *words)]
    expect_equal(found["command"], command, "command")
    return found, done


def report_number(text, label):
    """The number behind a label of the report."""
    for line in text.splitlines():
        if line.strip().startswith(label):
            return int(line.split(":")[1], 0)
    raise ValueError(f"no {label!r} in the report")


def case_json_of_a_dump(program, inputs, folder):
    """The same numbers as the report and the dump itself."""
    found, done = run(program, folder, "--show-stats", "-l", "-d", "31", inputs["sample"],
                      folder / "dump")
    expect_equal((found["action"], found["level"], found["codec"], found["error"]),
                 ("create", 31, "lzo", None), "run")
    for label, key in (("Original pages", "original_pages"), ("Excluded pages", "excluded_pages"),
                       ("Pages filled with zero", "pages_filled_with_zero"),
                       ("Non-private cache pages", "non_private_cache_pages"),
                       ("Private cache pages", "private_cache_pages"),
                       ("User process data pages", "user_process_data_pages"),
                       ("Free pages", "free_pages"), ("Hwpoison pages", "hwpoison_pages"),
                       ("Offline pages", "offline_pages"), ("Remaining pages", "remaining_pages"),
                       ("Memory Hole", "memory_hole"), ("Total pages", "total_pages")):
        expect_equal(found["pages"][key], report_number(done.stdout, label), key)
    expect_equal(found["written"]["bytes"], report_number(done.stdout, "Write bytes"), "bytes")
    expect_equal(found["input"]["kernel_release"], "6.12.0-generated", "release")
    with KdumpFile(folder / "dump") as dump:
        expect_equal(found["input"]["page_size"], dump.head["block_size"], "page size")
    expect_equal(sorted(found["seconds"]), ["checking_for_memory_holes", "copying_data",
                                            "excluding_unnecessary_pages", "together"], "phases")
    expect(found["memory"]["peak_resident_kib"] > 0, "no memory used")
    expect_equal(stat.S_IMODE(os.stat(folder / "json").st_mode), 0o600, "mode")


def case_json_of_a_dry_run(program, inputs, folder):
    """Counts without an output."""
    found, _ = run(program, folder, "--dry-run", "-d", "1", inputs["sample"], folder / "dump")
    expect_equal((found["action"], found["output"], found["codec"]), ("dry_run", None, None), "run")
    expect(found["written"]["zero_pages"] > 0 and found["plan"]["blocks"] == 1, f"{found}")
    expect_equal(os.listdir(folder), ["json"], "files")


def case_json_of_the_log(program, inputs, folder):
    """Records and bytes of --dump-dmesg."""
    found, _ = run(program, folder, "--dump-dmesg", inputs["sample"], folder / "log")
    expect_equal(found["action"], "dump_dmesg", "action")
    expect_equal(found["log"]["bytes_written"], os.path.getsize(folder / "log"), "bytes")
    expect(found["log"]["records"] > 0, "no records")
    expect("pages" not in found, "pages were not looked at")


def case_json_of_failures(program, inputs, folder):
    """As far as the run came, and the text of the error whatever is printed."""
    strange = folder / "no \"such\"\n\udcff"
    found, _ = run(program, folder, "--message-level", "0", strange, folder / "dump",
                   status=1)
    expect("No such file" in found["error"], f"error {found['error']!r}")
    expect_equal(found["input"]["format"], None, "format")
    expect("\ufffd" in found["input"]["name"] and "\"such\"\n" in found["input"]["name"], "name")


def case_json_of_a_failure_on_the_way(program, inputs, folder):
    """The input is known, its facts do not suffice."""
    found, done = run(program, folder, "--message-level", "0", "-d", "31", inputs["noinfo"],
                      folder / "dump", status=1)
    expect_equal(done.stderr, "", "stderr")
    expect("needs the kernel's struct pages" in found["error"], f"error {found['error']!r}")
    expect_equal(found["input"]["page_size"], 4096, "page size")
    expect("pages" not in found and "plan" not in found, "nothing was judged")


def case_json_has_warnings(program, inputs, folder):
    """Warnings are there even when they are not shown, and are no error."""
    found, done = run(program, folder, "--message-level", "0", inputs["nopmemlist"],
                      folder / "dump")
    expect_equal(done.stderr, "", "stderr")
    expect(any("persistent memory without a list" in line for line in found["warnings"]),
           f"warnings {found['warnings']}")
    expect_equal(found["error"], None, "error")


def case_json_refuses_other_files(program, inputs, folder):
    """Never over the input, the output, or an existing file without -f; nothing is left behind."""
    (folder / "there").write_text("keep", encoding="ascii")
    before = os.path.getsize(inputs["sample"])
    for words in (["--json", folder / "there", inputs["sample"], folder / "dump"],
                  ["-f", "--json", inputs["sample"], inputs["sample"], folder / "dump"],
                  ["-f", "--json", folder / "there", inputs["sample"], folder / "there"],
                  ["-f", "--json", folder / "new", inputs["sample"], f"{folder}/./new"],
                  ["--json", folder / "none" / "new", inputs["sample"], folder / "dump"],
                  ["--json", "-", inputs["sample"], folder / "dump"]):
        done = start([program, *words])
        expect_equal(done.returncode, 1, f"exit status of {words}")
        expect("--json" in done.stderr, f"stderr of {words}: {done.stderr!r}")
        expect_equal(os.listdir(folder), ["there"], f"files after {words}")
    expect_equal((folder / "there").read_text(encoding="ascii"), "keep", "contents")
    expect_equal(os.path.getsize(inputs["sample"]), before, "size of the input")


def case_json_overwrites_with_f(program, inputs, folder):
    """A longer file of before leaves nothing behind."""
    (folder / "json").write_text("x" * 100000, encoding="ascii")
    run(program, folder, "-f", "--dry-run", inputs["sample"], folder / "dump")


def case_json_that_cannot_be_filled(program, inputs, folder):
    """The dump counts more than its statistics: that is said, and is no failure."""
    done = start([program, "-f", "--json", "/dev/full", inputs["sample"], folder / "dump"])
    expect_equal(done.returncode, 0, "exit status")
    expect("--json /dev/full: No space left" in done.stderr, f"stderr {done.stderr!r}")


def case_json_only_checked(program, inputs, folder):
    """--check-params creates nothing."""
    done = start([program, "--check-params", "--json", folder / "json", inputs["sample"],
                  folder / "dump"])
    expect_equal((done.returncode, os.listdir(folder)), (0, []), "status and files")


def estimated(program, folder, name):
    """{(level, codec): file} of --estimate, and the document."""
    found, done = run(program, folder, "-f", "--estimate", name)
    return {(file["level"], file["codec"]): file for file in found["estimate"]["files"]}, found, done


def case_estimate(program, inputs, folder):
    """Every size lies in its interval, or nearly: the sample is a fixed one. Pages are exact."""
    files, found, done = estimated(program, folder, inputs["sample"])
    expect_equal(os.listdir(folder), ["json"], "files")
    expect_equal((found["action"], found["estimate"]["all_pages_judged"]), ("estimate", True), "run")
    expect(0 < found["estimate"]["pages_sampled"] <= found["input"]["present_pages"], "sample")
    letters = {None: [], "zlib": ["-c"], "lzo": ["-l"], "snappy": ["-p"], "zstd": ["-z"]}
    misses = []
    for (level, codec), file in files.items():
        real, _ = run(program, folder, "-f", "--dry-run", "-d", str(level), *letters[codec],
                      inputs["sample"], folder / "dump")
        expect_equal(file["pages"], real["written"]["pages"], f"pages at {level} {codec}")
        expect(file["bytes_low"] <= file["bytes"] <= file["bytes_high"], f"interval of {file}")
        expect(file["seconds"] > 0 and file["memory_kib"] > 0, f"cost of {file}")
        if not file["bytes_low"] <= real["written"]["bytes"] <= file["bytes_high"]:
            misses.append((file, real["written"]["bytes"]))
        words = f"{level} {codec or 'none'} {file['pages']} {file['bytes']} "
        expect(any(" ".join(line.split()).startswith(words) for line in done.stdout.splitlines()),
               f"{words!r} is not in the table: {done.stdout}")
    expect(len(misses) * 10 <= len(files), f"outside their intervals: {misses}")
    expect_equal({level for level, _ in files}, {0, 1, 3, 7, 15, 16, 17, 23, 25, 27, 31}, "levels")


def case_estimate_of_another_level(program, inputs, folder):
    """The level asked for is there too; 63 only where there is persistent memory."""
    found, _ = run(program, folder, "-d", "5", "--estimate", inputs["pmem"])
    levels = {file["level"] for file in found["estimate"]["files"]}
    expect(5 in levels and 63 in levels, f"levels {levels}")


def case_estimate_without_struct_pages(program, inputs, folder):
    """What needs no struct pages is told all the same."""
    for name in ("s390x", "noinfo"):
        files, found, done = estimated(program, folder, inputs[name])
        expect_equal({level for level, _ in files}, {0, 1}, f"levels of {name}")
        expect("only levels 0 and 1 are estimated" in done.stderr, f"stderr {done.stderr!r}")
        expect(found["warnings"], "warnings")


def case_estimate_of_no_dump(program, inputs, folder):
    """Fails as a dump of it would."""
    found, done = run(program, folder, "--estimate", inputs["noise"], status=1)
    expect(found["error"] and "files" not in done.stdout, f"{found}")
    expect(done.stdout.endswith("\nmakedumpfile Failed.\n"), f"stdout {done.stdout!r}")
