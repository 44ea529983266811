# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only a site can decide about its SSH server, as ``{access_list: present, rsa_bits: 3072}``: to be observed, never to be written.

- ``access_list``: ``present`` when sshd lets in, or keeps out, the users or groups of a list.
- ``key_types``: the types of host keys that may be there.
- ``rsa_bits``: the length that an RSA host key has at least.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh.sshd import Sshd
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

ACCESS = ("allowusers", "allowgroups", "denyusers", "denygroups")
KEYS = "/etc/ssh/ssh_host_*_key.pub"
NO_KEYS = "this system has no SSH host key yet"


class SshHost(Observed):
    name = "ssh_host"
    names = ("access_list", "key_types", "rsa_bits")

    def absent(self) -> str:
        return Sshd(self.host).absent()

    def inspect(self, wanted: Settings) -> Observations:
        lookers: dict[str, Callable[[Value], Observation]] = {
            "access_list": self._access_list,
            "key_types": self._key_types,
            "rsa_bits": self._rsa_bits,
        }
        return {name: lookers[name](value) for name, value in wanted.items()}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return int(value) >= int(wanted) if name == "rsa_bits" else super().satisfies(name, wanted, value)

    def _access_list(self, unused_wanted: Value) -> Observation:
        with Probe(self.host) as probe:
            values = probe.effective()
        lists = [f"{name} {values[name]}" for name in ACCESS if values.get(name)]
        message = "; ".join(lists) or f"sshd lets in every account: set one of {', '.join(ACCESS)} to the people and groups of this site"
        return Observation("present" if lists else "absent", "sshd -T", message)

    def _key_types(self, wanted: list[str]) -> Observation:
        types = {path: _text(fields[0]) for path, fields in self._keys()}
        if not types:
            return Observation(status=result.NOT_APPLICABLE, message=NO_KEYS)
        problems = [f"{path} is an {name} key" for path, name in types.items() if name not in wanted]
        return Observation(sorted(set(types.values())), KEYS, "; ".join(problems))

    def _rsa_bits(self, unused_wanted: Value) -> Observation:
        keys = {path: fields for path, fields in self._keys() if _text(fields[0]) == "ssh-rsa" and len(fields) > 2}
        lengths = {path: int.from_bytes(fields[2], "big").bit_length() for path, fields in keys.items()}
        if not lengths:
            return Observation(status=result.NOT_APPLICABLE, message="this system has no RSA host key")
        shortest = min(lengths, key=lengths.__getitem__)
        return Observation(lengths[shortest], shortest)

    def _keys(self) -> Iterator[tuple[str, list[bytes]]]:
        """Every host key as (path, the fields of its public half)."""
        for path in self.host.files(KEYS):
            words = words_of(self.host.read(path) or "")
            try:
                fields = list(_fields(base64.b64decode(words[1], validate=True)))
            except (IndexError, binascii.Error):
                continue
            if fields:
                yield path, fields


def _fields(blob: bytes) -> Iterator[bytes]:
    """The fields of a public key: each is its length in four bytes, and then itself (RFC 4253, 6.6)."""
    while len(blob) >= 4:
        end = 4 + int.from_bytes(blob[:4], "big")
        yield blob[4:end]
        blob = blob[end:]


def _text(field: bytes) -> str:
    return field.decode("ascii", "replace")
