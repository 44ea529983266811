# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A /proc that is made up, in the directory of a host."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_STATES = {"connected": "01", "listening": "0A", "waiting": "07"}


def process(host, number, program, unit="", user=0, sockets=(), maps=(), words=(), net=None):
    """A process that executes ``program``; ``net`` maps a table such as tcp to its lines, made by ``socket``."""
    directory = Path(host.root, f"proc/{number}")
    (directory / "fd").mkdir(parents=True)
    if program:
        (directory / "exe").symlink_to(program)
    (directory / "status").write_text(f"Name:\t{program.rpartition('/')[2][:15]}\nUid:\t{user}\t{user}\t{user}\t{user}\n", encoding="ascii")
    (directory / "cgroup").write_text(f"0::/system.slice/{unit}\n" if unit else "0::/init.scope\n", encoding="ascii")
    (directory / "cmdline").write_text("\0".join(words) + "\0", encoding="ascii")
    (directory / "maps").write_text("".join(f"7f00-7f01 {line}\n" for line in maps), encoding="ascii")
    for handle, inode in enumerate(sockets):
        (directory / f"fd/{handle}").symlink_to(f"socket:[{inode}]")
    for table, lines in (net or {}).items():
        (directory / "net").mkdir(exist_ok=True)
        (directory / f"net/{table}").write_text(_HEAD + "".join(lines), encoding="ascii")


def socket(inode, state, local, remote="0.0.0.0:0"):
    """A line of /proc/net/tcp; addresses as ``127.0.0.1:53`` or ``[::1]:53``."""
    return f"   0: {_hex(local)} {_hex(remote)} {_STATES[state]} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"


def _hex(end):
    address, unused_colon, port = end.rpartition(":")
    packed = ipaddress.ip_address(address.strip("[]")).packed
    words = (int.from_bytes(packed[start : start + 4], sys.byteorder) for start in range(0, len(packed), 4))
    return "".join(f"{word:08X}" for word in words) + f":{int(port):04X}"
