# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role configures AWX by the modules of awx.awx: nothing in check mode, everything once, and nothing is left when it is removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.tests.system.awx.api import served

PROJECT = Path(__file__).parents[3]
EXAMPLE = PROJECT / "examples/awx-project"
VARIABLES = {
    "ansible_python_interpreter": sys.executable,
    "awx_project_url": "https://git.example.org/hospital/golden.git",
    "awx_execution_environment": "registry.example.org/golden:1.0",
    "awx_instance_group": "golden",
    "awx_instance_group_pod": "apiVersion: v1\nkind: Pod\n",
    "awx_notifications": {
        "on call": {"type": "webhook", "configuration": {"url": "https://pager.example.org/", "http_method": "POST", "headers": {}}}
    },
    "awx_variables": {"evidence_dir": "/evidence"},
}


@pytest.fixture(scope="module")
def server():
    with served() as (awx, address):
        yield awx, address


@pytest.fixture(scope="module")
def configure(server, tmp_path_factory):
    unused_awx, address = server
    place = tmp_path_factory.mktemp("awx")
    environment = {
        **os.environ,
        "CONTROLLER_HOST": address,
        "CONTROLLER_USERNAME": "admin",
        "CONTROLLER_PASSWORD": "of nobody",
        "CONTROLLER_VERIFY_SSL": "false",
        "ANSIBLE_STDOUT_CALLBACK": "hygeia.golden.progress",
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }

    def run(*options, **variables):
        (place / "variables.json").write_text(json.dumps({**VARIABLES, **variables}), encoding="utf-8")
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{place}/variables.json", *options, EXAMPLE / "configure.yml"]
        ran = subprocess.run(command, env=environment, cwd=place, text=True, capture_output=True, check=False, timeout=600)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


def changed(output):
    """How many tasks changed something, as the table at the end has it."""
    (line,) = (line for line in output.splitlines() if line.startswith("localhost  ok"))
    return int(line.split()[2])


def test_check_mode_writes_nothing_and_says_that_everything_would_be(server, configure):
    awx, unused_address = server
    output = configure("--check")
    assert "Golden images does not exist, so all of its objects would be configured" in output
    assert awx.requests == [] and changed(output) > 0


def test_everything_is_configured_once(server, configure):
    awx, unused_address = server
    assert changed(configure()) > 10
    assert awx.names("job_templates") == [
        f"Golden images: {name}"
        for name in ("audit hosts", "audit images", "build images", "patch hosts", "plan patches", "publish images", "roll back images")
    ]
    assert len(awx.names("workflow_job_template_nodes")) == 10
    assert awx.names("schedules") == ["Golden images: audit hosts", "Golden images: patch images"]
    before = list(awx.requests)
    assert changed(configure()) == 0
    assert awx.requests == before


def test_no_change_is_made_without_an_approval_and_each_has_a_way_back(server):
    """From the first node on, a person stands before each job that changes images, and a failed verification leads to a rollback."""
    awx, unused_address = server
    nodes = awx.objects["workflow_job_template_nodes"]
    approvals = awx.objects["workflow_approval_templates"]
    jobs = {
        number: (awx.objects["job_templates"].get(node["unified_job_template"]) or {}).get("name", "") for number, node in nodes.items()
    }
    followed = {number for node in nodes.values() for name in ("success_nodes", "failure_nodes") for number in node["lists"][name]}
    (first,) = set(nodes) - followed
    assert jobs[first] == "Golden images: plan patches"
    assert [node["identifier"] for node in nodes.values() if node["unified_job_template"] in approvals] == [
        "approve the plan",
        "approve the rest",
    ]

    def steps(number, approved):
        node = nodes[number]
        approved = approved or node["unified_job_template"] in approvals
        yield node["identifier"], jobs[number], approved
        for name in ("success_nodes", "failure_nodes"):
            for after in node["lists"][name]:
                yield from steps(after, approved and jobs[number] != "Golden images: audit images")

    for identifier, job, approved in steps(first, False):
        if job == "Golden images: build images":
            assert approved, identifier
    for node in nodes.values():
        if node["identifier"].startswith("verify"):
            (back,) = node["lists"]["failure_nodes"]
            assert jobs[back] == "Golden images: roll back images" and nodes[back]["limit"] == node["limit"]
            assert nodes[back]["extra_data"] == {"version": "previous", "reason": "The verification after patching failed"}


def test_a_survey_asks_what_the_roles_take(server):
    awx, unused_address = server
    survey = {question["variable"]: question for question in awx.one("job_templates", "Golden images: build images")["survey"]["spec"]}
    assert set(survey) == {"baseline_profile", "verify_severity"}
    profiles = {path.stem for path in (PROJECT / "roles/baseline/files/profiles").glob("*.yml")}
    assert set(survey["baseline_profile"]["choices"]) <= profiles
    specification = yaml.safe_load((PROJECT / "roles/verify/meta/argument_specs.yml").read_text(encoding="utf-8"))
    assert survey["verify_severity"]["choices"] == specification["argument_specs"]["main"]["options"]["verify_severity"]["choices"]


def test_every_playbook_of_a_template_is_in_the_project(server):
    awx, unused_address = server
    for template in awx.objects["job_templates"].values():
        (play,) = yaml.safe_load((EXAMPLE / template["playbook"]).read_text(encoding="utf-8"))
        name = play["ansible.builtin.import_playbook"]
        assert (PROJECT / "playbooks" / f"{name.removeprefix('hygeia.golden.')}.yml").exists(), name


def test_what_was_configured_is_removed(server, configure):
    awx, unused_address = server
    assert changed(configure(awx_state="absent")) > 5
    left = {
        kind: awx.names(kind)
        for kind in ("job_templates", "workflow_job_templates", "workflow_job_template_nodes", "projects", "inventories")
    }
    assert left == {kind: [] for kind in left}
    assert awx.names("organizations") == ["Golden images"] and awx.names("credential_types") == ["Machine"]
