# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  _input:
    description: An inventory, as P(hygeia.golden.migration_inventory#lookup) returns it.
    type: dict
    required: true
  policy:
    description:
      - What the site decides about the migration, as described in C(docs/migration-planning.md). What is not there has its default.
    type: dict
    default: {}
requirements:
  - jsonschema, on the controller
seealso:
  - plugin: hygeia.golden.migration_inventory
    plugin_type: lookup
"""
