#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Identify the image that a system came from and the changes since
description:
  - Reads what M(hygeia.golden.image_stamp) wrote into the image, and compares the recorded packages with the installed
    ones.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  packed:
    description:
      - Return RV(packages) as one compressed text that stands for all of them, as M(hygeia.golden.evidence) takes it. Ansible
        then copies a text for each later task of the host, rather than every value.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.image_stamp
"""

EXAMPLES = r"""
- name: Identify the image of this machine
  hygeia.golden.release_info:
  register: release
"""

RETURN = r"""
image:
  description:
    - The identity of the image, with C(id), C(version), C(built), C(source), C(source_sha256), C(source_disks), C(profile),
      C(controls_sha256), C(patch_level) and C(evidence) as far as recorded; empty if the system did not come from such
      an image.
  returned: success
  type: dict
patch_level:
  description: The date of the newest installed update, empty if it is unknown.
  returned: success
  type: str
  sample: "2026-11-10"
changes:
  description:
    - The packages that differ from those of the image, each with C(package), C(from) and C(to).
    - Null if the image has no readable manifest.
  returned: success, and null if the image has no readable manifest
  type: list
  elements: dict
packages:
  description: The installed packages, as M(hygeia.golden.image_stamp) returns them, or with O(packed) one text for all.
  returned: success
  type: list
  elements: dict
system:
  description:
    - The C(id), C(version) and package C(manager) of the system, and the C(names) that controls and frameworks use for
      it,
      such as V(debian-12) and V(debian).
  returned: success
  type: dict
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.rpm import RpmError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(argument_spec={"packed": {"type": "bool", "default": False}}, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **detect(Host(check=True)))
    except (RpmError, OSError) as problem:
        module.fail_json(msg=f"It is not known which image this system came from: {problem}.")


def detect(host: Host) -> dict[str, Any]:
    packages = host.packages.listing()
    now = {(entry["package"], entry["architecture"]): entry["version"] for entry in packages}
    then = release.packages_then(host)
    return {
        "image": release.read(host) or {},
        "patch_level": release.patch_level(host),
        "changes": None
        if then is None
        else [
            {"package": name[0], "from": then.get(name, ""), "to": now.get(name, "")}
            for name in sorted({*then, *now})
            if then.get(name) != now.get(name)
        ],
        "packages": packages,
        "system": release.system(host),
    }


if __name__ == "__main__":
    main()
