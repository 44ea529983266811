# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Controls for imaging appliances and AI nodes, each on a good system and on a bad one."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

CATALOGUE = Catalogue()
# A path that each control is about, with a mode that it allows and one that it does not.
GUARDED = {
    "imaging-archive-directories": ("/srv/dicom/", 0o750, 0o755),
    "imaging-archive-configuration": ("/etc/orthanc/orthanc.json", 0o640, 0o644),
    "ai-model-directories": ("/srv/models/", 0o750, 0o770),
    "ai-dataset-directories": ("/srv/datasets/", 0o770, 0o775),
    "ai-container-sockets": ("/run/docker.sock", 0o660, 0o666),
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files must belong to root")


@pytest.fixture
def system(tmp_path):
    for path, text in {
        "etc/os-release": "ID=debian\nVERSION_ID=12\n",
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
        "etc/group": "root:x:0:\n",
    }.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


def looked(root, name):
    control = Control.load(CATALOGUE.controls[name])
    return audit(Host(str(root), environ={}), [control], control.stages[-1])[0]


@pytest.mark.parametrize("name", GUARDED)
def test_what_lies_closed_passes_and_what_lies_open_fails(system, name):
    path, good, bad = GUARDED[name]
    place = system / path.strip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.parent.chmod(0o755 if place.parent != system / "srv/models" else 0o750)
    place.mkdir() if path.endswith("/") else place.touch()
    place.chmod(good)
    assert looked(system, name)["status"] == "pass"
    place.chmod(bad)
    record = looked(system, name)
    assert (record["status"], record["read_from"]) == ("fail", path.rstrip("/"))


@pytest.mark.parametrize("name", GUARDED)
def test_what_is_not_there_does_not_apply(system, name):
    assert looked(system, name)["status"] == "not_applicable"


def test_an_account_of_a_vendor_needs_an_end(system):
    shadow = system / "etc/shadow"
    shadow.write_text("root:!:19000:0:99999:7:::\nvendor-ct:!:19000:0:99999:7::21000:\n", encoding="utf-8")
    assert looked(system, "imaging-vendor-accounts")["status"] == "pass"
    shadow.write_text("root:!:19000:0:99999:7:::\nvendor-ct:!:19000:0:99999:7:::\n", encoding="utf-8")
    record = looked(system, "imaging-vendor-accounts")
    assert (record["status"], record["message"]) == ("fail", "vendor-ct has no day on which it ends")
