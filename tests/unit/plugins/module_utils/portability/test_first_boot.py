# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Agents, cloud-init, host names and time services."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.agents import detect
from ansible_collections.hygeia.golden.plugins.module_utils.portability import first_boot
from ansible_collections.hygeia.golden.plugins.module_utils.portability.first_boot import CloudInit

CLOUD = {"/usr/bin/cloud-init": ""}
CFG, DPKG, OWN = "/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "/etc/cloud/cloud.cfg.d/99_own.cfg"
OPENSTACK = {"id": "openstack", "datasources": ["OpenStack", "ConfigDrive"], "cloud_init": "required", "agents": ["qemu-guest-agent"]}
AGENTS = [
    {
        "id": "qemu-guest-agent",
        "title": "QEMU guest agent",
        "class": "guest_tools",
        "programs": ["/usr/sbin/qemu-ga"],
        "units": ["qemu-guest-agent.service"],
    }
]
UNIT = "/usr/lib/systemd/system/{}.service"
WANTED = "/etc/systemd/system/multi-user.target.wants/{}.service"
STARTED = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.mark.parametrize(
    "files,platform,status,message",
    [
        ({}, OPENSTACK, "fail", "cloud-init is not installed"),
        ({}, {**OPENSTACK, "cloud_init": "optional"}, "not_applicable", "can do without"),
        (CLOUD, OPENSTACK, "pass", ""),
        ({**CLOUD, "/etc/cloud/cloud-init.disabled": ""}, OPENSTACK, "fail", "not installed"),
        ({**CLOUD, DPKG: "datasource_list: [NoCloud, OpenStack, None]\n"}, OPENSTACK, "pass", ""),
        (
            {**CLOUD, DPKG: "datasource_list:\n- NoCloud\n- None\n"},
            OPENSTACK,
            "fail",
            "looks for NoCloud, None only: add OpenStack or ConfigDrive",
        ),
        # The last file that has a list has the whole of it.
        (
            {**CLOUD, CFG: "datasource_list: [OpenStack, Ec2]\n", OWN: "datasource_list: [VMware]\n"},
            OPENSTACK,
            "fail",
            "looks for VMware only",
        ),
        ({**CLOUD, CFG: "datasource_list: [VMware]\n", OWN: "datasource_list: [ConfigDrive]\n"}, OPENSTACK, "pass", ""),
        ({**CLOUD, DPKG: "datasource_list: []\n"}, OPENSTACK, "pass", ""),
        ({**CLOUD, OWN: "datasource_list: !!python [\n"}, OPENSTACK, "not_checked", "99_own.cfg is not understood"),
    ],
)
def test_cloud_init_looks_where_the_platform_has_the_data(tree, files, platform, status, message):
    answer = first_boot.datasource(platform, CloudInit(tree(files)))
    assert (answer.status, message in answer.message) == (status, True)


@pytest.mark.parametrize(
    "texts",
    [
        ["datasource_list: [A, B]"],
        ["datasource_list:\n  - A", "x: {datasource_list: [C]}"],
        ["datasource_list: [A, B, C]", "datasource_list: [D]"],
    ],
)
def test_the_list_is_that_of_the_files_merged_as_yaml(tree, texts):
    merged = {}
    for text in texts:
        merged.update(yaml.safe_load(text))
    files = {f"/etc/cloud/cloud.cfg.d/{number}.cfg": text + "\n" for number, text in enumerate(texts)}
    assert CloudInit(tree({**CLOUD, **files})).datasources[0] == merged["datasource_list"]


@pytest.mark.parametrize(
    "name,files,status",
    [
        ("", {}, "pass"),
        ("localhost\n", {}, "pass"),
        ("# nobody\n\n", {}, "pass"),
        ("template\n", {}, "fail"),
        ("template\n", CLOUD, "pass"),
        ("template\n", {**CLOUD, OWN: "preserve_hostname: true\n"}, "fail"),
        ("localhost\n", {**CLOUD, OWN: "preserve_hostname: true\n"}, "pass"),
    ],
)
def test_a_copy_gets_a_name_of_its_own(tree, name, files, status):
    host = tree({"/etc/hostname": name, **files})
    assert first_boot.hostname(host, CloudInit(host)).status == status


@pytest.mark.parametrize(
    "files,status,message",
    [
        ({}, "fail", "qemu-guest-agent is not installed"),
        ({"/usr/sbin/qemu-ga": "", UNIT.format("qemu-guest-agent"): STARTED, WANTED.format("qemu-guest-agent"): STARTED}, "pass", ""),
        (
            {"/usr/sbin/qemu-ga": "", UNIT.format("qemu-guest-agent"): STARTED},
            "fail",
            "qemu-guest-agent.service of QEMU guest agent is disabled",
        ),
    ],
)
def test_the_agent_is_there_and_starts(tree, files, status, message):
    answer = first_boot.agent(OPENSTACK, detect.detect(tree({"/var/lib/dpkg/status": "", **files}), AGENTS))
    assert (answer.status, message in answer.message) == (status, True)


def test_a_platform_without_an_agent_asks_for_none(tree):
    assert first_boot.agent({"id": "aws"}, []).status == "not_applicable"


@pytest.mark.parametrize(
    "unit,files,status", [("chrony", [UNIT, WANTED], "pass"), ("chrony", [UNIT], "fail"), ("cron", [UNIT, WANTED], "fail")]
)
def test_a_service_sets_the_clock_again(tree, unit, files, status):
    answer = first_boot.time({"time_source": "169.254.169.123"}, tree({path.format(unit): STARTED for path in files}))
    assert answer.status == status
    assert ("169.254.169.123" in answer.message) == (status == "fail")
