#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: patch_info
short_description: Say which updates are pending
description:
  - Lists the updates that apt's lists on the system know and that are not installed, with the suite that each comes
    from, and the kernels with their initramfs.
  - Nothing is fetched and nothing is changed. Without lists it fails, because nothing would be known.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
seealso:
  - module: hygeia.golden.package_download
  - module: hygeia.golden.package_upgrade
"""

EXAMPLES = r"""
- name: What is pending?
  hygeia.golden.patch_info:
  register: patch

- name: No security update is
  ansible.builtin.assert:
    that:
      - patch.expired | length == 0
      - patch.pending | selectattr('security') | length == 0
"""

RETURN = r"""
pending:
  description: The updates that are not installed.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: openssl
    from:
      description: The installed version, empty for a package that an update needs in addition.
      type: str
      sample: 3.0.17-1~deb12u1
    to:
      description: The version that is there.
      type: str
      sample: 3.0.17-1~deb12u3
    source:
      description: The suite that it comes from.
      type: str
      sample: Debian-Security:12/oldstable-security
    security:
      description: Whether that is a security suite.
      type: bool
      sample: true
    held:
      description: Whether a held package keeps it from being installed.
      type: bool
      sample: false
expired:
  description: A sentence for each list that is too old to tell what is pending today.
  returned: success
  type: list
  elements: str
  sample: []
kernels:
  description: The kernels in C(/boot), the newest last, as M(hygeia.golden.package_upgrade) returns them.
  returned: success
  type: list
  elements: dict
"""

import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    host = Host(check=True)
    try:
        manager = manager_of(host)
        found = manager.pending()
    except PackageError as problem:
        module.fail_json(msg=f"Looking for updates failed: {problem}.")
    old = list(manager.expired(datetime.datetime.now(datetime.timezone.utc)))
    for problem in old:
        module.warn(f"What is pending may be out of date: {problem}.")
    module.exit_json(changed=False, pending=found, expired=old, kernels=kernels.states(host))


if __name__ == "__main__":
    main()
