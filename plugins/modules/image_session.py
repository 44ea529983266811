#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_session
short_description: Open a virtual machine template, and promote or discard the changes
description:
  - Takes a disk image (qcow2, raw, VMDK, OVA, VHD, VHDX, VDI, or compressed) through one transaction, V(open), then
    V(closed), perhaps V(staged), then V(promoted) or V(discarded).
  - All work happens in an overlay in the session's directory. The template's file is never written, and its SHA-256 is
    compared before an image is promoted.
  - While the session is open, the connection P(hygeia.golden.image#connection) runs tasks inside the template, in its
    own mount, process, host name, IPC and network namespaces, without booting it and without a daemon.
  - The root filesystem may be ext4, XFS or btrfs, on a GPT or MBR partition, on a linear LVM volume or on the bare disk, each of them
    encrypted with LUKS if its key is given. Other
    filesystems of the template's disks are mounted as its C(fstab) says.
  - A template may have several disks, those of an OVA or O(disks). All of them are changed, searched and promoted
    together, or none is.
  - When it is closed, everything on the disk outside its files is overwritten, including the remains of deleted files,
    swap and journals, and the raw disk is searched for sealed data. An image in which any is found is never promoted.
  - A session ends with the Ansible run that opened it. Anything left by a killed run is cleaned up when the next
    session is opened.
  - On a problem, the module fails with one sentence that says what to do, and everything is cleaned up.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root on the build host
  - qemu-img, qemu-storage-daemon 6.0 or later, sfdisk, blkid, losetup, mount and unshare, which are in the
    Debian packages C(qemu-utils), C(qemu-system-common), C(fdisk), C(mount) and C(util-linux)
  - Linux 5.12 or later with FUSE and loop devices, or 5.8 where O(isolation=reduced)
  - cryptsetup (Debian package C(cryptsetup-bin)) and a kernel with dm-crypt for templates that are encrypted with LUKS
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details:
      - V(open), V(planted), V(labelled), V(closed) and V(discarded) also run in check mode, so that other tasks can report what they
        would change in the template. They change only the session's own directory.
      - V(staged) and V(promoted) only check the preconditions.
  diff_mode:
    support: none
    details: A disk has no readable diff.
  idempotent:
    support: partial
    details: V(promoted) ends the session, so it cannot be repeated.
options:
  state:
    description:
      - V(open) creates an overlay over O(source) and enters it.
      - V(planted) plants canaries on each mounted filesystem and in locations that sealing empties, and keeps the
        session open. Use it before the template is sealed. Closing searches the raw disk for them.
      - V(labelled) gives every file that was changed, or has none, the SELinux label that the template's own policy has for
        it, and keeps the session open. Use it once nothing is written any more. V(closed) does the same, for what was
        written since. A template without SELinux is left as it is.
      - V(closed) unmounts the template with clean filesystems, so that it can be booted or promoted.
      - V(staged) writes a closed session to a hidden file of its own in O(dest), and returns the name and the digest
        with which it would be promoted. It is not visible yet, so that evidence can be written first.
      - V(promoted) gives the file of a staged session its name and moves the pointer to it. A closed session is staged
        first.
      - V(discarded) ends the session from any state and removes all its files.
    type: str
    choices: [open, planted, labelled, closed, staged, promoted, discarded]
    required: true
  session:
    description: The session's name, or the absolute path of its directory.
    type: str
    required: true
  work_dir:
    description: The directory that holds the sessions. It needs space for the changes to the template.
    type: path
    default: /var/lib/hygeia/sessions
  source:
    description: The template, by its absolute path on the build host. Needed to open a session.
    type: path
  disks:
    description:
      - The further disks of the template, in their order, for a system that has its data on disks of their own.
      - C(fstab) names their filesystems by UUID, label, PARTUUID or PARTLABEL. A device name such as C(/dev/sdb1) is the
        second disk in the order of O(source) and O(disks) if all device names in C(fstab) are of one kind and none of
        them contradicts that order.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file of the disk, by its absolute path on the build host, in any format that O(source) may have.
        type: path
        required: true
      format:
        description: The format that the file must have. By default, any supported format is recognized.
        type: str
        choices: [qcow2, raw, vmdk, vhd, vhdx, vdi, xz, zstd, gzip]
  partition:
    description: The number of the partition with the root filesystem on the first disk, for a disk with several systems.
    type: int
  luks_key:
    description:
      - The key of what is encrypted with LUKS in the template, of which O(state=open) and O(state=closed) need it. Without one, an encrypted
        root is refused, and an encrypted data volume is left as it is.
      - It is not recorded. Keep it in a vault. A line end behind it is none of it.
    type: str
  luks_key_file:
    description: The key as a file on the build host, of which every byte counts, as for C(cryptsetup --key-file).
    type: path
  dest:
    description: The directory for the promoted image. Needed to stage and to promote.
    type: path
  name:
    description: The name of the promoted image. The default is the session's name.
    type: str
  version:
    description:
      - The version of the promoted image. The default is the time in UTC.
      - It is set when the session is opened, so that the image can contain its own version, and is returned as
        RV(session.version). A different version at promotion is refused.
    type: str
  user:
    description: The person who promotes the image, for its history. The default is the user that the module runs as.
    type: str
  keep:
    description:
      - How many promoted images of this O(name) to keep in O(dest), including the new one.
      - An image that the pointer names, that M(hygeia.golden.image_rollback) restored, that is the backing file of
        another disk in O(dest), or that is open in a session is always kept.
    type: int
    default: 3
  formats:
    description:
      - The formats that the image is written in beside qcow2, which it always has.
      - V(vmdk) is streamOptimized. V(ova) holds that with an OVF and a manifest of digests. V(vhd) is fixed, of whole MiB,
        as Azure takes it. V(vhdx) is dynamic. V(gcp) is C(disk.raw) of whole GiB in a compressed tar of GNU's old form.
      - Each file is read back and compared with the image before it gets its name, and each format has a pointer, which
        follows that of the image.
      - The default is the format that the template came in, if that is one of VMDK, OVA, OVF, VHD and VHDX.
    type: list
    elements: str
    choices: [qcow2, raw, vmdk, ova, vhd, vhdx, gcp]
    default: []
  compress:
    description: Compress the promoted image with zstd. This reduces it to about a third of the size and takes longer.
    type: bool
    default: false
  teardown_timeout:
    description: The timeout in seconds for each step of closing the template. When it expires, the session is
      discarded.
    type: int
    default: 60
  promote_timeout:
    description: The timeout in seconds for writing the promoted image.
    type: int
    default: 3600
  lifetime:
    description: The lifetime in seconds of an open session.
    type: int
    default: 14400
  lease:
    description:
      - Seconds without a command after which a session is abandoned when the build host is not the controller.
      - On the controller itself a session ends with the Ansible run that opened it.
    type: int
    default: 3600
  isolation:
    description:
      - The isolation of programs that run in the template.
      - With V(strong), root inside is an unprivileged user on the build host, through a user namespace and idmapped
        filesystems. A build host or filesystem that does not support this is refused.
      - With V(reduced), programs inside keep the twelve capabilities that installing packages needs, and all other
        restrictions stay in place.
    type: str
    choices: [strong, reduced]
    default: strong
  package_hosts:
    description:
      - The hosts that commands with network may connect to, as names or addresses with C(*) as a wildcard and an
        optional port after a colon.
      - Empty means the hosts that the template's own package sources name, except the build host and its own links.
    type: list
    elements: str
    default: []
  package_proxy:
    description:
      - The URL of the HTTP proxy by which the build host reaches package sources. By default it is the one that the
        template's configuration of apt names.
    type: str
    default: ""
  busy:
    description:
      - What to do when another session works on the same template, or has the same name.
      - V(fail) fails and names that session. V(wait) waits until it has ended, for at most O(busy_timeout) seconds.
    type: str
    choices: [fail, wait]
    default: fail
  busy_timeout:
    description: The timeout in seconds for waiting for another session.
    type: int
    default: 3600
  run:
    description:
      - The Ansible run that the session belongs to and ends with, as P(hygeia.golden.run#lookup) returns it. A run on a
        machine other than the build host is ignored.
      - By default, the run is detected among the parent processes of the module.
    type: dict
    suboptions:
      pid:
        description: The id of its process.
        type: int
        required: true
      start:
        description: The start time of the process, in clock ticks of the kernel.
        type: str
        required: true
      boot:
        description: The boot id of its machine.
        type: str
        required: true
      space:
        description: The process namespace of that id.
        type: str
        required: true
seealso:
  - plugin: hygeia.golden.run
    plugin_type: lookup
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

- name: Write the image without letting anybody see it
  hygeia.golden.image_session:
    state: staged
    session: debian-12
    dest: /srv/golden
  register: staged

- name: Promote it
  hygeia.golden.image_session:
    state: promoted
    session: debian-12
    dest: /srv/golden
"""

RETURN = r"""
session:
  description: The state of the session.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: debian-12
    directory:
      description: Its directory, for C(ansible_image_session).
      type: str
      sample: /var/lib/hygeia/sessions/debian-12
    state:
      description: Its current state.
      type: str
      sample: open
    version:
      description: The version that the promoted image will have. Only with an open or closed session.
      type: str
      sample: 20261009T120000Z
    isolation:
      description: The isolation of programs that run in the template, V(strong) or V(reduced). Only for an open or
        closed session.
      type: str
      sample: strong
    isolation_reason:
      description: Why the isolation is V(reduced); empty for V(strong). Only for an open or closed session.
      type: str
      sample: image_isolation is reduced, although strong can be had on this build host
    source:
      description:
        - The template's C(path), C(format), C(size), C(virtual_size) and C(sha256). Only with an open or closed session.
        - A disk of several files has the others as C(parts), the C(size) of all, and the digest of their digests.
        - The further disks are in C(disks), each with the same values.
        - One with an OVF has as C(machine) what that tells of its C(firmware), C(controller), C(network) and C(hardware).
      type: dict
    root:
      description: The C(number) of the root partition (0 without a partition table), its C(filesystem) and C(uuid), the
        LVM C(volume) that it is on, if any, and as C(luks) the UUID of the LUKS container that it is in, if any.
      type: dict
      sample: {"number": 0, "filesystem": "xfs", "uuid": "d0c83688-edfc-4f2e-a636-6c166f62866e", "volume": "rhel/root", "luks": ""}
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
    encrypted:
      description:
        - The LUKS containers that were opened. Every clone of the image has their volume keys until it is encrypted anew.
        - Only with an open or closed session.
      type: list
      elements: dict
      contains:
        place:
          description: The partition or volume that is encrypted.
          type: str
          sample: partition 3
        version:
          description: V(1) or V(2).
          type: int
          sample: 2
        uuid:
          description: The UUID of the container.
          type: str
          sample: 5fbe9bf1-6b9c-4a79-8cf7-83b3b8a2b9cc
    labels:
      description: The SELinux labels of a session that is labelled or closed.
      type: dict
      contains:
        policy:
          description: The policy that the template loads at its next boot; empty where SELinux is off.
          type: str
          sample: targeted
        labelled:
          description: How many files got a label.
          type: int
          sample: 214
        relabel:
          description:
            - Why the files could not be labelled, so that C(/.autorelabel) tells the first boot to do so; otherwise empty.
          type: str
          sample: ""
    residue:
      description: The result of erasing free space and searching the raw disk. Only for a closed session.
      type: dict
      contains:
        overwritten:
          description: The number of bytes outside files that were overwritten.
          type: int
          sample: 1287655424
        not_overwritten:
          description: The areas that could not be overwritten, with the reason.
          type: list
          elements: str
          sample: ["partition 3 (crypto_LUKS, 4.0 GiB): its free space cannot be determined"]
        searched:
          description: The number of patterns that the raw disk was searched for, including canaries.
          type: int
          sample: 29
        canaries:
          description: The canaries that were planted before sealing, by their kinds.
          type: list
          elements: str
          sample: ["deleted on /", "cut short and deleted on /", "host key", "history", "log", "temporary file"]
        not_planted:
          description: Where no canary could be planted, with the reason.
          type: list
          elements: str
          sample: []
        found:
          description: The findings, each with C(what) was found, the number of the C(disk) and the C(offset) on it, but never
            the data itself.
          type: list
          elements: dict
          sample: []
image:
  description: The image that is staged or promoted.
  returned: when O(state=staged) or O(state=promoted)
  type: dict
  contains:
    path:
      description: The image, or the name that it will have. Not in check mode.
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
    files:
      description: The files of the image, one per disk and format. Not in check mode.
      type: list
      elements: dict
      contains:
        format:
          description: The format, by the words of O(formats).
          type: str
          sample: ova
        disk:
          description: The number of the disk, from 1 on. V(ova) holds all disks and has the number 1.
          type: int
        path:
          description: The file, or the name that it will have.
          type: str
          sample: /srv/golden/debian-12-2025.1-6f7233968ad6.ova
        sha256:
          description: Its digest.
          type: str
        size:
          description: Its size in bytes.
          type: int
        pointer:
          description: The symbolic link that names the newest image in this format.
          type: str
          sample: /srv/golden/debian-12.ova
    removed:
      description: Older images that were removed. Only when it is promoted.
      type: list
      elements: str
history:
  description:
    - How many lines the history of the images has now, and the digest of the last one. Kept in signed evidence, it shows
      later whether the history was changed; see M(hygeia.golden.history_verify).
    - Null in check mode.
  returned: when O(state=promoted)
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
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import key
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import account
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.renditions import AGAIN
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import here
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import WORK_DIR, Limits, Walls
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["open", "planted", "labelled", "closed", "staged", "promoted", "discarded"],
                "required": True,
            },
            "session": {"type": "str", "required": True},
            "work_dir": {"type": "path", "default": WORK_DIR},
            "source": {"type": "path"},
            "disks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "format": {"type": "str", "choices": ["qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "xz", "zstd", "gzip"]},
                },
            },
            "partition": {"type": "int"},
            "luks_key": {"type": "str", "no_log": True},
            "luks_key_file": {"type": "path", "no_log": False},
            "dest": {"type": "path"},
            "name": {"type": "str"},
            "version": {"type": "str"},
            "user": {"type": "str"},
            "keep": {"type": "int", "default": 3},
            "formats": {"type": "list", "elements": "str", "choices": ["qcow2", "raw", "vmdk", "ova", "vhd", "vhdx", "gcp"], "default": []},
            "compress": {"type": "bool", "default": False},
            "teardown_timeout": {"type": "int", "default": 60},
            "promote_timeout": {"type": "int", "default": 3600},
            "lifetime": {"type": "int", "default": 14400},
            "lease": {"type": "int", "default": 3600},
            "isolation": {"type": "str", "choices": ["strong", "reduced"], "default": "strong"},
            "package_hosts": {"type": "list", "elements": "str", "default": []},
            "package_proxy": {"type": "str", "default": ""},
            "busy": {"type": "str", "choices": ["fail", "wait"], "default": "fail"},
            "busy_timeout": {"type": "int", "default": 3600},
            "run": {
                "type": "dict",
                "options": {
                    "pid": {"type": "int", "required": True},
                    **{name: {"type": "str", "required": True} for name in ("start", "boot", "space")},
                },
            },
        },
        mutually_exclusive=[("luks_key", "luks_key_file")],
        required_if=[("state", "open", ["source"]), ("state", "staged", ["dest"]), ("state", "promoted", ["dest"])],
        supports_check_mode=True,
    )
    try:
        module.exit_json(**act(module.params, module.check_mode))
    except ImageError as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"the session {module.params['session']} cannot be {module.params['state']}: {reason(problem)}")


