#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: windows_audit_info
short_description: Audit a Windows template from its disk
description:
  - Reads the registry, the accounts and the files of a Windows system from its disk image, which is neither booted nor
    mounted, and compares every setting of every given control with the expected value.
  - The image may be qcow2, raw, VMDK, OVA, VHD, VHDX or VDI. Only its partition table, the directories and files that are
    asked for, and the hives are read, with the transaction logs that Windows would play back.
  - The hash of a password, and the value of a secret, are never read or returned.
  - Nothing is changed. What a running Windows does differently from what its disk says, such as by a policy of a domain
    that it gets later, is not seen.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - qemu-img and, unless the image is raw, qemu-storage-daemon on the build host
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.controls
options:
  source:
    description: The template, by its absolute path on the build host.
    type: path
    required: true
  partition:
    description: The number of the partition with Windows, for a disk with several systems.
    type: int
  digest:
    description: Return the SHA-256 of the template's file, for evidence. It takes reading the whole file.
    type: bool
    default: true
  packed:
    description:
      - Return RV(results) as one compressed text that stands for all of them, for the filters of this collection.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.audit_info
"""

EXAMPLES = r"""
- name: Audit a template of Windows Server
  hygeia.golden.windows_audit_info:
    source: /srv/templates/windows-2022.vhdx
    controls: "{{ query('hygeia.golden.controls', 'hipaa', family='windows') | hygeia.golden.settings }}"
  register: audit

- name: Show what fails
  ansible.builtin.debug:
    msg: "{{ audit.results | selectattr('status', 'equalto', 'fail') | map(attribute='message') }}"
"""

RETURN = r"""
results:
  description: One result per control, in the order of O(controls), or with O(packed) one text for all.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The identifier of the control.
      returned: always
      type: str
      sample: windows-smb1-server
    status:
      description:
        - V(pass), V(fail), V(error) if the check itself failed, V(not_applicable) if the control does not apply to this
          system, or V(not_checked) if it cannot be determined from the disk.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: offline
    expected:
      description: The expected value of each setting that determined the status.
      returned: always
      type: dict
      sample: {"windows_registry: HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters\\SMB1": 0}
    observed:
      description: The value of the same settings on the disk.
      returned: always
      type: dict
    read_from:
      description: Where the values were read.
      returned: always
      type: str
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
system:
  description: What the system is.
  returned: success
  type: dict
  contains:
    id:
      description: V(windows).
      type: str
    version:
      description: The release of Windows Server, such as V(2022), or nothing.
      type: str
    names:
      description: The names that controls and frameworks use for it.
      type: list
      elements: str
      sample: [windows-2022, windows]
    name:
      description: The name of the product.
      type: str
      sample: Windows Server 2022 Standard
    edition:
      description: The edition.
      type: str
      sample: ServerStandard
    installation:
      description: Whether it has a desktop, such as V(Server Core).
      type: str
    build:
      description: The build with its revision.
      type: str
      sample: "20348.2227"
source:
  description: The template's C(path), C(format), C(size), C(virtual_size) and, with O(digest), C(sha256).
  returned: success
  type: dict
remarks:
  description: In which state the system was left, as far as that bears on what was read.
  returned: success
  type: list
  elements: str
partition:
  description: The number of the partition with the system, or 0 without a partition table.
  returned: success
  type: int
bytes_read:
  description: How many bytes of the disk were read for the audit.
  returned: success
  type: int
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit_by
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.digest import Digest
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.windows import template

SPEC: dict[str, Any] = {
    "controls": CONTROLS_SPEC,
    "source": {"type": "path", "required": True},
    "partition": {"type": "int"},
    "digest": {"type": "bool", "default": True},
    # The action plugin on the controller reads it.
    "packed": {"type": "bool", "default": False},
}


def main() -> None:
    module = Module(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **audited(module.params))
    except (ImageError, Conflict) as problem:
        module.fail_json(msg=str(problem))
    except OSError as problem:
        module.fail_json(msg=f"{module.params['source']} cannot be read: {problem.strerror or problem}")


def audited(params: dict[str, Any]) -> dict[str, Any]:
    """The results of all controls, and what the system is."""
    disk = inspection.inspect_all(params["source"])[0]
    taken = Digest(disk.files) if params["digest"] else None
    controls = [Control.load(control) for control in params["controls"]]
    with template.opened(disk, params["partition"]) as opened:
        return {
            "results": audit_by(WINDOWS_KINDS, opened.system, controls, "offline"),
            "system": opened.system.described(),
            "source": {**disk.summary, **({"sha256": taken.result()} if taken else {})},
            "remarks": list(opened.system.remarks),
            "partition": opened.partition.number,
            "bytes_read": opened.source.count,
        }


if __name__ == "__main__":
    main()
