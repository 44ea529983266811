# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys, certificates and a time stamping authority, by the real programs."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.signing import ssh
from ansible_collections.hygeia.golden.tests.templates import timestamping

PIPELINE, APPROVER, STRANGER = "pipeline@example.org", "approver@example.org", "stranger@example.org"


def run(*command, **how):
    return subprocess.run(command, check=True, capture_output=True, **how)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Keys of OpenSSH by principal, and of an authority with one signer."""
    place = tmp_path_factory.mktemp("keys")
    for name in (PIPELINE, APPROVER, STRANGER):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", place / "locked")
    known = [f'{name} namespaces="{ssh.NAMESPACE}" {(place / f"{name}.pub").read_text()}' for name in (PIPELINE, APPROVER)]
    (place / "allowed").write_text("".join(known))
    (place / "ended").write_text(known[0].replace("namespaces=", 'valid-before="20260101",namespaces='))
    authority = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "36500", "-keyout", "ca.key", "-out", "ca.pem"]
    run(*authority, "-subj", "/CN=Hospital CA", cwd=place)
    run(*authority[:-4], "-keyout", "other.key", "-out", "other.pem", "-subj", "/CN=Another CA", cwd=place)
    run(
        "openssl",
        "req",
        "-nodes",
        "-newkey",
        "rsa:2048",
        "-keyout",
        "s.key",
        "-out",
        "s.csr",
        "-subj",
        "/O=Hospital/CN=Pipeline",
        cwd=place,
    )
    issue = ["openssl", "x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "36500"]
    run(*issue, "-out", "s.pem", cwd=place)
    return place


@pytest.fixture(scope="session")
def authority(tmp_path_factory, keys):
    """The address of a time stamping authority; ``/refusing`` below it refuses, and ``/broken`` answers something else."""
    with timestamping.served(tmp_path_factory.mktemp("tsa"), keys) as address:
        yield address.rstrip("/")
