# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A login for one boot: a user with a key, put into a throwaway overlay before it starts.

The name is drawn for each boot, and all that is written is reported, so that the audit knows what is not the template's.
"""

from __future__ import annotations

import fnmatch
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh import server_files
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe, Rejected

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# Without a seed, cloud-init finds no cloud, and then brings up no network and makes no host keys.
SEED = "/var/lib/cloud/seed/nocloud"
# Where QEMU's user network puts both ends.
GUEST, GATEWAY = "10.0.2.15", "10.0.2.2"
# A packet filter may keep everybody out whom the site does not know, and so the check too: each table of the collection,
# that of the role segment and that of the control firewall-default, with its chains that drop.
FILTER, FILTER_TABLES = "/etc/nftables.conf", {"segment": ("input", "output"), "hygeia": ("input",)}
FILTER_UNIT = "/etc/systemd/system/nftables.service.d/zz-{user}.conf"
# Our key is of the first type that the template's sshd accepts.
KEY_TYPES = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa", "rsa-sha2-512": "rsa", "rsa-sha2-256": "rsa"}


@dataclass(frozen=True)
class SshAccess:
    """What the template's sshd wants of a login: its port, the type of a key, and lines that a Match block must have."""

    port: int
    key_type: str
    keys_file: str
    group: str
    exceptions: tuple[str, ...]


def drawn() -> str:
    """A name for the user that no template can have foreseen."""
    return f"hygeia-verify-{secrets.token_hex(8)}"


def ssh_access(host: Host, user: str) -> SshAccess:
    """Ask the template's sshd; a template that nobody can log in to is a problem."""
    if not host.which("sshd"):
        raise ImageError(
            "the template has no SSH server, by which the boot check looks at the running system: install openssh-server in it"
        )
    if not host.which("sudo"):
        raise ImageError("the template has no sudo, by which the boot check looks at the running system as root: install sudo in it")
    try:
        with Probe(host) as probe:
            port = probe.effective()["port"].split()[0]
            values = probe.effective(login=f"user={user},host={GATEWAY},addr={GATEWAY},laddr={GUEST},lport={port}")
    except Rejected as problem:
        raise ImageError(f"sshd does not accept the template's configuration: {problem}") from problem
    accepted = values.get("pubkeyacceptedalgorithms", "ssh-ed25519").split(",")
    types = [kind for name, kind in KEY_TYPES.items() if name in accepted]
    if not types:
        raise ImageError("sshd in the template accepts no key of the types ed25519, ecdsa and rsa, so that the boot check cannot log in")
    return SshAccess(int(port), types[0], values["authorizedkeysfile"].split()[0], _group(host, values), tuple(_exceptions(values, user)))


def _group(host: Host, values: dict[str, str]) -> str:
    """A group that is let in, or nothing when groups do not matter."""
    wanted = values.get("allowgroups", "").split()
    known = [line.split(":")[0] for line in host.lines("/etc/group")]
    for pattern in wanted:
        for name in known:
            if fnmatch.fnmatchcase(name, pattern):
                return name
    return wanted[0] if wanted else ""


def _exceptions(values: dict[str, str], user: str) -> Iterator[str]:
    """What no key alone would get past."""
    if values.get("allowusers"):
        yield f"AllowUsers {user}"
    if values.get("pubkeyauthentication") == "no":
        yield "PubkeyAuthentication yes"
    methods = values.get("authenticationmethods", "any").split()
    if "any" not in methods and "publickey" not in methods:
        yield "AuthenticationMethods publickey"


def add(host: Host, way: SshAccess, user: str, public_key: str) -> dict[str, Any]:
    """Add the user to the system under ``host``, which must be a throwaway copy; what was brought, for ``system.injected``."""
    return _Login(host, user).add(way, public_key)


