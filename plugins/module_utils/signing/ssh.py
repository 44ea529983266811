# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signatures of OpenSSH (ssh-keygen(1), -Y), in the format that PROTOCOL.sshsig of OpenSSH describes.

The private key may be a file without a passphrase, or be held by an agent, a PKCS#11 token or a FIDO security key; then
the public key names it. Whoever verifies needs OpenSSH and a file of allowed signers alone.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError, run

SUFFIX = ".sig"
# A signature for one purpose is not valid for another, such as a commit of Git.
NAMESPACE = "hygeia-evidence"
_GOOD = re.compile(r'Good "[^"]*" signature for (?P<principal>.+) with (?P<key>\S+ key \S+)$')


def sign(content: bytes, key: str) -> str:
    """The signature of the content, in armor; ``key`` is the path of a private key, or of the public key of one that an agent holds."""
    if not os.path.isfile(key):
        raise SigningError(f"there is no signing key {key}")
    done, out, errors = run(["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE], content)
    if not done:
        raise SigningError(f"ssh-keygen cannot sign with {key}: {_reason(errors)}")
    return out.decode()


def verify(content: bytes, signature: str, allowed_signers: str, moment: str) -> tuple[str, str]:
    """Who signed the content, and with which key.

    ``signature`` and ``allowed_signers`` are paths. ``moment`` is the time at which the key must have been valid, as YYYYMMDDhhmmssZ.
    """
    if not allowed_signers:
        raise SigningError(f"{os.path.basename(signature)} cannot be verified without a file of allowed signers")
    if not os.path.isfile(allowed_signers):
        raise SigningError(f"there is no file of allowed signers {allowed_signers}")
    options = ["-f", allowed_signers, "-s", signature, f"-Overify-time={moment}"]
    known, principals, errors = run(["ssh-keygen", "-Y", "find-principals", *options], b"")
    if not known:
        raise SigningError(f"{os.path.basename(signature)} is not by an allowed signer: {_reason(errors)}")
    # One key may be that of several principals; what is signed is verified once, for the first of them.
    principal = principals.decode(errors="replace").splitlines()[0]
    done, out, errors = run(["ssh-keygen", "-Y", "verify", "-I", principal, "-n", NAMESPACE, *options], content)
    good = _GOOD.search(out.decode(errors="replace").strip())
    if not done or not good:
        raise SigningError(f"{os.path.basename(signature)} does not verify: {_reason(errors)}")
    return good["principal"], good["key"]


def fits(content: bytes, signature: str) -> bool:
    """Whether a file is a signature of the content, whoever signed it."""
    command = ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", signature]
    return os.path.isfile(signature) and run(command, content)[0]


def _reason(errors: list[str]) -> str:
    """What ssh-keygen says went wrong. Its own first sentence is the cause; what follows is a consequence."""
    lines = [line for line in errors if not line.startswith(("Signing data", "Enter passphrase", "Permissions", "It is required"))]
    return lines[0].rstrip(".") if lines else (errors[-1].rpartition(": ")[2] if errors else "it does not say why")
