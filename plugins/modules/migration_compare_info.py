#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_compare_info
short_description: Check that a guest is the same after a move
description:
  - Compares the definition and the bounds of a guest at its new host with what they were before the move, as
    M(hygeia.golden.migration_readiness_info) returned them, and names each difference.
  - What libvirt gives a guest anew is no difference - its id, names of its network devices and of its sockets, labels
    of its files, and ports and terminals that libvirt itself chose.
  - Both the guest as it runs and as it will be started are compared, and whether it still runs at the source.
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
    description: The connection to the libvirt that has the guest now.
    type: str
    default: qemu:///system
  before:
    description: The RV(hygeia.golden.migration_readiness_info#module:definition) before the move.
    type: dict
    required: true
  source:
    description: The connection to the libvirt that had the guest before. Without it, whether the guest runs twice is
      V(not_checked).
    type: str
seealso:
  - module: hygeia.golden.migration_readiness_info
  - name: GHSA-c7w7-9c85-4qxv
    description: A definition that was not the same after a move gave a guest the devices of another.
    link: https://github.com/advisories/GHSA-c7w7-9c85-4qxv
"""

EXAMPLES = r"""
- name: Check that the archive is what it was
  hygeia.golden.migration_compare_info:
    guest: pacs
    uri: qemu+ssh://root@host2/system
    before: "{{ readiness.definition }}"
    source: qemu:///system
  become: true
  register: moved
"""

RETURN = r"""
results:
  description: Three results for the guest.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(moved-definition-GUEST), C(moved-bounds-GUEST) and C(moved-once-GUEST).
      returned: always
      type: str
      sample: moved-bounds-pacs
    status:
      description: V(pass), V(fail), V(error), or V(not_checked).
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
      description: What is required.
      returned: always
      type: dict
      sample: {"differences": 0}
    observed:
      description: What there is.
      returned: always
      type: dict
      sample: {"differences": 1}
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: virsh dumpxml
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: "cputune/quota was 50000 and is absent (as it runs): set them again, as the role bound does"
"""

from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.compare import CONFIG, LIVE, compare
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Guest, Virsh, VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "guest": {"type": "str", "required": True},
            "uri": {"type": "str", "default": "qemu:///system"},
            "before": {"type": "dict", "required": True},
            "source": {"type": "str"},
        },
        supports_check_mode=True,
    )
    before = module.params["before"]
    if not before.keys() & {LIVE, CONFIG} or not all(isinstance(before.get(name, {}), dict) for name in (LIVE, CONFIG)):
        module.fail_json(msg="before is no definition; give what migration_readiness_info returned as definition before the move.")
    host = Host()
    source = module.params["source"]
    try:
        guest = Guest(Virsh(host, module.params["uri"]), module.params["guest"])
        module.exit_json(changed=False, results=compare(guest, before, Virsh(host, source) if source else None))
    except VirshError as problem:
        module.fail_json(msg=f"The guest {module.params['guest']} cannot be compared: {problem}.")


if __name__ == "__main__":
    main()
