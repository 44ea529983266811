# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An SSH server that lets in a list of people and has sound keys, and one that lets in everybody or has weak keys."""

from __future__ import annotations

import base64

FILES = {"/usr/sbin/sshd": "", "/run/sshd/.keep": ""}
KEY = "/etc/ssh/ssh_host_x_key.pub"


def pair(name, wanted):
    if name == "access_list":
        return _answers("allowgroups hospital\n"), _answers("port 22\n")
    if name == "key_types":
        return _key(wanted[0], 256), _key("ssh-dss", 1024)
    return _key("ssh-rsa", wanted), _key("ssh-rsa", wanted // 2)


def _answers(text):
    def sshd(argv, unused_stdin):
        return text

    return {"files": FILES, "answers": {"sshd": sshd, "/usr/sbin/sshd": sshd, "ssh-keygen": ""}}


def _key(kind, bits):
    number = (1 << (bits - 1)).to_bytes(bits // 8, "big")
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind.encode(), b"\x01\x00\x01", number))
    return {"files": {**FILES, KEY: f"{kind} {base64.b64encode(blob).decode()} root@host\n"}, "answers": {}}
