# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists of SSH algorithms: what a profile wants is reduced to what the software of a host has."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# What ssh -Q calls the algorithms that a keyword chooses from.
_ASKED = {
    "casignaturealgorithms": "sig",
    "ciphers": "cipher",
    "hostbasedacceptedalgorithms": "HostbasedAcceptedAlgorithms",
    "hostkeyalgorithms": "HostKeyAlgorithms",
    "kexalgorithms": "kex",
    "macs": "mac",
    "pubkeyacceptedalgorithms": "PubkeyAcceptedAlgorithms",
}
# Lists in which fewer algorithms are stricter.
CHOICES = frozenset(_ASKED)


def known(host: Host, keyword: str, text: str) -> str:
    """The algorithms of a list that this host's OpenSSH has: a name that is too new or was removed would stop it."""
    if keyword not in _ASKED or text[0] in "+-^" or not host.which("ssh"):
        return text
    ran = host.run(["ssh", "-Q", _ASKED[keyword]])
    there = words_of(ran.out)
    chosen = [algorithm for algorithm in text.split(",") if algorithm in there]
    if ran.ok and not chosen:
        raise BadSetting(f"this OpenSSH has none of the wanted {keyword}")
    return ",".join(chosen) if ran.ok else text
