# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role and the connection in a play: on the controller, on a build host over SSH, and when something fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.tests.templates import build_host, images

PLAYBOOK = Path(__file__).parent / "transaction.yml"
FAILURE = re.compile(r"^fatal: \[([\w.]+)[^]]*\]: FAILED! => ", re.M)


@pytest.fixture(scope="module")
def python_template(stock):
    """A template that Ansible can work in."""
    tree = images.system(stock / "python-tree", python=True)
    return images.qcow2(images.filesystem("ext4", stock / "python.raw", tree, 160 * images.MIB), stock / "python.qcow2")


@pytest.fixture
def play(lab):
    """Run the playbook on templates; returns why it failed, by host."""

    def run(templates, *arguments, **variables):
        inventory = {
            "templates": {
                "hosts": templates,
                "vars": {
                    "image_work_dir": str(lab.work_dir),
                    "image_dest": str(lab.dest),
                    "fetched": str(lab.place / "fetched"),
                    **variables.pop("group", {}),
                },
            },
            **variables,
        }
        (lab.place / "inventory.json").write_text(json.dumps(inventory))
        playbook = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [playbook, "--inventory", lab.place / "inventory.json", *arguments, PLAYBOOK]
        environ = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(lab.place / "tmp"), "ANSIBLE_HOST_KEY_CHECKING": "false"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=170)
        print(done.stdout + done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        assert "PLAY RECAP" in done.stdout, done.stdout + done.stderr
        return {found[1]: json.JSONDecoder().raw_decode(done.stdout[found.end() :])[0]["msg"] for found in FAILURE.finditer(done.stdout)}

    return run


@pytest.fixture
def ssh_server(lab):
    """The inventory's variables for this machine as a build host."""
    with build_host.served(lab.place / "ssh") as variables:
        yield variables


def assert_promoted(lab, name):
    listing = images.listed(images.raw(lab.dest / f"{name}.qcow2", lab.place / "out.raw"), "/etc", "/root")
    assert "/sent-0/0/" in listing and "/sent-1000/1000/" in listing
    assert ".ansible" not in listing, "nothing of Ansible's stays in the image"
    assert (lab.place / "fetched" / name).read_text() == "template\n"


def test_on_the_controller(lab, play, python_template, plain, tmp_path):
    digest = inspection.sha256(python_template)
    data = images.filesystem("ext4", tmp_path / "data.raw", size=8 * images.MIB, label="data")
    web = {"template_source": str(python_template), "template_disks": [{"path": str(data), "format": "raw"}]}
    failures = play({"web": web, "bare": {"template_source": str(plain)}})
    assert failures == {"bare": f"{plain} has no python3, which Ansible needs: install the package python3 in the template"}
    assert_promoted(lab, "web")
    images.call("qemu-img", "compare", "-f", "raw", "-F", "qcow2", data, lab.dest / "web-disk2.qcow2")
    lab.assert_clean(python_template, digest)


def test_on_a_build_host_over_ssh(lab, play, python_template, ssh_server, tmp_path):
    copy = tmp_path / "copy.qcow2"
    shutil.copy(python_template, copy)
    digest = inspection.sha256(python_template)
    templates = {"web": {"template_source": str(python_template)}, "db": {"template_source": str(copy)}}
    failures = play(templates, "--forks", "2", group={"image_host": "build1"}, builders={"hosts": {"build1": ssh_server}})
    assert failures == {}
    for name in templates:
        assert_promoted(lab, name)
    lab.assert_clean(python_template, digest)
    lab.assert_clean(copy, digest)


def test_the_second_host_of_a_template_waits_for_the_first(lab, play, python_template):
    failures = play({name: {"template_source": str(python_template)} for name in ("web", "db")}, "--forks", "2")
    assert failures == {}
    for name in ("web", "db"):
        assert_promoted(lab, name)
    lab.assert_clean(python_template, inspection.sha256(python_template))


def test_a_failure_discards(lab, play, python_template):
    failures = play({"web": {"template_source": str(python_template)}}, "--extra-vars", '{"fail": true}')
    assert list(failures) == ["web"]
    assert not lab.dest.exists()
    lab.assert_clean(python_template, inspection.sha256(python_template))


def test_check_mode_promotes_nothing(lab, play, python_template):
    failures = play({"web": {"template_source": str(python_template)}}, "--check", "--diff")
    assert failures == {}
    assert not lab.dest.exists()
    lab.assert_clean(python_template, inspection.sha256(python_template))
