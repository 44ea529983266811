#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_versions_info
short_description: List the kept versions of a promoted image
description:
  - Lists the promoted images of a name in a directory, which of them the pointer names, and the history of the pointer.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  dest:
    description: The directory with the promoted images, on the build host.
    type: path
    required: true
  name:
    description: The name of the image.
    type: str
    required: true
  verify:
    description: Compare the digest of each image with the one recorded at promotion, which reads the whole image.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.image_rollback
"""

EXAMPLES = r"""
- name: Which versions are there?
  hygeia.golden.image_versions_info:
    dest: /srv/golden
    name: debian-12
  register: kept
"""

RETURN = r"""
pointer:
  description: The symbolic link that names the image to use.
  returned: success
  type: str
  sample: /srv/golden/debian-12.qcow2
current:
  description: The version that the pointer names, or null.
  returned: success
  type: str
  sample: 20261009T120000Z
versions:
  description: The kept images, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 20261009T120000Z
    path:
      description: Its path.
      type: str
      sample: /srv/golden/debian-12-20261009T120000Z-6f7233968ad6.qcow2
    size:
      description: Its size in bytes.
      type: int
    sha256:
      description: The digest recorded at promotion, or null if the history does not contain it.
      type: str
    promoted:
      description: The time of promotion, or null if the history does not contain it.
      type: str
      sample: "2026-10-09T12:03:41Z"
    current:
      description: Whether the pointer names it.
      type: bool
    files:
      description:
        - The files of the image by their keys, each with C(path) and C(sha256). V(qcow2) is the first disk, V(disk2.qcow2) the second
          one, V(vmdk) the first disk in another format. C(sha256) is null if the history does not contain it.
      type: dict
      sample: {qcow2: {path: /srv/golden/debian-12-20261009T120000Z-6f7233968ad6.qcow2, sha256: 6f7233968ad6cf7e5b...}}
    intact:
      description: Whether its digest is unchanged. Null unless O(verify) is true.
      type: bool
history:
  description: Every change of the pointer, the oldest first, in the form of
    RV(hygeia.golden.image_rollback#module:move).
  returned: success
  type: list
  elements: dict
"""

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import PROMOTED
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import QCOW2
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.rollback import verified
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import Kept


def main() -> None:
    module = Module(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "verify": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        store = ImageStore(module.params["dest"], module.params["name"])
        found = look(store, module.params["verify"])
    except ImageError as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"{module.params['dest']} cannot be looked at: {problem.strerror or problem}")
    for number in store.history.damaged():
        module.warn(f"Line {number} of {store.history.path} cannot be read.")
    if store.current and not os.path.exists(store.pointer):
        module.warn(f"{store.pointer} names {store.current}, which is not there: go back to a kept version.")
    module.exit_json(changed=False, **found)


def look(store: ImageStore, verify: bool = False) -> dict[str, Any]:
    history = store.history.moves()
    promoted = {move["image"]: move for move in history if move["action"] == PROMOTED}
    versions = [
        {
            "version": image.version,
            "path": image.path,
            "size": os.path.getsize(image.path),
            "sha256": promoted.get(image.name, {}).get("sha256"),
            "promoted": promoted.get(image.name, {}).get("time"),
            "current": image.name == store.current,
            "files": _files(store, image),
            "intact": _intact(store, image) if verify else None,
        }
        for image in store.kept()
    ]
    current = [image["version"] for image in versions if image["current"]]
    return {"pointer": store.pointer, "current": current[0] if current else None, "versions": versions, "history": history}


def _files(store: ImageStore, image: Kept) -> dict[str, dict[str, Any]]:
    known = store.history.digests(image.name)
    first = {QCOW2: {"path": image.path, "sha256": store.history.digest(image.name)}}
    return {**first, **{key: {"path": path, "sha256": known.get(key)} for key, path in store.others(image.name).items()}}


def _intact(store: ImageStore, image: Kept) -> bool:
    try:
        verified(store, image)
    except ImageError:
        return False
    return True


if __name__ == "__main__":
    main()
