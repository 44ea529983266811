# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's installer adds its own source; the one with the security updates is gone."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.spoil import hand

FOLDER = "/etc/apt/sources.list.d"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
ADDED = {
    "without_key": "deb http://vendor.example/debian stable main",
    "unverified": f"deb [signed-by={KEYS} trusted=yes] http://vendor.example/ubuntu stable main",
    "bad_keys": "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/tools stable main",
}


def spoil(root, name, unused_wanted):
    if name in ADDED:
        hand.write(root, f"{FOLDER}/vendor-{name.replace('_', '-')}.list", ADDED[name] + "\n")
    else:
        hand.edit(root, f"{FOLDER}/debian.sources", r"^(Suites: \w+)-security$", r"\1")
