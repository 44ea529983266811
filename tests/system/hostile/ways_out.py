# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a hostile template tries: each way out of the sandbox that was ever found, one after another.

It runs as root inside, by the template's own Python, below whatever else of the template called it, and prints what it
reached as JSON: ``{way: what}``; a way that led nowhere is not there. It goes no further than the door:
outside of a sandbox, where the tests run it too, it does no harm.
MARKER is a file of the build host, PORT a service on its loopback, PID a process of it, all known to the attacker.
"""

import ctypes
import errno
import glob
import json
import os
import socket
import struct
import sys

MARKER, PORT, PID = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
WAYS = []


def way(function):
    WAYS.append(function)
    return function


def syscall(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def in_child(function):
    """Try what would change this process itself; what the child says."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(function() or "").encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


# -- files of the build host ------------------------------------------------


@way
def file_by_handle():
    """open_by_handle_at(2) on whatever descriptor there is: inode 2 is the root of most filesystems."""
    handle = struct.pack("Ii8s", 8, 1, struct.pack("II", 2, 0)) + bytes(128)
    for number in range(64):
        try:
            opened = syscall(304, number, ctypes.create_string_buffer(handle), os.O_RDONLY)
        except OSError:
            continue
        return os.listdir(opened)


@way
def descriptors_that_came_along():
    for number in range(3, 256):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if not target.startswith(("pipe:", "/proc/")):
            return target


@way
def chroot_and_back():
    """The old trick, with a directory held open outside of the new root."""

    def climb():
        os.makedirs("/tmp/inner", exist_ok=True)
        outer = os.open("/", os.O_RDONLY)
        os.chroot("/tmp/inner")
        os.fchdir(outer)
        for unused in range(64):
            os.chdir("..")
        os.chroot(".")
        return os.path.exists(MARKER) and MARKER

    return in_child(climb)


@way
def another_root():
    return [path for pid in glob.glob("/proc/[0-9]*") for path in [f"{pid}/root{MARKER}"] if os.path.exists(path)]


@way
def working_directories():
    return [pid for pid in glob.glob("/proc/[0-9]*") if os.path.exists(f"{pid}/cwd/..{MARKER}")]


# -- other processes --------------------------------------------------------


def others(*known):
    """The processes, among those that are seen or known, that run no program of the template."""
    seen = map(int, filter(str.isdigit, os.listdir("/proc")))
    return [pid for pid in {*seen, *known} - {os.getpid()} if not _of_the_template(pid)]


def _of_the_template(pid):
    """Is its program a file in here? One of the build host may have the same name, but is another file."""
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/exe"), os.stat(os.readlink(f"/proc/{pid}/exe")))
    except OSError:
        return False


def first(attempt, pids):
    """The first process with which something works."""
    for pid in pids:
        try:
            if attempt(pid):
                return pid
        except OSError:
            continue


@way
def processes_that_are_seen():
    """Only what this command started itself."""
    return others()


@way
def environments():
    found = [pid for pid in glob.glob("/proc/[0-9]*") if pid != f"/proc/{os.getpid()}" and b"SECRET_OF_THE_RUN" in _bytes(f"{pid}/environ")]
    return found or ("SECRET_OF_THE_RUN" in os.environ)


