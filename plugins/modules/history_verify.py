#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: history_verify
short_description: Verify that a history was not changed
description:
  - Verifies the index of runs, C(runs.jsonl) in the directory of the evidence, or the history of images, C(NAME.history.jsonl)
    beside the images. Fails, and names each entry that was removed, edited, reordered or cut off.
  - Each entry holds the SHA-256 of the one before it. That nothing was cut off at the end, and that the history was not
    written anew as a whole, follows from signatures. For the index of runs that is the signature of C(runs.jsonl.checkpoint),
    for the history of images those of the evidence of the runs that moved the pointer.
  - For the index of runs, the manifest of each run must also be the one that is listed.
  - Entries from before the history was chained are reported as such in RV(notes).
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  path:
    description: The history.
    type: path
    required: true
  evidence:
    description:
      - The directory with the evidence of all hosts.
      - The default is the directory of O(path), which is right for the index of runs.
    type: path
  checkpoint:
    description:
      - A copy of C(runs.jsonl.checkpoint) that was kept elsewhere.
      - Whoever may write to the directory of the evidence can put an older index with its checkpoint there. This shows it.
    type: path
  allowed_signers:
    description: The file with the public keys whose signatures of OpenSSH count, as for M(hygeia.golden.evidence_verify).
    type: path
  authorities:
    description: The file with the certificates, in PEM, whose holders issue the certificates of those who sign with CMS.
    type: path
  timestamp_authorities:
    description: The file with the certificates of time stamping authorities, in PEM. With it, checkpoints must have a time stamp.
    type: path
seealso:
  - module: hygeia.golden.evidence_verify
  - module: hygeia.golden.evidence_timestamp
"""

EXAMPLES = r"""
- name: Verify the index of runs
  hygeia.golden.history_verify:
    path: /srv/evidence/runs.jsonl
    allowed_signers: /etc/hygeia/allowed_signers
  delegate_to: localhost

- name: Verify the history of an image
  hygeia.golden.history_verify:
    path: /srv/golden/debian-12.history.jsonl
    evidence: /srv/evidence
    allowed_signers: /etc/hygeia/allowed_signers
  delegate_to: localhost
"""

RETURN = r"""
entries:
  description: The number of entries.
  returned: always
  type: int
  sample: 218
sha256:
  description: The SHA-256 of the last entry, or null if there is none.
  returned: always
  type: str
confirmed:
  description: Up to which entry a signature confirms the history.
  returned: always
  type: int
  sample: 218
unchained:
  description: The number of lines from before the history was chained.
  returned: always
  type: int
  sample: 0
signatures:
  description: The signatures that verified, each with its C(file), the C(signer), and the fingerprint of the C(key) or certificate.
  returned: always
  type: list
  elements: dict
problems:
  description: A sentence for each thing that was changed.
  returned: always
  type: list
  elements: str
  sample: ["entry 7 is missing"]
notes:
  description: What limits the statement, such as entries that are newer than every signature.
  returned: always
  type: list
  elements: str
  sample: ["3 lines from before the history was chained: whether they were changed until then, nothing shows"]
"""

import os
import time

from ansible_collections.hygeia.golden.plugins.module_utils.signing.history import verify
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            name: {"type": "path", "required": name == "path"}
            for name in ("path", "evidence", "checkpoint", "allowed_signers", "authorities", "timestamp_authorities")
        },
        required_one_of=[["allowed_signers", "authorities"]],
        supports_check_mode=True,
    )
    given = {name: value or "" for name, value in module.params.items()}
    trust = Trust(given["allowed_signers"], given["authorities"], timestamp_authorities=given["timestamp_authorities"])
    evidence = given["evidence"] or os.path.dirname(os.path.abspath(given["path"]))
    today = time.strftime("%Y-%m-%d", time.gmtime())
    try:
        found = verify(given["path"], evidence, trust, given["checkpoint"], today)
    except SigningError as problem:
        module.fail_json(msg=f"The history {given['path']} cannot be verified: {problem}.")
    known = found.examination
    result = {
        "entries": known.entries,
        "sha256": known.sha256,
        "confirmed": known.confirmed,
        "unchained": known.unchained,
        "signatures": found.signatures,
        "problems": found.problems,
        "notes": found.notes,
    }
    if found.problems:
        module.fail_json(msg=f"The history {given['path']} does not verify: {'; '.join(found.problems)}.", **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
