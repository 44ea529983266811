# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody's way in over SSH: would he still be let in under another configuration?"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

# Each way to prove who one is, by the method's name in AuthenticationMethods, and what switches it on.
METHODS = {
    "publickey": "pubkeyauthentication",
    "password": "passwordauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
    "gssapi-with-mic": "gssapiauthentication",
    "hostbased": "hostbasedauthentication",
}
_KEY = re.compile(r"\b((?:ssh|ecdsa|sk)-[\w.@-]+)\s+(AAAA[\w+/=]+)", re.A)


class Login:
    """Who he is, and what he can prove it with."""

    def __init__(self, host: Host, name: str, connection: str) -> None:
        self.host = host
        self.name = name
        self.address, unused_port, self.local, self.port = words_of(connection)
        self.groups = words_of(host.run(["id", "-Gn", self.name]).out)
        account = host.run(["getent", "passwd", self.name]).out.strip(BLANKS).split(":")
        self.number = int(account[2]) if len(account) > 5 else None
        self.home = account[5] if len(account) > 5 else "/"
        shadow = host.run(["getent", "shadow", self.name]).out.split(":")
        self.hash = shadow[1] if len(shadow) > 1 else None

    @classmethod
    def of_operator(cls, host: Host) -> Login:
        """The login behind this run."""
        return cls(host, host.operator or "root", host.login["SSH_CONNECTION"])

    def enters(self, config: Mapping[str, str]) -> bool:
        """Is he let in, by a way that is known here?"""
        return bool(self._ways(config)) and not self.barred(config, config)

    @property
    def question(self) -> str:
        """For ``sshd -C``."""
        address, local = (text.partition("%")[0] for text in (self.address, self.local))
        return f"user={self.name},host={address},addr={address},laddr={local},lport={self.port}"

    def barred(self, candidate: Mapping[str, str], now: Mapping[str, str]) -> str:
        """Why a configuration would end his way in, beside the one in force; else an empty string."""
        return next((why for why, shut in self._bars(candidate, now) if shut), "")

    def _bars(self, candidate: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
        root = candidate["permitrootlogin"] if self.name == "root" else "yes"
        yield "root may not log in", root in ("no", "forced-commands-only")
        yield "the list of users leaves him out", self._left_out(candidate, "users", self._named)
        yield "the list of groups leaves him out", self._left_out(candidate, "groups", self._grouped)
        yield "a locked password needs UsePAM", candidate.get("usepam") != "yes" and (self.hash or "").startswith("!")
        yield f"port {self.port} is not listened on", self._port_closed(candidate, now)
        yield (
            "his login would be confined",
            any(candidate.get(name, "none") != now.get(name, "none") for name in ("forcecommand", "chrootdirectory")),
        )
        yield "no session would be let in", candidate.get("maxsessions") == "0"
        yield "neither his key nor his password would be accepted", not self._provable(candidate, now)

    def _left_out(self, candidate: Mapping[str, str], whom: str, matches: Callable[[str], bool]) -> bool:
        allowed, denied = (words_of(candidate.get(f"{verb}{whom}", "")) for verb in ("allow", "deny"))
        return any(map(matches, denied)) or (bool(allowed) and not any(map(matches, allowed)))

    def _named(self, pattern: str) -> bool:
        name, unused_at, address = pattern.rpartition("@") if "@" in pattern else (pattern, "", "")
        return _like(self.name, name) and (not address or _like(self.address, address) or _within(self.address, address))

    def _grouped(self, pattern: str) -> bool:
        return any(_like(group, pattern) for group in self.groups)

    def _port_closed(self, candidate: Mapping[str, str], now: Mapping[str, str]) -> bool:
        before, after = (words_of(config.get("port", "")) for config in (now, candidate))
        return self.port in before and self.port not in after

    def _provable(self, candidate: Mapping[str, str], now: Mapping[str, str]) -> bool:
        """One sure way is enough; if none is known today, every way that is open today must stay open."""
        if not self._ways(now):
            return all(candidate.get(name) == now.get(name) for name in (*METHODS.values(), "authenticationmethods"))
        ways = self._ways(candidate)
        wanted = words_of(candidate.get("authenticationmethods", "any"))
        if wanted == ["any"]:
            return bool(ways)
        return any({method.partition(":")[0] for method in chain.split(",")} <= ways for chain in wanted)

    def _ways(self, config: Mapping[str, str]) -> set[str]:
        ways = {method for method in ("publickey", "password", "keyboard-interactive") if config.get(METHODS[method]) == "yes"}
        if not self._key_accepted(config):
            ways.discard("publickey")
        if not self._password_accepted(config):
            ways -= {"password", "keyboard-interactive"}
        return ways

    def _password_accepted(self, config: Mapping[str, str]) -> bool:
        if self.name == "root" and config["permitrootlogin"] != "yes":
            return False
        if self.hash is None:
            return config.get("usepam") == "yes"  # an account of a directory, which PAM asks
        return config.get("permitemptypasswords") == "yes" if not self.hash else self.hash[0] not in "!*"

    def _key_accepted(self, config: Mapping[str, str]) -> bool:
        if config.get("authorizedkeyscommand", "none") != "none" or config.get("trustedusercakeys", "none") != "none":
            return True
        algorithms = set(config.get("pubkeyacceptedalgorithms", "").split(","))
        shortest = int(config.get("requiredrsasize", "0"))
        for pattern in words_of(config.get("authorizedkeysfile", "")):
            path = os.path.join(self.home, _expanded(pattern, self.home, self.name, self.number))
            if config.get("strictmodes") == "yes" and not self._trusted(path):
                continue
            for line in self.host.lines(path):
                key = _KEY.search(line) if not line.lstrip(BLANKS).startswith("#") else None
                if key and ("cert-authority" in line or _accepted(key[1], key[2], algorithms, shortest)):
                    return True
        return False

    def _trusted(self, path: str) -> bool:
        """The file and every directory up to the home belong to him or root, and nobody else can write them."""
        while True:
            try:
                status = os.stat(self.host.path(path))
            except OSError:
                return False
            if status.st_uid not in (0, self.number) or status.st_mode & 0o022:
                return False
            if path in (self.home, "/"):
                return True
            path = os.path.dirname(path)


def _like(text: str, pattern: str) -> bool:
    """The patterns of ssh_config(5): a star and a question mark, no brackets."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _expanded(pattern: str, home: str, name: str, number: int | None) -> str:
    tokens = {"%%": "%", "%h": home, "%u": name, "%U": str(number)}
    return re.sub("%[%huU]", lambda token: tokens[token[0]], pattern)


def _accepted(kind: str, encoded: str, algorithms: set[str], shortest: int) -> bool:
    """RSA keys sign with other names than their own, and may be too short."""
    if kind != "ssh-rsa":
        return kind in algorithms
    return bool(algorithms & {"rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"}) and _bits(encoded) >= shortest


def _bits(encoded: str) -> int:
    """The length of an RSA key: its blob holds the type, the exponent and the modulus."""
    blob = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    fields = []
    while len(blob) >= 4:
        length = struct.unpack(">I", blob[:4])[0]
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return int.from_bytes(fields[2], "big").bit_length() if len(fields) > 2 else 0
