# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Detached signatures with an X.509 certificate, in the Cryptographic Message Syntax (RFC 5652), by openssl-cms(1)."""

from __future__ import annotations

import os
import tempfile

from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError, openssl_reason, run

SUFFIX = ".p7s"
ARMOR = b"-----BEGIN CMS-----"


def sign(content: bytes, certificate: str, key: str) -> str:
    """The signature of the content in PEM, with the certificate in it; both are paths, and the key has no passphrase."""
    missing = next((path for path in (certificate, key) if not os.path.isfile(path)), "")
    if missing:
        raise SigningError(f"there is no file {missing} to sign with")
    command = ["openssl", "cms", "-sign", "-binary", "-md", "sha256", "-signer", certificate, "-inkey", key, "-outform", "PEM"]
    done, out, errors = run([*command, "-passin", "pass:"], content)
    if not done:
        raise SigningError(f"openssl cannot sign with {key} as {certificate}: {openssl_reason(errors)}")
    return out.decode()


def verify(content: bytes, signature: str, authorities: str, moment: int) -> tuple[str, str]:
    """The subject of the certificate that signed the content, and its SHA-256 fingerprint.

    ``signature`` is the path of the signature, ``authorities`` that of the certificates that are trusted, in PEM. ``moment`` is the time
    at which the certificate must have been valid, in seconds since 1970.
    """
    if not authorities:
        raise SigningError(f"{os.path.basename(signature)} cannot be verified without a file of trusted certificates")
    if not os.path.isfile(authorities):
        raise SigningError(f"there is no file of trusted certificates {authorities}")
    with tempfile.TemporaryDirectory() as scratch:
        signer = os.path.join(scratch, "signer.pem")
        command = ["openssl", "cms", "-verify", "-binary", "-content", "/dev/stdin", "-in", signature, "-inform", "PEM", "-out", os.devnull]
        trust = ["-CAfile", authorities, "-no-CApath", "-no-CAstore", "-purpose", "any", "-attime", str(moment)]
        done, unused_out, errors = run([*command, *trust, "-signer", signer], content)
        if not done:
            raise SigningError(f"{os.path.basename(signature)} does not verify: {openssl_reason(errors)}")
        return _identity(signer)


def fits(content: bytes, signature: str) -> bool:
    """Whether a file is a signature of the content, whoever signed it."""
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-noverify",
        "-content",
        "/dev/stdin",
        "-in",
        signature,
        "-inform",
        "PEM",
        "-out",
        os.devnull,
    ]
    return os.path.isfile(signature) and run(command, content)[0]


def _identity(certificate: str) -> tuple[str, str]:
    command = ["openssl", "x509", "-in", certificate, "-noout", "-subject", "-fingerprint", "-sha256", "-nameopt", "RFC2253"]
    done, out, errors = run(command, b"")
    if not done:
        raise SigningError(f"the certificate of the signer cannot be read: {openssl_reason(errors)}")
    subject, fingerprint = (line.partition("=")[2].strip() for line in out.decode(errors="replace").splitlines()[:2])
    return subject, fingerprint
