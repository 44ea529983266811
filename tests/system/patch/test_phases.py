# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Three templates in phases: the canary is promoted, the second one fails its smoke test, and the third is not begun."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
from archive import SECURITY, Archive, served
from conftest import PROJECT, run

FAILED = {
    "control": "smoke-worklist",
    "title": "The worklist answers",
    "severity": "critical",
    "level": None,
    "origin": "hygeia.golden",
    "host": "second",
    "stage": "boot",
    "status": "fail",
    "expected": 0,
    "observed": 7,
    "read_from": "curl",
    "message": "no answer",
    "waiver": None,
    "references": {},
}


@pytest.fixture(scope="module")
def phases(keys, tmp_path_factory):
    """The process of the playbook, what it said at the end, and the directory of the images."""
    place = tmp_path_factory.mktemp("phases")
    template = place / "template.qcow2"
    run(
        sys.executable,
        PROJECT / "tests/templates/build.py",
        "--cache",
        PROJECT / ".build/cache",
        "--table",
        "none",
        "--size",
        "1200",
        "--output",
        template,
    )
    images = place / "images"
    images.mkdir()
    for name in ("second", "third"):
        (images / f"{name}-1-0.qcow2").write_text("the old version")
        (images / f"{name}.qcow2").symlink_to(f"{name}-1-0.qcow2")
    archive = Archive(place / "archive", keys[0])
    archive.add("fresh", "1", suite=SECURITY)
    archive.publish()
    hosts = {name: {"template_source": str(template)} for name in ("first", "second", "third")}
    hosts["second"]["patch_records"] = [FAILED]
    with served(archive.place) as address:
        variables = {
            "image_dest": str(images),
            "image_work_dir": str(place / "sessions"),
            "evidence_dir": str(place / "evidence"),
            "patch_sources": archive.sources(address),
            "patch_packages": ["fresh"],
            "baseline_remove": ["*"],
            "verify_boot": False,
            "patch_batch": 1,
            "image_package_hosts": ["127.0.0.1"],
        }
        inventory = place / "inventory.json"
        inventory.write_text(
            json.dumps({"templates": {"hosts": hosts, "vars": variables, "children": {"canary": {"hosts": {"first": {}}}}}})
        )
        return *patched(place, inventory), images


def patched(place, inventory):
    """Run the playbook; the process, and what it says at the end."""
    done = played(place, inventory, "patch_templates")
    return done, done.stdout[done.stdout.index("TASK [Report the result of each template]") :]


def played(place, inventory, name):
    playbook = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    done = subprocess.run(
        [playbook, "--inventory", inventory, PROJECT / f"playbooks/{name}.yml"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp")},
    )
    print(done.stdout + done.stderr)
    return done


def test_it_says_plainly_which_were_done_and_which_not(phases):
    done, output, unused_images = phases
    assert done.returncode != 0
    for line in ("Done: first", "Not promoted: second", "Not begun: third"):
        assert f'"{line}"' in output


def test_only_what_passed_was_promoted(phases):
    images = phases[2]
    assert os.readlink(images / "first.qcow2").startswith("first-")
    assert [os.readlink(images / f"{name}.qcow2") for name in ("second", "third")] == ["second-1-0.qcow2", "third-1-0.qcow2"]
    assert not [path for path in images.glob("second-*") if path.name != "second-1-0.qcow2"]


def test_a_canary_that_ends_before_anything_is_done_stops_the_others_too(tmp_path):
    """Also with more templates than would stand in order by chance."""
    later = ["ninth", "second", "fifth", "third", "eighth", "fourth"]
    hosts = {name: {"template_source": "/nowhere/template.qcow2"} for name in ("first", *later)}
    hosts["first"]["baseline_profile"] = "nobodys"
    variables = {
        "image_dest": str(tmp_path / "images"),
        "image_work_dir": str(tmp_path / "sessions"),
        "evidence_dir": str(tmp_path / "evidence"),
    }
    inventory = tmp_path / "unknown.json"
    inventory.write_text(json.dumps({"templates": {"hosts": hosts, "vars": variables, "children": {"canary": {"hosts": {"first": {}}}}}}))
    done, output = patched(tmp_path, inventory)
    assert done.returncode != 0
    assert f'"Then: {", ".join(later)}"' in done.stdout
    for line in ("Done: none", "Not promoted: first", f"Not begun: {', '.join(later)}"):
        assert f'"{line}"' in output
    assert "no profile nobodys" in output


def test_what_cannot_be_proven_is_not_promoted(phases):
    """Something lies in the place of the directory of evidence, which turns out when everything else is done."""
    place, images = phases[2].parent, phases[2]
    inventory = json.loads((place / "inventory.json").read_text())
    templates = inventory["templates"]
    templates["hosts"] = {"unproven": templates["hosts"]["first"]}
    (place / "a file").write_text("in its place")
    templates["vars"]["evidence_dir"] = str(place / "a file")
    del templates["children"]
    (place / "unproven.json").write_text(json.dumps(inventory))
    done = played(place, place / "unproven.json", "golden_image")
    assert done.returncode != 0
    assert f"the evidence could not be written to {place}/a file/unproven/" in done.stdout
    assert [path.name for path in images.glob("*unproven*")] + [path.name for path in images.glob(".*") if path.name != ".lock"] == []


def test_the_evidence_of_what_was_promoted_has_its_digest(phases):
    place, images = phases[2].parent, phases[2]
    [path] = (place / "evidence/first").glob("*/manifest.json")
    manifest = json.loads(path.read_text())
    assert manifest["verdict"]["outcome"] == "promoted"
    assert manifest["verdict"]["text"].endswith("and the image was promoted. The boot check was skipped.")
    assert manifest["image"]["path"] == os.path.realpath(images / "first.qcow2")
    assert manifest["image"]["sha256"] == hashlib.sha256((images / "first.qcow2").read_bytes()).hexdigest()
    assert not list((place / "evidence/first").glob(".*"))


def test_nothing_of_the_run_is_left(phases):
    place = phases[2].parent
    assert not list((place / "sessions").glob("*")) or not list((place / "sessions").glob("*/journal.json"))
