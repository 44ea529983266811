# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two images compared by the playbook: a page for people, and neither image is changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.tests.templates import images

PLAYBOOK = Path(__file__).parents[3] / "playbooks/compare_images.yml"


def test_what_differs_is_on_the_page_and_both_images_stay_as_they_were(lab, stock, tmp_path):
    tree = images.system(tmp_path / "tree", python=True)
    before = images.qcow2(images.filesystem("ext4", tmp_path / "before.raw", tree, 160 * images.MIB), tmp_path / "before.qcow2")
    program = tree / "usr/local/bin/<b>helper"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(b"a program")
    program.chmod(0o4755)
    (tree / "etc/added.conf").write_text("new")
    (tree / "etc/os-release").write_text((tree / "etc/os-release").read_text() + "VARIANT=pacs\n")
    after = images.qcow2(images.filesystem("ext4", tmp_path / "after.raw", tree, 160 * images.MIB), tmp_path / "after.qcow2")
    digests = {path: inspection.sha256(path) for path in (before, after)}

    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), PLAYBOOK]
    variables = {"before": before, "after": after, "dest": tmp_path / "page", "image_work_dir": lab.work_dir}
    extra = [argument for name, value in variables.items() for argument in ("--extra-vars", f"{name}={value}")]
    done = subprocess.run([*command, *extra], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert "<b>helper: runs as root (setuid)" in done.stdout

    found = json.loads((tmp_path / "page/comparison.json").read_text())
    assert {row["path"]: row["sort"] for row in found["files"]} == {
        "/etc/added.conf": "added",
        "/etc/os-release": "changed",
        "/usr/local": "added",
    }
    assert [row["path"] for row in found["notable"]] == ["/usr/local/bin/<b>helper"]
    assert [row["control"] for row in found["controls"]["worse"]] == ["file-setuid"]
    page = (tmp_path / "page/comparison.html").read_text()
    assert "/usr/local/bin/&lt;b&gt;helper" in page and "1 file needs a look" in page
    for path, digest in digests.items():
        lab.assert_clean(path, digest)
