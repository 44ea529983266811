#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_info
short_description: Compare a machine with the image that it came from
description:
  - Compares what M(hygeia.golden.system_manifest_info) reads from the machine with the manifest in the evidence of the
    promotion of its image. There is one record for each difference, with its class and what explains it.
  - The reference comes from the controller, so nobody on the machine can rewrite it.
  - A machine that does not answer, whose image is unknown, or whose evidence does not verify fails no task. Its records
    are V(not_checked), with the reason.
  - Nothing is changed, except that O(cache) is written on the machine.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  evidence_dir:
    description: The directory of the evidence on the controller, in which each template and host has its own.
    type: path
    required: true
  reference:
    description:
      - The directory with the evidence of the promotion. By default it is the one that the image of the machine names, below
        O(evidence_dir).
    type: path
  image_sha256:
    description:
      - The digest of the image that the machine should run. Without it, the machine says itself which one it came
        from, and is compared with that.
    type: str
  allowed_signers:
    description: OpenSSH's file with the keys whose signatures of the evidence count.
    type: path
  authorities:
    description: The file with the certificates whose signatures of the evidence count.
    type: path
  signers:
    description: Who must have signed the evidence.
    type: list
    elements: str
    default: []
  rules:
    description: The rules of what is compared and what may differ, as P(hygeia.golden.drift_rules#lookup) returns them.
    type: list
    elements: raw
    default: []
  checks:
    description: The checks, as P(hygeia.golden.checks#lookup) returns them.
    type: list
    elements: raw
    required: true
  controls:
    description: The controls of the host, as P(hygeia.golden.controls#lookup) returns them. A difference weighs what it touches.
    type: list
    elements: raw
    default: []
  cache:
    description: As for M(hygeia.golden.system_manifest_info).
    type: path
  cache_period:
    description: As for M(hygeia.golden.system_manifest_info).
    type: int
    default: 168
  max_differences:
    description: The number of differences without an explanation beyond which the advice is to make the machine anew. V(0) is none.
    type: int
    default: 0
  max_days:
    description: The age in days of the last patch, of the image or on the machine, beyond which the advice is the same. V(0) is none.
    type: int
    default: 0
  today:
    description: The day on which rules and ages are evaluated, by default today in UTC.
    type: str
seealso:
  - module: hygeia.golden.system_manifest_info
  - plugin: hygeia.golden.drift_rules
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Compare the machine with its image
  hygeia.golden.drift_info:
    evidence_dir: /srv/evidence
    rules: "{{ query('hygeia.golden.drift_rules') }}"
    checks: "{{ query('hygeia.golden.checks', packed=true) }}"
    cache: /var/cache/hygeia/files
  register: drift

- name: Show what nothing explains
  ansible.builtin.debug:
    msg: >-
      {{ drift.records | hygeia.golden.unpacked | selectattr('drift', 'defined')
         | selectattr('drift.class', 'equalto', 'unexplained') | map(attribute='message') }}
"""

RETURN = r"""
compared:
  description: Whether the machine was compared at all.
  returned: always
  type: bool
reason:
  description: Why it was not.
  returned: always
  type: str
records:
  description:
    - One record for each difference, and one for each category without any, as P(hygeia.golden.records#filter) returns
      them, packed. A difference also has C(drift) with its C(category), C(item), C(class), C(explained_by), C(package),
      C(files), C(touches), C(first_seen) and C(last_seen).
  returned: always
  type: list
  elements: raw
image:
  description: What the machine says of its image.
  returned: always
  type: dict
image_sha256:
  description: The digest of the image, from its evidence.
  returned: always
  type: str
reference:
  description: The directory of the evidence.
  returned: always
  type: str
controls:
  description: The verdict on each control when the image was promoted, for P(hygeia.golden.drift_controls#filter).
  returned: always
  type: dict
differences:
  description: The number of differences.
  returned: always
  type: int
classes:
  description: The number of differences in each class.
  returned: always
  type: dict
  sample: {patch: 3, site: 1, application: 0, unexplained: 0}
"""
