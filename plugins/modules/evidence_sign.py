#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_sign
short_description: Sign the evidence of a run
description:
  - Signs C(manifest.json), which holds the digests of the other files of the evidence and of the image, with a detached
    signature beside it. The files are compared with these digests first.
  - Without O(certificate), the signature is one of OpenSSH (C(ssh-keygen -Y sign), namespace C(hygeia-evidence)), which
    anybody with OpenSSH can verify. With it, the signature is one of CMS (RFC 5652), by C(openssl cms).
  - Several people can sign one run, each under a O(name) of their own, for example the pipeline and an approver.
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
    support: full
    details: A signature of that name that fits the manifest is kept.
options:
  path:
    description: The directory of the run, in which C(manifest.json) lies.
    type: path
    required: true
  key:
    description:
      - The file with the private key, without a passphrase.
      - For a key that an SSH agent, a PKCS#11 token or a FIDO security key holds, the file with the public key. Then the
        private key is not stored on this machine.
    type: path
    required: true
  certificate:
    description: The file with the X.509 certificate of O(key), in PEM, for a signature of CMS.
    type: path
  name:
    description: Whose signature this is, as part of the file's name. The default is the signature that a run makes itself.
    type: str
    default: ""
seealso:
  - module: hygeia.golden.evidence_verify
"""

EXAMPLES = r"""
- name: Approve the evidence with the key in the agent
  hygeia.golden.evidence_sign:
    path: /srv/evidence/debian-12/20261109T120000Z
    key: ~/.ssh/approver.pub
    name: approver
  delegate_to: localhost
"""

RETURN = r"""
signature:
  description: The path of the signature.
  returned: success
  type: str
  sample: /srv/evidence/debian-12/20261109T120000Z/manifest.json.approver.sig
"""

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.signing import cms, ssh, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "path": {"type": "path", "required": True},
            "key": {"type": "path", "required": True, "no_log": False},
            "certificate": {"type": "path"},
            "name": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    path, key, certificate, name = (module.params[option] for option in ("path", "key", "certificate", "name"))
    if not re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_-]*)?", name):
        module.fail_json(msg=f"{name!r} cannot be part of a file's name: use letters, digits, hyphens and underscores")
    try:
        content = verification.read(path, verification.MANIFEST)
        problems = verification.differing(path, verification.parsed(content)["files"])
        if problems:
            raise SigningError("; ".join(problems))
        form = cms if certificate else ssh
        signature = os.path.join(path, f"{verification.MANIFEST}{'.' if name else ''}{name}{form.SUFFIX}")
        changed = not form.fits(content, signature)
        if changed and not module.check_mode:
            atomic.write(signature, cms.sign(content, certificate, key) if certificate else ssh.sign(content, key), 0o640)
    except SigningError as problem:
        module.fail_json(msg=f"The evidence {path} is not signed: {problem}.")
    except OSError as problem:
        module.fail_json(msg=f"The evidence {path} is not signed: {problem.filename} cannot be written ({problem.strerror}).")
    module.exit_json(changed=changed, signature=signature)


if __name__ == "__main__":
    main()
