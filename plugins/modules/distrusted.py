#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin of the same name; no module is run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: distrusted
short_description: Run an ansible.builtin module on a host that is not trusted
description:
  - Whoever controls a system controls the results of the modules that run on it. Ansible turns every C(ansible_facts)
    in a result into variables, which take precedence over those of the inventory, so a hostile system could decide
    where an image is written.
  - Runs a module of C(ansible.builtin) and keeps only those parts of its result that the module documents. The modules
    of this collection always run this way; use this module for those of Ansible, in tasks against a template, a guest
    or a host that may be hostile. See docs/threat-model.md.
  - It cannot run in the background with C(async).
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment: hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: As documented for the module that is run.
  diff_mode:
    support: full
    details: As documented for the module that is run.
  idempotent:
    support: partial
    details: As documented for the module that is run.
options:
  module:
    description: The module, by its full name.
    type: str
    required: true
  arguments:
    description: Its arguments.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check whether the system is running
  hygeia.golden.distrusted:
    module: ansible.builtin.stat
    arguments: {path: /run/systemd/system}
  register: running
"""

RETURN = r"""
result:
  description:
    - A placeholder. The values that the module documents are returned at the top level.
    - Facts are removed, including those of modules whose purpose is to gather them.
  returned: never
  type: raw
"""
