# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of the main job on the stand-in for Enterprise Linux, and what it left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[3]
NAME = "enterprise"
# What only the running copy can tell, and what its own programs say of it.
SMOKE = {
    "enforcing": 'test "$(getenforce)" = Enforcing',
    "denials": "! { cat /var/log/audit/audit.log; journalctl --dmesg; } | grep -E 'avc: +denied'",
    # What LVM writes when the system starts has the label of its directory.
    "labels": 'test -z "$(restorecon -R -n -v -e /etc/lvm /boot /etc /usr /home /root)"',
    "volumes": "findmnt --noheadings --output SOURCE,FSTYPE / | grep -E '^/dev/mapper/rhel-root +xfs'",
}
BOOT_LIMIT = 1500


class Job:
    """One run of the main job, and what it left."""

    def __init__(self, place):
        self.place = place
        self.template = place / "template.qcow2"
        builder = PROJECT / "tests/templates/build.py"
        command = [sys.executable, builder, "--family", "el", "--cache", PROJECT / ".build/cache", "--output", self.template]
        subprocess.run([str(word) for word in command], check=True)
        self.before = digest(self.template)
        variables = {
            "template_source": str(self.template),
            "image_work_dir": str(place / "sessions"),
            "image_dest": str(place / "images"),
            "evidence_dir": str(place / "evidence"),
            "baseline_profile": "hipaa",
            "verify_boot_timeout": BOOT_LIMIT,
            "verify_smoke": [{"name": name, "command": command, "timeout": 300} for name, command in SMOKE.items()],
        }
        inventory = place / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"templates": {"hosts": {NAME: variables}}}), encoding="utf-8")
        self.ran = subprocess.run(
            ["ansible-playbook", "--inventory", inventory, PROJECT / "playbooks/golden_image.yml"],
            check=False,
            capture_output=True,
            text=True,
        )

    @property
    def said(self):
        return (self.ran.stdout + self.ran.stderr)[-6000:]

    def evidence(self, name):
        (path,) = self.place.glob(f"evidence/{NAME}/*/{name}")
        return json.loads(path.read_text(encoding="utf-8"))

    @property
    def pointer(self):
        return self.place / f"images/{NAME}.qcow2"


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True, capture_output=True).stdout


def digest(path):
    return run("sha256sum", path).split()[0]
