# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import gzip
import json
import os
import zlib

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import loader
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, first_fixed, rated
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.versions import dpkg, rpm
from small_feeds import DEBSECAN, EPSS, KEV, OSV, TRACKER, UPDATEINFO, WRITTEN, zipped


def _claims(feed, scope, package):
    return [claimed for unused_package, claimed in feed.index.claims([scope], [package])]


def _fixes(feed, scope, package, version, order=dpkg):
    """What each vulnerability of a version is fixed by."""
    found = ((claimed["ids"], first_fixed(claimed, version, order)) for claimed in _claims(feed, scope, package))
    return {identifier: fixed for ids, fixed in found for identifier in ids if fixed is not None}


def test_the_tracker_says_what_is_fixed_and_what_is_open(opened):
    [feed] = opened("debian_tracker")
    assert _fixes(feed, "debian/bookworm", "openssl", "3.0.15-1") == {"CVE-2026-1001": "3.0.17-1", "CVE-2026-1002": ""}
    assert _fixes(feed, "debian/bookworm", "openssl", "3.0.17-1") == {"CVE-2026-1002": ""}
    # Never affected is not the same as not listed.
    assert feed.scopes == ["debian/bookworm", "debian/trixie"] and not _claims(feed, "debian/trixie", "openssl")
    assert (feed.date, feed.dated_by) == ("2026-11-22", "file")
    assert [claimed["severity"] for claimed in _claims(feed, "debian/bookworm", "openssl")] == ["unknown", "medium"]


def test_debsecan_is_read_as_debsecan_reads_it(opened):
    [feed] = opened("debsecan")
    assert _fixes(feed, "debian/bookworm", "openssl", "3.0.15-1") == {"CVE-2026-1001": "3.0.17-1", "CVE-2026-1002": ""}
    assert _fixes(feed, "debian/bookworm", "openssl", "3.0.17-1") == {"CVE-2026-1002": ""}
    assert _fixes(feed, "debian/bookworm", "openssl", "3.4.0-1") == {"CVE-2026-1002": ""}
    [binary] = _claims(feed, "debian/bookworm", "linux-image-9")
    assert binary["binary"] and binary["severity"] == "medium"


@pytest.mark.parametrize("form", ["zip", "lines", "directory"])
def test_osv_comes_in_three_forms(opened, feed, tmp_path, form):
    wanted = feed("osv")
    if form == "lines":
        wanted = feed("osv", "".join(json.dumps(record) + "\n" for record in OSV).encode(), "all.jsonl")
    if form == "directory":
        (tmp_path / "records").mkdir()
        for record in OSV:
            (tmp_path / "records" / f"{record['id']}.json").write_text(json.dumps(record))
        wanted = {"kind": "osv", "path": str(tmp_path / "records"), "max_age": 7}
    [found] = opened(wanted)
    assert found.scopes == ["debian/12"] and (found.date, found.dated_by) == ("2026-11-21", "content")
    assert _fixes(found, "debian/12", "openssl", "3.0.15-1") == {"CVE-2026-1001": "3.0.17-1", "CVE-2026-1002": ""}
    assert _fixes(found, "debian/12", "openssl", "1.1") == {"CVE-2026-1001": "3.0.17-1"}
    advisory, other = sorted(_claims(found, "debian/12", "openssl"), key=lambda claimed: claimed["ids"])
    assert (advisory["advisories"], advisory["fix_available"]) == (["DSA-6000-1"], "2026-11-19")
    assert (other["severity"], other["published"]) == ("critical", "2026-10-01")


def test_updateinfo_knows_security_advisories_alone(opened):
    [feed] = opened("updateinfo")
    assert _fixes(feed, "rpm/el9", "openssl-libs", "1:3.2.2-6.el9_4", rpm) == {"CVE-2026-1001": "1:3.2.2-7.el9_4"}
    assert _fixes(feed, "rpm/el9", "openssl-libs", "1:3.2.2-7.el9_4", rpm) == {}
    [claimed] = _claims(feed, "rpm/el9", "openssl-libs")
    assert (claimed["severity"], claimed["advisories"], claimed["fix_available"]) == ("high", ["RHSA-2026:1000"], "2026-11-18")
    assert _claims(feed, "rpm/el9", "perl")[0]["modular"] and not _claims(feed, "rpm/el9", "bash")
    assert (feed.date, feed.dated_by, feed.result()["entries"]) == ("2026-11-21", "content", 3)


def test_facts_are_known_by_id(opened):
    kev, epss = opened("kev", "epss")
    assert kev.index.facts(["CVE-2026-1001", "CVE-2026-1002"]) == {"CVE-2026-1001": {"kev_added": "2026-11-20"}}
    assert epss.index.facts(["CVE-2026-1001"]) == {"CVE-2026-1001": {"epss": 0.91}}
    assert (kev.date, epss.date) == ("2026-11-20", "2026-11-21")


@pytest.mark.parametrize(
    "vector, severity",
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N", "medium"),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "high"),
        ("no vector", "unknown"),
    ],
)
def test_vectors_are_rated(vector, severity):
    assert rated(vector) == severity


# -- what must never look clean -----------------------------------------------------

_BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><updates><update type="security"><id>&b;</id></update></updates>'
_EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><updates/>'


