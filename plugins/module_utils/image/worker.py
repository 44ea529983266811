# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inside of a template: the first process of its namespaces.

It runs as a script of its own under ``unshare --mount --pid --uts --ipc --net``
and needs the standard library only. As ``session PLAN`` it finds and mounts the
root filesystem of a raw disk, makes it the root of everything it can see, says
so on its standard output, and stays until it is told to end; then it leaves
clean filesystems behind, or says why not. As ``once ROOT COMMAND...`` it does
the same around a folder, for one command.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

# What a command finds in its environment, and nothing else.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    # Sealing empties the template's own /tmp, where the module that does it would lie.
    "TMPDIR": "/run/tmp",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "SYSTEMD_OFFLINE": "1",
    "debian_chroot": "template",
}
NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child", "--propagation", "private"]
# Begins the sentence that says why a command was not even started.
MARK = "hygeia.golden: "
# What root inside may not do, since the kernel is the build host's.
WITHOUT = "-sys_module,-sys_rawio,-sys_time,-sys_boot"

# How a filesystem is looked at so that not one of its bytes changes, and how it is worked on.
LOOK = {"ext2": "ro", "ext3": "ro,noload", "ext4": "ro,noload", "xfs": "ro,norecovery,nouuid", "btrfs": "ro,rescue=nologreplay"}
WORK = {"xfs": "nouuid"}
# Folders without which a system would be patched in the wrong place.
ESSENTIAL = ("/boot", "/etc", "/usr", "/var", "/var/lib", "/var/lib/dpkg")
NEVER_ON_DISK = ("swap", "proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "nfs", "nfs4", "cifs", "overlay", "9p", "virtiofs")

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MNT_DETACH = 2
FITRIM = 0xC0185879
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


class Problem(Exception):
    """Why the template cannot be entered or left, in one sentence."""


class NoRoot(Problem):
    """No partition holds a system."""


def main(arguments):
    os.umask(0o022)
    role, argument = arguments[:2]
    if role == "session":
        session(json.loads(argument))
    else:
        raise SystemExit(once(argument, arguments[2:]))


# -- an opened disk ---------------------------------------------------------


def session(plan):
    """Enter the disk, report, wait for the end, leave."""
    signals = {signal.SIGTERM, signal.SIGCHLD}
    for number in signals:
        signal.signal(number, lambda unused_number, unused_frame: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        entered = enter(plan)
    except NoRoot:
        say({"no_root": True})
        return
    except (OSError, Problem) as problem:
        say({"refused": str(problem)})
        return
    say(entered)
    wait(signals)
    say(leave(entered["mounts"]))


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def enter(plan):
    """Mount the template's filesystems and make them all there is; returns what was found."""
    pid = int(os.readlink("/proc/self"))  # the number that the build host knows this process by
    resolver = read("/etc/resolv.conf")
    root = plan["root"]
    partition, options = find_root(plan["disk"], plan["candidates"], plan["partition"], root)
    attach(plan["disk"], partition, root, options)
    mounts, skipped = mount_others(plan["disk"], plan["partitions"], root)
    devices = [(device_of(root + place), found["uuid"]) for place, found in [("", partition)] + mounts]
    pivot(root)
    mounts = ["/"] + [place for place, unused_found in mounts]
    WRITTEN.update((place, os.open(place, os.O_RDONLY | os.O_DIRECTORY)) for place in mounts)
    furnish(resolver, devices)
    return {
        "pid": pid,
        "root": {key: partition[key] for key in ("number", "filesystem", "uuid")},
        "mounts": mounts,
        "not_mounted": skipped,
        "os": os_release(),
        "python": any(os.access(f"/usr/{folder}/python3", os.X_OK) for folder in ("bin", "local/bin")),
    }


def find_root(disk, candidates, wanted, place):
    """The partition that holds the system, with the options to mount it by."""
    found = []
    for partition in candidates:
        options = look(disk, partition, place)
        if options is not None:
            found.append((partition, options))
    if wanted is not None:
        found = [(partition, options) for partition, options in found if partition["number"] == wanted]
    if not found:
        raise NoRoot()
    if len(found) > 1:
        numbers = " and ".join(str(partition["number"]) for partition, unused_options in found)
        raise Problem(f"a Linux system lies on each of the partitions {numbers}: name one with the option partition")
    return found[0]


def look(disk, partition, place):
    """Mount options under which a system shows in this partition, or None; nothing on the disk changes."""
    kind = partition["filesystem"]
    with attached(disk, partition, place, LOOK[kind]):
        if holds_system(place):
            return WORK.get(kind, "")
    if kind != "btrfs":
        return None
    with attached(disk, partition, place, LOOK[kind] + ",subvolid=5"):
        volumes = [name for name in sorted(os.listdir(place)) if holds_system(os.path.join(place, name))]
    preferred = [name for name in ("@rootfs", "@", "root") if name in volumes] or volumes
    return f"subvol=/{preferred[0]}" if preferred else None


def holds_system(place):
    return any(os.path.lexists(os.path.join(place, name)) for name in ("etc/os-release", "usr/lib/os-release"))


@contextlib.contextmanager
def attached(disk, partition, place, options):
    attach(disk, partition, place, options)
    try:
        yield
    finally:
        umount(place)


def attach(disk, partition, place, options, tries=20):
    """Mount a stretch of the disk through a loop device that goes away with the mount.

    The device is set up and mounted by one mount(8), so that a kill at any
    moment frees it. Loop devices are few and shared, hence the tries.
    """
    window = f"loop,offset={partition['offset']},sizelimit={partition['size']}"
    options = ",".join(filter(None, [window, options]))
    while True:
        done = subprocess.run(
            ["mount", "-n", "-t", partition["filesystem"], "-o", options, disk, place],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=dict(os.environ, LC_ALL="C"),
        )
        if done.returncode == 0:
            return
        tries -= 1
        if tries == 0 or not re.search("loop device|overlapping|read-only loop|busy", done.stderr):
            break
        time.sleep(0.1)
    complaint = (done.stderr.strip().splitlines() or ["mount failed"])[0].split(": ", 2)[-1].rstrip(".")
    where = f"partition {partition['number']}" if partition["number"] else "the disk"
    raise Problem(f"the {partition['filesystem']} filesystem on {where} cannot be mounted on the build host: {complaint}")


def device_of(place):
    """The path and number of the device that is mounted at a place; a btrfs tells it here only."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as stream:
        mounts = [line.split(" ") for line in stream]
    path = [fields[fields.index("-") + 2] for fields in mounts if fields[4] == place.replace(" ", "\\040")][-1]
    return path, os.stat(path).st_rdev


def mount_others(disk, partitions, root):
    """Mount what the template's own fstab names; returns the places mounted, and sentences about the others."""
    mounts, skipped = [], []
    for entry in sorted(fstab(read(inside(root, "/etc/fstab"))), key=lambda entry: entry["place"].count("/")):
        place, partition = entry["place"], resolve(entry["device"], partitions)
        if place == "/" or "noauto" in entry["options"]:
            continue
        target = inside(root, place)
        if partition is None:
            if place in ESSENTIAL and "nofail" not in entry["options"]:
                raise Problem(f"fstab of the template has {place} on {entry['device']}, which is not on this disk")
            skipped.append(f"{place}: {entry['device']} is not on this disk")
            continue
        filesystem = dict(partition, filesystem=partition["filesystem"] or entry["type"])
        options = [WORK.get(filesystem["filesystem"], "")] + [word for word in entry["options"] if word.startswith("subvol")]
        try:
            os.makedirs(target, exist_ok=True)
            attach(disk, filesystem, target, ",".join(filter(None, options)))
        except Problem as problem:
            if filesystem["filesystem"] != "vfat":
                raise
            skipped.append(f"{place}: {problem}, so that a boot loader on it stays as it was")
            continue
        mounts.append((place, partition))
    return mounts, skipped


def fstab(text):
    """The entries of an fstab(5) that could lie on a disk."""
    for line in (text or "").splitlines():
        fields = line.split("#", 1)[0].split()
        if len(fields) < 3 or not fields[1].startswith("/") or fields[2] in NEVER_ON_DISK:
            continue
        options = fields[3].split(",") if len(fields) > 3 else []
        if "bind" in options or "rbind" in options:
            continue
        place = os.path.normpath(fields[1].replace("\\040", " "))
        yield {"device": fields[0], "place": place, "type": fields[2], "options": options}


def resolve(device, partitions):
    """The partition that the first field of an fstab line means, or None."""
    key, unused_equals, value = device.partition("=")
    value = value.strip('"')
    named = re.fullmatch(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.+)", device)
    if named:
        key, value = named[1].upper(), named[2]
    field = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}.get(key)
    if field:
        same = [partition for partition in partitions if partition[field].lower() == value.lower()]
    else:
        node = re.fullmatch(r"/dev/(?:[hsv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+p|mmcblk\d+p)(\d+)", device)
        same = [partition for partition in partitions if node and partition["number"] == int(node[1])]
    return same[0] if same else None


def inside(root, place):
    """Where a place of the template lies, refusing a symbolic link on the way: it could lead to the build host."""
    here = root
    for part in place.strip("/").split("/"):
        here = os.path.join(here, part)
        if os.path.islink(here):
            raise Problem(f"{place} of the template lies behind a symbolic link")
    return here


def wait(signals):
    """Be the first process: collect the dead until told to end."""
    while signal.sigwait(signals) != signal.SIGTERM:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def leave(mounts):
    """End everything that runs here and make the filesystems clean; what happens after this cannot change them."""
    try:
        end_others()
        take_away()
        for place in sorted(mounts, key=len, reverse=True):
            finish(place)
    except (OSError, Problem) as problem:
        return {"clean": False, "why": str(problem)}
    return {"clean": True}


def end_others(patience=3.0):
    """Ask every other process to end, then kill it."""
    for number, limit in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        end = time.monotonic() + limit
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, number)
        while time.monotonic() < end:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if [name for name in os.listdir("/proc") if name.isdigit()] == ["1"]:
                return
            time.sleep(0.005)
    raise Problem("processes that were started in the template cannot be ended")


