# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in for update-crypto-policies(8) on a tree, with a policy of few properties."""

from __future__ import annotations

import fnmatch
import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

DIRECTORY = "/etc/crypto-policies"
PROGRAM = "/usr/bin/update-crypto-policies"
BACK_END = f"{DIRECTORY}/back-ends/opensshserver.config"
BASE = {
    "mac": "AEAD HMAC-SHA2-256 HMAC-SHA1 UMAC-64 UMAC-128 HMAC-SHA2-512",
    "sign": "RSA-SHA2-256 ECDSA-SHA2-256 RSA-SHA1 ECDSA-SHA1",
    "hash": "SHA2-256 SHA2-384 SHA2-512 SHA1",
    "cipher": "AES-256-GCM AES-256-CBC AES-128-GCM",
    "min_rsa_size": "2048",
    "sha1_in_certs": "1",
}
SSH = ("libssh", "openssh-client", "openssh-server")


def files(policy="DEFAULT"):
    return {
        f"{DIRECTORY}/config": f"{policy}\n",
        f"{DIRECTORY}/state/current": f"{policy}\n",
        f"{DIRECTORY}/state/CURRENT.pol": _dump(dict(BASE), {}),
        BACK_END: _back_end(_dump(dict(BASE), {})),
        PROGRAM: "",
    }


def install(host):
    """Let a tree's host have the program."""
    os.chmod(host.path(PROGRAM), 0o755)
    host.answers["update-crypto-policies"] = lambda argv, unused_stdin: _answer(host, argv[1])


def apply(host):
    text = _resolved(host)
    host.write(f"{DIRECTORY}/state/current", host.read(f"{DIRECTORY}/config"))
    host.write(f"{DIRECTORY}/state/CURRENT.pol", text)
    host.write(BACK_END, _back_end(text))


def _answer(host, option):
    if option == "--check":
        right = host.read(BACK_END) == _back_end(_resolved(host))
        return "matches\n" if right else CommandResult(1, "", "The configured policy does NOT match the generated policy\n")
    apply(host)
    return "Setting system policy\n"


def _back_end(text):
    """What a program reads; here it says the same for each policy, and which one it was made from."""
    return "MACs hmac-sha2-256,hmac-sha1\n" + "".join(f"# {line}\n" for line in text.splitlines())


def _resolved(host):
    common, ssh = dict(BASE), {}
    for module in host.read(f"{DIRECTORY}/config").strip().split(":")[1:]:
        text = host.read(f"{DIRECTORY}/policies/modules/{module}.pmod") or ""
        for name, scope, value in re.findall(r"^(\w+)(@SSH)? = (.*)$", text, re.M):
            target = ssh if scope else common
            target[name] = _changed(target.get(name, common[name]), value)
    return _dump(common, ssh)


def _changed(there, value):
    words = there.split()
    for word in value.split():
        if word.startswith("-"):
            words = [old for old in words if not fnmatch.fnmatchcase(old, word[1:])]
        elif word.endswith("+"):
            words.append(word[:-1])
        else:
            words = [word]
    return " ".join(words)


def _dump(common, ssh):
    lines = [f"{name} = {value}\n" for name, value in common.items()]
    lines += [f"{name}@{program} = {value}\n" for name, value in ssh.items() for program in SSH]
    return "# Policy dump\n#\n" + "".join(lines)
