#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_isolation_info
short_description: Check how the guests of a hypervisor are confined, bounded and separated
description:
  - Reads the definition of each guest from libvirt and checks what keeps it from its neighbours and from its host - the
    confinement of its process, limits of processors, memory, disks and network cards, merged memory, devices and
    directories of the host, channels of the console, consoles that other machines can open, network filters and
    isolated ports, Secure Boot and TPM, dumps of its memory, and arguments that are handed to QEMU past libvirt.
  - Checks the hypervisor too - its security driver, C(qemu.conf), remote access to libvirt, merged memory, nested
    virtualisation, mitigations of the processor, and whether it has promised more memory than it has.
  - libvirt is asked through C(virsh --readonly), which never shows a password, and each definition is read without the
    secrets that it may hold. A definition that declares a document type is refused.
  - A guest that runs is checked as it runs, at the stage V(live), any other as it would be started, at the stage
    V(offline).
  - With O(files) only the definitions are checked, and what depends on the hypervisor is V(not_checked). With
    O(vmware_guests) the parameters of VMware's Security Configuration Guide are checked, where a parameter that is not
    set is right if the guide says so.
  - Nothing is changed.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(virsh), of the package C(libvirt-clients) or C(libvirt-client), unless O(files) or O(vmware_guests) is used
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  uri:
    description: The connection to libvirt. The default is V(qemu:///system), unless O(files) or O(vmware_guests) is used.
    type: str
  files:
    description: Files with the XML of one guest each, as C(virsh dumpxml) prints it.
    type: list
    elements: path
  vmware_guests:
    description: Virtual machines, each as C(community.vmware.vmware_guest_info) returns it under C(instance).
    type: list
    elements: dict
  guests:
    description: The names of the guests to check, with C(*) as a wildcard.
    type: list
    elements: str
    default: ['*']
  channels:
    description:
      - The permitted channels of a guest, by the names of their targets. The words V(clipboard), V(file-transfer),
        V(usbredir) and V(smartcard) stand for what passes through the console.
    type: list
    elements: str
    default: [org.qemu.guest_agent.0]
  host_devices:
    description: Permitted devices of the host, by their addresses, such as V(0000:3b:00.0).
    type: list
    elements: str
    default: []
  shared_directories:
    description: Permitted directories of the host that guests mount, and the names of permitted shared memory.
    type: list
    elements: str
    default: []
  filters:
    description: The network filters of libvirt of which each network card must have one, with C(*) as a wildcard.
    type: list
    elements: str
    default: [clean-traffic*]
notes:
  - What a guest needs although its neighbours do not, such as a GPU, is permitted by a waiver of its record, or by
    permitting it here for one hypervisor.
seealso:
  - module: hygeia.golden.isolation_info
  - plugin: hygeia.golden.records
    plugin_type: filter
  - plugin: hygeia.golden.shared_by_tenants
    plugin_type: filter
  - name: Format of a domain
    description: Each element that is read.
    link: https://libvirt.org/formatdomain.html
  - name: VMware Security Configuration Guide
    description: The parameters of virtual machines of vSphere.
    link: https://github.com/vmware/vcf-security-and-compliance-guidelines
"""

EXAMPLES = r"""
- name: Check the guests of this hypervisor
  hygeia.golden.domain_isolation_info:
    host_devices: ["0000:3b:00.0"]
  become: true
  register: isolation

- name: Check a definition before it is used
  hygeia.golden.domain_isolation_info:
    files: [/srv/domains/archive.xml]
  delegate_to: localhost

- name: Check virtual machines of vSphere
  hygeia.golden.domain_isolation_info:
    vmware_guests: "{{ found.results | map(attribute='instance') | list }}"
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One result for each aspect of each guest, and of the hypervisor.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(domain-ASPECT-GUEST) or C(hypervisor-ASPECT). A guest whose name has characters other than letters, digits,
          dots, dashes and underscores is named by its UUID.
      returned: always
      type: str
      sample: domain-consoles-archive
    status:
      description: V(pass), V(fail), V(error), V(not_applicable), or V(not_checked) if it depends on what is not known.
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
      sample: {"listens": ["127.0.0.1", "TLS"]}
    observed:
      description: What the definition or the hypervisor has.
      returned: always
      type: dict
      sample: {"listens": ["0.0.0.0"]}
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: virsh dumpxml --domain 5f1c1f3a-6f0e-4c39-9a1e-0d6d3f9a2b11
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
guests:
  description: The guests, with what each of them touches, as P(hygeia.golden.shared_by_tenants#filter) takes it.
  returned: when libvirt was asked
  type: list
  elements: dict
  contains:
    name:
      description: The name of the guest.
      returned: always
      type: str
      sample: archive
    uuid:
      description: Its UUID.
      returned: always
      type: str
    running:
      description: Whether it runs.
      returned: always
      type: bool
    touches:
      description: What it touches.
      returned: always
      type: list
      elements: dict
      contains:
        kind:
          description: What it is.
          returned: always
          type: str
          choices: [network, bridge, pool, disk, directory, memory, device, iommu_group]
          sample: disk
        name:
          description: Its name on this host.
          returned: always
          type: str
          sample: /srv/studies/archive.qcow2
        place:
          description: Its name for all hosts, empty if only guests of this host can touch it.
          returned: always
          type: str
          sample: nas.example.org:/studies/archive.qcow2
        by:
          description: The network through which a bridge is touched, empty if it is touched by itself.
          returned: for a bridge
          type: str
        below:
          description: Whether it is only a file below an overlay, which the guest reads.
          returned: for a disk
          type: bool
administrators:
  description: The accounts of the host that may control each of its guests through libvirt, other than root.
  returned: when libvirt was asked
  type: list
  elements: str
  sample: [vmadmin]
"""

import fnmatch
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.hypervisor import Hypervisor
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation import guests, hypervisors, vmware
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import CHANNELS, FILTERS, Allowed, Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.domains.settings import BadSettings
from ansible_collections.hygeia.golden.plugins.module_utils.domains.touched import touched
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import LARGEST, BadXml

SYSTEM = "qemu:///system"


def main() -> None:
    module = Module(
        argument_spec={
            "uri": {"type": "str"},
            "files": {"type": "list", "elements": "path"},
            "vmware_guests": {"type": "list", "elements": "dict"},
            "guests": {"type": "list", "elements": "str", "default": ["*"]},
            "channels": {"type": "list", "elements": "str", "default": list(CHANNELS)},
            "host_devices": {"type": "list", "elements": "str", "default": []},
            "shared_directories": {"type": "list", "elements": "str", "default": []},
            "filters": {"type": "list", "elements": "str", "default": list(FILTERS)},
        },
        mutually_exclusive=[("uri", "files", "vmware_guests")],
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **found(module.params, Host()))
    except (VirshError, BadSettings, BadXml, vmware.BadMachine) as problem:
        module.fail_json(msg=f"The isolation of guests cannot be checked: {problem}.")


def found(params: dict[str, Any], host: Host) -> dict[str, Any]:
    allowed = Allowed(*(params[name] for name in ("channels", "host_devices", "shared_directories", "filters")))
    if params["vmware_guests"] is not None:
        return {"results": [result for machine in params["vmware_guests"] for result in _of_machine(machine, params["guests"])]}
    if params["files"] is not None:
        definitions = [_read(host, path) for path in params["files"]]
        return {"results": guests.evaluate(_chosen(definitions, params["guests"]), Surroundings(allowed))}
    return _of_hypervisor(Hypervisor(host, params["uri"] or SYSTEM), allowed, params["guests"])


def _of_machine(instance: dict[str, Any], patterns: Sequence[str]) -> list[dict[str, Any]]:
    machine = vmware.Machine(instance)
    return vmware.evaluate(machine) if _named(machine.name, patterns) else []


def _read(host: Host, path: str) -> Definition:
    content = host.read_bytes(path, LARGEST)
    if content is None:
        raise BadXml(f"{path} is not there; give the path of a file that virsh dumpxml has printed")
    try:
        return definition.parse(content, path)
    except BadXml as problem:
        raise BadXml(f"{path} {problem}") from problem


def _of_hypervisor(hypervisor: Hypervisor, allowed: Allowed, patterns: Sequence[str]) -> dict[str, Any]:
    libvirt = hypervisor.libvirt
    chosen = _chosen(libvirt.definitions, patterns)
    around = Surroundings(allowed, hypervisor.qemu, libvirt.security_models, hypervisor.pages_merged, libvirt.networks)
    return {
        "results": [*guests.evaluate(chosen, around), *hypervisors.evaluate(hypervisor)],
        "guests": [
            {"name": guest.name, "uuid": guest.uuid, "running": guest.running, "touches": touched(guest, hypervisor)} for guest in chosen
        ],
        "administrators": hypervisor.administrators,
    }


def _chosen(definitions: Sequence[Definition], patterns: Sequence[str]) -> list[Definition]:
    return [guest for guest in definitions if _named(guest.name, patterns)]


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


if __name__ == "__main__":
    main()
