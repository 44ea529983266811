# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The main file says otherwise before it includes any other, since the first value wins; and at its end for what the last one does."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MAIN = "/etc/ssh/sshd_config"
OTHERS = {
    "banner": "none",
    "casignaturealgorithms": "ssh-rsa",
    "ciphers": "aes128-cbc",
    "clientaliveinterval": 0,
    "hostbasedacceptedalgorithms": "ssh-rsa",
    "hostkeyalgorithms": "ssh-rsa",
    "kexalgorithms": "diffie-hellman-group14-sha1",
    "loglevel": "QUIET",
    "macs": "hmac-sha1",
    "maxstartups": "1000:1:2000",
    "pubkeyacceptedalgorithms": "ssh-rsa",
    "rekeylimit": "default none",
    "requiredrsasize": 1024,
}
# Older releases of sshd take the last value of these.
LAST_WINS = ("maxstartups",)
OPPOSITES = {"yes": "no", "no": "yes"}


def tamper(root, name, wanted):
    word = {True: "yes", False: "no"}.get(wanted, wanted) if isinstance(wanted, bool) else wanted
    value = OTHERS.get(name.lower())
    if value is None:
        value = OPPOSITES.get(word, 1000)
    file_edits.prepend(root, MAIN, f"{name} {value}")
    if name.lower() in LAST_WINS:
        file_edits.append(root, MAIN, f"{name} {value}")
