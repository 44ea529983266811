#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_verify
short_description: Verify the signatures, the files and the image of evidence
description:
  - Verifies every signature beside C(manifest.json), compares the other files of the evidence with the digests in it, and,
    if O(image) or O(sha256) is given, the image as well. Fails if anything differs or a signature is missing.
  - Needs OpenSSH for signatures of OpenSSH, and OpenSSL for those of CMS.
  - A key must have been valid when the run ended. That time is in the manifest and so the word of whoever signed it. With
    O(timestamp_authorities), a key must have been valid at the time of the time stamp.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  path:
    description:
      - The directory of the run, in which C(manifest.json) lies.
      - Given O(sha256), this can also be the directory with all runs of a host; the newest one with that image is verified.
    type: path
    required: true
  allowed_signers:
    description:
      - The file with the public keys whose signatures of OpenSSH count, in the format that ssh-keygen(1) describes under
        ALLOWED SIGNERS, for example with C(namespaces="hygeia-evidence").
    type: path
  authorities:
    description: The file with the certificates, in PEM, whose holders issue the certificates of those who sign with CMS.
    type: path
  signers:
    description:
      - Who must have signed. The default is at least one allowed signer.
      - A signer of OpenSSH is named by the principal in O(allowed_signers), one of CMS by the subject as RFC 2253 writes it.
    type: list
    elements: str
    default: []
  timestamp_authorities:
    description:
      - The file with the certificates of time stamping authorities (RFC 3161), in PEM. With it, at least one signature must
        have a time stamp, as M(hygeia.golden.evidence_timestamp) requests it, and time stamps must verify.
    type: path
  image:
    description: The promoted image, which is read in full to compare its digest.
    type: path
  sha256:
    description: The SHA-256 of the image that the evidence must be about.
    type: str
seealso:
  - module: hygeia.golden.evidence_sign
  - module: hygeia.golden.evidence_timestamp
  - module: hygeia.golden.history_verify
"""

EXAMPLES = r"""
- name: Require the signatures of pipeline and approver
  hygeia.golden.evidence_verify:
    path: /srv/evidence/debian-12/20261109T120000Z
    image: /srv/golden/debian-12.qcow2
    allowed_signers: /etc/hygeia/allowed_signers
    signers: [pipeline@example.org, approver@example.org]
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The directory of the run.
  returned: success
  type: str
signatures:
  description:
    - The signatures that verified, each with its C(file), the C(signer), and the fingerprint of the C(key) or certificate.
    - If a time stamp verified, C(stamped) is its time.
  returned: always
  type: list
  elements: dict
  sample: [{file: manifest.json.sig, signer: pipeline@example.org, key: "ED25519 key SHA256:IN5ElAvu8GQDnuACvTD0wnOVnqTxfT8MTyohmpeKPsc"}]
attestations:
  description: The types of the attestations about the image that verified.
  returned: success
  type: list
  elements: str
  sample: ["https://slsa.dev/provenance/v1", "https://in-toto.io/attestation/test-result/v0.1"]
problems:
  description: A sentence for each thing that does not verify.
  returned: always
  type: list
  elements: str
host:
  description: The host of the run.
  returned: success
  type: str
outcome:
  description: The outcome of the run.
  returned: success
  type: str
  sample: promoted
ended:
  description: When the run ended, according to whoever signed.
  returned: success
  type: str
  sample: "2026-11-09T12:04:10Z"
sha256:
  description: The SHA-256 of the image of the run, or null.
  returned: success, and null if the run promoted no image
  type: str
"""

import os

from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST, Trust, newest, verify
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "path": {"type": "path", "required": True},
            "allowed_signers": {"type": "path"},
            "authorities": {"type": "path"},
            "signers": {"type": "list", "elements": "str", "default": []},
            "timestamp_authorities": {"type": "path"},
            "image": {"type": "path"},
            "sha256": {"type": "str"},
        },
        required_one_of=[["allowed_signers", "authorities"]],
        supports_check_mode=True,
    )
    given = module.params
    trust = Trust(given["allowed_signers"] or "", given["authorities"] or "", tuple(given["signers"]), given["timestamp_authorities"] or "")
    path, sha256 = given["path"], given["sha256"] or ""
    try:
        path = path if not sha256 or os.path.lexists(os.path.join(path, MANIFEST)) else newest(path, sha256)
    except SigningError as problem:
        module.fail_json(msg=f"The evidence is not verified: {problem}.", signatures=[], problems=[str(problem)])
    found = verify(path, trust, given["image"] or "", sha256)
    if found.problems:
        message = f"The evidence {path} does not verify: {'; '.join(found.problems)}."
        module.fail_json(msg=message, signatures=found.signatures, problems=found.problems)
    module.exit_json(
        changed=False,
        path=path,
        signatures=found.signatures,
        attestations=found.attestations,
        problems=[],
        host=str(found.manifest.get("host", "")),
        outcome=str((found.manifest.get("verdict") or {}).get("outcome", "")),
        ended=found.manifest["ended"],
        sha256=(found.manifest.get("image") or {}).get("sha256"),
    )


if __name__ == "__main__":
    main()
