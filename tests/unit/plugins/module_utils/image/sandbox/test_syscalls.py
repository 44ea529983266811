# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter, asked as the kernel would run it."""

from __future__ import annotations

import errno
import os
import re
import struct

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import syscalls

ALLOWED, KILLED, REPORTED = "allowed", "killed", "reported"
ARCH = {"x86_64": 0, "aarch64": 1}
HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


def answer(program, number, *arguments, architecture):
    """Interpret the program (classic BPF over struct seccomp_data)."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *(list(arguments) + [0] * 6)[:6])
    accumulator = place = 0
    while True:
        code, when_true, when_false, value = struct.unpack_from("HBBI", program, place * 8)
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED, 0x7FC00000: REPORTED}.get(value) or errno.errorcode[value & 0xFFFF]
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            place += when_true if holds else when_false


@pytest.fixture(params=list(ARCH))
def ask(request):
    machine = request.param

    def asked(call, *arguments, networks=False, architecture=syscalls.ARCHITECTURES[machine]):
        number = call[ARCH[machine]] if isinstance(call, tuple) else call
        return answer(syscalls.program(machine, networks), number, *arguments, architecture=architecture)

    return asked


def test_what_is_refused(ask):
    for name, numbers in syscalls.REFUSED.items():
        if None not in numbers:
            assert ask(numbers) == "EPERM", name
    assert {ask(numbers) for numbers in syscalls.UNKNOWN.values()} == {"ENOSYS"}


@pytest.mark.parametrize("numbers", [(0, 63), (1, 64), (59, 221), (257, 56), (92, 55), (161, 51), (90, 52), (188, 5)])
def test_what_patching_needs(ask, numbers):
    """read, write, execve, openat, chown, chroot, chmod, setxattr."""
    assert ask(numbers) == ALLOWED


@pytest.mark.parametrize("flag", [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
def test_namespaces(ask, flag):
    assert ask(syscalls.UNSHARE, flag) == ask(syscalls.CLONE, flag | 17) == ask(syscalls.SETNS, 5, flag) == "EPERM"
    assert ask(syscalls.UNSHARE, 0x400) == ask(syscalls.CLONE, 17) == ALLOWED
    wanted = ALLOWED if flag == 0x40000000 else "EPERM"
    assert ask(syscalls.UNSHARE, flag, networks=True) == ask(syscalls.SETNS, 5, flag, networks=True) == wanted
    assert ask(syscalls.SETNS, 5, 0, networks=True) == ask(syscalls.CLONE, flag, networks=True) == "EPERM"


@pytest.mark.parametrize(
    "family,usual,networks",
    [
        (1, ALLOWED, ALLOWED),
        (2, ALLOWED, ALLOWED),
        (10, ALLOWED, ALLOWED),
        (16, ALLOWED, ALLOWED),
        (17, "EAFNOSUPPORT", ALLOWED),
        (38, "EAFNOSUPPORT", "EAFNOSUPPORT"),
        (40, "EAFNOSUPPORT", "EAFNOSUPPORT"),
        (0, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    ],
)
def test_sockets(ask, family, usual, networks):
    assert (ask(syscalls.SOCKET, family), ask(syscalls.SOCKET, family, networks=True)) == (usual, networks)


def test_nothing_is_typed_into_a_terminal(ask):
    assert ask(syscalls.IOCTL, 0, 0x5412) == ask(syscalls.IOCTL, 0, 0x541C) == "EPERM"
    assert ask(syscalls.IOCTL, 0, 0x5401) == ALLOWED


@pytest.mark.parametrize(
    "kind,wanted", [(0o60000, REPORTED), (0o20000, REPORTED), (0o10000, ALLOWED), (0o100000, ALLOWED), (0o140000, ALLOWED), (0, ALLOWED)]
)
def test_devices_are_made_by_somebody_else(ask, kind, wanted):
    for more in (0o644, 0o7777, 0xABCD0000):  # the kernel takes 16 bits of the mode alone
        assert ask(syscalls.MKNODAT, 0, 0, kind | more) == wanted
    assert answer(syscalls.program("x86_64"), 133, 0, kind, architecture=syscalls.ARCHITECTURES["x86_64"]) == wanted


def test_other_abis(ask):
    assert ask(0, architecture=0x40000003) == KILLED, "the calls of another architecture have other numbers"
    assert answer(syscalls.program("x86_64"), 0x40000000 | 165, architecture=syscalls.ARCHITECTURES["x86_64"]) == "ENOSYS"


@pytest.mark.parametrize("machine", list(ARCH))
def test_numbers_are_those_of_the_kernels_headers(machine):
    if not os.path.exists(HEADERS[machine]):
        pytest.skip("no headers of the kernel here")
    with open(HEADERS[machine], encoding="utf-8") as stream:
        known = {name: int(number) for name, number in re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", stream.read(), re.M)}
    ours = {
        **syscalls.REFUSED,
        **syscalls.UNKNOWN,
        "unshare": syscalls.UNSHARE,
        "clone": syscalls.CLONE,
        "setns": syscalls.SETNS,
        "mknodat": syscalls.MKNODAT,
        "mknod": syscalls.MKNOD,
    }
    column = ARCH[machine]
    assert {name: numbers[column] for name, numbers in ours.items() if name in known and known[name] != numbers[column]} == {}
