# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_inventory
short_description: Read machines, flows and load from exports of a platform and a site's own sheets
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
description:
  - Reads exports of RVTools, Azure Migrate, AWS Application Discovery and libvirt, answers of VMware's info modules, results of
    M(hygeia.golden.workload_info), flow records, samples of load and a site's CMDB sheet, and joins them in one normal form, keyed by the id
    that the platform gives a machine.
  - Where two sources contradict each other, the one that is given first is used, and a result says so. Whatever was guessed, such as
    that two lists mean the same machine because of its name, is a result with the status V(not_checked).
  - Templates, placeholders of Site Recovery Manager and machines of vSphere itself are left out, and listed.
  - A formula in a cell, a workbook that unpacks without end, and an export that is too old are errors that name file, sheet, row and column.
  - Sizes are in MiB. RVTools and the templates of clouds write MB for the same unit.
requirements:
  - python-calamine, on the controller, for XLSX
options:
  _terms:
    description:
      - The sources, each a mapping.
      - Each has a C(kind), which is V(rvtools), V(azure_migrate), V(azure_dependencies), V(aws_discovery), V(vcenter), V(libvirt), V(cmdb),
        V(flows), V(samples) or V(workload), and a C(path), or C(data) for what a task has registered.
      - C(exported) is the day of the export, where the file does not say it; C(max_age) overrides O(max_age) for one source; C(name) is what
        messages call it.
      - C(attributes) of V(rvtools) and V(vcenter) maps a field, such as C(owner), to the custom attribute that has it.
      - C(columns) of V(cmdb) maps a field to the heading of its column, and C(sheet) names the sheet of a workbook.
      - C(vcenter) is the instance UUID of the vCenter that answered, and C(host) the host of libvirt's guests.
    type: list
    elements: dict
    required: true
  max_age:
    description: The days after which an export is too old.
    type: int
    default: 30
  today:
    description: The day as C(YYYY-MM-DD) from which ages are counted. The default is the current day in UTC.
    type: str
seealso:
  - module: community.vmware.vmware_vm_info
  - module: hygeia.golden.workload_info
"""

EXAMPLES = r"""
- name: Show the machines that nobody owns
  ansible.builtin.debug:
    msg: "{{ inventory.machines | selectattr('owner', 'none') | map(attribute='name') }}"
  vars:
    inventory: "{{ lookup('hygeia.golden.migration_inventory', sources) }}"
    sources:
      - {kind: rvtools, path: /srv/migration/RVTools_export_all.xlsx}
      - {kind: cmdb, path: /srv/migration/applications.csv, columns: {name: Server, tier: Clinical tier}}
      - {kind: flows, path: /srv/migration/flows.csv}
"""

RETURN = r"""
_raw:
  description: One inventory.
  type: list
  elements: dict
  contains:
    machines:
      description: The machines by their ids, each with its hardware, disks, addresses, usage, and what the site says of it. What no source
        says is null.
      type: list
      elements: dict
    left_out:
      description: Names and reasons of what is no machine to be moved.
      type: list
      elements: dict
    hosts:
      description: The hosts on which they run.
      type: list
      elements: dict
    clusters:
      description: The clusters of these hosts.
      type: list
      elements: dict
    flows:
      description: Observed connections between ids of machines, or addresses that belong to none.
      type: list
      elements: dict
    samples:
      description: Measured load by id, each sample with its time in seconds since 1970, C(cpu_percent), C(memory_percent), C(iops) and
        C(mib_per_second).
      type: dict
    sources:
      description: What was read, and of which day it is.
      type: list
      elements: dict
    records:
      description: Conflicts, guesses and the age of each source, as results of checks.
      type: list
      elements: dict
    today:
      description: The day from which ages were counted.
      type: str
    schema_version:
      description: The version of this form.
      type: int
"""

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        # Every task with a lookup of this collection loads all of them, and few read an inventory.
        from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
        from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory

        self.set_options(var_options=variables, direct=kwargs)
        today = to_native(self.get_option("today")) or datetime.now(timezone.utc).date().isoformat()
        sources = [source for term in to_native(terms) for source in (term if isinstance(term, list) else [term])]
        try:
            return [inventory(sources, today, self.get_option("max_age"))]
        except Unusable as problem:
            raise AnsibleLookupError(str(problem)) from problem
