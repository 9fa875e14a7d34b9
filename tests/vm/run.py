# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot one guest of the table and collect its dumps and its ground truth."""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time

import capture
import crossbuild
import module
from initramfs import Initramfs, add_busybox, guest_program
from kernels import kernel
from machine import Machine, MachineError
from packages import cache_dir
from tools.add_note import add_note
from tools.mark_pmem import mark, pmem_ranges

HERE = pathlib.Path(__file__).parent
ASK = re.compile(r"^MDFLAB (ask|fail) (.*)")
MIB = 1 << 20
CRASH_RESERVED = "256M"
MODULES = ["virtio_pci", "virtio_blk", "ext4", "qemu_fw_cfg"]
CONSOLE = {"amd64": "ttyS0", "arm64": "ttyAMA0"}
# Each is some ten times what it takes on an idle machine; see machine.py.
STEP_SECONDS = 900
# One thread for all virtual CPUs: with one each, a CPU can run into a
# breakpoint that the kernel's code patching on another has just taken back
# (seen with QEMU 7.2 as "Oops: int3" in 6.12 when a static key was flipped).
ACCEL = ("-accel", "tcg,thread=single")
LAYOUT = 1
# What only guests that run the program have.
CAPTURE_FILES = ("capture", "capture-init", "callers", "callers-steps", "bitmap", "live")


def result_dir(guest):
    """Where the files of a guest are kept."""
    return cache_dir() / "vm" / guest.name


def keys(guest, program):
    """(key of the dump, key of the crash): what must stay equal to reuse results.

    Python files are not in it: LAYOUT is to be raised when one changes what
    ends up in a result.
    """
    row = dataclasses.replace(guest, why="")
    base = hashlib.sha256(f"{LAYOUT} {row!r} {kernel(guest.kernel).release}".encode())
    for path in sorted((HERE / "guest").rglob("*")):
        if path.is_file() and path.name not in CAPTURE_FILES:
            base.update(path.read_bytes())
    crash = base.copy()
    if program:
        crash.update((HERE / "guest/capture-init").read_bytes()
                     + (HERE / "guest/live").read_bytes() + program.contents())
    return base.hexdigest(), crash.hexdigest()


def _runs_live(guest, program):
    """The guest runs the program on its own /proc/kcore."""
    return bool((guest.kexec or guest.live) and guest.live != "no" and guest.script == "capture"
                and program and not program.root)


def _guest_image(guest, kern, program):
    image = Initramfs()
    add_busybox(image, kern.arch)
    image.copy(HERE / "guest/init", "init")
    image.entries["init"] = (0o100755, *image.entries["init"][1:])
    image.copy(guest_program(kern.arch), "bin/mdflab")
    modules = list(MODULES)
    if guest.balloon:
        modules.append("virtio_balloon")
    if guest.pmem:
        modules += ["nfit", "nd_pmem"]
    if "devdax" in guest.namespaces or "kmem" in guest.namespaces:
        modules += ["dax_pmem", "device_dax"]
    if "kmem" in guest.namespaces:
        modules += ["kmem"]
    if guest.secrets:
        modules = [*guest.secrets.split(), *modules]
        image.entries["init.guest"] = image.entries.pop("init")
        image.copy(HERE / "guest/secrets/init", "init")
        image.copy(guest_program(kern.arch, "guest/secrets", "secrets"), "bin/secrets")
    image.add_modules(kern, modules)
    if guest.bitmap:
        image.add_built(module.build("crashbitmap", kern.release))
    if guest.kexec:
        image.add_program(capture.kexec_program(), "bin/kexec")
    if _runs_live(guest, program):
        image.add_program(program.path if kern.arch == "amd64"
                          else crossbuild.static_program(kern.arch), "bin/makedumpfile")
        image.copy(HERE / "guest/live", "live")
    if guest.pmem:
        script = "guest/nvdimm" if guest.namespaces else "guest/pmem"
        image.add("pmem", (HERE / script).read_bytes())
        if not guest.namespaces:
            image.copy(module.build("devmemmap", kern.release), "modules/devmemmap.ko")
        image.add_program(shutil.which("mke2fs"), "bin/mke2fs")
        image.copy("/etc/mke2fs.conf")
    image.add("lab.conf", "".join(f'{name}="{value}"\n' for name, value in {
        "WORKLOAD": guest.workload, "KEXEC": guest.kexec, "FLOOD": guest.flood or "",
        "BALLOON": guest.balloon or "", "PLUG": guest.plug or "", "SWAP": guest.swap or "",
        "PMEM": guest.pmem or "", "NAMESPACES": guest.namespaces, "LIVE": guest.live,
        "CAPTURE_CMDLINE": capture.CMDLINE}.items()).encode())
    return image.bytes()


