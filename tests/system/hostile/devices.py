# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a hostile template tries with device nodes, and with the process of the build host that makes them for it.

It runs as root inside, by the template's own Python, and prints JSON: ``reached`` is what it should not have reached, and ``wrong``
is what went otherwise than in a plain chroot. Nodes called ``reached`` that it could make elsewhere are for the test to find. With the
word ``devices`` it tries the devices alone.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import signal
import stat
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
MKNOD, MKNODAT, SECCOMP, HERE = 133, 259, 317, -100
LOOP = os.makedev(7, 0)
# Disks, memory, the kernel's log, the console, FUSE, loop-control, KVM; 1:3 is there already and harmless.
NUMBERS = [
    *((0o60600, pair) for pair in ((7, 0), (8, 0), (254, 0), (259, 0))),
    *((0o20600, pair) for pair in ((1, 1), (1, 11), (5, 1), (10, 229), (10, 237), (10, 232))),
]
PLACES = ("/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", "/run/tmp", "/run/hygeia/beneath/tmp")
TURNS = 40
reached, wrong = {}, {}


def mknodat(path, mode=0o60600, device=LOOP, directory=HERE):
    """The system call itself: 0, or the number of the error; ``path`` may be an address."""
    result = libc.syscall(ctypes.c_long(MKNODAT), ctypes.c_int(directory), path, ctypes.c_uint(mode), ctypes.c_ulong(device))
    return ctypes.get_errno() if result < 0 else 0


@contextlib.contextmanager
def gone(path):
    """Nothing is at a path, before or after."""
    for unused_turn in range(2):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if not unused_turn:
            yield path


def devices_that_work():
    """Opened as they are, by another name, or from a descriptor that is none yet."""
    for place in filter(os.path.isdir, PLACES):
        for mode, pair in NUMBERS if place in ("/tmp", "/dev") else NUMBERS[::4]:
            with gone(f"{place}/device") as path, gone(f"{place}/another") as another:
                try:
                    os.mknod(path, mode, os.makedev(*pair))
                except OSError as problem:
                    wrong[f"{path} {pair}"] = str(problem)
                    continue
                found = os.lstat(path)
                if (found.st_mode, found.st_rdev, found.st_uid, found.st_gid) != (mode, os.makedev(*pair), 0, 0):
                    wrong[f"{path} {pair}"] = repr(found)
                os.link(path, another)
                handle = os.open(path, os.O_PATH)
                for way in (path, another, f"/proc/self/fd/{handle}"):
                    for flags in (os.O_RDONLY, os.O_WRONLY):
                        with contextlib.suppress(OSError):
                            os.close(os.open(way, flags | os.O_NONBLOCK))
                            reached[f"{way} {pair}"] = "opened"
                os.close(handle)
    if not os.path.exists("/dev/null") or open("/dev/null", "rb").read():
        wrong["/dev/null"] = "does not work"


def descriptors_of_the_maker():
    """Its /proc/self is another one: by what it has open, and by where it and others are."""
    threads = ("self", "thread-self", "1", os.getppid())
    names = [f"/proc/{thread}/{name}" for thread in threads for name in ("root", "cwd", "fd/5")]
    names += [f"/proc/self/fd/{number}" for number in range(20)]
    for name in names:
        for end in ("/../reached", "/tmp/reached"):
            if mknodat((name + end).encode()) == 0:
                reached[name + end] = "made"


def out_of_a_smaller_root():
    os.makedirs("/tmp/cell/inner", exist_ok=True)
    with gone("/tmp/reached"), gone("/tmp/cell/reached"):
        child = os.fork()
        if child == 0:
            os.chroot("/tmp/cell")
            os.chdir("/inner")
            os.umask(0o077)
            os._exit(mknodat(b"../../../reached", 0o60666))
        if os.waitpid(child, 0)[1] or os.path.exists("/tmp/reached") or stat.S_IMODE(os.lstat("/tmp/cell/reached").st_mode) != 0o600:
            wrong["a smaller root"] = repr(os.listdir("/tmp/cell"))


def with_fewer_rights():
    """Another user, and root that gave up one capability."""
    for name, drop in (("user", lambda: os.setresuid(65534, 65534, 65534)), ("capability", _without_kill)):
        child = os.fork()
        if child == 0:
            drop()
            os._exit(mknodat(f"/tmp/by-{name}".encode()))
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != errno.EPERM:
            reached[f"a device with fewer rights ({name})"] = "made"


def _without_kill():
    low = 0xA00405FB & ~(1 << 5)
    libc.capset(struct.pack("Ii", 0x20080522, 0), struct.pack("6I", low, low, 0, 0, 0, 0))