def finish(place):
    """Write everything of one filesystem, hand back what it does not use, and make it read-only."""
    handle = WRITTEN[place]
    with contextlib.suppress(OSError):  # not every filesystem can trim
        fcntl.ioctl(handle, FITRIM, struct.pack("QQQ", 0, 2 ** 64 - 1, 0))
    if libc.syncfs(handle) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Problem(f"not everything that was written to {place} of the template reached the disk of the build host ({reason}): is it full?")
    mount(None, place, None, MS_REMOUNT | MS_RDONLY)


# -- the furniture ----------------------------------------------------------

COVERED = ("/usr/sbin/policy-rc.d", "/etc/resolv.conf")
# Remembers that a covered file is an empty one of ours, since the template has none.
STAND_IN = "/run/hygeia/stand-in."
# An open folder of each filesystem: syncfs(2) on it reports every write that ever failed since it was opened.
WRITTEN = {}


def pivot(root):
    """Make ``root`` the root and forget the build host's files, and with them Python's own."""
    os.chdir(root)
    check(libc.pivot_root(b".", b"."), "pivot_root")
    umount(".", MNT_DETACH)
    os.chdir("/")
    sys.path.clear()  # from here on an import would run the template's code


def furnish(resolver, devices=(), run=True):
    """Put what a system expects around a root that nobody boots."""
    for place in ("/proc", "/sys", "/dev", "/run"):
        if not os.path.isdir(place):
            os.mkdir(place)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name in ("sys", "irq", "bus", "sysrq-trigger"):
        read_only(f"/proc/{name}")
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
    if os.path.isdir("/sys/firmware"):  # the build host's firmware is not the template's
        mount("tmpfs", "/sys/firmware", "tmpfs", MS_RDONLY, "size=0,mode=555")
    furnish_dev(devices)
    if run:
        mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for place, mode in (("/run/lock", 0o1777), ("/run/tmp", 0o1777), ("/run/ansible", 0o700), ("/run/hygeia", 0o700)):
        os.makedirs(place, exist_ok=True)
        os.chmod(place, mode)
    for path, text, mode in zip(COVERED, ("#!/bin/sh\nexit 101\n", resolver or ""), (0o755, 0o644)):
        cover(path, text, mode)
    name = (read("/etc/hostname") or "").split()
    socket.sethostname(name[0] if name else "localhost")
    loopback_up()


