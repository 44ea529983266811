# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.sbom import purl
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.vulnerabilities import NOT_STATED

validation = pytest.importorskip("cyclonedx.validation.json")
packageurl = pytest.importorskip("packageurl")
schema = pytest.importorskip("cyclonedx.schema")

DEBIAN = {"id": "debian", "version": "12", "manager": "dpkg"}
RED_HAT = {"id": "rhel", "version": "9.4", "manager": "rpm"}
FEED = {
    "name": "tracker.json",
    "kind": "debian_tracker",
    "path": "/srv/tracker.json",
    "date": "2026-10-08",
    "sha256": "ab" * 32,
    "entries": 1,
}
IMAGE = {"path": "/srv/golden/debian-12-1-cdcdcdcdcdcd.qcow2", "version": "1", "sha256": "cd" * 32, "size": 1}
SOURCE = {"path": "/srv/debian-12.qcow2", "sha256": "ef" * 32, "size": 1}


def package(name="libssl3", version="3.0.17-1~deb12u2", architecture="amd64", source="openssl", source_version=None):
    source_version = version if source_version is None else source_version
    return {"package": name, "version": version, "architecture": architecture, "source": source, "source_version": source_version}


def vulnerability(**known):
    return {
        "id": "CVE-2026-1",
        "package": "openssl",
        "installed": "3.0.17-1~deb12u2",
        "packages": ["libssl3"],
        "severity": "high",
        "kev": True,
        "fixed": "3.0.17-1~deb12u3",
        "feeds": ["debian_tracker"],
        "due": "2026-10-20",
        "status": "due",
        "waiver": None,
        **known,
    }


def strictly_valid(text):
    assert validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def test_it_follows_the_schema(files):
    evidence = files(
        installed=[package(), package("g++", "4:12.2.0-3", source="gcc-defaults", source_version="1.203"), package()],
        system=DEBIAN,
        image=IMAGE,
        source=SOURCE,
        feeds=[FEED],
        vulnerabilities=[vulnerability(), vulnerability(id="CVE-2026-2", severity="unknown")],
    )
    found = strictly_valid(evidence["sbom.cdx.json"])
    image = found["metadata"]["component"]
    assert (image["name"], image["version"], image["hashes"]) == ("debian-12", "1", [{"alg": "SHA-256", "content": "cd" * 32}])
    assert [component["name"] for component in found["components"]] == ["g++", "libssl3"]
    assert found["vulnerabilities"][0]["affects"] == [{"ref": found["components"][1]["bom-ref"]}]
    assert "analysis" not in found["vulnerabilities"][0]
    assert "sbom.cdx.json" in json.loads(evidence["manifest.json"])["files"]


def test_it_says_the_same_of_the_same_packages(files):
    one, other = ({"installed": some, "system": DEBIAN} for some in ([package(), package("bash")], [package("bash"), package()]))
    assert files(**one)["sbom.cdx.json"] == files(**other)["sbom.cdx.json"]


@pytest.mark.parametrize(
    "system,entry,parts",
    [
        (
            DEBIAN,
            package("g++", "4:12.2.0-3+b1", source="gcc-defaults", source_version="1.203"),
            ("deb", "debian", "g++", "4:12.2.0-3+b1", {"arch": "amd64", "distro": "debian-12", "upstream": "gcc-defaults@1.203"}),
        ),
        (
            DEBIAN,
            package("bash", "5.2~rc1-2", source="bash"),
            ("deb", "debian", "bash", "5.2~rc1-2", {"arch": "amd64", "distro": "debian-12"}),
        ),
        (
            RED_HAT,
            package("bind", "32:9.16.23-18.el9_4.6", "x86_64", "bind"),
            ("rpm", "redhat", "bind", "9.16.23-18.el9_4.6", {"arch": "x86_64", "distro": "rhel-9.4", "epoch": "32"}),
        ),
    ],
)
def test_a_package_url_means_what_it_should(system, entry, parts):
    name = purl(entry, system)
    found = packageurl.PackageURL.from_string(name)
    assert (found.type, found.namespace, found.name, found.version, found.qualifiers) == parts
    assert found.to_string() == name


def test_only_a_waiver_says_why_something_stays(files):
    waiver = {"reason": "The vendor has no driver yet", "approver": "A. Meier", "until": "2027-01-31", "expired": False}
    evidence = files(installed=[package()], system=DEBIAN, feeds=[FEED], vulnerabilities=[vulnerability(status="waived", waiver=waiver)])
    assert strictly_valid(evidence["sbom.cdx.json"])["vulnerabilities"][0]["analysis"] == {
        "state": "exploitable",
        "response": ["will_not_fix"],
        "detail": "Accepted by A. Meier until 2027-01-31: The vendor has no driver yet",
    }


def test_without_a_feed_nothing_is_said_of_vulnerabilities(files):
    evidence = files(installed=[package()], system=DEBIAN, source=SOURCE)
    assert "vulnerabilities" not in json.loads(evidence["sbom.cdx.json"])
    assert json.loads(evidence["results.json"])["patches"]["vulnerabilities"] == {
        "stated": False,
        "text": NOT_STATED,
        "closed": [],
        "open": [],
    }
    assert json.loads(evidence["manifest.json"])["vulnerabilities"] == {"stated": False, "text": NOT_STATED}
    assert NOT_STATED in evidence["report.html"]


def test_without_an_inventory_there_is_none(files):
    assert "sbom.cdx.json" not in files()


def test_what_was_closed_and_what_stays_is_in_every_view(files):
    evidence = files(
        source=SOURCE,
        feeds=[FEED],
        closed=[vulnerability(id="CVE-2026-9")],
        vulnerabilities=[vulnerability(), vulnerability(id="CVE-2026-3", status="overdue", due="2026-01-01")],
    )
    text = json.loads(evidence["results.json"])["patches"]["vulnerabilities"]["text"]
    assert text.startswith("1 vulnerability closed, 2 vulnerabilities still open as far as the feeds know, 1 of them past the deadline")
    assert [entry["id"] for entry in json.loads(evidence["results.json"])["patches"]["vulnerabilities"]["open"]] == [
        "CVE-2026-3",
        "CVE-2026-1",
    ]
    manifest = json.loads(evidence["manifest.json"])
    assert manifest["vulnerabilities"] == {"stated": True, "text": text, "closed": 1, "open": 2}
    assert manifest["feeds"] == [{"name": "tracker.json", "kind": "debian_tracker", "date": "2026-10-08", "sha256": "ab" * 32}]
    for words in ("CVE-2026-9", "CVE-2026-3", "20 October 2026", "overdue", "ab" * 32):
        assert words in evidence["report.html"]


def test_a_rollback_is_reported(files):
    move = {
        "time": "2026-10-09T12:00:00Z",
        "action": "rolled_back",
        "image": "web-1-cdcdcdcdcdcd.qcow2",
        "from": "web-2-abababababab.qcow2",
        "version": "1",
        "sha256": "cd" * 32,
        "by": "ann",
        "reason": "The viewer does not start.",
    }
    evidence = files(rollback=move)
    manifest = json.loads(evidence["manifest.json"])
    assert (manifest["verdict"]["outcome"], manifest["verdict"]["text"]) == (
        "rolled_back",
        "ann went back to version 1: The viewer does not start.",
    )
    assert manifest["rollback"] == move
    assert "Rolled back" in evidence["report.html"] and "web-2-abababababab.qcow2" in evidence["report.html"]
