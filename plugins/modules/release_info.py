#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Say which image a system came from, and what has changed since
description:
  - Reads what M(hygeia.golden.image_stamp) wrote into the image, and compares the packages of then with those of now.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
seealso:
  - module: hygeia.golden.image_stamp
"""

EXAMPLES = r"""
- name: Which image did this machine come from?
  hygeia.golden.release_info:
  register: release
"""

RETURN = r"""
image:
  description:
    - What the image said of itself, with C(id), C(version), C(built), C(source), C(source_sha256), C(profile),
      C(controls_sha256), C(patch_level) and C(evidence) as far as it said so; empty where the system came from no such image.
  returned: success
  type: dict
patch_level:
  description: The day of the newest update that is installed now, empty where no package tells.
  returned: success
  type: str
  sample: "2026-11-10"
changes:
  description:
    - The packages that differ from the image's, each with C(package), C(from) and C(to).
    - Nothing where the image left no manifest that can be read.
  returned: success
  type: list
  elements: dict
packages:
  description: What is installed, as M(hygeia.golden.image_stamp) returns it.
  returned: success
  type: list
  elements: dict
system:
  description: The C(id), C(version) and package C(manager) of the system.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils import release
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages.rpm import RpmError


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **look(Host(check=True)))
    except (RpmError, OSError) as problem:
        module.fail_json(msg=f"It is not known which image this system came from: {problem}.")


def look(host):
    packages = host.packages.listing()
    now = {(entry["package"], entry["architecture"]): entry["version"] for entry in packages}
    then = release.packages_then(host)
    return {
        "image": release.read(host) or {},
        "patch_level": release.patch_level(host),
        "changes": None if then is None else [
            {"package": name[0], "from": then.get(name, ""), "to": now.get(name, "")}
            for name in sorted({*then, *now}) if then.get(name) != now.get(name)
        ],
        "packages": packages,
        "system": release.system(host),
    }


if __name__ == "__main__":
    main()