def reason(problem: OSError) -> str:
    return f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem)


def act(params: dict[str, Any], check: bool) -> dict[str, Any]:
    limits = Limits(params["teardown_timeout"], params["lifetime"], params["lease"], params["promote_timeout"])
    walls = Walls(params["isolation"], params["package_hosts"], params["package_proxy"])
    secret = key.given(params["luks_key"], params["luks_key_file"]) if params["state"] in ("open", "closed") else None
    session = Session(os.path.join(params["work_dir"], params["session"]), limits, walls, secret)
    result: dict[str, Any] = {"changed": True}
    if params["state"] == "open":
        result["changed"] = session.open(
            params["source"],
            params["partition"],
            params["version"],
            here(params["run"]),
            params["busy_timeout"] if params["busy"] == "wait" else 0,
            [(disk["path"], disk.get("format")) for disk in params["disks"]],
        )
        session.require_version(params["version"])
    elif params["state"] == "planted":
        result["changed"] = session.plant()
    elif params["state"] == "labelled":
        result["changed"] = session.label()
    elif params["state"] == "closed":
        result["changed"] = session.close()
    elif params["state"] == "discarded":
        result["changed"] = session.discard()
    else:
        session.require_version(params["version"])
        formats = params["formats"] or [AGAIN.get(session.facts()["source"]["format"], "qcow2")]
        name, by = params["name"] or session.name, params["user"] or account()
        target = Target(params["dest"], name, session.version, by, formats, len(session.overlays))
        if params["state"] == "staged":
            result["changed"], result["image"] = session.stage(target, params["compress"], check)
        else:
            result["image"] = session.promote(target, max(params["keep"], 1), params["compress"], check)
            result["history"] = result["image"].pop("history", None)
    result["session"] = session.facts()
    if session.warnings:
        result["warnings"] = session.warnings
    if params["state"] == "promoted" and not check:
        result["session"]["state"] = "promoted"
    return result


if __name__ == "__main__":
    main()
