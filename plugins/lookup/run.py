# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: run
short_description: Identify the current Ansible run
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Returns the process of this Ansible run, so that M(hygeia.golden.image_session) can detect on the same machine when
    it ends, even if it is killed early.
options: {}
seealso:
  - module: hygeia.golden.image_session
"""

EXAMPLES = r"""
- name: Open a template for the duration of this run
  hygeia.golden.image_session:
    state: open
    session: debian-12
    source: /srv/templates/debian-12.qcow2
    run: "{{ lookup('hygeia.golden.run') }}"
"""

RETURN = r"""
_raw:
  description:
    - One dictionary with C(pid), C(start), C(boot) and C(space). It is empty if no process of Ansible is found.
  type: list
  elements: dict
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import owner, reference


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        return [reference(owner())]
