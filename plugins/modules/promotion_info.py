#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: promotion_info
short_description: Read the verified evidence of a promoted image
description:
  - Finds the evidence of a promotion by the digest of the image, verifies it, and returns what it states about the machines that
    the image can run in.
  - Files that differ from C(manifest.json) are refused, and so is a signature that does not verify. Evidence without a signature
    is accepted only if neither O(allowed_signers) nor O(authorities) is set, and signed evidence only if one of them is.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  path:
    description: The directory with all runs of a host, or that of one run.
    type: path
    required: true
  sha256:
    description: The SHA-256 of the image.
    type: str
    required: true
  allowed_signers:
    description: The public keys whose signatures count, as for M(hygeia.golden.evidence_verify).
    type: path
  authorities:
    description: The certificates whose holders issue those of CMS signers.
    type: path
  signers:
    description: Who must have signed. The default is at least one allowed signer.
    type: list
    elements: str
    default: []
  timestamp_authorities:
    description: The certificates of time stamping authorities, of which one must have stamped a signature.
    type: path
seealso:
  - module: hygeia.golden.evidence_verify
  - module: hygeia.golden.portability_info
"""

EXAMPLES = r"""
- name: Require evidence of the image
  hygeia.golden.promotion_info:
    path: /srv/evidence/debian-12
    sha256: "{{ image_promoted.image.sha256 }}"
    allowed_signers: /etc/hygeia/allowed_signers
  delegate_to: localhost
  register: promotion
"""

RETURN = r"""
path:
  description: The directory of the run that promoted the image.
  returned: success
  type: str
  sample: /srv/evidence/debian-12/20261109T120000Z
signers:
  description: Who signed it, none if nobody did.
  returned: success
  type: list
  elements: str
  sample: [pipeline@example.org]
ended:
  description: When the run ended.
  returned: success
  type: str
  sample: "2026-11-09T12:04:10Z"
machines:
  description:
    - For each platform of the run's C(verify_platforms) the C(firmware), C(disks) and C(networks) that work with every kernel of
      the image, and whether the C(agent) of the platform starts.
  returned: success
  type: dict
  sample: {kvm: {firmware: [bios], disks: [virtio-blk, virtio-scsi], networks: [virtio-net], agent: true}}
"""

from ansible_collections.hygeia.golden.plugins.module_utils.publishing import evidence
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "path": {"type": "path", "required": True},
            "sha256": {"type": "str", "required": True},
            "allowed_signers": {"type": "path"},
            "authorities": {"type": "path"},
            "signers": {"type": "list", "elements": "str", "default": []},
            "timestamp_authorities": {"type": "path"},
        },
        supports_check_mode=True,
    )
    given = module.params
    trust = Trust(given["allowed_signers"] or "", given["authorities"] or "", tuple(given["signers"]), given["timestamp_authorities"] or "")
    try:
        found = evidence.of(given["path"], given["sha256"], trust)
    except SigningError as problem:
        module.fail_json(msg=f"The image is not published without its evidence: {problem}.")
    module.exit_json(changed=False, path=found.path, signers=found.signers, ended=found.ended, machines=found.machines)


if __name__ == "__main__":
    main()
