#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_readiness_info
short_description: Check whether a guest can move to another host while it runs
description:
  - Compares a guest of libvirt with a destination, as the libvirt of both hosts describes them - machine type, processor,
    firmware, devices of the source, disks and their backing files, networks and their filters, secrets, memory, large
    pages, pinned processors, encryption of the stream, and clocks.
  - Each blocker is a sentence that names what is missing and what to do. What libvirt cannot tell is V(not_checked).
  - Two disks are the same if their pool names the same storage for both hosts, or if the inode at the path has the same
    size and time of its last change at both.
  - Run it on the source. The destination is asked over its own connection, such as the one that C(virsh migrate) takes.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(virsh), of the package C(libvirt-clients) or C(libvirt-client)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  guest:
    description: The name of the guest, or its UUID.
    type: str
    required: true
  uri:
    description: The connection to the libvirt of the source.
    type: str
    default: qemu:///system
  destination:
    description: The connection to the libvirt of the destination, such as V(qemu+ssh://root@host2/system).
    type: str
    required: true
  copy_storage:
    description: Whether the disks are copied in the move, as C(virsh migrate --copy-storage-all) does.
    type: bool
    default: false
  tls:
    description: Whether the stream is encrypted, as C(virsh migrate --tls) does.
    type: bool
    default: false
  destination_time:
    description:
      - The time of the destination in seconds since the epoch, read by a task just before, such as the output of
        C(date +%s.%N) there.
    type: float
  time_tolerance:
    description: How many seconds the clocks may differ, which includes the time between both tasks.
    type: float
    default: 5
seealso:
  - module: hygeia.golden.migration_compare_info
  - name: Guest migration
    description: What libvirt moves, and how.
    link: https://libvirt.org/migration.html
"""

EXAMPLES = r"""
- name: Read the clock of the destination
  ansible.builtin.command:
    argv: [date, +%s.%N]
  delegate_to: host2
  register: clock
  changed_when: false

- name: Check whether the archive can move
  hygeia.golden.migration_readiness_info:
    guest: pacs
    destination: qemu+ssh://root@host2/system
    tls: true
    destination_time: "{{ clock.stdout }}"
  become: true
  register: readiness
"""

RETURN = r"""
results:
  description: One result for each aspect of the move.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(migration-ASPECT-GUEST). A guest whose name has characters other than letters, digits, dots, dashes and
          underscores is named by its UUID.
      returned: always
      type: str
      sample: migration-processor-pacs
    status:
      description: V(pass), V(fail), V(error), V(not_applicable) if the guest does not need it, or V(not_checked).
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: What the guest needs.
      returned: always
      type: raw
      sample: {"mode": "custom", "model": "EPYC-Rome"}
    observed:
      description: What the destination has.
      returned: always
      type: raw
      sample: {"compatible": false}
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: virsh hypervisor-cpu-compare
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
ready:
  description: Whether nothing is known that would stop the move, or make it unsafe.
  returned: success
  type: bool
definition:
  description:
    - The definition of the guest as single values, without secrets, under C(live) as it runs and under C(config) as it
      will be started. M(hygeia.golden.migration_compare_info) takes it after the move.
  returned: success
  type: dict
"""

import re
import time
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.compare import state
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.evaluate import evaluate
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move, Way
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.side import Side
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.transfer import certificate, mount_types
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, Virsh, VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "guest": {"type": "str", "required": True},
            "uri": {"type": "str", "default": "qemu:///system"},
            "destination": {"type": "str", "required": True},
            "copy_storage": {"type": "bool", "default": False},
            "tls": {"type": "bool", "default": False},
            "destination_time": {"type": "float"},
            "time_tolerance": {"type": "float", "default": 5.0},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **found(module.params, Host()))
    except VirshError as problem:
        module.fail_json(msg=f"The move of the guest {module.params['guest']} cannot be checked: {problem}.")


def found(params: dict[str, Any], host: Host) -> dict[str, Any]:
    source, destination = Virsh(host, params["uri"]), Virsh(host, params["destination"])
    guest = Guest(source, params["guest"])
    there = params["destination_time"]
    way = Way(params["copy_storage"], params["tls"], None if there is None else time.time() - there, params["time_tolerance"])
    # A connection without a host in it is to this machine.
    here = bool(re.match(r"[a-z+]+:///", params["uri"]))
    move = Move(
        guest.live() if guest.running else guest.configured(),
        Side(source),
        Side(destination),
        way,
        mount_types(host) if here else None,
        certificate(host) if here else None,
    )
    results = evaluate(move)
    return {"results": results, "ready": not any(result["status"] in (FAIL, ERROR) for result in results), "definition": state(guest)}


if __name__ == "__main__":
    main()
