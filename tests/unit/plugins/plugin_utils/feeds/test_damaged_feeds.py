# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever the file of a feed holds, it is read soon and in little memory, or refused in one sentence that names it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import resource
import time
import zipfile
import zlib

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import bounded_process, files, loader
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, first_fixed
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.versions import dpkg, rpm
from mutations import mutated
from small_feeds import DEBSECAN, EPSS, KEV, OSV, TRACKER, UPDATEINFO, WRITTEN

# What each kind is before it is packed, over lines, so that lines can be damaged, and how it is packed.
PLAIN = {
    "debian_tracker": (json.dumps(TRACKER, indent=1).encode(), bytes),
    "debsecan": (DEBSECAN.encode(), zlib.compress),
    "osv": (b"\n".join(json.dumps(record).encode() for record in OSV), bytes),
    "updateinfo": (UPDATEINFO.encode(), gzip.compress),
    "kev": (json.dumps(KEV, indent=1).encode(), bytes),
    "epss": (EPSS.encode(), gzip.compress),
}


def error(opened, feed):
    """What is complained of, after a time that nobody would call hanging; what is read can be used."""
    began = time.monotonic()
    try:
        [found] = opened(feed)
    except FeedError as problem:
        assert (
            str(problem).isprintable() and len(str(problem)) < 600 and str(problem).startswith(f"the feed {feed['path']} ({feed['kind']}) ")
        )
        return str(problem)
    finally:
        assert time.monotonic() - began < 20
    _use(found)
    return ""


def _use(found):
    """Ask everything that planning asks; only a version that is none is still refused then."""
    order, version = (rpm, "1:3.2.2-6.el9_4") if found.kind == "updateinfo" else (dpkg, "3.0.15-1")
    for unused_package, claimed in found.index.claims(found.scopes, ["openssl", "openssl-libs", "perl", "linux-image-9"]):
        try:
            first_fixed(claimed, version, order)
        except FeedError as problem:
            assert "is not a version of dpkg" in str(problem)
    json.dumps(found.index.facts(["CVE-2026-1001", "CVE-2026-1002"]), allow_nan=False)
    json.dumps(found.result()).encode("utf-8")


@pytest.mark.many
@pytest.mark.parametrize("kind", PLAIN)
def test_a_damaged_feed_is_read_or_refused(opened, feed, kind):
    plain, pack = PLAIN[kind]
    name = "bookworm" if kind == "debsecan" else f"{kind}.feed"
    for data in mutated(plain, 50, seed=len(kind)):
        error(opened, feed(kind, pack(data), name))


@pytest.mark.many
@pytest.mark.parametrize("kind", ["debsecan", "osv", "updateinfo", "epss"])
def test_a_damaged_archive_is_read_or_refused(opened, feed, kind):
    for data in mutated(WRITTEN[kind](), 40, seed=7):
        error(opened, feed(kind, data))


def _zip_bomb():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.json", b"0" * (8 * 2**20))
    return made.getvalue()


