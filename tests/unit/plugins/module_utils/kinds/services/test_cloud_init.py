# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.cloud_init import PATH
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

DEBIAN = "/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
CONTROL = Control("portable-cloud-init", {"cloud_init": {"datasources": ["NoCloud", "Azure", "VMware"]}})


@pytest.fixture
def system(tree):
    def make(listed="[NoCloud, None]", **files):
        written = {"/usr/bin/cloud-init": "", "/etc/cloud/cloud.cfg": "users: [default]\n", **files}
        return tree({**written, **({DEBIAN: f"datasource_list: {listed}\n"} if listed else {})})

    return make


def record(host, control=CONTROL):
    return audit(host, [control], "offline")[0]


def test_what_is_not_looked_for_is_added_behind_what_is(system):
    host = system("[ConfigDrive, nocloud, None]")
    assert record(host)["message"] == "cloud-init does not look for Azure, VMware"
    enforce(host, [CONTROL], partial=True)
    assert yaml.safe_load(host.read(PATH)) == {"datasource_list": ["ConfigDrive", "nocloud", "Azure", "VMware", "None"]}
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL], partial=True).changes == []


def test_a_profile_without_it_takes_nothing_back(system):
    host = system()
    enforce(host, [CONTROL], partial=True)
    enforce(host, [])
    assert record(host)["status"] == "pass"


@pytest.mark.parametrize("listed", ["", "[Azure, NoCloud, OVF, VMware]"])
def test_where_all_are_looked_for_nothing_is_written(system, listed):
    host = system(listed)
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL], partial=True).changes == []


def test_a_file_of_ours_that_became_needless_goes(system):
    host = system()
    enforce(host, [CONTROL], partial=True)
    host.write(DEBIAN, "datasource_list: [NoCloud, Azure, VMware]\n")
    assert [change.target for change in enforce(host, [CONTROL], partial=True).changes] == [PATH]
    assert not host.exists(PATH) and record(host)["status"] == "pass"


def test_a_later_file_that_overrides_ours_is_named(system):
    host = system()
    enforce(host, [CONTROL], partial=True)
    host.write("/etc/cloud/cloud.cfg.d/zzz.cfg", "datasource_list: [Ec2]\n")
    found = record(host)
    assert (found["status"], found["read_from"]) == ("fail", "/etc/cloud/cloud.cfg.d/zzz.cfg")


def test_what_is_not_understood_is_not_claimed(system):
    host = system()
    host.write("/etc/cloud/cloud.cfg.d/95.cfg", "a: &b {c: d}\ne: *b\nf: !!python/object:x {}\n- g\n")
    assert record(host)["status"] == "not_checked"
    assert enforce(host, [CONTROL], partial=True).outcomes[0]["outcome"] == "refused"


def test_without_cloud_init_it_means_nothing(tree):
    assert record(tree())["status"] == "not_applicable"


@pytest.mark.parametrize("settings", [{"sources": []}, {"datasources": "Azure"}, {"datasources": ["Az ure"]}])
def test_settings_that_mean_nothing(system, settings):
    assert record(system(), Control("odd", {"cloud_init": settings}))["status"] == "error"