def _disks(guest, kern, program, work, given=None):
    """Make the disk images in the folder work; returns {serial: path}.

    given: folder of files for the disk that takes the results of the crash.
    """
    contents = work / "data"
    contents.mkdir()
    if guest.kexec:
        shutil.copy(kern.image, contents / "vmlinuz")
        (contents / "capture.img").write_bytes(capture.image(kern, program, guest.whole))
    disks = {name: work / (name + ".img") for name in ("data", "out")}
    capture.make_ext4(disks["data"], 512 * MIB, contents)
    with open(disks["out"], "wb") as file:
        file.truncate(96 * MIB)
    if guest.kexec:
        disks.update(capture.disks(work, guest.memory + guest.plug, given))
    if _runs_live(guest, program):
        disks["live"] = work / "live.img"
        capture.make_ext4(disks["live"], (guest.memory + guest.plug) * MIB)
    if guest.swap:
        disks["swap"] = work / "swap.img"
        with open(disks["swap"], "wb") as file:
            file.truncate(guest.swap * MIB)
        subprocess.run(["mkswap", "-q", disks["swap"]], check=True)
    return disks


def _x86_machine(guest):
    kind = "q35" + (",nvdimm=on" if guest.pmem else "")
    options = ["qemu-system-x86_64", "-machine", kind, "-cpu", guest.cpu]
    memory = f"{guest.memory}M"
    if guest.plug or guest.pmem:
        memory += f",slots=8,maxmem={guest.memory + 8192}M"
    options += ["-m", memory]
    # The kernel numbers regions in the order of QEMU's table, which has the last device first.
    words = guest.namespaces.split() or [""] * bool(guest.pmem)
    for number, word in enumerate(reversed(words)):
        size = word.partition(":")[2] or guest.pmem
        options += ["-object", f"memory-backend-ram,id=pmem{number},size={size}M",
                    "-device", f"nvdimm,memdev=pmem{number}"]
    if guest.nodes > 1:
        share = guest.memory // guest.nodes
        for node in range(guest.nodes):
            options += ["-object", f"memory-backend-ram,id=ram{node},size={share}M",
                        "-numa", f"node,memdev=ram{node},cpus={node}"]
    return options


def _arm_machine(guest):
    return ["qemu-system-aarch64", "-machine", "virt,gic-version=3", "-cpu", guest.cpu,
            "-m", f"{guest.memory}M"]


def _arguments(guest, kern, disks, work, reserved=CRASH_RESERVED):
    options = _x86_machine(guest) if kern.arch == "amd64" else _arm_machine(guest)
    cmdline = (f"console={CONSOLE[kern.arch]} loglevel=4 panic=-1 printk.devkmsg=on "
               f"numa_balancing=disable {guest.cmdline}")
    if kern.arch == "amd64":
        # The test of the timer's wiring fails when the host is busy for a moment.
        cmdline += " no_timer_check"
    if guest.kexec:
        cmdline += f" crashkernel={reserved}"
    sockets = ",sockets=2" if guest.nodes > 1 else ""
    options += [*ACCEL, "-smp", "2" + sockets, "-kernel", kern.image, "-initrd", work / "initrd",
                "-append", cmdline, "-device", "vmcoreinfo"]
    for serial, path in disks.items():
        options += ["-drive", f"if=none,id={serial},file={path},format=raw,cache=unsafe",
                    "-device", f"{guest.disk},drive={serial},serial={serial}"]
    if guest.balloon:
        options += ["-device", "virtio-balloon-pci"]
    return options


def _answer(machine, guest, word):
    """Do what the guest asks for between its own steps."""
    if word == "balloon":
        machine.balloon((guest.memory - guest.balloon) * MIB)
    elif word == "plug":
        machine.qmp("object-add", **{"qom-type": "memory-backend-ram", "id": "plugged",
                                     "size": guest.plug * MIB})
        machine.qmp("device_add", driver="pc-dimm", id="dimm", memdev="plugged")
    else:
        raise MachineError(f"the guest asks for {word}, which nobody knows")
    machine.send("go")


def _boot_to_snapshot(machine, guest):
    while True:
        match = machine.wait_line(ASK, STEP_SECONDS)
        if not match:
            raise MachineError(f"{guest.name}: the guest powered off before its dump")
        if match.group(1) == "fail":
            raise MachineError(f"{guest.name}: the guest says: {match.group(2)}")
        if match.group(2) == "dump":
            return
        _answer(machine, guest, match.group(2))


def _unpack_snapshot(disk, out):
    """The guest's tar archive into out: kpageflags.bin, dmesg.txt, workload/..."""
    rename = {"proc/kpageflags": "kpageflags.bin", "proc/kpagecount": "kpagecount.bin"}
    with tarfile.open(disk) as tar:
        for member in tar:
            name = rename.get(member.name) or re.sub("^(proc|out|sys/kernel)/", "", member.name)
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(tar.extractfile(member).read())


