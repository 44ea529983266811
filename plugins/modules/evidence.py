#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence
short_description: Write the evidence of a run
description:
  - Writes a directory on the controller with C(results.json), C(report.html), C(coverage.csv), C(manifest.json), C(junit.xml)
    and, where it is known what is installed, C(sbom.cdx.json), which are all views of the same facts. The directory is
    written atomically, and an earlier one is never overwritten.
  - Works with partial data, so that a run that failed also leaves evidence.
  - Values that look like secrets are masked in every file.
  - Runs on the controller and needs no connection to the host.
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
    details: Each call writes a new directory.
options:
  path:
    description: The directory to write. When it exists, a number is added to its name.
    type: path
    required: true
  template:
    description: The Jinja template of the report.
    type: path
    required: true
  profile:
    description: The id of the profile.
    type: str
    required: true
  severity:
    description: The minimum severity at which a failed control is blocking.
    type: str
    choices: [low, medium, high, critical]
    default: high
  origins:
    description: The origins of the results that the gate evaluated. Other results are shown but are not blocking.
    type: list
    elements: str
    default: [hygeia.golden]
  frameworks:
    description: The ids of the frameworks whose citations the report lists individually, the first of them in full.
    type: list
    elements: str
    default: [hipaa]
  docs:
    description:
      - The address under which the collection's C(docs) directory can be read, to which the report links each control.
        An empty string disables the links.
      - The default is the address that the collection names as its documentation.
    type: str
  policy:
    description: Directories of the site's own policy, for frameworks of its own.
    type: list
    elements: path
    default: []
  controls:
    description: The controls, as P(hygeia.golden.controls#lookup) returns them.
    type: list
    elements: raw
    default: []
  checks:
    description: The checks, as P(hygeia.golden.checks#lookup) returns them, for what the report says about them.
    type: list
    elements: raw
    default: []
  records:
    description: The records, as P(hygeia.golden.records#filter) returns them.
    type: list
    elements: raw
    default: []
  outcomes:
    description: The outcomes, as M(hygeia.golden.enforce) returns them.
    type: list
    elements: dict
    default: []
  diffs:
    description: The differences, as M(hygeia.golden.enforce) returns them.
    type: list
    elements: dict
    default: []
  changes:
    description: The packages that changed, each with C(package), C(from) and C(to).
    type: list
    elements: dict
    default: []
  pending:
    description: The packages with an update that was not installed, in the same form.
    type: list
    elements: dict
    default: []
  source:
    description: The template, with C(path), C(sha256) and C(size), and its further disks as C(disks).
    type: dict
  isolation:
    description:
      - The isolation of the programs that ran in the template, with C(held) as V(strong) or V(reduced), and the
        C(reason) if it was not V(strong).
    type: dict
    default: {}
  image:
    description: The promoted image, with C(path), C(sha256) and C(size).
    type: dict
  staged:
    description: The image that is about to be promoted, in the same form. The evidence then says V(approved).
    type: dict
  boot_skipped:
    description: Whether the boot check was skipped.
    type: bool
    default: false
  promotes:
    description: Whether the run was to promote an image of its template. V(false) for an audit of an image.
    type: bool
    default: true
  boot_required:
    description: Whether a template must have been booted to be promoted.
    type: bool
    default: false
  replaces:
    description: A directory that this module wrote earlier in the same run, to be replaced.
    type: path
  index:
    description:
      - The index of all runs, to which this one is added, for example C(runs.jsonl) in a directory above O(path). It is a
        hash chain, which M(hygeia.golden.history_verify) verifies. With O(signing_key), a checkpoint of it is signed.
      - Runs that end at the same time wait for each other.
    type: path
  store:
    description:
      - The directory of the evidence store, to which the run is added as Parquet files. It needs the Python package duckdb.
      - The evidence is written first. If the store cannot be written, a warning says so, and M(hygeia.golden.fleet) can add the run later.
    type: path
  groups:
    description: The groups of the host. The default is those of the inventory.
    type: list
    elements: str
  image_history:
    description: The end of the history of the images, as M(hygeia.golden.image_session) returns it as C(history).
    type: dict
    default: {}
  vulnerabilities:
    description: The vulnerabilities that stay open, as P(hygeia.golden.deadlines#filter) or M(hygeia.golden.patch_info) returns them.
    type: list
    elements: dict
    default: []
  closed:
    description: The vulnerabilities that the run closed, in the same form.
    type: list
    elements: dict
    default: []
  feeds:
    description:
      - The feeds that were read, as M(hygeia.golden.patch_info) returns them. Without feeds, the evidence states that
        vulnerabilities are unknown.
    type: list
    elements: dict
    default: []
  installed:
    description: What is installed, as M(hygeia.golden.release_info) returns it, for C(sbom.cdx.json).
    type: list
    elements: raw
    default: []
  system:
    description: The system, as M(hygeia.golden.release_info) returns it.
    type: dict
    default: {}
  release:
    description: Which image the system came from, as M(hygeia.golden.release_info) returns it.
    type: dict
    default: {}
  rollback:
    description: The change of the pointer, as M(hygeia.golden.image_rollback) returns it.
    type: dict
    default: {}
  boot:
    description: The facts about the throwaway boot.
    type: dict
    default: {}
  image_manifest:
    description:
      - What makes up the image, as M(hygeia.golden.system_manifest_info) returns it of the throwaway boot, for
        C(image_manifest.json).
    type: list
    elements: str
    default: []
  playbook:
    description: The playbook's file.
    type: path
  started:
    description: When the run started, in UTC as ISO 8601.
    type: str
  failure:
    description: Why the run stopped before its end.
    type: str
  signing_key:
    description:
      - The file on the controller with the key that signs C(manifest.json), as M(hygeia.golden.evidence_sign) takes it.
      - If the manifest cannot be signed, no evidence is written, and so nothing is promoted.
    type: path
  signing_certificate:
    description: The file with the X.509 certificate of O(signing_key), for a signature of CMS.
    type: path
"""

EXAMPLES = r"""
- name: Write the evidence
  hygeia.golden.evidence:
    path: "/srv/evidence/{{ inventory_hostname }}/{{ now(utc=true).strftime('%Y%m%dT%H%M%SZ') }}"
    template: "{{ role_path }}/templates/report.html.j2"
    profile: hipaa
    controls: "{{ baseline_controls }}"
    records: "{{ verify_records }}"
"""

RETURN = r"""
path:
  description: The directory that was written.
  returned: always
  type: str
  sample: /srv/evidence/debian-12/20261009T120000Z
verdict:
  description:
    - V(promoted), V(approved) before that, V(passed), V(refused), V(stopped), V(rolled_back), or V(unverified) if
      nothing was checked.
  returned: always
  type: str
  sample: refused
text:
  description: How the run ended, in a sentence.
  returned: always
  type: str
  sample: One control of severity high or above failed, so the image was not promoted.
failing:
  description: The controls that are blocking, in the order of the records.
  returned: always
  type: list
  elements: str
  sample: [ssh-root-login]
failures:
  description: Every control that failed or could not be read, the most severe first, with its title and whether it is blocking.
  returned: always
  type: list
  elements: str
  sample: ["ssh-root-login: Set PermitRootLogin to no (blocking)"]
stored:
  description: The files that were written to O(store).
  returned: always
  type: list
  elements: str
score:
  description: The figures, as P(hygeia.golden.score#filter) returns them.
  returned: always
  type: dict
"""
