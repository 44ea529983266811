# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hostile host answers every module with facts named like each variable that decides; the run decides as it would have."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess

import pytest
import yaml

REPO = pathlib.Path(__file__).resolve().parents[3]
AUDIT = REPO / "playbooks/audit.yml"
COMMANDS = [{"name": "works", "command": "true"}]
TERMINAL = "\x1b]0;owned\x07\x1b[2J\r\u202e\x00 PLAY RECAP"


class _Loader(yaml.SafeLoader):
    """Reads what Ansible marks as no template, too."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def variables():
    """Every variable of every role, and what they set meanwhile."""
    found = set()
    for path in REPO.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text())["argument_specs"].values():
            found |= set(entry.get("options", {}))
    for path in REPO.glob("roles/*/*/*.yml"):
        if path.parent.name in ("defaults", "vars"):
            found |= set(yaml.load(path.read_text(), _Loader) or {})
        elif path.parent.name == "tasks":
            found |= {name for task in tasks(yaml.safe_load(path.read_text())) for name in _named(task)}
    return found


def tasks(entries):
    for entry in entries:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from tasks(entry.get(part, []))


def _named(task):
    return [*task.get("ansible.builtin.set_fact", {}), *([task["register"]] if "register" in task else []), *task.get("vars", {})]


@pytest.fixture
def hostile(tmp_path):
    """Run a playbook against a host of which an attacker has the Python; returns the run and the attacker's directory."""
    theirs = tmp_path / "attacker"
    theirs.mkdir()
    interpreter = theirs / "python3"
    interpreter.write_text("#!/usr/bin/python3 -I\n" + pathlib.Path(__file__).with_name("hostile_python.py").read_text())
    interpreter.chmod(0o755)
    (theirs / "tasks.yml").write_text(f"- ansible.builtin.command: touch {theirs}/ran\n  delegate_to: localhost\n")
    facts = {name: str(theirs / "tasks.yml") for name in variables()}
    facts.update(
        {
            "evidence_dir": str(theirs / "evidence"),
            "verify_severity": "critical",
            "verify_boot": False,
            "verify_origins": ["nobody"],
            "ansible_connection": "ssh",
            "ansible_host": "192.0.2.1",
            "ansible_become": True,
            "ansible_python_interpreter": "/attacker/python3",
            "ansible_image_session": "/",
            "ansible_check_mode": True,
            "inventory_hostname": "other",
            "evidence_failure": "",
        }
    )

    def run(playbook, lies=None, facts=facts, **given):
        (theirs / "lies.json").write_text(json.dumps({"ansible_facts": facts, **(lies or {})}))
        inventory = {
            "all": {
                "hosts": {
                    "victim": {
                        "ansible_connection": "local",
                        "ansible_python_interpreter": str(interpreter),
                        "baseline_tags": ["time"],
                        "evidence_dir": str(tmp_path / "evidence"),
                        **given,
                    }
                }
            }
        }
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory))
        ran = subprocess.run(
            ["ansible-playbook", "-i", str(tmp_path / "inventory.yml"), str(playbook)],
            cwd=tmp_path,
            text=True,
            check=False,
            capture_output=True,
            errors="surrogateescape",
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_INJECT_FACT_VARS": "true"},
        )
        return ran, theirs

    return run


def evidence(tmp_path):
    """The results of the one run that left evidence where the site wants it."""
    (found,) = (tmp_path / "evidence").glob("victim/*/results.json")
    record = json.loads(found.read_text())
    return {name: record[name] for name in record if name != "ended"}


def untouched(theirs):
    """Whether nothing of the controller came to where the attacker wanted it."""
    return {path.name for path in theirs.iterdir()} == {"python3", "tasks.yml", "lies.json"}


def test_facts_in_answers_change_no_decision(hostile, tmp_path):
    hostile(AUDIT, facts={}, verify_smoke=COMMANDS)
    honest = evidence(tmp_path)
    shutil.rmtree(tmp_path / "evidence")
    ran, theirs = hostile(AUDIT, verify_smoke=COMMANDS)
    assert untouched(theirs), ran.stdout
    assert evidence(tmp_path) == honest
    assert {record["control"] for record in honest["records"]} > {"smoke-works"}


