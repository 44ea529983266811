#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet
short_description: Write a page about all hosts and images
description:
  - Reads the evidence store, to which the role P(hygeia.golden.evidence#role) adds each run, and writes one self-contained page about all
    hosts, C(fleet.html), and its tables as CSV files.
  - It shows the score and its trend, the areas and groups with the lowest scores, what fails on how many hosts, patches past their deadline,
    drift by class, single hosts that differ from all others of their kind, waivers that end soon, hosts that were not seen lately, and
    which images run and how old they are. What is not known is shown as not known.
  - The files of each day that is over are merged, so that a store of many hosts is read quickly.
  - Runs on the controller, needs no connection to a host, and needs the Python package duckdb there.
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
    details: The page has the time at which it was made.
options:
  store:
    description: The directory of the evidence store.
    type: path
    required: true
  dest:
    description: The directory for the page and the CSV files. Files of the same names are replaced, others are left alone.
    type: path
    required: true
  evidence:
    description:
      - A directory with the evidence of all hosts, from which runs are added that the store does not have, for example those of before
        there was a store. A run that cannot be read is named in a warning.
    type: path
  title:
    description: What the page is called.
    type: str
    default: Fleet
  day:
    description: The day in UTC that the page is about, such as V(2026-11-30). The default is today.
    type: str
  days:
    description: How many days the trend has.
    type: int
    default: 30
  silent_days:
    description: After how many days a host counts as not seen.
    type: int
    default: 7
  waiver_days:
    description: Waivers that end within so many days are listed.
    type: int
    default: 30
  forget_days:
    description: After how many days without a run a host is left out. It is at least O(days).
    type: int
    default: 365
  compact:
    description: Whether to merge the files of days that are over. Two of these at the same time wait for each other.
    type: bool
    default: true
  template:
    description: The Jinja template of the page. The default is the collection's own.
    type: path
seealso:
  - module: hygeia.golden.evidence
  - module: hygeia.golden.binder
"""

EXAMPLES = r"""
- name: Write a page about all hosts
  hygeia.golden.fleet:
    store: /srv/evidence-store
    dest: /srv/www/fleet
"""

RETURN = r"""
path:
  description: The page.
  returned: success
  type: str
  sample: /srv/www/fleet/fleet.html
files:
  description: The names of the files that were written.
  returned: success
  type: list
  elements: str
  sample: [areas.csv, differing.csv, drift.csv, failing.csv, fleet.html, hosts.csv, images.csv, overdue.csv, trend.csv, waivers.csv]
added:
  description: How many runs were added from O(evidence).
  returned: success
  type: int
  sample: 0
merged:
  description: How many files were replaced by merged ones.
  returned: success
  type: int
  sample: 240
figures:
  description:
    - How many C(hosts) there are; C(serious) of them fail a control of severity high or critical, C(overdue) have patches past the deadline,
      C(unexplained) drifted without an explanation, C(silent) were not seen lately, and C(unchecked) were never checked.
    - C(percent) is the share of applicable controls that passed, or null.
  returned: success
  type: dict
  sample: {hosts: 240, serious: 3, overdue: 12, unexplained: 0, silent: 1, unchecked: 0, percent: 97.4}
"""