def _dig(path):
    """Give back the disk space of the zero pages of a big file."""
    subprocess.run(["fallocate", "--dig-holes", path], check=True)


def _dump(machine, guest, out):
    """The guest's memory, in each format that is asked for, of one moment."""
    machine.qmp("stop")
    machine.dump(out / "vmcore.elf")
    if guest.qemu:
        machine.dump(out / "vmcore.flat", guest.qemu)
    machine.qmp("cont")


def run(guest, program, say=print, again=False):
    """Boot guest unless its results are fresh; returns the folder of the results.

    program: a capture.Program, or None for no crash.  Results appear all at
    once, replacing older ones.  Raises MachineError or PackageError; the
    console log of a failure is kept beside the results as NAME.failed.log.
    """
    final = result_dir(guest)
    program = program.running(guest.script) if program and (guest.kexec or guest.live) else None
    dump_key, crash_key = keys(guest, program)
    meta_path = final / "meta.json"
    old = json.loads(meta_path.read_text(encoding="utf-8")) if meta_path.exists() else {}
    fresh = old.get("dump_key") == dump_key and (not program or old.get("crash_key") == crash_key)
    if fresh and not again:
        return final
    work = final.parent / (guest.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    out = work / "out"
    out.mkdir(parents=True)
    try:
        meta = _run_in(guest, program, work, out)
        meta.update(dump_key=dump_key, crash_key=crash_key if program else None)
        (out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(final, ignore_errors=True)
        os.replace(out, final)
        say(f"{guest.name}: {meta['release']}, seconds since start: {meta['seconds']}, "
            f"processor seconds of QEMU: {meta['cpu']}")
    except MachineError:
        if (out / "serial.log").exists():
            os.replace(out / "serial.log", final.parent / (guest.name + ".failed.log"))
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def crash_once(guest, program, work, reserved, given, seconds):
    """Crash a guest without looking at it before; the results of the capture side
    are in work/out/crash, work being an empty folder.

    reserved: the value of crashkernel=; given: folder of files that the capture
    side finds in /result; seconds: how long it may take.  Returns the steps, as
    capture.crash() does; MachineError when it did not come to its end.
    """
    kern = kernel(guest.kernel)
    out = work / "out"
    out.mkdir()
    (work / "initrd").write_bytes(_guest_image(guest, kern, None))
    disks = _disks(guest, kern, program, work, given)
    with Machine(_arguments(guest, kern, disks, work, reserved), out / "serial.log") as machine:
        _boot_to_snapshot(machine, guest)
        return capture.crash(machine, guest, disks, out / "crash", seconds)


def _run_in(guest, program, work, out):
    kern = kernel(guest.kernel)
    if not program:
        guest = dataclasses.replace(guest, kexec="")
    (work / "initrd").write_bytes(_guest_image(guest, kern, program))
    disks = _disks(guest, kern, program, work)
    meta = {"guest": guest.name, "release": kern.release, "arch": kern.arch, "seconds": {}, "cpu": {},
            "memory_mib": guest.memory, "why": guest.why}
    start = time.monotonic()

    def lap(name):
        meta["seconds"][name] = round(time.monotonic() - start, 1)
        meta["cpu"][name] = round(machine.cpu_seconds(), 1)

    with Machine(_arguments(guest, kern, disks, work), out / "serial.log") as machine:
        _boot_to_snapshot(machine, guest)
        lap("boot")
        _dump(machine, guest, out)
        _unpack_snapshot(disks["out"], out)
        lap("dump")
        if guest.kexec:
            meta["steps"] = capture.crash(machine, guest, disks, out / "crash")
            lap("crash")
        elif "live" in disks:
            machine.send("go")
            match = machine.wait_line(ASK, STEP_SECONDS)
            if not match or match.groups() != ("ask", "quit"):
                raise MachineError(f"{guest.name}: /proc/kcore: {match and match.group(2)}")
            lap("live")
    if "live" in disks:
        capture.collect(disks["live"], out / "live")
    if not kern.modules:
        add_note(out / "vmcore.elf", (out / "vmcoreinfo").read_text(encoding="ascii"))
    for path in out.rglob("vmcore.elf"):
        _dig(path)
    if guest.pmem and not guest.namespaces:
        ranges = pmem_ranges((out / "iomem").read_text(encoding="ascii"))
        if not mark(out / "vmcore.elf", out / "vmcore.pmem.elf", ranges):
            raise MachineError(f"{guest.name}: the dump has no load with persistent memory")
    lap("all")
    return meta
