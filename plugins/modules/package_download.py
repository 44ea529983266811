#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_download
short_description: Download updates and packages without installing them
description:
  - Fetches apt's lists and then every package that the updates and the named packages need, into apt's own cache.
  - This is the only step of a patch that needs the network. What it fetched is installed without network by
    M(hygeia.golden.package_upgrade) and M(hygeia.golden.enforce).
  - In check mode nothing is fetched, and the packages are those that the lists on the system name.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
options:
  updates:
    description:
      - Which updates of installed packages to fetch - V(all), only those from a V(security) suite with what they need,
        or V(none).
    type: str
    choices: [security, all, none]
    default: all
  names:
    description:
      - Packages to fetch besides, with what they depend on, where they are not installed yet.
      - V(chrony | systemd-timesyncd) asks for one of several, the first where none is installed.
    type: list
    elements: str
    default: []
seealso:
  - module: hygeia.golden.package_upgrade
  - module: ansible.builtin.apt
"""

EXAMPLES = r"""
- name: Fetch all updates and the packages of the baseline
  hygeia.golden.package_download:
    names: [auditd, chrony | systemd-timesyncd]
  vars:
    ansible_image_network: true # only this task enters the image with network
"""

RETURN = r"""
packages:
  description: What is wanted and not installed, whether it was fetched now or lay in the cache.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: openssl
    from:
      description: The installed version, empty when it is not installed.
      type: str
      sample: 3.0.17-1~deb12u1
    to:
      description: The fetched version.
      type: str
      sample: 3.0.17-1~deb12u3
    source:
      description: The suite that it comes from.
      type: str
      sample: Debian-Security:12/oldstable-security
bytes:
  description: How much was fetched, without the lists.
  returned: success
  type: int
  sample: 92100000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import AptError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import ALL, NONE, SECURITY, download


def main():
    module = AnsibleModule(
        argument_spec={
            "updates": {"type": "str", "choices": [SECURITY, ALL, NONE], "default": ALL},
            "names": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        result = download(Host(check=module.check_mode), module.params["updates"], module.params["names"])
    except AptError as problem:
        module.fail_json(msg=f"Downloading packages failed: {problem}.")
    after = "".join(f"{entry['package']} {entry['to']}\n" for entry in result["packages"]) if result["changed"] else ""
    module.exit_json(diff={"before_header": "downloaded", "after_header": "downloaded", "before": "", "after": after}, **result)


if __name__ == "__main__":
    main()
