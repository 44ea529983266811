# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody's way in over SSH: would he still be let in under another configuration?"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import struct

# Each way to prove who one is, by the method's name in AuthenticationMethods, and what switches it on.
METHODS = {
    "publickey": "pubkeyauthentication",
    "password": "passwordauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
    "gssapi-with-mic": "gssapiauthentication",
    "hostbased": "hostbasedauthentication",
}
_KEY = re.compile(r"\b((?:ssh|ecdsa|sk)-[\w.@-]+)\s+(AAAA[\w+/=]+)")


class Login:
    """Who he is, and what he can prove it with."""

    def __init__(self, host, name, connection):
        self.host = host
        self.name = name
        self.address, unused_port, self.local, self.port = connection.split()
        self.groups = host.run(["id", "-Gn", self.name]).out.split()
        account = host.run(["getent", "passwd", self.name]).out.strip().split(":")
        self.number = int(account[2]) if len(account) > 5 else None
        self.home = account[5] if len(account) > 5 else "/"
        shadow = host.run(["getent", "shadow", self.name]).out.split(":")
        self.hash = shadow[1] if len(shadow) > 1 else None

    @classmethod
    def of_operator(cls, host):
        """The login behind this run."""
        return cls(host, host.operator, host.login["SSH_CONNECTION"])

    def enters(self, config):
        """Is he let in, by a way that is known here?"""
        return bool(self._ways(config)) and not self.barred(config, config)

    @property
    def question(self):
        """For ``sshd -C``."""
        address, local = (text.partition("%")[0] for text in (self.address, self.local))
        return f"user={self.name},host={address},addr={address},laddr={local},lport={self.port}"

    def barred(self, candidate, now):
        """Why a configuration would end his way in, beside the one in force; else an empty string."""
        return next((why for why, shut in self._bars(candidate, now) if shut), "")

    def _bars(self, candidate, now):
        root = candidate["permitrootlogin"] if self.name == "root" else "yes"
        yield "root may not log in", root in ("no", "forced-commands-only")
        yield "the list of users leaves him out", self._left_out(candidate, "users", self._named)
        yield "the list of groups leaves him out", self._left_out(candidate, "groups", self._grouped)
        yield "a locked password needs UsePAM", candidate.get("usepam") != "yes" and (self.hash or "").startswith("!")
        yield f"port {self.port} is not listened on", self._port_closed(candidate, now)
        yield "his login would be confined", any(
            candidate.get(name, "none") != now.get(name, "none") for name in ("forcecommand", "chrootdirectory")
        )
        yield "no session would be let in", candidate.get("maxsessions") == "0"
        yield "neither his key nor his password would be accepted", not self._provable(candidate, now)

    def _left_out(self, candidate, whom, matches):
        allowed, denied = (candidate.get(f"{verb}{whom}", "").split() for verb in ("allow", "deny"))
        return any(map(matches, denied)) or bool(allowed) and not any(map(matches, allowed))

    def _named(self, pattern):
        name, unused_at, address = pattern.rpartition("@") if "@" in pattern else (pattern, "", "")
        return _like(self.name, name) and (not address or _like(self.address, address) or _within(self.address, address))

    def _grouped(self, pattern):
        return any(_like(group, pattern) for group in self.groups)

    def _port_closed(self, candidate, now):
        before, after = (config.get("port", "").split() for config in (now, candidate))
        return self.port in before and self.port not in after

    def _provable(self, candidate, now):
        """One sure way is enough; if none is known today, every way that is open today must stay open."""
        if not self._ways(now):
            return all(candidate.get(name) == now.get(name) for name in (*METHODS.values(), "authenticationmethods"))
        ways = self._ways(candidate)
        wanted = candidate.get("authenticationmethods", "any").split()
        if wanted == ["any"]:
            return bool(ways)
        return any({method.partition(":")[0] for method in chain.split(",")} <= ways for chain in wanted)

    def _ways(self, config):
        ways = {method for method in ("publickey", "password", "keyboard-interactive") if config.get(METHODS[method]) == "yes"}
        if not self._key_accepted(config):
            ways.discard("publickey")
        if not self._password_accepted(config):
            ways -= {"password", "keyboard-interactive"}
        return ways

    def _password_accepted(self, config):
        if self.name == "root" and config["permitrootlogin"] != "yes":
            return False
        if self.hash is None:
            return config.get("usepam") == "yes"  # an account of a directory, which PAM asks
        return config.get("permitemptypasswords") == "yes" if not self.hash else self.hash[0] not in "!*"

    def _key_accepted(self, config):
        if config.get("authorizedkeyscommand", "none") != "none" or config.get("trustedusercakeys", "none") != "none":
            return True
        algorithms = set(config.get("pubkeyacceptedalgorithms", "").split(","))
        shortest = int(config.get("requiredrsasize", "0"))
        for pattern in config.get("authorizedkeysfile", "").split():
            path = os.path.join(self.home, _expanded(pattern, self.home, self.name, self.number))
            if config.get("strictmodes") == "yes" and not self._trusted(path):
                continue
            for line in self.host.lines(path):
                key = _KEY.search(line) if not line.lstrip().startswith("#") else None
                if key and ("cert-authority" in line or _accepted(key[1], key[2], algorithms, shortest)):
                    return True
        return False

    def _trusted(self, path):
        """The file and every folder up to the home belong to him or root, and nobody else can write them."""
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


def _like(text, pattern):
    """The patterns of ssh_config(5): a star and a question mark, no brackets."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def _within(address, network):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _expanded(pattern, home, name, number):
    tokens = {"%%": "%", "%h": home, "%u": name, "%U": str(number)}
    return re.sub("%[%huU]", lambda token: tokens[token[0]], pattern)


def _accepted(kind, encoded, algorithms, shortest):
    """RSA keys sign with other names than their own, and may be too short."""
    if kind != "ssh-rsa":
        return kind in algorithms
    return bool(algorithms & {"rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"}) and _bits(encoded) >= shortest


def _bits(encoded):
    """The length of an RSA key: its blob holds the type, the exponent and the modulus."""
    blob = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    fields = []
    while len(blob) >= 4:
        length = struct.unpack(">I", blob[:4])[0]
        fields.append(blob[4:4 + length])
        blob = blob[4 + length:]
    return int.from_bytes(fields[2], "big").bit_length() if len(fields) > 2 else 0
