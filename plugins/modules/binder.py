#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: binder
short_description: Bind the evidence of a month, quarter or year for auditors
description:
  - Reads the evidence of all runs of all hosts and images in a directory, and writes one self-contained page about a period,
    C(binder.html), and the same as C(binder.json) and, if Chromium is installed, C(binder.pdf).
  - It shows by safeguard what was in force; what failed, for how long, and who accepted it; which patch deadlines were kept and missed;
    which restores were proven; which images were promoted; and whether signatures and the index of runs verify.
  - C(manifest.json) has the digests of these files and of the manifests of all runs. With O(signing_key) it is signed, and
    M(hygeia.golden.evidence_verify) verifies the binder like the evidence of a run.
  - Evidence that cannot be read is named. Controls that no run looked at are not shown as met.
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
    details: Each call writes a new directory.
options:
  evidence:
    description: The directory with the evidence of all hosts, as the role P(hygeia.golden.evidence#role) writes it.
    type: path
    required: true
  period:
    description: The month, quarter or year in UTC, such as V(2026-11), V(2026-Q4) or V(2026).
    type: str
    required: true
  dest:
    description: The directory to write. When it exists, a number is added to its name.
    type: path
    required: true
  template:
    description: The Jinja template of the page. The default is the collection's own.
    type: path
  frameworks:
    description: The ids of the frameworks by whose citations the binder is arranged.
    type: list
    elements: str
    default: [hipaa]
  policy:
    description: Directories of the site's own policy, for frameworks of its own.
    type: list
    elements: path
    default: []
  histories:
    description: The histories of images, C(NAME.history.jsonl), to verify in addition to the index of runs.
    type: list
    elements: path
    default: []
  pdf:
    description: Whether to write C(binder.pdf) too. Without Chromium, a warning says that there is none.
    type: bool
    default: true
  allowed_signers:
    description:
      - The file with the public keys whose signatures of OpenSSH count, as for M(hygeia.golden.evidence_verify).
      - Without it and without O(authorities), the binder says that signatures were not verified.
    type: path
  authorities:
    description: The file with the certificates, in PEM, whose holders issue the certificates of those who sign with CMS.
    type: path
  timestamp_authorities:
    description: The file with the certificates of time stamping authorities, in PEM. With it, runs must have time stamps.
    type: path
  signing_key:
    description:
      - The file with the key that signs the binder, as M(hygeia.golden.evidence_sign) takes it.
      - If the binder cannot be signed, it is not written.
    type: path
  signing_certificate:
    description: The file with the X.509 certificate of O(signing_key), for a signature of CMS.
    type: path
seealso:
  - module: hygeia.golden.evidence_verify
  - module: hygeia.golden.history_verify
"""

EXAMPLES = r"""
- name: Bind the evidence of a quarter
  hygeia.golden.binder:
    evidence: /srv/evidence
    period: 2026-Q4
    dest: /srv/binders/2026-Q4
    allowed_signers: /etc/hygeia/allowed_signers
    signing_key: /etc/hygeia/auditor.pub
"""

RETURN = r"""
path:
  description: The directory that was written.
  returned: success
  type: str
  sample: /srv/binders/2026-Q4
files:
  description: The names of its files.
  returned: success
  type: list
  elements: str
  sample: [binder.html, binder.json, binder.pdf, manifest.json, manifest.json.sig]
problems:
  description: A sentence for each reason why the binder is incomplete or its evidence does not verify.
  returned: success
  type: list
  elements: str
  sample: []
figures:
  description:
    - How many C(runs) and C(hosts) it is about; failures that are C(open), C(accepted) or C(fixed) at the end; patch deadlines that were
      C(missed) and C(kept); and runs that were C(verified).
  returned: success
  type: dict
  sample: {runs: 48, hosts: 12, open: 3, accepted: 2, fixed: 9, missed: 1, kept: 64, verified: 48}
"""