@pytest.mark.parametrize(
    "kind, data, error",
    [
        ("debian_tracker", b"", "is empty"),
        ("debian_tracker", b"{}", "has no vulnerabilities"),
        ("debian_tracker", json.dumps(TRACKER).encode()[:-40], "cut off or not JSON"),
        ("debian_tracker", b"<html>404</html>", "cut off or not JSON"),
        ("debian_tracker", b"[1]", "another form"),
        ("debian_tracker", b'{"openssl": {"CVE-1": {}}}', "without 'releases'"),
        ("debian_tracker", b'{"openssl": {"CVE-1": {"releases": {"bookworm": {"status": "maybe"}}}}}', "the status .maybe. of .CVE-1"),
        ("debsecan", b"", "is empty"),
        ("debsecan", zlib.compress(DEBSECAN.encode())[:-9], "is cut off"),
        ("debsecan", b"VERSION 1\n", "no file of debsecan"),
        ("debsecan", zlib.compress(b"VERSION 2\n\n\n\n"), "another first line"),
        ("debsecan", zlib.compress(DEBSECAN.encode()[:60]), "ends too early"),
        ("debsecan", zlib.compress(b"VERSION 1\nCVE-1,,x\n\nopenssl,7,S  F,,\n\n"), "the line 'openssl,7,S  F,,'"),
        ("osv", WRITTEN["osv"]()[:-30], "zip file that is cut off"),
        ("osv", zipped([OSV[2]]), "no records about packages of a system"),
        ("osv", zipped([{"id": "DSA-1-1"}]), "without 'modified'"),
        ("updateinfo", gzip.compress(UPDATEINFO.encode())[:-20], "cut off or damaged"),
        ("updateinfo", UPDATEINFO.encode()[:-30], "cut off or no XML"),
        ("updateinfo", b"<updates></updates>", "no advisories"),
        ("updateinfo", _BOMB.encode(), "declares a document type"),
        ("updateinfo", _EXTERNAL.encode(), "declares a document type"),
        ("kev", json.dumps({**KEV, "count": 1400}).encode(), "has 1 vulnerabilities and states that it has 1400"),
        ("kev", json.dumps({**KEV, "vulnerabilities": [], "count": 0}).encode(), "no vulnerabilities"),
        ("epss", EPSS.encode()[:-5], "cut off in its last line"),
        ("epss", EPSS.replace("0.91", "much").encode(), "a line 3 of another form"),
        ("epss", b"cve,epss,percentile\nCVE-1,0.1,0.2\n", "other first lines"),
    ],
)
def test_a_feed_that_is_not_whole_is_an_error(opened, feed, kind, data, error):
    with pytest.raises(FeedError, match=error) as raised:
        opened(feed(kind, data))
    assert str(raised.value).startswith(f"the feed {feed(kind, data)['path']} ({kind}) ")


def test_a_feed_that_is_missing_or_of_another_day_is_an_error(opened, feed, tmp_path):
    with pytest.raises(FeedError, match="is missing: fetch it"):
        opened({"kind": "kev", "path": str(tmp_path / "none.json"), "max_age": 7})
    with pytest.raises(FeedError, match="is of 2026-11-20, which is 9 days ago and more than the 7 days"):
        opened("kev", today="2026-11-29")
    with pytest.raises(FeedError, match="is of 2026-11-22, which is 8 days ago"):
        opened("debian_tracker", today="2026-11-30")
    with pytest.raises(FeedError, match="yet to come: set this machine's clock"):
        opened("kev", today="2026-11-01")
    assert opened({**feed("kev"), "max_age": 9}, today="2026-11-29")


def test_debsecan_of_no_suite_is_refused(opened, feed):
    with pytest.raises(FeedError, match="use the file of the suite, such as bookworm"):
        opened(feed("debsecan", name="GENERIC"))


# -- read once ------------------------------------------------------------------------


def test_a_feed_is_read_and_digested_once(opened, feed, monkeypatch):
    wanted, digests = feed("debian_tracker"), []
    hashed = loader._hashed
    monkeypatch.setattr(loader, "_hashed", lambda path: digests.append(path) or hashed(path))
    assert [opened(wanted)[0].parsed for unused in range(3)] == [True, False, False]
    assert len(digests) == 1
    # Another content is another index; another name for the same content is not.
    assert opened(feed("debian_tracker", json.dumps(TRACKER).encode(), "copy.json"))[0].parsed is False
    changed = json.dumps({**TRACKER, "more": TRACKER["openssl"]}).encode()
    assert opened(feed("debian_tracker", changed))[0].parsed is True
    assert len(digests) == 3


def test_many_processes_read_it_once(feed, tmp_path):
    wanted, log = feed("debian_tracker"), tmp_path / "log"
    children = []
    for unused in range(12):
        child = os.fork()
        if not child:
            [found] = loader.opened([wanted], str(tmp_path / "cache"), "2026-11-22")
            with open(log, "a", encoding="ascii") as stream:
                stream.write(f"{found.parsed} {len(list(found.index.claims(['debian/bookworm'], ['openssl'])))}\n")
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 12
    lines = log.read_text().splitlines()
    assert (lines.count("True 2"), lines.count("False 2")) == (1, 11)


def test_an_index_that_is_damaged_is_made_again(opened, feed, tmp_path):
    wanted = feed("kev")
    opened(wanted)
    [index] = (tmp_path / "cache").glob("*.sqlite")
    index.write_bytes(b"not a database")
    [found] = opened(wanted)
    assert found.parsed and found.index.facts(["CVE-2026-1001"])


def test_an_index_that_nobody_asks_for_goes(opened, feed, tmp_path):
    opened("kev")
    [old] = (tmp_path / "cache").glob("*.sqlite")
    os.utime(old, (0, 0))
    opened("epss")
    assert not old.exists()
