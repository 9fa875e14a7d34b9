# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that look like a vmlinux, made by the compiler: everything.c in many forms."""

import functools
import re
import shutil
import subprocess
from pathlib import Path

from pylib.harness import Failure, Skip

HERE = Path(__file__).resolve().parent
FLAGS = ["-O0", "-fno-pie", "-no-pie", "-nostdlib", "-static", "-ffreestanding",
         "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wl,--build-id=sha1",
         "-Wl,-Ttext=0xffffffff81000000", "-Wl,-e,_start"]
X86 = ["-mcmodel=kernel", "-mno-red-zone"]


def run(*words, cwd=None):
    """Run a tool that must not fail; its stdout as text."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, text=True, check=False,
                          capture_output=True)
    if done.returncode:
        raise Failure(f"{words[0]}: {done.stderr}")
    return done.stdout


def need(tool):
    """Skip the case where a tool is missing."""
    if not shutil.which(tool):
        raise Skip(f"{tool} is not installed")


def build(path, *flags, compiler="gcc", machine=X86, release=None):
    """everything.c as an executable at path."""
    need(compiler)
    defines = [f'-DRELEASE="{release}"'] if release else []
    run(compiler, *FLAGS, *machine, *(flags or ["-g"]), *defines, "-o", path, HERE / "everything.c")
    return path


@functools.lru_cache(None)
def wanted_names():
    """[(kind, name)] of the lines of facts/wanted.c."""
    text = (HERE.parent.parent / "facts" / "wanted.c").read_text(encoding="utf-8")
    words = {"SYM": "SYMBOL", "SIZE": "SIZE", "OFF": "OFFSET", "LEN": "LENGTH", "NUM": "NUMBER"}
    return [(words[kind], name)
            for kind, name in re.findall(r'^\t(SYM|SIZE|OFF|LEN|NUM)\("(\S+)"\),$', text, re.M)]


def lines(text):
    """key -> value of a vmcoreinfo text."""
    return dict(line.split("=", 1) for line in text.splitlines())


def _expression(kind, name):
    """C that has the value of a fact about types."""
    struct, _, member = name.partition(".")
    where = struct if struct.endswith("_t") else f"struct {struct}"
    if kind == "SIZE":
        return f"sizeof({where})"
    if kind == "OFFSET":
        return f"__builtin_offsetof({where}, {member})"
    if kind == "LENGTH" and member:
        return f"sizeof((({where} *)0)->{member}) / sizeof((({where} *)0)->{member}[0])"
    if kind == "LENGTH":
        return f"sizeof({name}) / sizeof({name}[0])"
    return name


def compiled_values(folder, keys):
    """key -> value as text, of the facts about types among keys, by the compiler itself."""
    path = folder / "values.c"
    rows = []
    for key in keys:
        kind, name = re.fullmatch(r"(\w+)\((.*)\)", key).groups()
        rows.append(f'\tprintf("{key}=%lld\\n", (long long)({_expression(kind, name)}));')
    path.write_text(f'#include "{HERE}/everything.c"\nint printf(const char *, ...);\n'
                    "int main(void)\n{\n" + "\n".join(rows) + "\n\treturn 0;\n}\n", encoding="utf-8")
    # Its own start and names of libc's must not be in the way.
    run("gcc", "-w", "-D_start=everything_start", "-D_end=everything_end", "-D_text=everything_text",
        "-fno-builtin-log", "-o", folder / "values", path)
    return lines(run(folder / "values"))


def symbols(path):
    """name -> address as nm has it."""
    return {name: int(address, 16) for address, _, name in
            (line.split() for line in run("nm", "--defined-only", path).splitlines())}
