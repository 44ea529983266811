# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small manifests, as a system sends them whole, or with what differs from a known one alone."""

from __future__ import annotations

import copy
import json

from ansible_collections.hygeia.golden.plugins.module_utils.manifest import selection
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.document import CATEGORIES
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import manifest

IMAGE = {"id": "web", "version": "1", "built": "2026-11-01T00:00:00Z", "source_sha256": "ab", "evidence": "web/20261101T000000Z"}
OLD, NEW, OTHER = "1" * 64, "2" * 64, "3" * 64


def entry(path, content=OLD, kind="f", mode=0o644, owner="root", capability=""):
    return [path, kind, mode, owner, "root", len(content), content, capability, {}]


NO_RULES = selection.Selection()
GROUPS = {
    "openssl": [entry("/usr/bin/openssl", mode=0o755), entry("/etc/ssl/openssl.cnf")],
    "linux-1": [entry("/usr/lib/modules/1", "", "d", 0o755), entry("/usr/lib/modules/1/modules.order")],
    "/etc": [entry("/etc/motd"), entry("/etc/issue", "motd", "l", 0o777)],
    "/opt/app": [entry("/opt/app/own")],
}
ITEMS = {
    "packages": {"openssl:amd64": "1.0", "linux-1:amd64": "1"},
    "accounts": {"root": {"number": 0, "group": 0, "home": "/root", "shell": "/bin/sh", "password": "locked"}},
    "sysctl": {"kernel.kptr_restrict": "2"},
    "units": {"ssh.service": "enabled"},
    "sshd": {"permitrootlogin": "no"},
}


class System:
    """One system: change ``items`` and ``groups`` as a machine would."""

    def __init__(self):
        self.items = {name: {} for name in CATEGORIES} | copy.deepcopy(ITEMS)
        self.groups = copy.deepcopy(GROUPS)
        self.packaged, self.unread, self.directories = [], {}, []

    def file(self, group, path, **changes):
        """Put a file there, or in the place of one."""
        kept = [each for each in self.groups.get(group, []) if each[0] != path]
        self.groups[group] = [*kept, entry(path, **changes)]

    def sent(self, known=None, chosen=NO_RULES):
        """The JSON of its manifest."""
        known = known or {"categories": {}, "groups": {}}
        categories = {
            name: {"digest": selection.of_items(items), "items": items}
            for name, items in self.items.items()
            if selection.of_items(items) != known["categories"].get(name)
        }
        same = {name: {"digest": digest} for name, digest in known["categories"].items() if name not in categories and name in self.items}
        groups = {name: list(map(chosen.entry, entries)) for name, entries in self.groups.items() if entries}
        groups = {name: entries for name, entries in groups.items() if selection.of_entries(entries) != known["groups"].get(name)}
        return {
            "schema": 1,
            "image": IMAGE,
            "root": "0" * 64,
            "categories": {**same, **categories, **{name: {"unread": reason} for name, reason in self.unread.items()}},
            "files": {
                "groups": {},
                "gone": sorted(known["groups"].keys() - {name for name, entries in self.groups.items() if entries}),
                "entries": groups,
                "packaged": self.packaged,
                "unread": self.directories,
                "complete": True,
            },
        }

    def manifest(self, known=None, chosen=NO_RULES):
        return manifest.parsed(json.dumps(self.sent(known, chosen)).encode())
