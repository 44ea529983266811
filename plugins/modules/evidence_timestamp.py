#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_timestamp
short_description: Have a signature of evidence time-stamped
description:
  - Asks a time stamping authority (RFC 3161) for a time stamp of a file, for example the signature of evidence or the checkpoint
    of the index of runs, and writes it beside the file, as C(FILE.tsr). Only the digest of the file is sent.
  - Without a time stamp, the time of a signature is the word of whoever signed. With it, a signature counts even if its key
    was stolen or ended later.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.web
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A time stamp of the same file is kept.
options:
  path:
    description: The file.
    type: path
    required: true
  url:
    description: The address of the authority, to which a query is sent over HTTP (RFC 3161, section 3.4).
    type: str
    required: true
  authorities:
    description:
      - The file with the certificates, in PEM, of the authorities that are trusted. The time stamp is verified with them.
    type: path
    required: true
  required:
    description: Whether the module fails if it gets no time stamp. Otherwise it warns, and a later call can try again.
    type: bool
    default: true
  timeout:
    description: How long to wait for the authority, in seconds.
    type: float
    default: 20
seealso:
  - module: hygeia.golden.evidence_sign
  - module: hygeia.golden.evidence_verify
"""

EXAMPLES = r"""
- name: Have the signature time-stamped
  hygeia.golden.evidence_timestamp:
    path: /srv/evidence/debian-12/20261109T120000Z/manifest.json.sig
    url: https://tsa.example.org/
    authorities: /etc/hygeia/tsa.pem
  delegate_to: localhost
"""

RETURN = r"""
timestamp:
  description: The path of the time stamp.
  returned: always
  type: str
  sample: /srv/evidence/debian-12/20261109T120000Z/manifest.json.sig.tsr
time:
  description: The time that it states, in UTC. Null if there is no time stamp, for example in check mode.
  returned: always
  type: str
  sample: "2026-11-09T12:04:11Z"
msg:
  description: Why there is no time stamp.
  returned: if there is none and O(required=false)
  type: str
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.proofs import web
from ansible_collections.hygeia.golden.plugins.module_utils.signing import timestamps, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "path": {"type": "path", "required": True},
            "url": {"type": "str", "required": True},
            "authorities": {"type": "path", "required": True},
            "required": {"type": "bool", "default": True},
            "timeout": {"type": "float", "default": 20},
            **web.SPEC,
        },
        supports_check_mode=True,
    )
    given = module.params
    path = os.path.abspath(given["path"])
    stamp = path + timestamps.SUFFIX
    try:
        content = verification.read(*os.path.split(path))
        time = _known(content, stamp, given["authorities"])
        changed = time is None
        if changed and not module.check_mode:
            time = _stamped(content, stamp, given)
    except (SigningError, web.Unanswered) as problem:
        said = f"{path} has no time stamp by {web.shown(given['url'])}: {problem}."
        if given["required"]:
            module.fail_json(msg=said)
        module.warn(said)
        module.exit_json(changed=False, timestamp=stamp, time=None, msg=said)
    except OSError as problem:
        module.fail_json(msg=f"{stamp} cannot be written: {problem.strerror or problem}.")
    module.exit_json(changed=changed, timestamp=stamp, time=time)


def _known(content: bytes, stamp: str, authorities: str) -> str | None:
    """The time of the stamp that is there already, if it is one of this file by a trusted authority."""
    try:
        return timestamps.verify(content, verification.read(*os.path.split(stamp)), authorities, os.path.basename(stamp))
    except SigningError:
        return None


def _stamped(content: bytes, stamp: str, given: dict[str, Any]) -> str:
    reply = web.posted(given["url"], timestamps.query(content), timestamps.QUERY_TYPE, given["timeout"], **web.how(given))
    timestamps.require_granted(reply)
    time = timestamps.verify(content, reply, given["authorities"], os.path.basename(stamp))
    atomic.write(stamp, reply, 0o640)
    return time


if __name__ == "__main__":
    main()
