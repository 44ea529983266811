#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_plan
short_description: Plan the migration of many machines to another platform
description:
  - Reads the inventory as P(hygeia.golden.migration_inventory#lookup) does, finds dependencies, concerns, waves, hosts and placement, and
    writes the plan to a directory on the controller.
  - C(migration.html) is the page for people; C(plan.json) has everything, in the form of
    C(roles/baseline/files/schema/migration_plan.json); C(waves.csv), C(waves-aws.csv) and C(waves-azure.csv) list the machines by wave;
    C(segmentation.yml) is a draft for the role P(hygeia.golden.segment#role).
  - The same sources, policy and day give the same files.
  - Runs on the controller and needs no connection to a host.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - jsonschema, on the controller
  - python-calamine, on the controller, for XLSX
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each call writes the plan again.
options:
  sources:
    description: The sources of the inventory, as P(hygeia.golden.migration_inventory#lookup) takes them.
    type: list
    elements: dict
    required: true
  dest:
    description: The directory to write to. It is created if need be.
    type: path
    required: true
  policy:
    description:
      - A YAML file with what the site decides about the migration, as described in C(docs/migration-planning.md).
      - Without it, everything has its default.
    type: path
  today:
    description: The day of the plan as C(YYYY-MM-DD). The default is the current day in UTC.
    type: str
  max_age:
    description: The days after which an export is too old.
    type: int
    default: 30
  template:
    description: The Jinja template of the page. The default is the collection's own.
    type: path
seealso:
  - plugin: hygeia.golden.migration_inventory
    plugin_type: lookup
  - plugin: hygeia.golden.migration_waves
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan the migration
  hygeia.golden.migration_plan:
    sources:
      - {kind: rvtools, path: /srv/migration/RVTools_export_all.xlsx}
      - {kind: cmdb, path: /srv/migration/applications.csv}
      - {kind: flows, path: /srv/migration/flows.csv}
    policy: /srv/migration/policy.yml
    dest: /srv/migration/plan
"""

RETURN = r"""
path:
  description: The path of the page.
  returned: success
  type: str
  sample: /srv/migration/plan/migration.html
files:
  description: The names of the files.
  returned: success
  type: list
  elements: str
  sample: [migration.html, plan.json, segmentation.yml, waves-aws.csv, waves-azure.csv, waves.csv]
figures:
  description: How many machines, waves, hosts and so on there are.
  returned: success
  type: dict
  sample: {machines: 412, waves: 14, scheduled: 398, unscheduled: 6, retired: 8, ready: 201, blocked: 3}
unknown:
  description: What is not known yet, and of how many machines.
  returned: success
  type: list
  elements: str
  sample: ["Who owns it: 23"]
"""
