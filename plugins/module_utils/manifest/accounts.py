# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is known to a system, and by which keys and rules they get in and up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.unread import Unread
from ansible_collections.hygeia.golden.plugins.module_utils.system import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.system.account_files import SHADOW, Account, AccountFiles, Password
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import KEYS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe, Rejected
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

Items = dict[str, Any]
# Hashes with a salt of at least 48 bits, of which a digest tells nobody anything.
_SALTED = ("yescrypt", "gost-yescrypt", "scrypt", "sha512", "sha256", "bcrypt")
_DIGITS = 16
_KEY = re.compile(
    r"(?P<options>.*?)(?:^|[ \t])(?P<type>(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)[ \t]+(?P<key>AAAA[A-Za-z0-9+/]+=*)(?:[ \t].*)?", re.A
)
_TOKEN = re.compile("%[%huU]")


def accounts(host: Host) -> Items:
    files = AccountFiles(host)
    hidden = host.read(SHADOW) is None
    return {
        account.name: {
            "number": account.number,
            "group": account.group,
            "home": account.home,
            "shell": account.shell,
            "password": _password(account, None if hidden else files.passwords.get(account.name)),
        }
        for account in files.accounts
    }


def _password(account: Account, password: Password | None) -> str:
    """Whether there is a password; of one that is hashed well also a digest, by which another one shows."""
    text = password.hash if password and account.password == "x" else account.password
    if not text or text == "x":
        return "none" if not text else "unknown"
    if text[0] in "!*":
        return "locked"
    salted = password is not None and password.algorithm in _SALTED
    return f"set, {hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:_DIGITS]}" if salted else "set"


def groups(host: Host) -> Items:
    return {group.name: {"number": group.number, "members": sorted(group.members)} for group in AccountFiles(host).groups}


def authorized_keys(host: Host) -> Items:
    """Each key that sshd would take, by account and fingerprint (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""
    patterns = _patterns(host)
    found: Items = {}
    for account in AccountFiles(host).accounts:
        for path in dict.fromkeys(_place(pattern, account) for pattern in patterns):
            for key in _keys(host, path):
                found[f"{account.name} {key['fingerprint']}"] = {"type": key["type"], "options": key["options"], "file": path}
    return found


def _patterns(host: Host) -> list[str]:
    """Where sshd looks for keys by its own word; where it gives none, where it does by default."""
    if not host.which("sshd"):
        return list(KEYS)
    try:
        with Probe(host) as probe:
            named = words_of(probe.effective().get("authorizedkeysfile", ""))
    except (Rejected, OSError):
        return list(KEYS)
    return [pattern for pattern in named if pattern != "none"]


def _place(pattern: str, account: Account) -> str:
    tokens = {"%%": "%", "%h": account.home, "%u": account.name, "%U": str(account.number)}
    return os.path.join(account.home or "/", _TOKEN.sub(lambda token: tokens[token[0]], pattern))


def _keys(host: Host, path: str) -> Iterator[dict[str, str]]:
    try:
        lines = host.lines(path)
    except OddFile:
        return
    for found in filter(None, map(_KEY.fullmatch, (line.strip(BLANKS) for line in lines if not line.startswith("#")))):
        try:
            key = base64.b64decode(found["key"], validate=True)
        except binascii.Error:
            continue
        fingerprint = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
        yield {"fingerprint": f"SHA256:{fingerprint}", "type": found["type"], "options": found["options"].strip(BLANKS)}


def sudo(host: Host) -> Items:
    """Each rule, alias and default, in the words of sudoers(5) as far as they are simple."""
    if not host.which("sudo") or host.read(sudoers.MAIN) is None:
        return {}
    try:
        known = sudoers.parsed(host)
    except RuntimeError as problem:
        raise Unread(str(problem)) from problem
    found: Items = {}
    for section, entries in known.items():
        for entry in entries if isinstance(entries, list) else [{name: value} for name, value in entries.items()]:
            found[_rule(entry) if section == "User_Specs" else f"{section}: {json.dumps(entry, sort_keys=True)}"] = ""
    return found


def _rule(entry: Mapping[str, Any]) -> str:
    who = ", ".join(map(sudoers.member, entry.get("User_List", ())))
    where = ", ".join(map(sudoers.member, entry.get("Host_List", ())))
    return f"{who} {where} = {'; '.join(map(_grant, entry.get('Cmnd_Specs', ())))}"


def _grant(grant: Mapping[str, Any]) -> str:
    users = ", ".join(map(sudoers.member, grant.get("runasusers", ())))
    of_groups = ", ".join(map(sudoers.member, grant.get("runasgroups", ())))
    options = [f"{name}={value}" for option in grant.get("Options", ()) for name, value in sorted(option.items())]
    commands = ", ".join(map(sudoers.member, grant.get("Commands", ())))
    return " ".join(filter(None, [f"({users}:{of_groups})" if of_groups else f"({users})" if users else "", *options, commands]))
