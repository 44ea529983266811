#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_rollback
short_description: Point a promoted image back to another kept version
description:
  - Moves the symbolic link C(NAME.qcow2) to another image of that name in the same directory, in one step.
  - The image's SHA-256 is compared first with the one that it was promoted with. A damaged image is refused, and so is
    a version that is not there.
  - Who did it and why is added to C(NAME.history.jsonl) beside the images, as every promotion is. A killed rollback
    either happened and is in the history, or did not happen and is not.
  - No image is removed. An image that was rolled back to is kept when later promotions remove old images.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: The digest is compared in check mode too.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  dest:
    description: The directory with the promoted images, on the build host.
    type: path
    required: true
  name:
    description: The name of the image.
    type: str
    required: true
  version:
    description: The version to roll back to. V(VERSION-DIGEST) distinguishes two images of the same version.
    type: str
    required: true
  reason:
    description: The reason, for readers of the history.
    type: str
    required: true
  user:
    description: The person who requests the rollback. The default is the user that the module runs as.
    type: str
seealso:
  - module: hygeia.golden.image_versions_info
  - module: hygeia.golden.image_session
"""

EXAMPLES = r"""
- name: Roll back to the image of October
  hygeia.golden.image_rollback:
    dest: /srv/golden
    name: debian-12
    version: 20261009T120000Z
    reason: The radiology viewer does not start on the November image.
    user: a.meier
"""

RETURN = r"""
image:
  description: The image that the pointer names now, or would name in check mode.
  returned: success
  type: dict
  contains:
    path:
      description: Its path.
      type: str
      sample: /srv/golden/debian-12-20261009T120000Z-6f7233968ad6.qcow2
    version:
      description: Its version.
      type: str
      sample: 20261009T120000Z
    sha256:
      description: Its digest.
      type: str
    size:
      description: Its size in bytes.
      type: int
    pointer:
      description: The symbolic link that names it.
      type: str
      sample: /srv/golden/debian-12.qcow2
move:
  description:
    - The history entry, with C(time), C(action), C(image), C(from), C(version), C(sha256), C(by) and C(reason).
    - Null if the pointer already named that version.
  returned: success
  type: dict
history:
  description:
    - How many lines the history of the images has now, and the digest of the last one. Kept in signed evidence, it shows
      later whether the history was changed; see M(hygeia.golden.history_verify).
    - Null in check mode.
  returned: success
  type: dict
  contains:
    path:
      description: The history.
      type: str
      sample: /srv/golden/debian-12.history.jsonl
    entries:
      description: The number of its lines.
      type: int
      sample: 12
    sha256:
      description: The SHA-256 of its last line.
      type: str
msg:
  description: What happened, in a sentence.
  returned: success
  type: str
  sample: debian-12 is version 20261009T120000Z again.
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import account
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.rollback import roll_back
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
            "user": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**act(module.params, module.check_mode))
    except ImageError as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"the pointer cannot be moved in {module.params['dest']}: {problem.strerror or problem}")


def act(params: dict[str, Any], check: bool) -> dict[str, Any]:
    if not params["reason"].strip():
        raise ImageError("a rollback needs a reason: say why, for those who read the history later")
    store = ImageStore(params["dest"], params["name"])
    before = store.current
    move, image, digest = roll_back(store, params["version"], params["user"] or account(), params["reason"].strip(), check)
    if move is None:
        said = f"{store.name} is version {image.version} already, so nothing was changed."
    else:
        said = f"{store.name} {'would be' if check else 'is'} version {image.version} again."
    return {
        "changed": move is not None,
        "msg": said,
        "move": move,
        "history": None if check else store.history.head(),
        "image": {
            "path": image.path,
            "version": image.version,
            "sha256": digest,
            "size": os.path.getsize(image.path),
            "pointer": store.pointer,
        },
        "diff": {"before_header": store.pointer, "after_header": store.pointer, "before": f"{before}\n", "after": f"{image.name}\n"},
    }


if __name__ == "__main__":
    main()
