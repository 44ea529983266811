# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows template beside one of Linux: both audited by one playbook, the Windows one refused by the main job, and neither changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import images
from ansible_collections.hygeia.golden.tests.windows import disks, making

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


@pytest.fixture(scope="module")
def weak(hardened, controls):
    """The hardened system with one weakness in each control, and the controls."""
    system = hardened.copy()
    for control in controls:
        kind, settings = next(iter(control["settings"].items()))
        name, wanted = next(iter(settings.items()))
        making.set_right(system, kind, name, wanted, False)
    return system


@pytest.fixture(scope="module")
def site(tmp_path_factory, weak, hardened):
    """The templates: a weak and a hardened Windows as VHDX and raw, and a small Linux."""
    place = tmp_path_factory.mktemp("site")
    found = {}
    for name, system in (("weak", weak), ("hardened", hardened)):
        (place / name).mkdir()
        found[name] = disks.system_disk(place / name, system.content())
    subprocess.run(["qemu-img", "convert", "-O", "vhdx", found["weak"], place / "weak.vhdx"], check=True)
    found["weak"] = place / "weak.vhdx"
    tree = images.system(place / "tree", python=True)
    found["linux"] = images.qcow2(images.filesystem("ext4", place / "linux.raw", tree, 160 * images.MIB), place / "linux.qcow2")
    return place, found


def digests(found):
    return {name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path in found.items()}


def play(site, playbook, hosts, *arguments):
    """Run a playbook over some of the templates; what it printed, and the newest evidence of each."""
    place, found = site
    inventory = {
        "templates": {
            "hosts": {name: {"template_source": str(found[name])} for name in hosts},
            "vars": {
                "image_work_dir": str(place / "sessions"),
                "image_dest": str(place / "golden"),
                "evidence_dir": str(place / "evidence"),
                "baseline_profile": "strict",
            },
        }
    }
    (place / "inventory.json").write_text(json.dumps(inventory))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    command = [program, "--inventory", place / "inventory.json", *arguments, PLAYBOOKS / playbook]
    environ = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=400)
    print(done.stdout + done.stderr)
    assert "Traceback" not in done.stdout + done.stderr and "PLAY RECAP" in done.stdout
    evidence = {name: max((place / "evidence" / name).glob("2*"), key=lambda each: each.stat().st_mtime_ns) for name in hosts}
    return done, evidence


def records(directory):
    return json.loads((directory / "results.json").read_text())["records"]


def test_windows_and_linux_are_audited_in_one_play_and_stay_as_they_are(site, controls):
    before = digests(site[1])
    done, evidence = play(site, "audit_image.yml", ["weak", "hardened", "linux"], "--extra-vars", '{"audit_image_fail": false}')
    assert done.returncode == 0
    assert digests(site[1]) == before
    ids = {control["id"] for control in controls}
    failed = {record["control"] for record in records(evidence["weak"]) if record["status"] == "fail"}
    assert failed == ids
    assert {record["status"] for record in records(evidence["hardened"])} == {"pass"}
    assert {record["stage"] for record in records(evidence["weak"])} == {"offline"}
    assert not ids & {record["control"] for record in records(evidence["linux"])} and len(records(evidence["linux"])) > 200
    manifest = json.loads((evidence["weak"] / "manifest.json").read_text())
    assert (
        manifest["source"]["sha256"] == before["weak"] and manifest["stages"] == ["offline"] and manifest["verdict"]["outcome"] == "refused"
    )
    assert json.loads((evidence["hardened"] / "manifest.json").read_text())["verdict"]["outcome"] == "passed"
    report = (evidence["weak"] / "report.html").read_text()
    assert all(name in report for name in ids)
    assert not list((site[0] / "sessions").glob("*"))


def test_the_main_job_says_that_windows_is_audited_and_not_changed(site):
    before = digests(site[1])
    done, evidence = play(site, "golden_image.yml", ["hardened"])
    assert done.returncode != 0 and digests(site[1]) == before
    manifest = json.loads((evidence["hardened"] / "manifest.json").read_text())
    assert manifest["verdict"]["outcome"] == "stopped"
    said = (evidence["hardened"] / "report.html").read_text()
    assert "holds Windows on partition 2" in said and "which is audited and not changed: run hygeia.golden.audit_image on it" in said