def _bytes(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


@way
def libraries_of_the_first_process():
    for path in glob.glob("/proc/1/map_files/*"):
        with open(path, "r+b"):
            return path


@way
def memory_of_others():
    return first(lambda pid: not open(f"/proc/{pid}/mem", "r+b").close(), others(1, os.getppid()))


@way
def tracing():
    return first(lambda pid: libc.ptrace(0x4206, pid, 0, 0) == 0, others(1, os.getppid(), PID))


@way
def reading_memory():
    return first(lambda pid: syscall(310, pid, None, 0, None, 0, 0) == 0, others(1, os.getppid(), PID))


@way
def signals():
    return first(lambda pid: not os.kill(pid, 0), set(others(PID)) & {PID})


@way
def descriptors_of_others():
    return first(lambda pid: os.listdir(f"/proc/{pid}/fd"), others(1, os.getppid()))


# -- the kernel -------------------------------------------------------------


@way
def mounting():
    os.makedirs("/tmp/proc", exist_ok=True)
    if libc.mount(b"proc", b"/tmp/proc", b"proc", 0, None) == 0:
        return "a fresh /proc"
    if libc.mount(b"/", b"/tmp/proc", None, 4096, None) == 0:
        return "a bind mount"


@way
def mounting_by_descriptors():
    return syscall(430, b"tmpfs", 0)


@way
def copies_of_mounts():
    return syscall(428, -100, b"/", 1)


@way
def unmounting():
    return libc.umount2(b"/proc/sys", 2) == 0


@way
def core_pattern():
    with open("/proc/sys/kernel/core_pattern", "r+"):
        return True


@way
def sysrq():
    os.close(os.open("/proc/sysrq-trigger", os.O_WRONLY))
    return True


@way
def settings_of_devices():
    for path in ("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/block/loop0/queue/read_ahead_kb"):
        if os.path.exists(path):
            with open(path, "r+"):
                return path


@way
def control_groups():
    os.makedirs("/tmp/cgroup", exist_ok=True)
    return libc.mount(b"cgroup", b"/tmp/cgroup", b"cgroup", 0, b"memory") == 0 or os.path.exists("/sys/fs/cgroup/cgroup.procs")


@way
def device_nodes():
    for path, kind, number in (
        ("/tmp/loop", 0o60600, os.makedev(7, 0)),
        ("/tmp/mem", 0o20600, os.makedev(1, 1)),
        ("/dev/vda", 0o60600, os.makedev(254, 0)),
    ):
        try:
            os.mknod(path, kind, number)
            os.close(os.open(path, os.O_RDONLY))
            return path
        except OSError:
            continue
        finally:
            if os.path.exists(path):
                os.unlink(path)


@way
def devices_that_are_there():
    for name in ("mem", "kmem", "port", "kvm", "fuse", "loop-control", "kmsg", "mapper/control", "vhost-net", "net/tun"):
        if os.path.exists(f"/dev/{name}"):
            return name


@way
def writing_to_the_disk():
    """Below the filesystem that is mounted: so its driver, which is the kernel's, reads what nobody checked."""
    for path in glob.glob("/dev/template*") + glob.glob("/dev/loop*"):
        handle = os.open(path, os.O_RDWR)
        if os.pwrite(handle, os.pread(handle, 512, 0), 0):
            return path


@way
def kernel_log():
    return syscall(103, 3, ctypes.create_string_buffer(4096), 4096)


@way
def kernel_memory():
    return [path for path in ("/proc/kcore", "/proc/kallsyms", "/proc/keys") if _bytes(path)[:64].strip(b"\0")]


@way
def keyring():
    """The session keyring of whoever started the run."""
    return syscall(250, 0, -3, 0)


@way
def programs_in_the_kernel():
    return syscall(321, 0, ctypes.create_string_buffer(struct.pack("IIII", 1, 4, 4, 1) + bytes(112)), 128)


@way
def performance_counters():
    return syscall(298, ctypes.create_string_buffer(struct.pack("II", 1, 112) + bytes(104)), 0, -1, -1, 0)


@way
def user_faults():
    return syscall(323, 0)


@way
def io_uring():
    return syscall(425, 8, ctypes.create_string_buffer(120))


@way
def kernel_modules():
    libc.delete_module(b"there-is-none", 0)
    return ctypes.get_errno() != errno.EPERM


@way
def the_clock():
    return syscall(164, None, None) == 0


@way
def swap():
    libc.swapon(b"/there-is-none", 0)
    return ctypes.get_errno() != errno.EPERM


# -- namespaces and rights --------------------------------------------------


@way
def new_namespaces():
    reached = []
    for name, flag in {
        "user": 0x10000000,
        "mount": 0x20000,
        "net": 0x40000000,
        "pid": 0x20000000,
        "uts": 0x4000000,
        "ipc": 0x8000000,
    }.items():
        if in_child(lambda flag=flag: libc.unshare(flag) == 0 and "made"):
            reached.append(name)
    return reached


@way
def other_namespaces():
    for path in glob.glob("/proc/[0-9]*/ns/*"):
        if f"/{os.getpid()}/" in path:
            continue
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        if in_child(lambda handle=handle: libc.setns(handle, 0) == 0 and "entered"):
            return path


@way
def capabilities():
    """More than the twelve that packages need."""
    with open("/proc/self/status") as stream:
        status = dict(line.split(":\t", 1) for line in stream)
    return hex(int(status["CapBnd"], 16) & ~0xA00405FB) if int(status["CapBnd"], 16) & ~0xA00405FB else None


@way
def typing_into_a_terminal():
    import fcntl

    return fcntl.ioctl(0, 0x5412, b"x") == 0


# -- the network ------------------------------------------------------------


@way
def the_build_hosts_loopback():
    socket.create_connection(("127.0.0.1", PORT), 2).close()
    return PORT


@way
def anywhere():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
    return "a route to 192.0.2.1"


@way
def by_the_proxy():
    """What the package sources name is allowed; the attacker wrote the sources."""
    address = os.environ.get("http_proxy", "").rpartition(":")[2]
    if not address:
        return None
    for target in (f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}", f"[::ffff:127.0.0.1]:{PORT}", f"2130706433:{PORT}"):
        for line in (f"GET http://{target}/ HTTP/1.1", f"CONNECT {target} HTTP/1.1"):
            with socket.create_connection(("127.0.0.1", int(address)), 2) as proxy:
                proxy.settimeout(5)
                proxy.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
                if b"403" not in proxy.recv(64):
                    return line


@way
def sockets_of_other_kinds():
    reached = []
    for family in (17, 38, 40, 15, 21, 29, 31, 44):
        try:
            socket.socket(family, socket.SOCK_RAW if family == 17 else socket.SOCK_STREAM).close()
            reached.append(family)
        except OSError:
            pass
    return reached


@way
def abstract_sockets():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.connect(f"\0hygeia-test-{PORT}")
    return True


def main():
    reached = {}
    for attempt in WAYS:
        try:
            found = attempt()
        except Exception:
            continue
        if found:
            reached[attempt.__name__] = repr(found)
    print(json.dumps(reached))


main()
