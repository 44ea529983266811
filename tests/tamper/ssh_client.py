# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The main file says otherwise before it includes any other: the first value wins."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MAIN = "/etc/ssh/ssh_config"
OTHERS = {
    "ciphers": "aes128-cbc",
    "hostkeyalgorithms": "ssh-rsa",
    "kexalgorithms": "diffie-hellman-group14-sha1",
    "macs": "hmac-sha1",
    "requiredrsasize": 1024,
    "stricthostkeychecking": "no",
}
OPPOSITES = {"yes": "no", "no": "yes"}


def tamper(root, name, wanted):
    file_edits.prepend(root, MAIN, f"{name} {OTHERS.get(name.lower()) or OPPOSITES[wanted]}")