def addresses():
    """Paths that are none."""
    page = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    libc.munmap(ctypes.c_void_p(start + mmap.PAGESIZE), ctypes.c_size_t(mmap.PAGESIZE))
    page[mmap.PAGESIZE - 4 : mmap.PAGESIZE] = b"/tmp"
    cases = {
        "nowhere": (0, errno.EFAULT),
        "the kernel's": (0xFFFFFFFF81000000, errno.EFAULT),
        "no address": (1 << 63, errno.EFAULT),
        "without an end": (start + mmap.PAGESIZE - 4, errno.EFAULT),
        "empty": (b"", errno.ENOENT),
        "too long": (b"a" * 5000, errno.ENAMETOOLONG),
        "too long a name": (b"/tmp/" + b"a" * 256, errno.ENAMETOOLONG),
        "a directory": (b"/tmp", errno.EEXIST),
        "the directory": (b"/tmp/.", errno.EEXIST),
        "the root": (b"/", errno.EEXIST),
        "no directory": (b"/etc/passwd/x", errno.ENOTDIR),
        "a new directory": (b"/tmp/new/", errno.ENOENT),
        "a directory that is there": (b"/tmp/", errno.EEXIST),
    }
    for name, (path, expected) in cases.items():
        got = mknodat(ctypes.c_void_p(path) if isinstance(path, int) else path)
        if got != expected:
            wrong[f"a path that is {name}"] = errno.errorcode.get(got, got)
    for directory, expected in ((999, errno.EBADF), (-1, errno.EBADF), (0, errno.ENOTDIR)):
        got = mknodat(b"x", directory=directory)
        if got != expected:
            wrong[f"directory {directory}"] = errno.errorcode.get(got, got)
    with gone("/tmp/relative"):
        directory = os.open("/tmp", os.O_RDONLY)
        if mknodat(b"relative", directory=directory) or not os.path.exists("/tmp/relative"):
            wrong["a relative path"] = "not made"


@contextlib.contextmanager
def beside(change):
    """Something that is done over and over by another thread."""
    ended = threading.Event()

    def repeat():
        while not ended.is_set():
            change()

    thread = threading.Thread(target=repeat)
    thread.start()
    yield
    ended.set()
    thread.join()


def races():
    """The path, the directory and the descriptor turn into others while the call waits."""
    os.makedirs("/tmp/good", exist_ok=True)
    text = ctypes.create_string_buffer(b"/tmp/good/x" + bytes(64))
    bad = b"/proc/self/fd/3/../reached"

    def change_memory():
        text.raw = bad + bytes(len(text) - len(bad))
        text.raw = b"/tmp/good/x" + bytes(len(text) - 11)

    def change_link():
        for target in ("/tmp/good", "/proc/1/root/..", "/proc/self/fd/3/.."):
            os.symlink(target, "/tmp/.turning")
            os.rename("/tmp/.turning", "/tmp/turning")

    good, null = os.open("/tmp/good", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)
    handle = os.dup(good)

    def change_descriptor():
        os.dup2(null, handle)
        os.dup2(good, handle)

    for change, path, directory in ((change_memory, text, HERE), (change_link, b"/tmp/turning/x", HERE), (change_descriptor, b"x", handle)):
        made = 0
        with beside(change):
            for unused_turn in range(TURNS):
                with gone("/tmp/good/x"):
                    made += mknodat(path, directory=directory) == 0
        if not made:
            wrong[f"a race of {change.__name__}"] = "nothing was ever made"


def callers_that_die():
    """Their numbers are other processes' a moment later."""
    for turn in range(TURNS):
        child = os.fork()
        if child == 0:
            mknodat(b"/tmp/dying-%d" % turn)
            os._exit(0)
        time.sleep(turn % 5 / 2000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def many_at_once():
    os.makedirs("/tmp/many", exist_ok=True)
    threads = [threading.Thread(target=mknodat, args=(b"/tmp/many/%d" % number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(os.listdir("/tmp/many")) != 64:
        wrong["many at once"] = len(os.listdir("/tmp/many"))


def a_listener_of_its_own():
    """Which would hear of the calls in place of ours, or answer them."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FC00000))
    child = os.fork()
    if child == 0:
        libc.prctl(38, 1, 0, 0, 0)
        os._exit(libc.syscall(ctypes.c_long(SECCOMP), 1, 8, struct.pack("HxxxxxxP", 1, ctypes.addressof(program))) >= 0)
    if os.waitpid(child, 0)[1]:
        reached["a listener of its own"] = "installed"


def old_call():
    with gone("/tmp/old"):
        number = os.makedev(300, 70000)
        if libc.syscall(ctypes.c_long(MKNOD), b"/tmp/old", 0o20640, number) or os.lstat("/tmp/old").st_rdev != number:
            wrong["mknod(2)"] = "not made"
    with gone("/tmp/pipe"):
        os.mkfifo("/tmp/pipe")


sys.setswitchinterval(0.0001)
for attack in (
    (devices_that_work,)
    if "devices" in sys.argv
    else (
        devices_that_work,
        descriptors_of_the_maker,
        out_of_a_smaller_root,
        with_fewer_rights,
        addresses,
        races,
        callers_that_die,
        many_at_once,
        a_listener_of_its_own,
        old_call,
    )
):
    try:
        attack()
    except Exception as problem:
        wrong[attack.__name__] = repr(problem)
print(json.dumps({"reached": reached, "wrong": wrong}))
