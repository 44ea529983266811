#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_residue_info
short_description: Search the raw disks of a closed session for secrets and patient data
description:
  - Searches the bytes of an opened template after it was closed, which are those of the image that is promoted, for what
    M(hygeia.golden.residue_info) searches files for. Whatever it was, what was deleted, swapped out, or lies in an EFI
    partition, between partitions or on a filesystem that the template does not mount is found.
  - Outside of the filesystems that were mounted while the session was open, archives are opened that begin with a
    sector of the disk.
  - What O(values) has is not found again.
  - A result names the disk, the position and a keyed hash. It never contains a value.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root on the build host
  - qemu-storage-daemon with FUSE exports
  - zstd, to look into what is compressed with it, unless Python is 3.14 or later
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.residue
options:
  session:
    description: The name of the session, which must be closed.
    type: str
    required: true
  work_dir:
    description: The directory in which sessions are kept.
    type: path
    default: /var/lib/hygeia/sessions
  luks_key:
    description:
      - The key of what is encrypted with LUKS in the template, in which is searched like on a disk.
      - It is not recorded. Keep it in a vault. A line end behind it is none of it.
    type: str
  luks_key_file:
    description: The key as a file on the build host, of which every byte counts, as for C(cryptsetup --key-file).
    type: path
  files:
    description:
      - The results of M(hygeia.golden.residue_info) in the same session. What was found on the disks is added to them.
    type: list
    elements: dict
    default: []
  values:
    description:
      - The values that files of the template have, as M(hygeia.golden.residue_info) returned them with the same
        O(key).
    type: dict
    default: {}
seealso:
  - module: hygeia.golden.residue_info
  - module: hygeia.golden.image_session
  - plugin: hygeia.golden.residue_rules
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Search the files of the opened template
  hygeia.golden.residue_info:
    rules: "{{ query('hygeia.golden.residue_rules') }}"
    key: "{{ residue_key }}"
    values: true
  register: in_files

- name: Close it
  hygeia.golden.image_session:
    state: closed
    session: debian-12
  delegate_to: localhost

- name: Search its raw disks
  hygeia.golden.image_residue_info:
    session: debian-12
    rules: "{{ query('hygeia.golden.residue_rules') }}"
    key: "{{ residue_key }}"
    files: "{{ in_files.results }}"
    values: "{{ in_files['values'] }}"
  delegate_to: localhost
  register: residue
"""

RETURN = r"""
results:
  description: One result per rule of what was found in files and on disks, and C(residue-unread) for what could not be searched.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The rule.
      returned: always
      type: str
      sample: residue-private-key
    status:
      description: V(pass), V(fail), or V(not_checked) if not everything was searched.
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
      description: That there is nothing.
      returned: always
      type: dict
    observed:
      description: In C(files), up to 200 files and places on disks with what was found in each, and in C(more), how many others there are.
      returned: always
      type: dict
      sample: {"files": [{"path": "disk 1", "offset": 138453011, "count": 1, "hash": "9f86d081884c7d659a2feaa0c55ad015"}]}
    read_from:
      description: What was searched.
      returned: always
      type: str
      sample: files that no package brought, or that differ from their package; the raw disks
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
searched:
  description: What was searched.
  returned: success
  type: dict
  contains:
    bytes:
      description: How many bytes were searched; holes are none, and what archives hold is counted after decompression.
      type: int
      sample: 536870912
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import key as luks_key
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import raw_disks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import WORK_DIR
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.joining import joined
from ansible_collections.hygeia.golden.plugins.module_utils.residue.parallel import Died
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

SPEC: dict[str, Any] = {
    "session": {"type": "str", "required": True},
    "work_dir": {"type": "path", "default": WORK_DIR},
    "luks_key": {"type": "str", "no_log": True},
    "luks_key_file": {"type": "path", "no_log": False},
    "rules": {"type": "list", "elements": "dict", "required": True},
    "key": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 1800},
    "files": {"type": "list", "elements": "dict", "default": []},
    "values": {"type": "dict", "default": {}},
}
READ_FROM = "the raw disks"


def main() -> None:
    module = Module(argument_spec=SPEC, mutually_exclusive=[("luks_key", "luks_key_file")], supports_check_mode=True)
    try:
        module.exit_json(changed=False, **_searched(module.params))
    except ImageError as problem:
        module.fail_json(msg=str(problem))
    except (BadSetting, Died) as problem:
        module.fail_json(msg=f"The search cannot be done: {problem}.")
    except OSError as problem:
        module.fail_json(msg=f"the disks of the session {module.params['session']} cannot be searched: {problem.strerror or problem}")


def _searched(params: dict[str, Any]) -> dict[str, Any]:
    session = SessionState(
        os.path.join(params["work_dir"], params["session"]), key=luks_key.given(params["luks_key"], params["luks_key_file"])
    )
    wanted = rules.load(params["rules"])
    found = raw_disks.search(session, wanted, (params["key"] or "").encode(), params["timeout"]).without(params["values"])
    on_disks = scan.results(found, scan.on_disks(wanted, found), "offline", READ_FROM)
    return {"results": joined(params["files"], on_disks), "searched": {"bytes": found.searched}}


if __name__ == "__main__":
    main()
