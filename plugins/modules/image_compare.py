#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_compare
short_description: Compare two images on one page
description:
  - Writes C(comparison.html), for whoever approves an image, and C(comparison.json) to a directory on the controller. They show what
    differs in files, packages, units, effective values and controls, and first of all what gained rights.
  - A file that a package brought is reported with its package. What lies in a directory that is new or gone is counted with the directory.
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
    details: Each call writes the page again.
options:
  dest:
    description: The directory to write to. It is created if need be.
    type: path
    required: true
  template:
    description: The Jinja template of the page. The default is the collection's own.
    type: path
  before:
    description: The first image, such as the current one.
    type: dict
    required: true
    suboptions: &image
      name:
        description: What the page calls it.
        type: str
        required: true
      tree:
        description: What M(hygeia.golden.tree_info) returned for it.
        type: dict
        required: true
      records:
        description: The records of its controls, as P(hygeia.golden.records#filter) returns them.
        type: list
        elements: dict
        default: []
      profile:
        description: The profile of these controls.
        type: str
        default: ""
      path:
        description: Its file.
        type: str
        default: ""
      sha256:
        description: The digest of its file.
        type: str
        default: ""
  after:
    description: The second image, such as the one to be promoted.
    type: dict
    required: true
    suboptions: *image
seealso:
  - module: hygeia.golden.tree_info
"""

EXAMPLES = r"""
- name: Compare the images
  hygeia.golden.image_compare:
    dest: /srv/evidence/compare
    before:
      name: debian-12, 2026.10
      tree: "{{ hostvars['before'].tree }}"
    after:
      name: debian-12, 2026.11
      tree: "{{ hostvars['after'].tree }}"
"""

RETURN = r"""
page:
  description: The path of the page.
  returned: success
  type: str
  sample: /srv/evidence/compare/comparison.html
figures:
  description: How much differs of each sort.
  returned: success
  type: dict
  sample: {packages: 3, files: 41, notable: 1, units: 2, settings: 4, worse: 0, better: 1}
notable:
  description: What gained rights, or is no longer as its package brought it, a sentence each. At most a hundred.
  returned: success
  type: list
  elements: str
  sample: ["/usr/local/bin/helper: runs as root (setuid)"]
"""