ZEROS = b"0" * (64 * 2**20)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("epss", gzip.compress(ZEROS), "unpacks to more than 250 times its size"),
        ("updateinfo", lzma.compress(ZEROS, preset=0), "unpacks to more than 250 times its size"),
        ("updateinfo", bz2.compress(ZEROS, 1), "unpacks to more than 250 times its size"),
        ("debsecan", zlib.compress(ZEROS), "unpacks to more than 250 times its size"),
        ("osv", _zip_bomb(), "unpacks to more than 250 times its size"),
        ("debian_tracker", b"[" * 10**7, "is cut off or not JSON (maximum recursion depth exceeded"),
        ("debian_tracker", b"[" + b"[]," * 9 * 10**6 + b"[]]", "has more than 16000000 values"),
        ("kev", b'{"count": ' + b"9" * 10**6 + b"}", "is cut off or not JSON (Exceeds the limit"),
        (
            "kev",
            json.dumps({**KEV, "dateReleased": "0000-99-99T"}).replace("CVE", "\\ud800").encode(),
            "has an entry 1 that cannot be read ('\\ud800-2026-1001'",
        ),
        (
            "kev",
            json.dumps({**KEV, "vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "2026-02-30"}]}).encode(),
            "that cannot be read ('2026-02-30' is no",
        ),
        ("kev", json.dumps({**KEV, "vulnerabilities": {"a": 1}}).encode(), "has vulnerabilities that are no list"),
        ("kev", json.dumps({**KEV, "count": float("nan")}).encode(), "NaN is not a number"),
        ("epss", EPSS.replace("0.91", "nan").encode(), "has a line 3 that cannot be read ('nan' is not a probability)"),
        ("epss", EPSS.replace("0.91", "91").encode(), "has a line 3 that cannot be read ('91' is not a probability)"),
        ("epss", EPSS.replace("2026-11-21", "2026-99-21").encode(), "has other first lines"),
        ("debian_tracker", json.dumps({"openssl": []}).encode(), "has 'openssl', which is not a mapping"),
        (
            "debian_tracker",
            json.dumps(TRACKER).replace('"3.0.17-1"', "3").encode(),
            "has an entry 'CVE-2026-1001' of 'openssl' that cannot be read (3 is neither a name nor a version",
        ),
        (
            "debsecan",
            zlib.compress(DEBSECAN.replace("openssl,0,", "openssl,-1,").encode()),
            "has the line 'openssl,-1,SHRF,3.4.0-1,3.0.17-1 3.0.19-1', number 5,",
        ),
        ("debsecan", zlib.compress(DEBSECAN.encode("utf-8").replace(b"two", b"\xff")), "has text that is not UTF-8 in line 3"),
        ("osv", json.dumps({**OSV[0], "affected": [1]}).encode(), "has line 1 of another form"),
        ("osv", json.dumps(OSV[0]).replace('{"introduced": "0"}, ', "").encode(), "has line 1 of another form"),
        ("updateinfo", UPDATEINFO.replace('name="openssl-libs" ', "").encode(), "has in line 9 a package or an advisory without 'name'"),
        ("updateinfo", UPDATEINFO.replace("UTF-8", "utf-7").encode(), "is in an encoding that cannot be read"),
        ("updateinfo", b"<a>" * 10**6, "is cut off or no XML"),
    ],
)
def test_what_no_feed_has_is_reported(opened, feed, kind, data, said):
    assert said in error(opened, feed(kind, data, "bookworm" if kind == "debsecan" else "x.feed"))


def _said(wanted, directory):
    try:
        loader.opened(wanted, str(directory / "cache"), "2026-11-22")
    except FeedError as problem:
        return str(problem)
    return ""


def test_a_bomb_costs_little_memory(feed, tmp_path):
    """4.2 GiB of zeros in a file of 4 MiB, in a process that may not have a tenth of that."""
    packed = gzip.compress(ZEROS)
    wanted = [feed("epss", packed * 67), feed("osv", _zip_bomb(), "b.zip"), feed("debsecan", zlib.compress(ZEROS))]
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (bounded_process._size() + 300 * 2**20,) * 2)
        refused = 0
        for one in wanted:
            try:
                loader.opened([one], str(tmp_path / "cache"), "2026-11-22")
            except FeedError as problem:
                refused += "times its size" in str(problem)
        os._exit(refused)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == len(wanted)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: bytearray(2**30), "needs more than 200 MiB of memory"),
        (lambda: time.sleep(30), "is not read within 1 seconds"),
        (lambda: {}["x"], "has something that its reader does not take (KeyError)"),
        (lambda: os.kill(os.getpid(), 9), "ended its reader (SIGKILL)"),
        (lambda: open("/nowhere", encoding="ascii"), "cannot be read or indexed (No such file or directory)"),
    ],
)
def test_a_reader_that_goes_wrong_does_so_alone(work, said):
    with pytest.raises(FeedError) as caught:
        bounded_process.run(work, seconds=1, memory=200 * 2**20)
    assert str(caught.value).startswith(said)


def test_a_feed_is_an_ordinary_file(opened, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    os.mkdir(tmp_path / "records")
    os.symlink("/dev/zero", tmp_path / "records/a.json")
    os.symlink("loop", tmp_path / "loop")
    for kind, name, said in (
        ("kev", "pipe.json", "not a regular file"),
        ("osv", "records", "not a regular file"),
        ("kev", "loop", "cannot be read"),
    ):
        assert said in error(opened, {"kind": kind, "path": str(tmp_path / name), "max_age": 7})
    assert "not a regular file" in error(opened, {"kind": "kev", "path": "/dev/zero", "max_age": 7})


def test_the_limit_of_size_holds_without_compression(opened, feed, monkeypatch):
    monkeypatch.setattr(files, "MOST", 2**20)
    assert "holds more than 1 MiB" in error(opened, feed("kev", b" " * (2 * 2**20)))
