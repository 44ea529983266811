# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual machines of vSphere, as vmware_guest_info returns them."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.vmware import (
    PARAMETERS,
    UNDEFINED,
    BadMachine,
    Machine,
    evaluate,
)

# What has no safe default is set; nothing else is.
SET = {
    "RemoteDisplay.maxConnections": "1",
    "tools.guest.desktop.autolock": "TRUE",
    "bios.bootDeviceClasses": "allow:hd",
    "nvram": "pacs.nvram",
}
SUMMARY = {
    "hw_name": "pacs",
    "instance_uuid": "5023a1c2-0000-0000-0000-000000000001",
    "hw_version": "vmx-19",
    "tpm_info": {"tpm_present": True, "provider_id": None},
    "advanced_settings": SET,
}
VSPHERE = {
    "config": {
        "name": "pacs",
        "version": "vmx-19",
        "extraConfig": [{"key": name, "value": value} for name, value in SET.items()],
        "bootOptions": {"efiSecureBootEnabled": True},
        "migrateEncryption": "required",
        "ftEncryptionMode": "ftEncryptionRequired",
    }
}


def answers(instance):
    return {record["control"][len("domain-") : -len("-pacs")]: record for record in evaluate(Machine(instance))}


def with_settings(**settings):
    return {**SUMMARY, "advanced_settings": {**SET, **settings}}


def test_a_parameter_that_is_not_set_is_right_where_the_guide_says_so():
    records = answers(SUMMARY)
    assert {aspect: record["status"] for aspect, record in records.items() if record["status"] != "pass"} == {
        "firmware": "not_checked",
        "transit": "not_checked",
    }


def test_what_the_schema_of_vsphere_says_besides():
    records = answers(VSPHERE)
    assert {aspect: record["status"] for aspect, record in records.items() if record["status"] != "pass"} == {"tpm": "not_checked"}


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_each_parameter_is_seen_failing(parameter):
    name = parameter.name.replace("*", "0")
    assert answers(with_settings(**{name: "odd"}))[parameter.aspect]["status"] == "fail"
    without = {key: value for key, value in SET.items() if key != parameter.name}
    status = "pass" if UNDEFINED in parameter.values else "fail"
    assert answers({**SUMMARY, "advanced_settings": without})[parameter.aspect]["status"] == status


@pytest.mark.parametrize(
    "settings,aspect,message",
    [
        ({"isolation.tools.copy.disable": "FALSE"}, "channels", "isolation.tools.copy.disable is FALSE: set it to TRUE"),
        ({"ethernet0.filter4.name": "dv"}, "filters", "ethernet0.filter4.name is dv: remove it"),
        ({"RemoteDisplay.maxConnections": "-1"}, "consoles", "remotedisplay.maxconnections is -1: set it to 1"),
    ],
)
def test_what_to_do_is_said(settings, aspect, message):
    assert answers(with_settings(**settings))[aspect]["message"] == message


def test_values_are_compared_without_case():
    assert answers(with_settings(**{"ISOLATION.tools.copy.disable": "true"}))["channels"]["status"] == "pass"


@pytest.mark.parametrize("changes,aspect", [({"hw_version": "vmx-13"}, "version"), ({"tpm_info": {"tpm_present": False}}, "tpm")])
def test_hardware_is_seen_failing(changes, aspect):
    assert answers({**SUMMARY, **changes})[aspect]["status"] == "fail"


@pytest.mark.parametrize(
    "changes,aspect", [({"bootOptions": {"efiSecureBootEnabled": False}}, "firmware"), ({"migrateEncryption": "opportunistic"}, "transit")]
)
def test_options_are_seen_failing(changes, aspect):
    assert answers({"config": {**VSPHERE["config"], **changes}})[aspect]["status"] == "fail"


@pytest.mark.parametrize("instance", [{}, {"hw_name": "pacs"}, {"advanced_settings": {}}])
def test_what_is_no_machine_is_refused(instance):
    with pytest.raises(BadMachine, match="hand over the instance that vmware_guest_info returns"):
        Machine(instance)
