# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: collection_version
short_description: Return the versions of installed collections
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns the version of each collection, or an empty string if it is not installed. This collection depends on no other; where it
    can use one, it asks for it first.
options:
  _terms:
    description: Names of collections.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Require the collection for libvirt
  ansible.builtin.assert:
    that: lookup('hygeia.golden.collection_version', 'community.libvirt') | length > 0
    fail_msg: "Run: ansible-galaxy collection install community.libvirt"
"""

RETURN = r"""
_raw:
  description: The versions, in the order of the terms; a checkout without a version is V(*).
  type: list
  elements: str
"""

import importlib.util
import json
import os
import re
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

_NAME = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", re.A)


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        return [version(str(term)) for term in terms]


def version(name: str) -> str:
    """The version of a collection, * for a checkout, or nothing if it is not installed."""
    if not _NAME.fullmatch(name):
        raise AnsibleLookupError(f"{name!r} is not the name of a collection, such as community.libvirt")
    try:
        found = importlib.util.find_spec(f"ansible_collections.{name}")
    except ModuleNotFoundError:
        found = None
    places = list(found.submodule_search_locations or []) if found else []
    if not places:
        return ""
    try:
        with open(os.path.join(places[0], "MANIFEST.json"), encoding="utf-8") as stream:
            return str(json.load(stream)["collection_info"]["version"])
    except (KeyError, OSError, TypeError, ValueError):
        return "*"
