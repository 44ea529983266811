# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real ClamAV with signatures made here: it finds the test file, and does not when something is broken on purpose."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import eicar

TEST_FILE = eicar.content()
DAILY = "/var/lib/clamav/daily.cud"


def signatures(sample, days):
    """An unsigned database of ClamAV that finds one file, that many days old."""
    made = time.time() - days * 86400
    words = f"ClamAV-VDB:{time.strftime('%d %b %Y %H-%M +0000', time.gmtime(made))}:27000:1:90"
    found = f"{hashlib.md5(sample.encode()).hexdigest()}:{len(sample)}:Hygeia.Test\n"
    files = {
        "COPYING": "made by a test\n",
        "daily.info": f"{words}:X:X:hygeia:{made:.0f}\ndaily.hdb:{len(found)}:{hashlib.sha256(found.encode()).hexdigest()}\n",
        "daily.hdb": found,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    head = f"{words}:{hashlib.md5(packed.getvalue()).hexdigest()}:X:hygeia:{made:.0f}"
    return head.encode().ljust(512) + packed.getvalue()


@pytest.fixture(scope="module")
def clamav(host):
    """Start ClamAV with signatures that find a file; the real ones are large, and theirs are signed."""
    host.write("/etc/systemd/system/clamav-daemon.service.d/test.conf", "[Unit]\nConditionPathExistsGlob=\n")
    host.systemctl("daemon-reload")

    def start(sample=TEST_FILE, days=1):
        (host.root / DAILY.lstrip("/")).write_bytes(signatures(sample, days))
        host.systemctl("restart", "clamav-daemon.service")
        for unused_try in range(100):
            if host.run("clamdscan", "--ping", "1").returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(host.run("journalctl", "--unit=clamav-daemon", "--lines=20").stdout)

    return start


def look(host, **options):
    """The records by what they are about, and what is left in the directory of the test file."""
    records = {record["control"].split("-")[1]: record for record in host.module("malware_canary", **options)["results"]}
    for name, record in records.items():
        print(name, record["status"], record["observed"], record["message"])
    assert host.run("sh", "-c", "ls -d /var/tmp/hygeia-*").stdout == ""
    return records


def test_the_test_file_is_found(host, clamav):
    clamav()
    found = look(host)
    assert {name: record["status"] for name, record in found.items()} == {"running": "pass", "signatures": "pass", "detection": "pass"}
    assert found["signatures"]["observed"]["days old"] == 1.0 and found["signatures"]["read_from"] == "clamdscan --version"
    assert found["detection"]["observed"] == {"test file": "found", "harmless file": "not found"}


def test_stale_signatures_are_reported_with_their_age(host, clamav):
    clamav(days=30)
    found = look(host, max_age=7)
    assert found["signatures"]["status"] == "fail" and found["detection"]["status"] == "pass"
    assert found["signatures"]["message"].startswith("the signatures are 30 days old, and may be 7: see that they are fetched")


def test_a_database_without_the_test_file_finds_nothing(host, clamav):
    clamav(sample="something else")
    found = look(host)
    assert found["running"]["status"] == "pass" and found["detection"]["status"] == "fail"
    assert found["detection"]["message"].startswith("clamdscan does not find the test file of EICAR: see that its signatures are there")


def test_a_scanner_that_finds_everything_finds_nothing(host, clamav):
    clamav()
    found = look(host, scan=["sh", "-c", "echo {path} FOUND"], detection_pattern="FOUND")
    assert found["detection"]["status"] == "fail" and "a harmless file too" in found["detection"]["message"]


def test_a_stopped_and_a_masked_daemon_are_reported(host, clamav):
    clamav()
    host.systemctl("stop", "clamav-daemon.socket", "clamav-daemon.service")
    found = look(host)
    assert {name: record["status"] for name, record in found.items()} == {"running": "fail", "signatures": "pass", "detection": "fail"}
    assert found["running"]["message"].startswith("clamav-daemon.service does not run: run systemctl enable --now")
    assert "Could not connect to clamd" in found["detection"]["message"]
    host.systemctl("mask", "clamav-daemon.service")
    masked = look(host)["running"]
    host.systemctl("unmask", "clamav-daemon.service")
    assert masked["message"].startswith("clamav-daemon.service is masked")


def test_a_daemon_that_fails_as_soon_as_its_socket_starts_it_does_not_run(host):
    (host.root / DAILY.lstrip("/")).write_bytes(b"no database")
    host.systemctl("start", "clamav-daemon.socket")
    host.run("clamdscan", "--ping", "1")
    assert look(host)["running"]["status"] == "fail"
    host.run("systemctl", "stop", "clamav-daemon.socket", "clamav-daemon.service")


def test_a_daemon_that_waits_for_its_signatures_is_reported(host):
    dropin = "/etc/systemd/system/clamav-daemon.service.d/test.conf"
    with host.edited(dropin, "ConditionPathExistsGlob=\n", ""):
        host.systemctl("daemon-reload")
        host.run("systemctl", "reset-failed")
        host.systemctl("start", "clamav-daemon.service")
        found = look(host)["running"]
    host.systemctl("daemon-reload")
    assert found["status"] == "fail" and "freshclam" in found["message"]


def test_a_scanner_that_takes_files_away_has_found_the_file(host):
    """One that watches files, in a few words."""
    watcher = "while sleep 0.1; do for file in /srv/watched/*/sample; do [ -e $file ] && rm $file; done; done"
    host.run("mkdir", "-p", "/srv/watched", check=True)
    host.run("systemd-run", "--unit=watcher", "sh", "-c", watcher, check=True)
    options = {"product": "other", "units": ["watcher.service"], "directory": "/srv/watched", "timeout": 5.0}
    found = look(host, **options)
    assert found["running"]["status"] == found["detection"]["status"] == "pass" and found["signatures"]["status"] == "not_checked"
    host.systemctl("stop", "watcher.service")
    found = look(host, **{**options, "timeout": 0.5}, signatures=["date", "--iso-8601=seconds"])
    assert found["detection"]["status"] == "fail" and found["signatures"]["status"] == "pass"


def test_check_mode_makes_no_file(host):
    assert look(host, _ansible_check_mode=True)["detection"]["status"] == "not_checked"
