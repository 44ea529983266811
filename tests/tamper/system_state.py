# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system that came up as it should, and one that did not."""

from __future__ import annotations

import json

FACTS = "/run/hygeia/boot.json"
KEY_FILE = "/etc/ssh/ssh_host_ed25519_key.pub"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEA2t0t71swlACp9VgPte1hgmmeKtRUKMvsHXknS3KV4 root@template\n"
FINGERPRINT = "SHA256:XLOGpEPr/y5Ihe/lf3mcDq/pOC/dAeyiJVqB3bUlUTM"


def pair(name, wanted):
    return {
        "startup": (_says("is-system-running", "running\n"), _says("is-system-running", "starting\n")),
        "failed_units": (_says("list-units", ""), _says("list-units", "vendor.service loaded failed failed A vendor's agent\n")),
        "listening_ports": (_listens("127.0.0.1:25"), _listens("0.0.0.0:23")),
        "mail_ports": (_listens("127.0.0.1:25"), _listens("0.0.0.0:25")),
        "ssh_login": (_booted(login=wanted), _booted(login="none")),
        "ssh_host_keys": (_booted(), _booted(template_host_keys=[FINGERPRINT])),
    }[name]


def _says(question, answer):
    def systemctl(argv, unused_stdin):
        return answer if argv[1] == question else ""

    return {"files": {}, "answers": {"systemctl": systemctl}}


def _listens(address):
    return {"files": {}, "answers": {"ss": f'tcp LISTEN 0 128 {address} 0.0.0.0:* users:(("agent",pid=7,fd=3))\n'}}


def _booted(**facts):
    """A system that the boot check has booted, with what it left there."""
    boot = {"login": "publickey", "user": "debian", "seconds": 20, "template_host_keys": [], **facts}
    return {"files": {FACTS: json.dumps(boot), KEY_FILE: KEY}, "answers": {}}