class _Login:
    """The user and all that is written for it, each text noted by its file."""

    def __init__(self, host: Host, user: str) -> None:
        self.host = host
        self.user = user
        # Where SELinux confines sshd, it reads keys in homes alone, and a directory is a home by where it is.
        self.home = f"{'/home' if selinux.policy(host) else '/var/lib'}/{user}"
        self.number = _free_number(host)
        self.texts: dict[str, list[str]] = {}

    def add(self, way: SshAccess, public_key: str) -> dict[str, Any]:
        today = int(time.time()) // 86400
        self._append("/etc/passwd", f"{self.user}:x:{self.number}:{self.number}:Boot check:{self.home}:/bin/sh\n")
        self._append("/etc/shadow", f"{self.user}:*:{today}:0:99999:7:::\n")
        self._append("/etc/group", f"{self.user}:x:{self.number}:\n")
        if way.group:
            self._join(way.group)
        self._own(self.home, directory=True)
        self._authorize(way.keys_file, public_key)
        self._write(f"/etc/sudoers.d/zz-{self.user}", f"{self.user} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
        if way.exceptions:
            block = "".join(f"    {line}\n" for line in way.exceptions)
            self._append(server_files.MAIN, f"Match User {self.user}\n{block}")
        rules = list(_rules(self.host.read(FILTER) or "", way.port))
        if rules:
            lines = "".join(f"ExecStartPost=/usr/sbin/nft insert rule {rule}\n" for rule in rules)
            self._write(FILTER_UNIT.format(user=self.user), f"[Service]\n{lines}")
        if self.host.which("cloud-init"):
            self._write(f"{SEED}/meta-data", f"instance-id: {self.user}\n")
            self._write(f"{SEED}/user-data", "#cloud-config\n{}\n")
        return {"account": self.user, "lines": self.texts}

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        self.host.write(path, text, mode)
        self.texts[path] = [text]

    def _append(self, path: str, text: str) -> None:
        """Add a line; owner and mode stay as they are."""
        before = self.host.read(path) or ""
        self.host.edit(path, before + ("" if not before or before.endswith("\n") else "\n") + text)
        self.texts.setdefault(path, []).append(text)

    def _join(self, group: str) -> None:
        """Be a member of a group, which is made where there is none."""
        lines = self.host.lines("/etc/group")
        if not any(line.startswith(group + ":") for line in lines):
            self._append("/etc/group", f"{group}:x:{_free_number(self.host)}:{self.user}\n")
            return
        joined = [f"{line}{'' if line.endswith(':') else ','}{self.user}" if line.startswith(group + ":") else line for line in lines]
        self.host.edit("/etc/group", "".join(f"{line}\n" for line in joined))

    def _authorize(self, pattern: str, public_key: str) -> None:
        """Put the key where sshd looks; in the home it is the user's, elsewhere it is root's."""
        tokens = {"%%": "%", "%h": self.home, "%u": self.user, "%U": str(self.number)}
        path = os.path.join(self.home, re.sub("%[%huU]", lambda token: tokens[token[0]], pattern))
        self._write(path, public_key + "\n")
        while path.startswith(self.home + "/"):
            self._own(path)
            path = os.path.dirname(path)

    def _own(self, path: str, directory: bool = False) -> None:
        if directory:
            os.makedirs(self.host.path(path), mode=0o700, exist_ok=True)
        os.chown(self.host.path(path), self.number, self.number)


def _rules(text: str, port: int) -> Iterator[str]:
    """Both directions: what is sent after the other end has gone is no longer a part of a connection, and would never end."""
    ends = {"input": f"ip saddr {GATEWAY} tcp dport {port}", "output": f"ip daddr {GATEWAY} tcp sport {port}"}
    for table, chains in FILTER_TABLES.items():
        if f"table inet {table} {{" in text:
            yield from (f"inet {table} {chain} {ends[chain]} accept" for chain in chains)


def _free_number(host: Host) -> int:
    taken = {field for path in ("/etc/passwd", "/etc/group") for line in host.lines(path) for field in line.split(":")[2:3]}
    return next(number for number in range(59990, 59000, -1) if str(number) not in taken)
