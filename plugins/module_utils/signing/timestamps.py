# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time stamps of a time stamping authority (RFC 3161), by openssl-ts(1): that a file existed at a time, by somebody else's word."""

from __future__ import annotations

import calendar
import os
import re
import tempfile
import time

from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError, openssl_reason, run

SUFFIX = ".tsr"
QUERY_TYPE = "application/timestamp-query"
_TIME = re.compile(r"^Time stamp: (?P<time>\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (?P<year>\d{4}) GMT$", re.M)
_STATUS = re.compile(r"^(?:Status description|Failure info): (?!unspecified)(?P<why>.+)$", re.M)


def query(content: bytes) -> bytes:
    """What to send to the authority: the digest of the content alone, with a nonce, and that its certificate is wanted."""
    with tempfile.TemporaryDirectory() as scratch:
        path = _written(scratch, "content", content)
        done, out, errors = run(["openssl", "ts", "-query", "-data", path, "-sha256", "-cert"], b"")
    if not done:
        raise SigningError(f"openssl cannot ask for a time stamp: {openssl_reason(errors)}")
    return out


def require_granted(reply: bytes) -> None:
    """Refuse a reply that holds no time stamp. Who signed it is verified apart."""
    with tempfile.TemporaryDirectory() as scratch:
        done, out, errors = run(["openssl", "ts", "-reply", "-in", _written(scratch, "reply", reply), "-text"], b"")
    said = out.decode(errors="replace")
    if not done:
        raise SigningError(f"the authority did not answer with a time stamp: {openssl_reason(errors)}")
    if not _TIME.search(said):
        found = _STATUS.search(said)
        raise SigningError(f"the authority refused: {found['why'].strip().rstrip('.') if found else 'it does not say why'}")


def verify(content: bytes, reply: bytes, authorities: str, name: str) -> str:
    """When the content existed at the latest, as ISO 8601 in UTC; ``authorities`` is the path of the certificates that are trusted."""
    if not os.path.isfile(authorities):
        raise SigningError(f"there is no file of trusted certificates {authorities}")
    with tempfile.TemporaryDirectory() as scratch:
        data, answer = _written(scratch, "content", content), _written(scratch, "reply", reply)
        moment = _moment(answer, name)
        # The certificate of the authority ends some day; the time stamp counts if it was valid then.
        command = ["openssl", "ts", "-verify", "-data", data, "-in", answer, "-CAfile", authorities]
        done, unused_out, errors = run([*command, "-attime", str(calendar.timegm(moment))], b"")
    if not done:
        raise SigningError(f"{name} does not verify: {openssl_reason(errors)}")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


def _moment(answer: str, name: str) -> time.struct_time:
    done, out, errors = run(["openssl", "ts", "-reply", "-in", answer, "-text"], b"")
    found = _TIME.search(out.decode(errors="replace")) if done else None
    if not found:
        raise SigningError(f"{name} is no time stamp{'' if done else f': {openssl_reason(errors)}'}")
    return time.strptime(f"{found['time']} {found['year']}", "%b %d %H:%M:%S %Y")


def _written(directory: str, name: str, content: bytes) -> str:
    path = os.path.join(directory, name)
    with open(path, "wb") as stream:
        stream.write(content)
    return path
