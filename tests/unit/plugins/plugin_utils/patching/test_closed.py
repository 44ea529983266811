# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching import patch_plan

SYSTEM = {"id": "debian", "version": "12", "codename": "bookworm", "manager": "dpkg"}


def fake(identifier, source, fixed):
    """A feed that knows one vulnerability of a source package."""
    claimed = {"ids": [identifier], "fixed": fixed, "severity": "high"}
    index = SimpleNamespace(claims=lambda scopes, names: [(source, claimed)] if source in names else [], facts=lambda ids: {})
    return SimpleNamespace(kind="debian_tracker", path="tracker.json", scopes=["debian/bookworm"], index=index)


@pytest.fixture(autouse=True)
def simple(monkeypatch):
    monkeypatch.setattr(patch_plan, "order", lambda manager: lambda version: [int(part) for part in version.split(".")])
    monkeypatch.setattr(
        patch_plan, "first_fixed", lambda claimed, version, key: claimed["fixed"] if key(version) < key(claimed["fixed"]) else None
    )


def closed(installed, changes, fixed="3"):
    found = {"system": SYSTEM, "installed": installed, "pending": []}
    return [entry["id"] for entry in patch_plan.closed(found, [fake("CVE-2026-1", "openssl", fixed)], changes)]


def package(name="libssl3", version="3", source_version="3"):
    return {"package": name, "version": version, "architecture": "amd64", "source": "openssl", "source_version": source_version}


def test_what_an_update_closed():
    assert closed([package()], [{"package": "libssl3", "from": "2", "to": "3"}]) == ["CVE-2026-1"]
    assert closed([package()], [{"package": "libssl3:amd64", "from": "2", "to": "3"}]) == ["CVE-2026-1"]


@pytest.mark.parametrize(
    "installed,changes",
    [
        ([package()], []),
        ([package()], [{"package": "libssl3", "from": "", "to": "3"}]),
        ([package("other", "3", "3")], [{"package": "other", "from": "3", "to": "3"}]),
        ([package(version="2", source_version="2")], [{"package": "libssl3", "from": "1", "to": "2"}]),
        ([package(version="5", source_version="3")], [{"package": "libssl3", "from": "4", "to": "5"}]),
    ],
)
def test_what_no_update_closed(installed, changes):
    """Nothing changed, a new package, still open, or a source whose version of before nobody knows."""
    assert closed(installed, changes) == []
