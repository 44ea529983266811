# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys, certificates and a time stamping authority, by the real programs."""

from __future__ import annotations

import http.server
import subprocess
import threading

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.signing import ssh

PIPELINE, APPROVER, STRANGER = "pipeline@example.org", "approver@example.org", "stranger@example.org"
TSA = """
[tsa]
default_tsa = it
[it]
serial = {place}/serial
signer_cert = {place}/tsa.pem
signer_key = {place}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
"""


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
    """A time stamping authority on loopback; ``/`` gives time stamps, ``/refusing`` refuses them and ``/broken`` answers something else."""
    place = tmp_path_factory.mktemp("tsa")
    (place / "serial").write_text("01")
    for name, digests in (("tsa", "sha256"), ("refusing", "sha1")):
        (place / f"{name}.cnf").write_text(TSA.format(place=place, digests=digests))
    request = ["openssl", "req", "-nodes", "-newkey", "rsa:2048", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Hospital TSA"]
    run(*request, cwd=place)
    issue = ["openssl", "x509", "-req", "-in", "tsa.csr", "-CA", keys / "ca.pem", "-CAkey", keys / "ca.key", "-CAcreateserial"]
    run(*issue, "-days", "36500", "-extfile", "tsa.cnf", "-extensions", "stamping", "-out", "tsa.pem", cwd=place)

    class Authority(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (place / "query").write_bytes(query)
            name = "refusing" if self.path == "/refusing" else "tsa"
            command = ["openssl", "ts", "-reply", "-config", place / f"{name}.cnf", "-queryfile", place / "query"]
            reply = b"<html>" if self.path == "/broken" else run(*command).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *unused):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
