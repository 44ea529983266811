# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time stamps by an authority that is openssl ts itself."""

from __future__ import annotations

import json
import time

import pytest
from ansible.module_utils import basic
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import web
from ansible_collections.hygeia.golden.plugins.module_utils.signing import timestamps
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.modules import evidence_timestamp

SIGNATURE = b"a signature"


def asked(authority, path="/"):
    return web.posted(authority + path, timestamps.query(SIGNATURE), timestamps.QUERY_TYPE, 20)


@pytest.fixture
def trusted(keys):
    return str(keys / "ca.pem")


def test_a_time_stamp_is_of_now_and_verifies(authority, trusted):
    before = time.time()
    reply = asked(authority)
    timestamps.require_granted(reply)
    stamp = timestamps.verify(SIGNATURE, reply, trusted, "x.tsr")
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before - 1)) <= stamp <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_it_is_of_nothing_else(authority, trusted):
    with pytest.raises(SigningError, match="x.tsr does not verify: message imprint mismatch"):
        timestamps.verify(b"another signature", asked(authority), trusted, "x.tsr")


def test_an_authority_that_is_not_trusted_does_not_count(authority, keys):
    with pytest.raises(SigningError, match="x.tsr does not verify: .*(self-signed certificate|unable to get local issuer)"):
        timestamps.verify(SIGNATURE, asked(authority), str(keys / "other.pem"), "x.tsr")
    with pytest.raises(SigningError, match="there is no file of trusted certificates /nowhere"):
        timestamps.verify(SIGNATURE, asked(authority), "/nowhere", "x.tsr")


def test_a_refusal_is_reported_with_its_reason(authority):
    with pytest.raises(SigningError, match="the authority refused: Message digest algorithm is not supported$"):
        timestamps.require_granted(asked(authority, "/refusing"))


@pytest.mark.parametrize("reply", [b"", b"<html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_time_stamp_is_reported(reply, trusted):
    with pytest.raises(SigningError, match="the authority did not answer with a time stamp|the authority refused"):
        timestamps.require_granted(reply)
    with pytest.raises(SigningError, match="x.tsr is no time stamp"):
        timestamps.verify(SIGNATURE, reply, trusted, "x.tsr")


def test_a_changed_time_stamp_does_not_verify(authority, trusted):
    reply = asked(authority)
    place = reply.index(time.strftime("%Y%m%d", time.gmtime()).encode())
    changed = reply[:place] + b"2020" + reply[place + 4 :]
    with pytest.raises(SigningError, match="x.tsr does not verify"):
        timestamps.verify(SIGNATURE, changed, trusted, "x.tsr")


# -- the module ------------------------------------------------------------------------


@pytest.fixture
def request_stamp(tmp_path, trusted, monkeypatch, capsys):
    """Call the module for a file; what it returned."""
    (tmp_path / "manifest.json.sig").write_bytes(SIGNATURE)

    def call(url, **more):
        arguments = {"path": str(tmp_path / "manifest.json.sig"), "url": url, "authorities": trusted, **more}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            evidence_timestamp.main()
        return json.loads(capsys.readouterr().out)

    return call


def test_the_module_asks_once(request_stamp, authority, tmp_path):
    assert request_stamp(authority, _ansible_check_mode=True)["time"] is None and not (tmp_path / "manifest.json.sig.tsr").exists()
    first = request_stamp(authority)
    assert first["changed"] and first["timestamp"] == str(tmp_path / "manifest.json.sig.tsr")
    again = request_stamp("http://127.0.0.1:1/")
    assert not again["changed"] and again["time"] == first["time"]
    (tmp_path / "manifest.json.sig").write_bytes(b"another")
    assert request_stamp(authority)["changed"], "a time stamp of another file is none"


@pytest.mark.parametrize(
    "path, why",
    [("/refusing", "the authority refused: Message digest algorithm is not supported"), ("/broken", "the authority did not answer with a")],
)
def test_the_module_says_why_there_is_no_time_stamp(request_stamp, authority, tmp_path, path, why):
    found = request_stamp(authority + path)
    assert found["failed"] and why in found["msg"]
    found = request_stamp(authority + path, required=False)
    assert not found.get("failed") and found["time"] is None and not found["changed"] and why in found["msg"]
    assert not (tmp_path / "manifest.json.sig.tsr").exists()


def test_an_authority_that_does_not_answer_is_named_without_its_password(request_stamp):
    found = request_stamp("http://user:hunter2@127.0.0.1:1/tsa")
    assert "has no time stamp by http://127.0.0.1:1/tsa: nothing listens there." in found["msg"] and "hunter2" not in str(found["msg"])
