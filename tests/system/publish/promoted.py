# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promoted images of a system that starts in an instant, each with the evidence that the collection itself writes."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.action.evidence import ARGUMENTS
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import PASS, record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence

# Boot code for BIOS that asks for a login on the first serial port, and then waits for ever.
_PROMPT = b"\r\ngolden login: \0"
_CODE = bytes.fromhex("fa31c08ed8be167cac84c07406baf803eeebf5f4ebfd")
BOOT_SECTOR = (_CODE + _PROMPT).ljust(510, b"\0") + b"\x55\xaa"
WORKS = {
    "firmware": {"one of": ["bios"]},
    "disk": {"one of": ["virtio-scsi", "virtio-blk"]},
    "network": {"one of": ["virtio-net"]},
    "agent": {"enabled": True},
}


class Promoted:
    """An image store and the evidence of its images, for one template."""

    def __init__(self, directory: Path, name: str = "web") -> None:
        self.name, self.dest, self.evidence = name, directory / "golden", directory / "evidence"
        self.dest.mkdir(parents=True)

    def promote(self, version, platforms=("kvm",), signing_key="", disks=1):
        """Promote a version; its path and its digest."""
        files = [self._disk(version, number) for number in range(1, disks + 1)]
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        stem = f"{self.name}-{version}-{digests[0][:12]}"
        paths = [self.dest / f"{stem}{'' if not number else f'-disk{number + 1}'}.qcow2" for number in range(disks)]
        for file, path in zip(files, paths):
            file.rename(path)
        others = {f"disk{number}.qcow2": digest for number, digest in enumerate(digests[1:], 2)}
        about = {"action": "promoted", "version": version, "sha256": digests[0], "by": "ann", "reason": "", "files": others}
        ImageStore(str(self.dest), self.name).move(str(paths[0]), **about)
        self._prove(version, paths[0], digests[0], platforms, signing_key)
        return paths[0], digests[0]

    def _disk(self, version, number):
        raw, file = self.dest / "disk.raw", self.dest / f"disk{number}"
        content = BOOT_SECTOR + f"{self.name} {version} disk {number}".encode()
        raw.write_bytes(content.ljust(1 << 20, b"\0"))
        subprocess.run(["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, file], check=True)
        raw.unlink()
        return file

    def _prove(self, version, path, digest, platforms, signing_key):
        records = [
            {**record(f"portable-{aspect}-{platform}", PASS, "offline", observed=observed), **_joined()}
            for platform in platforms
            for aspect, observed in WORKS.items()
        ]
        facts = {
            **{name: spec.get("default") for name, spec in ARGUMENTS.items()},
            "host": self.name,
            "generator": evidence.generator("test"),
            "path": str(self.evidence / self.name / version),
            "template": str(Path(BASELINE).parents[1] / "evidence/templates/report.html.j2"),
            "profile": "hipaa",
            "docs": "",
            "records": records,
            "source": {"path": "/srv/web.qcow2", "sha256": "0" * 64, "size": 1},
            "image": {"path": str(path), "sha256": digest, "size": path.stat().st_size},
        }
        run, files = evidence.rendered(facts, "2026-10-01T00:00:00Z")
        if signing_key:
            files = evidence.signed(run, files, signing_key)
        evidence.written(facts["path"], files)

    def manifests(self):
        """Those of the runs of playbooks, the newest last."""
        paths = (self.evidence / self.name).glob("2*T*Z*/manifest.json")
        return [json.loads(path.read_text()) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]

    def records(self):
        """Those of the newest run, by their controls."""
        newest = max((self.evidence / self.name).glob("2*T*Z*/results.json"), key=lambda path: path.stat().st_mtime_ns)
        return {entry["control"]: entry for entry in json.loads(newest.read_text())["records"]}


def _joined():
    return {
        "title": "It can run there",
        "severity": "high",
        "level": "",
        "origin": "hygeia.golden",
        "host": "web",
        "waiver": None,
        "references": {},
    }
