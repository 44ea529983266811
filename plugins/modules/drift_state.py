#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_state
short_description: Follow the drift of a machine from run to run
description:
  - Keeps what differed on a machine in a file on the controller, and adds to each record when its difference was first and
    last seen. Returns one event for each transition - a difference is new, has changed again or is resolved, the machine
    was not compared any more or is compared again, or it runs another image.
  - What was not compared makes no transition.
  - Runs on the controller and needs no connection to a host.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each call is a run.
options:
  path:
    description: The file with the state of the host. It is created if need be.
    type: path
    required: true
  state:
    description: V(advanced) adds a run. V(delivered) forgets the events that were kept, since somebody has taken them.
    type: str
    choices: [advanced, delivered]
    default: advanced
  records:
    description: The records, as M(hygeia.golden.drift_info) returns them.
    type: list
    elements: raw
    default: []
  reason:
    description: Why the machine was not compared, as M(hygeia.golden.drift_info) returns it.
    type: str
    default: ""
  image:
    description: The image of the machine, as M(hygeia.golden.drift_info) returns it.
    type: dict
    default: {}
  image_sha256:
    description: The digest of the image, as M(hygeia.golden.drift_info) returns it.
    type: str
    default: ""
  keep_events:
    description: Whether to keep events until O(state=delivered), so that none is lost when nobody takes them. At most 1000 are kept.
    type: bool
    default: false
  most_events:
    description: How many events are in the message. The others are only counted.
    type: int
    default: 100
  textfile_dir:
    description: A directory for the textfile collector of node_exporter, in which C(hygeia_drift_HOST.prom) is written.
    type: path
  moment:
    description: The time of the run in UTC as ISO 8601, by default now.
    type: str
seealso:
  - module: hygeia.golden.drift_info
"""

EXAMPLES = r"""
- name: Compare the machine with its image
  hygeia.golden.drift_info:
    evidence_dir: /srv/evidence
    rules: "{{ query('hygeia.golden.drift_rules') }}"
    checks: "{{ query('hygeia.golden.checks', packed=true) }}"
  register: drift

- name: Follow its drift
  hygeia.golden.drift_state:
    path: /srv/drift/{{ inventory_hostname }}.json
    records: "{{ drift.records }}"
    reason: "{{ drift.reason }}"
    image: "{{ drift.image }}"
    image_sha256: "{{ drift.image_sha256 }}"
  register: followed

- name: Show what has happened since the run before
  ansible.builtin.debug:
    msg: "{{ followed.message.events }}"
"""

RETURN = r"""
records:
  description: The records with C(first_seen) and C(last_seen), packed.
  returned: when O(state=advanced)
  type: list
  elements: raw
events:
  description: The number of events in this run, and of those that were kept.
  returned: when O(state=advanced)
  type: int
message:
  description:
    - What to send to a webhook - C(schema), C(host), C(image), C(compared), C(last_compared), C(counts), C(events), and how
      many there are C(more).
  returned: when O(state=advanced)
  type: dict
"""
