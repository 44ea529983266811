# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A time stamping authority (RFC 3161) on loopback, which is openssl-ts(1) behind a small server."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import threading

CONFIGURATION = """
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


def authority(place):
    """A certificate authority: ca.pem and ca.key in a directory."""
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "36500", "-keyout", "ca.key", "-out", "ca.pem"]
    run(*command, "-subj", "/CN=Hospital CA", cwd=place)


@contextlib.contextmanager
def served(place, issuer):
    """Its address: ``/`` gives time stamps, ``/refusing`` refuses them and ``/broken`` answers something else.

    ``place`` is a directory for its files, ``issuer`` the one with the ca.pem and ca.key that issue its certificate.
    """
    (place / "serial").write_text("01")
    for name, digests in (("tsa", "sha256"), ("refusing", "sha1")):
        (place / f"{name}.cnf").write_text(CONFIGURATION.format(place=place, digests=digests))
    request = ["openssl", "req", "-nodes", "-newkey", "rsa:2048", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Hospital TSA"]
    run(*request, cwd=place)
    issue = ["openssl", "x509", "-req", "-in", "tsa.csr", "-CA", issuer / "ca.pem", "-CAkey", issuer / "ca.key", "-CAcreateserial"]
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
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
