#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_stamp
short_description: Stamp an image with its identity
description:
  - Writes C(/etc/image-release), in the format of os-release(5), and C(/usr/share/hygeia/manifest.json) with the packages
    and their versions, so that every machine created from the image can report its origin.
  - C(PATCH_LEVEL) is the date of the newest installed update, according to the changelogs or rpm. Unknown values are
    omitted.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  id:
    description: The name of the image.
    type: str
    required: true
  version:
    description: The version of the image.
    type: str
    required: true
  built:
    description: The build time, in UTC as ISO 8601.
    type: str
  source:
    description: The file name of the template that it was built from.
    type: str
  source_sha256:
    description: The digest of that template.
    type: str
  source_disks:
    description: The files of the template's further disks, in their order, without those that O(source) is, too.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file, of which the name is recorded.
        type: path
        required: true
      sha256:
        description: Its digest.
        type: str
        required: true
  profile:
    description: The profile that it was hardened with.
    type: str
  controls_sha256:
    description: The digest of the controls that were applied to it.
    type: str
  evidence:
    description: The name of the evidence of the run.
    type: str
seealso:
  - module: hygeia.golden.release_info
"""

EXAMPLES = r"""
- name: Say which image this is
  hygeia.golden.image_stamp:
    id: debian-12
    version: "{{ image_opened.session.version }}"
    source: "{{ image_opened.session.source.path | basename }}"
    source_sha256: "{{ image_opened.session.source.sha256 }}"
"""

RETURN = r"""
image:
  description: The identity of the image, with the C(patch_level).
  returned: success
  type: dict
packages:
  description: The installed packages, each with C(package), C(version), C(architecture), C(source) and
    C(source_version).
  returned: success
  type: list
  elements: dict
system:
  description: The C(id), C(version) and package C(manager) of the system.
  returned: success
  type: dict
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.rpm import RpmError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked_diff

OPTIONS = {
    "id": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    **{name: {"type": "str"} for name in ("built", "source", "source_sha256", "profile", "controls_sha256", "evidence")},
    "source_disks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"path": {"type": "path", "required": True}, "sha256": {"type": "str", "required": True}},
    },
}


def main() -> None:
    module = Module(argument_spec=OPTIONS, supports_check_mode=True)
    try:
        module.exit_json(**act(Host(check=module.check_mode), module.params))
    except (RpmError, OSError) as problem:
        module.fail_json(msg=f"The image cannot be stamped with its identity: {problem}.")


def act(host: Host, params: dict[str, Any]) -> dict[str, Any]:
    packages = host.packages.listing()
    disks = [{"source": os.path.basename(disk["path"]), "sha256": disk["sha256"]} for disk in params.get("source_disks") or []]
    known = {**params, "source_disks": disks, "patch_level": release.patch_level(host)}
    image = {name: value for name, value in known.items() if value}
    files = {release.RELEASE: release.written(image), release.MANIFEST: release.manifest(image, packages)}
    diffs = []
    for path, text in files.items():
        before = host.read(path)
        if before != text:
            diffs.append(masked_diff(path, before or "", text))
            if not host.check:
                host.write(path, text, 0o644)
    return {"changed": bool(diffs), "image": image, "packages": packages, "system": release.system(host), "diff": diffs}


if __name__ == "__main__":
    main()
