#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_rollback
short_description: Move the pointer of a promoted image back to another kept version
description:
  - Moves the symbolic link C(NAME.qcow2) to another image of that name in the same folder, in one step.
  - The image's SHA-256 is compared first with the one that it was promoted with. A damaged image is refused, and so is
    a version that is not there.
  - Who did it and why is added to C(NAME.history.jsonl) beside the images, as every promotion is. A killed rollback
    either happened and is in the history, or did not happen and is not.
  - No image is removed. One that somebody went back to stays when later promotions remove old images.
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
    description: The folder with the promoted images, on the build host.
    type: path
    required: true
  name:
    description: The name of the image.
    type: str
    required: true
  version:
    description: The version that the pointer shall name. V(VERSION-DIGEST) tells two images of the same version apart.
    type: str
    required: true
  reason:
    description: Why, in words for those who read the history later.
    type: str
    required: true
  user:
    description: Who wants it. The default is the user that the module runs as.
    type: str
seealso:
  - module: hygeia.golden.image_versions_info
  - module: hygeia.golden.image_session
"""

EXAMPLES = r"""
- name: Go back to the image of October
  hygeia.golden.image_rollback:
    dest: /srv/golden
    name: debian-12
    version: 20261009T120000Z
    reason: The viewer of radiology does not start on the image of November.
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
    - What is in the history, with C(time), C(action), C(image), C(from), C(version), C(sha256), C(by) and C(reason).
    - Nothing when the pointer named that version already.
  returned: success
  type: dict
msg:
  description: What happened, in a sentence.
  returned: success
  type: str
  sample: debian-12 is version 20261009T120000Z again.
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.image.history import account
from ansible_collections.hygeia.golden.plugins.module_utils.image.rollback import roll_back
from ansible_collections.hygeia.golden.plugins.module_utils.image.shelf import Shelf
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def main():
    module = AnsibleModule(
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


def act(params, check):
    if not params["reason"].strip():
        raise ImageError("a rollback needs a reason: say why, for those who read the history later")
    shelf = Shelf(params["dest"], params["name"])
    before = shelf.current
    move, image, digest = roll_back(shelf, params["version"], params["user"] or account(), params["reason"].strip(), check)
    if move is None:
        said = f"{shelf.name} is version {image.version} already, so nothing was changed."
    else:
        said = f"{shelf.name} {'would be' if check else 'is'} version {image.version} again."
    return {
        "changed": move is not None,
        "msg": said,
        "move": move,
        "image": {
            "path": image.path, "version": image.version, "sha256": digest, "size": os.path.getsize(image.path), "pointer": shelf.pointer,
        },
        "diff": {"before_header": shelf.pointer, "after_header": shelf.pointer, "before": f"{before}\n", "after": f"{image.name}\n"},
    }


if __name__ == "__main__":
    main()