def test_nor_do_those_in_answers_to_tasks_of_the_site(hostile, tmp_path):
    smoke = tmp_path / "smoke.yml"
    smoke.write_text("- ansible.builtin.ping:\n")
    ran, theirs = hostile(AUDIT, verify_smoke=str(smoke))
    assert untouched(theirs), ran.stdout
    (record,) = [record for record in evidence(tmp_path)["records"] if record["control"] == "smoke-tasks"]
    assert (record["status"], record["read_from"]) == ("pass", str(smoke))


@pytest.mark.parametrize(
    "lies, message",
    [
        ({"results": TERMINAL}, "The answer of hygeia.golden.audit_info on victim cannot be used: results is a text and not a list."),
        (
            {"failed": True, "msg": "{{ lookup('pipe', 'touch ' ~ (evidence_dir | dirname) ~ '/attacker/ran') }}" + TERMINAL},
            "lookup('pipe'",
        ),
        ({"said": "{{ lookup('pipe', 'touch ' ~ (evidence_dir | dirname) ~ '/attacker/ran') }}" + TERMINAL}, None),
        (
            {"warnings": [TERMINAL], "deprecations": [{"msg": TERMINAL}], "exception": TERMINAL, "add_host": {"host_name": TERMINAL}},
            "PLAY RECAP",
        ),
    ],
)
def test_what_is_said_is_neither_run_nor_obeyed(hostile, tmp_path, lies, message):
    ran, theirs = hostile(AUDIT, lies, verify_smoke=COMMANDS)
    shown = ran.stdout + ran.stderr
    assert untouched(theirs), shown
    assert "Traceback" not in shown
    assert not [line for line in shown.splitlines() if not line.isprintable()]
    assert message is None or message in shown
    for name in ("report.html", "junit.xml", "coverage.csv"):
        for found in (tmp_path / "evidence").glob(f"victim/*/{name}"):
            text = found.read_text()
            assert not [line for line in text.replace("\t", "").split("\n") if not line.isprintable()], name


def test_the_words_of_a_host_that_is_out_of_reach_are_no_template(tmp_path):
    """An SSH banner, or whatever else a client quotes of a server."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nprintf '%s' \"{{{{ lookup('pipe', 'touch {tmp_path}/ran') }}}}{TERMINAL[:8]}\" >&2\nexit 255\n")
    ssh.chmod(0o755)
    play = tmp_path / "play.yml"
    play.write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "all",
                    "gather_facts": False,
                    "ignore_unreachable": True,
                    "vars": {"reason": "because {{ seen.msg }}"},
                    "tasks": [
                        {"hygeia.golden.release_info": {}, "register": "seen"},
                        {"ansible.builtin.set_fact": {"kept": "{{ reason }}"}},
                        {"ansible.builtin.debug": {"msg": "{{ kept }}"}},
                    ],
                }
            ]
        )
    )
    (tmp_path / "inventory.yml").write_text(
        yaml.safe_dump(
            {
                "all": {
                    "hosts": {
                        "victim": {
                            "ansible_connection": "ssh",
                            "ansible_ssh_executable": str(ssh),
                            "ansible_ssh_retries": 0,
                            "ansible_python_interpreter": "/usr/bin/python3",
                        }
                    }
                }
            }
        )
    )
    ran = subprocess.run(["ansible-playbook", "-i", tmp_path / "inventory.yml", play], text=True, check=False, capture_output=True)
    assert "because " in ran.stdout and "lookup" in ran.stdout.rpartition("because ")[2], ran.stdout + ran.stderr
    assert not (tmp_path / "ran").exists()


def test_the_attack_works_where_nobody_reads_the_answer(hostile, tmp_path):
    """What this is all about, so that the other tests say something."""
    play = tmp_path / "naive.yml"
    play.write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "all",
                    "gather_facts": False,
                    "tasks": [{"ansible.builtin.stat": {"path": "/"}}, {"ansible.builtin.include_tasks": "{{ verify_smoke }}"}],
                }
            ]
        )
    )
    ran, theirs = hostile(play, verify_smoke="mine.yml")
    assert (theirs / "ran").exists(), ran.stdout
