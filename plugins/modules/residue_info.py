#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: residue_info
short_description: Search a system or a disk for secrets and patient data
description:
  - Searches for secrets, such as private keys, credentials and tokens, and for patient data by its structure, such as
    DICOM, HL7, FHIR, X12 and C-CDA, dumps and databases.
  - On a system, only files are searched that no package of dpkg or rpm brought, or that differ from what it brought.
    Compressed files and archives are searched too, nested up to four times.
  - With O(image), the bytes of a raw disk are searched, whatever file they belong to or once belonged to, and the
    archives that begin with a sector of it. The disks of an opened template are searched by
    M(hygeia.golden.image_residue_info).
  - A result names the file, the position and the number of different values that were found, with a keyed hash.
    It never contains a value.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root, to read all files
  - zstd, to look into what is compressed with it, unless Python is 3.14 or later
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
  - hygeia.golden.residue
options:
  image:
    description: A raw disk image or a block device to search instead of the files of the system.
    type: path
  values:
    description:
      - Whether to return RV(values) for M(hygeia.golden.image_residue_info). For them, the files of packages are searched
        too.
    type: bool
    default: false
  stage:
    description:
      - The stage of the system. The default is V(live) where systemd runs, otherwise V(offline).
    type: str
    choices: [offline, boot, live]
seealso:
  - module: hygeia.golden.image_residue_info
  - plugin: hygeia.golden.residue_rules
    plugin_type: lookup
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Search this host for secrets and patient data
  hygeia.golden.residue_info:
    rules: "{{ query('hygeia.golden.residue_rules') }}"
  become: true
  register: residue

- name: Search a raw disk for patient data only
  hygeia.golden.residue_info:
    rules: "{{ query('hygeia.golden.residue_rules', 'residue-dicom', 'residue-hl7') }}"
    image: /srv/images/returned-disk.raw
"""

RETURN = r"""
results:
  description: One result per rule, and C(residue-unread) for what could not be searched.
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
      description: In C(files), up to 200 files with what was found in each, and in C(more), how many others there are.
      returned: always
      type: dict
      sample: {"files": [{"path": "/root/id_rsa", "offset": 0, "count": 1, "hash": "9f86d081884c7d659a2feaa0c55ad015"}]}
    read_from:
      description: What was searched.
      returned: always
      type: str
      sample: files that no package brought, or that differ from their package
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
values:
  description: For each rule the hashes of all values in files, of those too that a package brought and that are no find.
  returned: when O(values=true)
  type: dict
  sample: {"residue-private-key": ["9f86d081884c7d659a2feaa0c55ad015"]}
searched:
  description: What was searched.
  returned: success
  type: dict
  contains:
    files:
      description: How many files were searched.
      type: int
      sample: 2590
    unchanged:
      description: How many files are as their package brought them, and were not searched.
      type: int
      sample: 14032
    bytes:
      description: How many bytes were searched, counted after decompression.
      type: int
      sample: 65011712
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.residue.parallel import Died
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

SPEC: dict[str, Any] = {
    "rules": {"type": "list", "elements": "dict", "required": True},
    "image": {"type": "path"},
    "key": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 1800},
    "values": {"type": "bool", "default": False},
    "stage": {"type": "str", "choices": list(STAGES)},
}


def main() -> None:
    module = Module(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **_searched(module.params))
    except (BadSetting, Died) as problem:
        module.fail_json(msg=f"The search cannot be done: {problem}.")
    except OSError as problem:
        module.fail_json(msg=f"{problem.filename or module.params['image']} cannot be searched: {problem.strerror}; say what is one.")


def _searched(params: dict[str, Any]) -> dict[str, Any]:
    host = Host(check=True)
    wanted, key = rules.load(params["rules"]), (params["key"] or "").encode()
    if params["image"]:
        disks = [Disk(params["image"], params["image"])]
        found, read_from = scan.of_disks(disks, wanted, key, params["timeout"]), f"the raw bytes of {params['image']}"
        wanted = scan.on_disks(wanted, found)
    else:
        found, read_from = scan.of_system(host, wanted, key, params["timeout"], packaged=params["values"]), scan.READ_FROM
    stage = params["stage"] or ("live" if host.booted and not params["image"] else "offline")
    return {
        "results": scan.results(found, wanted, stage, read_from),
        "searched": {"files": found.files, "unchanged": found.unchanged, "bytes": found.searched},
        **({"values": found.values} if params["values"] else {}),
    }


if __name__ == "__main__":
    main()
