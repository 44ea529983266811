#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: system_manifest_info
short_description: List what makes up a system, so that it can be compared with its image
description:
  - Reads packages, files, accounts, groups, authorized keys, rules of sudo, the effective configuration of sshd, units, jobs of
    cron, listeners, trusted certificates, the kernel's command line, modules, sysctl values and the packet filter into one
    document, the manifest. A promotion keeps that of its image as evidence, and M(hygeia.golden.drift_info) compares running
    machines with it.
  - The content of each file counts by its SHA-256, whatever the package manager says of it.
  - What could not be read has its reason in the manifest. What may be a secret is masked in it.
  - With O(known), only what differs from an earlier manifest is sent.
  - Nothing is changed, except that O(cache) is written.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  rules:
    description:
      - The rules of what is compared, as P(hygeia.golden.drift_rules#lookup) returns them. Each has C(items), by category
        patterns in which C(*) stays within a component of a path and C(**) crosses them, and C(compare), which is
        V(nothing) or V(rights). Rules without C(compare) are about what may differ, and mean nothing here.
    type: list
    elements: dict
    default: []
  known:
    description: The digests of an earlier manifest, C(categories) and C(groups), each by its name.
    type: dict
    default: {}
  digests:
    description: What this module returned as RV(digests) for the same disk. Files that have not changed since are not read.
    type: list
    elements: str
    default: []
  return_digests:
    description:
      - Whether to return the digests of all files, and nothing else. An opened template is read at the speed of the build
        host, and its throwaway copy is emulated.
    type: bool
    default: false
  cache:
    description:
      - A file of the target in which the digests of files are kept with their sizes and times, so that those that have not
        changed since are not read again. In check mode it is not written.
      - Whoever was root on the target may have written to it, until O(cache_period) has passed.
    type: path
  cache_period:
    description: The time in hours after which all files are read again.
    type: int
    default: 168
  injected:
    description: What M(hygeia.golden.image_boot) injected into a throwaway copy for its login, which is no part of the image.
    type: dict
    suboptions:
      account:
        description: The user's name.
        type: str
        required: true
      lines:
        description: The injected lines for each file.
        type: dict
        required: true
seealso:
  - module: hygeia.golden.drift_info
  - plugin: hygeia.golden.drift_rules
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List what makes up this system
  hygeia.golden.system_manifest_info:
    rules: "{{ query('hygeia.golden.drift_rules') }}"
    cache: /var/cache/hygeia/files
  register: system
"""

RETURN = r"""
manifest:
  description: The manifest as JSON, compressed (zlib) and in Base64, in several pieces.
  returned: unless O(return_digests=true)
  type: list
  elements: str
root:
  description: A SHA-256 over everything that is compared. Two systems with the same one do not differ.
  returned: unless O(return_digests=true)
  type: str
  sample: 6f7233968ad6c1a0c3bb34cb3a4cc0b95fd0e2ae1fb0a5a4ea6b2c0f1cbe7b1e
digests:
  description: The digests of all files with what they were read by, compressed and in Base64, in several pieces.
  returned: when O(return_digests=true)
  type: list
  elements: str
read:
  description: The number of files whose content was read, and not remembered.
  returned: success
  type: int
  sample: 12
complete:
  description: Whether all files are in it. Beyond a million, no more are.
  returned: success
  type: bool
"""

import json
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest import digests as remembered
from ansible_collections.hygeia.golden.plugins.module_utils.manifest import document
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.files import Reader
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.rpm import RpmError
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

# More than the digests of a million files take.
_LARGEST = 64 * 1024 * 1024


def main() -> None:
    module = Module(
        argument_spec={
            "rules": {"type": "list", "elements": "dict", "default": []},
            "known": {"type": "dict", "default": {}},
            "digests": {"type": "list", "elements": "str", "default": []},
            "return_digests": {"type": "bool", "default": False},
            "cache": {"type": "path"},
            "cache_period": {"type": "int", "default": 168},
            "injected": {
                "type": "dict",
                "options": {"account": {"type": "str", "required": True}, "lines": {"type": "dict", "required": True}},
            },
        },
        mutually_exclusive=[("cache", "digests")],
        supports_check_mode=True,
    )
    asked = module.params
    injected = Injected(asked["injected"]["account"], asked["injected"]["lines"]) if asked["injected"] else None
    host = Host(check=True, injected=injected)
    try:
        known = remembered.load(asked["cache"], asked["cache_period"] * 3600) if asked["cache"] else _given(asked["digests"])
        request = document.Request(Selection(asked["rules"]), asked["known"], known)
        answer = _digests(host, request, known) if asked["return_digests"] else _manifest(host, request)
        if asked["cache"] and not module.check_mode:
            remembered.save(asked["cache"], known)
    except pieces.Damaged as problem:
        module.fail_json(msg=f"digests cannot be used: {problem}. Hand over what this module returned.")
    except (RpmError, OSError) as problem:
        module.fail_json(msg=f"The system cannot be listed: {problem}.")
    module.exit_json(changed=False, **answer)


def _manifest(host: Host, request: document.Request) -> dict[str, Any]:
    manifest, read = document.read(host, request)
    packed = pieces.packed(json.dumps(manifest, sort_keys=True).encode())
    return {"manifest": packed, "root": manifest["root"], "read": read, "complete": manifest["files"]["complete"]}


def _digests(host: Host, request: document.Request, known: remembered.Digests) -> dict[str, Any]:
    found = Reader(host, request.selection, known).files()
    return {"digests": pieces.packed(known.content), "read": found.read, "complete": found.complete}


def _given(packed: list[str]) -> remembered.Digests:
    return remembered.Digests(pieces.unpacked(packed, _LARGEST) if packed else b"")


if __name__ == "__main__":
    main()
