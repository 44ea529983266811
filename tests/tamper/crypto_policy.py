# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The system goes back to an old policy, or a module that comes later lets in again what was left out."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

DIRECTORY = "/etc/crypto-policies"
IN_FORCE = f"{DIRECTORY}/state/CURRENT.pol"


def tamper(root, name, wanted):
    if name == "policy":
        for path in (f"{DIRECTORY}/config", f"{DIRECTORY}/state/current"):
            file_edits.edit(root, path, r"^[A-Z]+", "LEGACY")
        return
    prop = name.partition("@")[0]
    if isinstance(wanted, list):
        file_edits.edit(root, IN_FORCE, rf"^({prop}(@\S+)? = .*)$", rf"\1 {wanted[0].lstrip('-').replace('*', 'X')}")
    else:
        file_edits.edit(root, IN_FORCE, rf"^({prop}(@\S+)?) = .*$", rf"\1 = {1 if int(wanted) != 1 else 0}")