def furnish_dev(devices):
    """The devices that programs need, and for boot loaders the filesystems' own."""
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755,size=16m")
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
        node(f"/dev/{name}", stat.S_IFCHR | 0o666, os.makedev(1, minor))
    node("/dev/tty", stat.S_IFCHR | 0o666, os.makedev(5, 0))
    for place in ("/dev/pts", "/dev/shm", "/dev/disk", "/dev/disk/by-uuid"):
        os.mkdir(place)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
    for name, target in links.items():
        os.symlink(target, f"/dev/{name}")
    for number, ((path, device), uuid) in enumerate(devices):
        # A name of its own: update-grub leaves every kernel out of the menu when the root is a loop device on a file.
        name = f"/dev/template{number}"
        node(name, stat.S_IFBLK | 0o600, device)
        for alias in (path, f"/dev/disk/by-uuid/{uuid}"):
            if not os.path.lexists(alias):
                os.symlink(name, alias)


def node(path, mode, device):
    os.mknod(path, mode, device)
    os.chmod(path, mode & 0o777)


def cover(path, text, mode):
    """Show ``text`` at ``path`` without touching the file there; when there is none, an empty one stands in."""
    source = f"/run/hygeia/{os.path.basename(path)}"
    with open(source + ".new", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(source + ".new", mode)
    os.replace(source + ".new", source)  # another command may have the old one mounted
    target = os.path.realpath(path)
    if target.startswith("/run/"):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink(source, target)
        return
    if not os.path.isdir(os.path.dirname(target)):
        return
    if not os.path.exists(target):
        with contextlib.suppress(FileExistsError):  # a command that was killed had noted it
            os.symlink(target, STAND_IN + os.path.basename(path))
        with open(target, "x", encoding="utf-8"):
            pass
    mount(source, target, None, MS_BIND)


def take_away():
    """Remove the covers and stand-ins, so that the filesystems hold the template's own files only."""
    for path in COVERED:
        with contextlib.suppress(Problem):  # in /run nothing was mounted
            umount(os.path.realpath(path))
        memory = STAND_IN + os.path.basename(path)
        if os.path.islink(memory):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.readlink(memory))
            os.unlink(memory)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


