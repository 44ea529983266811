# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.modules import system_manifest_info as module


@pytest.fixture
def asked(run_module, monkeypatch, tree):
    host = tree({"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/srv/a": "1", "/var/log/b": "2"})
    monkeypatch.setattr(module, "Host", functools.partial(Host, host.root))
    return functools.partial(run_module, module)


def manifest(result):
    return json.loads(pieces.unpacked(result["manifest"], 1 << 20))


def test_a_manifest_by_rules(asked):
    rules = [
        {"id": "logs", "reason": "r", "compare": "nothing", "items": {"files": ["/var/**"]}},
        {"class": "site", "items": {"files": ["/srv/**"]}},
    ]
    result = asked({"rules": rules})
    found = manifest(result)
    assert (found["schema"], found["root"], result["complete"], result["changed"]) == (1, result["root"], True, False)
    assert {path for group in found["files"]["entries"].values() for path, *unused in group} >= {"/srv/a", "/var"}
    assert "/var/log" not in str(found)


def test_a_cache_spares_reading_and_check_mode_leaves_it(asked, tmp_path):
    cache = tmp_path / "elsewhere/files"
    rules = [{"compare": "nothing", "items": {"files": ["/elsewhere", "/elsewhere/**"]}}]
    assert asked({"cache": str(cache), "rules": rules, "_ansible_check_mode": True})["read"] == 3
    assert not cache.exists()
    assert [asked({"cache": str(cache), "rules": rules})["read"] for unused_time in range(2)] == [3, 0]


def test_digests_of_the_same_disk_spare_reading_in_a_boot(asked):
    first = asked({"return_digests": True})
    assert asked({"digests": first["digests"]})["read"] == 0
    assert "manifest" not in first and "digests" not in asked({})


def test_digests_that_are_damaged_are_refused(asked):
    assert asked({"digests": ["x"]})["msg"] == "digests cannot be used: it is damaged. Hand over what this module returned."


def test_the_directory_of_the_test_is_a_system(asked):
    assert Path(manifest(asked({}))["files"]["entries"]["/srv"][0][0]).name == "a"
