# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which system calls a template's programs may make, as a program for seccomp(2).

It is a list of what is refused, because a template may be any Linux system: everything that changes mounts, makes or enters
namespaces, reaches the kernel itself, other processes, keys, or a file by its handle. What glibc tries first and can do without
is answered with "not implemented"; the rest with "not permitted". To make a device node is left to somebody outside (nodes.py).
"""

from __future__ import annotations

import errno
import stat
import struct

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# AUDIT_ARCH_* of linux/audit.h.
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# On x86_64, system calls of the x32 ABI have this bit.
_X32 = 0x40000000

# Name: (number on x86_64, number on aarch64), None where there is none.
REFUSED = {
    # mounts
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # files by their handles: these lead past every mount
    "open_by_handle_at": (304, 265),
    # keys
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "syslog": (103, 116),
    "acct": (163, 89),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "query_module": (178, None),
    "get_kernel_syms": (177, None),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
    "fanotify_init": (300, 262),
    "vhangup": (153, 58),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "vm86": (None, None),
    "remap_file_pages": (216, 234),
    "vmsplice": (278, 75),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
}
UNKNOWN = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "listmount": (458, 458),
    "statmount": (457, 457),
}
# Calls that are judged by their arguments.
UNSHARE, SETNS, CLONE, SOCKET, IOCTL = (272, 97), (308, 268), (56, 220), (41, 198), (16, 29)
MKNOD, MKNODAT = (133, None), (259, 33)

NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x80
NETWORK_NAMESPACE = 0x40000000
# AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK; a laboratory for packets makes packets, too.
FAMILIES, PACKETS = (1, 2, 10, 16), (17,)
# TIOCSTI and TIOCLINUX type into a terminal that somebody else reads.
TYPING = (0x5412, 0x541C)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_KILL, _ALLOW, _ERRNO, _NOTIFY = 0x80000000, 0x7FFF0000, 0x00050000, 0x7FC00000


def program(machine: str, networks: bool = False) -> bytes:
    """The filter for a machine; with ``networks`` commands may make and enter network namespaces, and make packets."""
    column = list(ARCHITECTURES).index(machine)
    code = [
        _statement(_LOAD, _ARCHITECTURE),
        _jump(_EQUAL, ARCHITECTURES[machine], 1, 0),
        _statement(_RETURN, _KILL),
        _statement(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        code += [_jump(_AT_LEAST, _X32, 0, 1), _refuse(errno.ENOSYS)]
    for table, error in ((REFUSED, errno.EPERM), (UNKNOWN, errno.ENOSYS)):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                code += [_jump(_EQUAL, number, 0, 1), _refuse(error)]
    denied = NAMESPACES & ~NETWORK_NAMESPACE if networks else NAMESPACES
    for call, bits in ((UNSHARE, denied), (CLONE, NAMESPACES)):
        code += _compared(call[column], 0, [_jump(_ANY_BIT, bits, 0, 1), _refuse(errno.EPERM)])
    # Whoever enters a namespace without saying of which kind could enter any.
    entering = [_jump(_EQUAL, NETWORK_NAMESPACE, 1, 0), _refuse(errno.EPERM)] if networks else [_refuse(errno.EPERM)]
    code += _compared(SETNS[column], 1, entering)
    families = FAMILIES + (PACKETS if networks else ())
    code += _compared(SOCKET[column], 0, _unless(families, errno.EAFNOSUPPORT))
    code += _compared(IOCTL[column], 1, [step for request in TYPING for step in (_jump(_EQUAL, request, 0, 1), _refuse(errno.EPERM))])
    for numbers, argument in ((MKNOD, 1), (MKNODAT, 2)):
        number = numbers[column]
        if number is not None:
            code += _compared(number, argument, [_statement(_AND, 0o170000), *_notify((stat.S_IFCHR, stat.S_IFBLK))])
    return b"".join([*code, _statement(_RETURN, _ALLOW)])


def _notify(values: tuple[int, int]) -> list[bytes]:
    """Notify whoever listens of these values, and let him answer (seccomp_unotify(2))."""
    return [step for value in values for step in (_jump(_EQUAL, value, 0, 1), _statement(_RETURN, _NOTIFY))]


def _compared(number: int, argument: int, steps: Sequence[bytes]) -> list[bytes]:
    """Do these steps with the low half of an argument when the call is this one; afterwards the number is looked at again."""
    inner = [_statement(_LOAD, _ARGUMENTS + 8 * argument), *steps, _statement(_LOAD, _NUMBER)]
    return [_jump(_EQUAL, number, 0, len(inner)), *inner]


def _unless(values: tuple[int, ...], number: int) -> list[bytes]:
    """Refuse whatever is none of these values."""
    steps = [_jump(_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [*steps, _refuse(number)]


def _refuse(number: int) -> bytes:
    return _statement(_RETURN, _ERRNO | number)


def _statement(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def _jump(code: int, value: int, when_true: int, when_false: int) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)
