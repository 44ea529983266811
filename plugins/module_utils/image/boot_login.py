# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A login for one boot: a user with a key, put into a throwaway overlay before it starts."""

from __future__ import annotations

import fnmatch
import os
import re
import time
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import sshd_files
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sshd_probe import Probe, Rejected

USER = "hygeia-verify"
HOME = f"/var/lib/{USER}"
SUDOERS = f"/etc/sudoers.d/zz-{USER}"
# Without a seed, cloud-init finds no cloud, and then brings up no network and makes no host keys.
SEED = "/var/lib/cloud/seed/nocloud"
# Where QEMU's user network puts both ends.
GUEST, GATEWAY = "10.0.2.15", "10.0.2.2"
# The packet filter of the role segment keeps everybody out whom the site's policy does not know, and so the check too.
FILTER, FILTER_TABLE = "/etc/nftables.conf", "table inet segment"
FILTER_UNIT = f"/etc/systemd/system/nftables.service.d/zz-{USER}.conf"
# Our key is of the first type that the template's sshd accepts.
KEY_TYPES = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa", "rsa-sha2-512": "rsa", "rsa-sha2-256": "rsa"}


@dataclass(frozen=True)
class Door:
    """What the template's sshd wants of a login: its port, the type of a key, and lines that a Match block must have."""

    port: int
    key_type: str
    keys_file: str
    group: str
    exceptions: tuple


def door(host):
    """Ask the template's sshd; a template that nobody can log in to is a problem."""
    if not host.which("sshd"):
        raise ImageError("the template has no SSH server, by which the boot check looks at the running system: install openssh-server in it")
    if not host.which("sudo"):
        raise ImageError("the template has no sudo, by which the boot check looks at the running system as root: install sudo in it")
    try:
        with Probe(host) as probe:
            port = probe.effective()["port"].split()[0]
            values = probe.effective(login=f"user={USER},host={GATEWAY},addr={GATEWAY},laddr={GUEST},lport={port}")
    except Rejected as problem:
        raise ImageError(f"sshd does not accept the template's configuration: {problem}") from problem
    accepted = values.get("pubkeyacceptedalgorithms", "ssh-ed25519").split(",")
    types = [kind for name, kind in KEY_TYPES.items() if name in accepted]
    if not types:
        raise ImageError("sshd in the template accepts no key of the types ed25519, ecdsa and rsa, so that the boot check cannot log in")
    return Door(int(port), types[0], values["authorizedkeysfile"].split()[0], _group(host, values), tuple(_exceptions(values)))


def _group(host, values):
    """A group that is let in, or nothing when groups do not matter."""
    wanted = values.get("allowgroups", "").split()
    known = [line.split(":")[0] for line in host.lines("/etc/group")]
    for pattern in wanted:
        for name in known:
            if fnmatch.fnmatchcase(name, pattern):
                return name
    return wanted[0] if wanted else ""


def _exceptions(values):
    """What no key alone would get past."""
    if values.get("allowusers"):
        yield f"AllowUsers {USER}"
    if values.get("pubkeyauthentication") == "no":
        yield "PubkeyAuthentication yes"
    methods = values.get("authenticationmethods", "any").split()
    if "any" not in methods and "publickey" not in methods:
        yield "AuthenticationMethods publickey"


def add(host, way, public_key):
    """Add the user to the system under ``host``, which must be a throwaway copy."""
    number = _free_number(host)
    today = int(time.time()) // 86400
    _append(host, "/etc/passwd", f"{USER}:x:{number}:{number}:Boot check:{HOME}:/bin/sh")
    _append(host, "/etc/shadow", f"{USER}:*:{today}:0:99999:7:::")
    _append(host, "/etc/group", f"{USER}:x:{number}:")
    if way.group:
        _join(host, way.group)
    _own(host, HOME, number, folder=True)
    _authorize(host, way.keys_file, number, public_key)
    host.write(SUDOERS, f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
    if way.exceptions:
        block = "".join(f"    {line}\n" for line in way.exceptions)
        _append(host, sshd_files.MAIN, f"Match User {USER}\n{block}".rstrip())
    if FILTER_TABLE in (host.read(FILTER) or ""):
        host.write(FILTER_UNIT, "[Service]\n" + "".join(f"ExecStartPost=/usr/sbin/nft insert rule {rule}\n" for rule in _rules(way.port)))
    if host.which("cloud-init"):
        host.write(f"{SEED}/meta-data", f"instance-id: {USER}\n")
        host.write(f"{SEED}/user-data", "#cloud-config\n{}\n")


def _rules(port):
    """Both directions: what is sent after the other end has gone is no longer a part of a connection, and would never end."""
    yield f"inet segment input ip saddr {GATEWAY} tcp dport {port} accept"
    yield f"inet segment output ip daddr {GATEWAY} tcp sport {port} accept"


def _free_number(host):
    taken = {field for path in ("/etc/passwd", "/etc/group") for line in host.lines(path) for field in line.split(":")[2:3]}
    return next(number for number in range(59990, 59000, -1) if str(number) not in taken)


def _append(host, path, line):
    """Add a line in place, so that owner and mode stay as they are."""
    text = host.read(path) or ""
    with open(host.path(path), "a", encoding="utf-8") as stream:
        stream.write(("" if not text or text.endswith("\n") else "\n") + line + "\n")


def _join(host, group):
    """Be a member of a group, which is made where there is none."""
    lines = host.lines("/etc/group")
    if not any(line.startswith(group + ":") for line in lines):
        lines.append(f"{group}:x:{_free_number(host)}:")
    with open(host.path("/etc/group"), "w", encoding="utf-8") as stream:
        for line in lines:
            comma = "" if line.endswith(":") else ","
            stream.write(line + (comma + USER if line.startswith(group + ":") else "") + "\n")


def _authorize(host, pattern, number, public_key):
    """Put the key where sshd looks; in the home it is the user's, elsewhere it is root's."""
    tokens = {"%%": "%", "%h": HOME, "%u": USER, "%U": str(number)}
    path = os.path.join(HOME, re.sub("%[%huU]", lambda token: tokens[token[0]], pattern))
    host.write(path, public_key + "\n", 0o644)
    while path.startswith(HOME + "/"):
        _own(host, path, number)
        path = os.path.dirname(path)


def _own(host, path, number, folder=False):
    if folder:
        os.makedirs(host.path(path), mode=0o700, exist_ok=True)
    os.chown(host.path(path), number, number)
