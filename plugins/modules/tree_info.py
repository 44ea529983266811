#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: tree_info
short_description: List all files, packages and units of a system
description:
  - Lists everything in an opened template, a mounted root filesystem or a running host, with type, mode, owner, content, capability
    and package, so that M(hygeia.golden.image_compare) can compare it with another system. Nothing is changed.
  - The content of a file is its SHA-256. A file that is as its package brought it, by the digests of the package manager, is only
    marked as such.
  - What is on temporary filesystems is left out, C(/tmp) and C(/var/tmp) too.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
seealso:
  - module: hygeia.golden.image_compare
"""

EXAMPLES = r"""
- name: List all files of the opened template
  hygeia.golden.tree_info:
  register: tree
"""

RETURN = r"""
listing:
  description: The entries, a JSON list per line, compressed (zlib) and in Base64, in several pieces.
  returned: success
  type: list
  elements: str
entries:
  description: The number of entries.
  returned: success
  type: int
  sample: 19542
unread:
  description: The directories that could not be read.
  returned: success
  type: list
  elements: str
  sample: []
complete:
  description: Whether all files are listed. Beyond a million, no more are.
  returned: success
  type: bool
packages:
  description: The installed packages.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name.
      type: str
      sample: openssl
    version:
      description: The version.
      type: str
      sample: 3.0.17-1~deb12u2
    architecture:
      description: The architecture.
      type: str
      sample: amd64
units:
  description: The state of each unit file of systemd.
  returned: success
  type: list
  elements: dict
  contains:
    unit:
      description: The name.
      type: str
      sample: ssh.service
    state:
      description: The state, as C(systemctl is-enabled) returns it.
      type: str
      sample: enabled
"""

from ansible_collections.hygeia.golden.plugins.module_utils.listing import tree
from ansible_collections.hygeia.golden.plugins.module_utils.residue.parallel import Died
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.rpm import RpmError
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import written
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(argument_spec={}, supports_check_mode=True)
    host = Host(check=True)
    try:
        found = tree.listed(host)
        packages = host.packages.listing()
    except (Died, RpmError) as problem:
        module.fail_json(msg=f"The system cannot be listed: {problem}.")
    kept = [{name: entry[name] for name in ("package", "version", "architecture")} for entry in packages]
    module.exit_json(changed=False, packages=kept, units=[{"unit": name, "state": state} for name, state in written(host).items()], **found)


if __name__ == "__main__":
    main()