# -- one command in a folder ------------------------------------------------


def once_command(python, source, root, network):
    """The command line that does this; the command to run comes after it."""
    namespaces = [name for name in NAMESPACES if not (network and name == "--net")]
    return ["setpriv", f"--bounding-set={WITHOUT}", "unshare"] + namespaces + [python, "-I", "-c", source, "once", root]


def once(root, command):
    """Run a command in the system under ``root``; its /run stays on the build host's own from one command to the next."""
    try:
        return in_folder(root, command)
    except (OSError, Problem) as problem:
        sys.stderr.write(f"{MARK}{root} cannot be entered: {problem}\n")
        return 125


def in_folder(root, command):
    resolver = read("/etc/resolv.conf")
    if not holds_system(root):
        raise Problem("it holds no Linux system (no etc/os-release)")
    place = os.stat(root)
    state = f"/run/hygeia/roots/{place.st_dev:x}-{place.st_ino:x}"
    os.makedirs(os.path.join(state, "run"), mode=0o755, exist_ok=True)
    with open(os.path.join(state, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        mount(root, root, None, MS_BIND | MS_REC)
        os.makedirs(inside(root, "/run"), exist_ok=True)
        mount(os.path.join(state, "run"), os.path.join(root, "run"), None, MS_BIND)
        # The covers go on one command after another, for the stand-ins below them are shared.
        with open(os.path.join(state, "covering"), "w", encoding="utf-8") as covering:
            fcntl.flock(covering, fcntl.LOCK_EX)
            pivot(root)
            furnish(resolver, run=False)
        code = spawn(command)
        with contextlib.suppress(OSError):  # another command still needs the stand-ins
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            take_away()
    return code


def spawn(command):
    """Run a command as a child and collect the dead until it ends."""
    child = os.fork()
    if child == 0:
        try:
            os.execvpe(command[0], command, ENVIRONMENT)
        except OSError as problem:
            os.write(2, f"{command[0]}: {problem.strerror}\n".encode())
        os._exit(127)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


# -- the kernel's calls -----------------------------------------------------


def mount(source, target, kind, flags=0, data=""):
    result = libc.mount(
        (source or "none").encode(), os.fsencode(target), kind.encode() if kind else None, ctypes.c_ulong(flags), data.encode()
    )
    check(result, f"mounting {target}")


def read_only(path):
    if os.path.exists(path):
        mount(path, path, None, MS_BIND)
        mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def umount(target, flags=0):
    check(libc.umount2(os.fsencode(target), flags), f"unmounting {target}")


def check(result, what):
    if result != 0:
        raise Problem(f"{what} failed: {os.strerror(ctypes.get_errno())}")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def os_release():
    pairs = (line.split("=", 1) for line in (read("/etc/os-release") or "").splitlines() if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


if __name__ == "__main__":
    main(sys.argv[1:])
