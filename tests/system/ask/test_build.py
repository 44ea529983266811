# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine that is to become an image, whose packages cannot be had: the play says so before it changes anything."""

from __future__ import annotations

import hashlib
import json
import os


def files(root):
    """The digest of each file that a build could change, by its path."""
    for directory in ("etc", "usr/bin", "usr/sbin", "var/lib/dpkg"):
        for place, unused_directories, names in os.walk(root / directory):
            for name in names:
                path = os.path.join(place, name)
                if os.path.isfile(path) and not os.path.islink(path) and "/lock" not in path:
                    with open(path, "rb") as stream:
                        yield path, hashlib.sha256(stream.read()).hexdigest()


def test_without_a_package_source_nothing_is_changed(play, root, tmp_path):
    before = dict(files(root))
    (tmp_path / "play.yml").write_text("- import_playbook: hygeia.golden.build\n")
    wanted = {"evidence_dir": str(tmp_path / "evidence"), "baseline_profile": "hipaa"}
    stopped = play("-e", json.dumps(wanted))
    assert stopped.returncode == 2
    assert "Downloading packages failed" in stopped.stdout
    (report,) = tmp_path.glob("evidence/ward/*/report.html")
    assert "Downloading packages failed" in report.read_text(encoding="utf-8")
    assert dict(files(root)) == before
