#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_session
short_description: Open a virtual machine template, and promote or discard what was done to it
description:
  - Takes a qcow2 or raw disk image through one transaction, V(open), then V(closed), then V(promoted) or V(discarded).
  - All work happens in an overlay in the session's folder. The template's file is never written, and its SHA-256 is
    compared before an image is promoted.
  - While the session is open, the connection P(hygeia.golden.image#connection) runs tasks inside the template, in
    mount, process, host name, IPC and network namespaces of its own, with neither a boot nor a daemon.
  - The root filesystem may be ext4, XFS or btrfs, on a GPT or MBR partition or on the bare disk. Other filesystems of
    the same disk are mounted as the template's C(fstab) says.
  - A session ends with the Ansible run that opened it. Whatever a killed run left behind is put away when the next
    session is opened.
  - A problem is one sentence that says what to do, and nothing stays behind.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root on the build host
  - qemu-img, qemu-storage-daemon 6.0 or later, sfdisk, blkid, losetup, mount, unshare, nsenter and setpriv, which are
    in the Debian packages C(qemu-utils), C(qemu-system-common), C(fdisk), C(mount) and C(util-linux)
  - Linux 5.8 or later with FUSE and loop devices
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details:
      - V(open), V(closed) and V(discarded) do in check mode what they always do, so that other tasks can say what they
        would change in the template. They touch only the session's own folder, and nothing else changes.
      - V(promoted) only looks whether it could be done.
  diff_mode:
    support: none
    details: A disk has no diff that a person would read.
  idempotent:
    support: partial
    details: V(promoted) ends the session, so that it cannot be asked for twice.
options:
  state:
    description:
      - V(open) makes an overlay over O(source) and enters it.
      - V(closed) leaves the template with clean filesystems, so that it can be booted or promoted.
      - V(promoted) writes a closed session to a file of its own in O(dest), and moves the pointer to it.
      - V(discarded) ends the session from any state and removes everything of it.
    type: str
    choices: [open, closed, promoted, discarded]
    required: true
  session:
    description: The session's name, or the absolute path of its folder.
    type: str
    required: true
  work_dir:
    description: The folder that holds the sessions. It needs room for what is changed in the template.
    type: path
    default: /var/lib/hygeia/sessions
  source:
    description: The template, by its absolute path on the build host. Needed to open a session.
    type: path
  partition:
    description: The number of the partition with the root filesystem, for a disk that holds several systems.
    type: int
  dest:
    description: The folder for the promoted image. Needed to promote.
    type: path
  name:
    description: The name of the promoted image. The default is the session's name.
    type: str
  version:
    description:
      - The version of the promoted image. The default is the time in UTC.
      - It is decided when the session is opened, so that the image can tell its own version, and returned as
        RV(session.version). To promote, another one is refused.
    type: str
  user:
    description: Who promotes the image, for the history beside it. The default is the user that the module runs as.
    type: str
  keep:
    description:
      - How many promoted images of this O(name) stay in O(dest), the new one included.
      - One that the pointer names, that M(hygeia.golden.image_rollback) went back to, that another disk in O(dest)
        backs on or that a session has open stays in any case.
    type: int
    default: 3
  compress:
    description: Compress the promoted image with zstd. It is then about a third of the size, and takes longer to write.
    type: bool
    default: false
  teardown_timeout:
    description: Seconds that each step of leaving the template may take. Past it the session is discarded.
    type: int
    default: 60
  promote_timeout:
    description: Seconds that writing the promoted image may take.
    type: int
    default: 3600
  lifetime:
    description: Seconds after which an open session ends by itself.
    type: int
    default: 14400
  lease:
    description:
      - Seconds without a command after which a session is abandoned when the build host is not the controller.
      - On the controller itself a session ends with the Ansible run that opened it.
    type: int
    default: 3600
seealso:
  - plugin: hygeia.golden.image
    plugin_type: connection
  - module: hygeia.golden.image_rollback
  - module: hygeia.golden.image_versions_info
"""

EXAMPLES = r"""
- name: Open the template
  hygeia.golden.image_session:
    state: open
    session: debian-12
    source: /srv/templates/debian-12.qcow2
    version: "2025.1"
  register: opened

- name: Promote it
  hygeia.golden.image_session:
    state: promoted
    session: debian-12
    dest: /srv/golden
"""

RETURN = r"""
session:
  description: What is known of the session.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: debian-12
    folder:
      description: Its folder, for C(ansible_image_session).
      type: str
      sample: /var/lib/hygeia/sessions/debian-12
    state:
      description: The state that it is in now.
      type: str
      sample: open
    version:
      description: The version that the promoted image will have. Only with an open or closed session.
      type: str
      sample: 20261009T120000Z
    source:
      description: The template's C(path), C(format), C(size), C(virtual_size) and C(sha256). Only with an open or closed session.
      type: dict
    root:
      description: The C(number) of the root partition (0 without a partition table), its C(filesystem) and C(uuid).
      type: dict
      sample: {"number": 1, "filesystem": "ext4", "uuid": "d0c83688-edfc-4f2e-a636-6c166f62866e"}
    mounts:
      description: Where the filesystems of the disk are mounted.
      type: list
      elements: str
      sample: ["/", "/boot"]
    not_mounted:
      description: What is in the template's C(fstab) but not mounted, with the reason.
      type: list
      elements: str
      sample: ["/srv: UUID=6F1C-A0E2 is not on this disk"]
    os:
      description: The template's C(os-release).
      type: dict
      sample: {"ID": "debian", "VERSION_ID": "12"}
    python:
      description: Whether the template has a C(python3), which Ansible's modules need.
      type: bool
image:
  description: The promoted image.
  returned: when O(state=promoted)
  type: dict
  contains:
    path:
      description: The image. Not in check mode.
      type: str
      sample: /srv/golden/debian-12-2025.1-6f7233968ad6.qcow2
    version:
      description: The version of the image. Not in check mode.
      type: str
      sample: "2025.1"
    sha256:
      description: The digest of the image. Not in check mode.
      type: str
    size:
      description: The size of the image in bytes. Not in check mode.
      type: int
    pointer:
      description: The symbolic link that names the newest image.
      type: str
      sample: /srv/golden/debian-12.qcow2
    removed:
      description: Older images that were removed.
      type: list
      elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.image.history import account
from ansible_collections.hygeia.golden.plugins.module_utils.image.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import WORK_DIR, Limits, Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["open", "closed", "promoted", "discarded"], "required": True},
            "session": {"type": "str", "required": True},
            "work_dir": {"type": "path", "default": WORK_DIR},
            "source": {"type": "path"},
            "partition": {"type": "int"},
            "dest": {"type": "path"},
            "name": {"type": "str"},
            "version": {"type": "str"},
            "user": {"type": "str"},
            "keep": {"type": "int", "default": 3},
            "compress": {"type": "bool", "default": False},
            "teardown_timeout": {"type": "int", "default": 60},
            "promote_timeout": {"type": "int", "default": 3600},
            "lifetime": {"type": "int", "default": 14400},
            "lease": {"type": "int", "default": 3600},
        },
        required_if=[("state", "open", ["source"]), ("state", "promoted", ["dest"])],
        supports_check_mode=True,
    )
    try:
        module.exit_json(**act(module.params, module.check_mode))
    except ImageError as problem:
        module.fail_json(msg=str(problem))


def act(params, check):
    limits = Limits(params["teardown_timeout"], params["lifetime"], params["lease"], params["promote_timeout"])
    session = Session(os.path.join(params["work_dir"], params["session"]), limits)
    result = {"changed": True}
    if params["state"] == "open":
        result["changed"] = session.open(params["source"], params["partition"], params["version"])
        session.require_version(params["version"])
    elif params["state"] == "closed":
        result["changed"] = session.close()
    elif params["state"] == "discarded":
        result["changed"] = session.discard()
    else:
        session.require_version(params["version"])
        target = Target(params["dest"], params["name"] or session.name, session.version, params["user"] or account())
        result["image"] = session.promote(target, max(params["keep"], 1), params["compress"], check)
    result["session"] = session.facts()
    if params["state"] == "promoted" and not check:
        result["session"]["state"] = "promoted"
    return result


if __name__ == "__main__":
    main()
