# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the modules that search for secrets and patient data."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  rules:
    description: What to search for, as P(hygeia.golden.residue_rules#lookup) returns it.
    type: list
    elements: dict
    required: true
  key:
    description:
      - The key of the hashes. With the same key, the same value has the same hash in each run, so that a waiver can
        name it. Without it, nobody can try out which number a hash is of.
      - The default is a key that nobody knows, made for this run.
    type: str
  timeout:
    description:
      - How many seconds the search may take. What was not found until then is V(not_checked).
    type: int
    default: 1800
"""
