# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A tree that is promoted by its first boot, and what is found of the machine that the second boot makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.tests.templates import nspawn

PROJECT = Path(__file__).parents[3]
IMAGE = {"id": "web", "version": "2026.11", "built": "2026-11-01T00:00:00Z", "source_sha256": "a" * 64, "evidence": "web/20261101T000000Z"}
SSH = """\
Host guest web1
  User root
  ProxyCommand nsenter --target $(cat {place}/leader) --net nc 127.0.0.1 22
  IdentityFile {place}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""
PROMOTE = """
- hosts: web1
  gather_facts: false
  tasks:
    - hygeia.golden.system_manifest_info:
        rules: "{{{{ query('hygeia.golden.drift_rules') }}}}"
      register: listed
    - hygeia.golden.evidence:
        path: {place}/evidence/{evidence}
        template: {project}/roles/evidence/templates/report.html.j2
        profile: hipaa
        source: &file {{path: /srv/web.qcow2, sha256: {sha256}, size: 1}}
        image: *file
        image_manifest: "{{{{ listed.manifest }}}}"
        records: "{{{{ [result] | hygeia.golden.records(query('hygeia.golden.checks'), 'web') }}}}"
      vars:
        result:
          {{control: seal-raw, status: pass, stage: boot, expected: 1, observed: 1, read_from: a test, message: ''}}
"""
TOOL = "Package: tool\nVersion: {version}\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: a tool\n"


class Machine:
    def __init__(self, place, suite):
        self.place, self.suite, self.root = place, suite, place / "root"
        build = [sys.executable, PROJECT / "tests/templates/build.py", "--format=directory", f"--suite={suite}", f"--output={self.root}"]
        subprocess.run(build, check=True, capture_output=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"], check=True)
        self.put("/root/.ssh/authorized_keys", (place / "key.pub").read_text(), 0o600)
        self.put("/etc/image-release", release.written(IMAGE))
        (self.root / "root/.ssh").chmod(0o700)
        self.package("1", "one")
        self.chroot("dpkg", "--install", "/root/tool_1.deb")
        (place / "ssh_config").write_text(SSH.format(place=place))
        self._process, self._leader = None, ""

    def promote(self):
        """Keep what the first boot made of the tree, and boot it again."""
        self.boot()
        place = self.place
        self.play(PROMOTE.format(place=place, project=PROJECT, evidence=IMAGE["evidence"], sha256="b" * 64))
        self.end()
        self.boot()

    def put(self, path, text, mode=0o644):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def chroot(self, *argv):
        subprocess.run(["chroot", self.root, *argv], check=True, capture_output=True)

    def package(self, version, content):
        """A package with one program, in the machine."""
        tree = self.place / f"tool-{version}"
        for path, text in (("DEBIAN/control", TOOL.format(version=version)), ("usr/bin/tool", content)):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", tree, self.root / f"root/tool_{version}.deb"], check=True, capture_output=True
        )

    def boot(self):
        with open(self.place / "console.log", "w", encoding="utf-8") as console:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                nspawn.command(f"drift-{self.suite}", self.root),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        end = time.monotonic() + 120
        while not self._started():
            if time.monotonic() > end:
                raise TimeoutError((self.place / "console.log").read_text())
            time.sleep(0.3)

    def _started(self):
        self._leader = (Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split() or [""])[0]
        if not self._leader:
            return False
        (self.place / "leader").write_text(self._leader)
        return self.ssh("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def ssh(self, command, check=True):
        return subprocess.run(
            ["ssh", "-F", self.place / "ssh_config", "guest", command], capture_output=True, text=True, check=check, timeout=120
        )

    def play(self, text, *options, check=True):
        path = self.place / "play.yml"
        path.write_text(text, encoding="utf-8")
        return self._ansible(path, *options, check=check)

    def _ansible(self, path, *options, check=True):
        variables = {
            "ansible_ssh_common_args": f"-F {self.place}/ssh_config",
            "ansible_python_interpreter": "/usr/bin/python3",
            "evidence_dir": str(self.place / "evidence"),
            "drift_controls": False,
        }
        command = [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "--inventory",
            "web1,",
            "--extra-vars",
            json.dumps(variables),
            str(path),
            *options,
        ]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert ran.returncode == 0 or not check, ran.stdout + ran.stderr
        return ran

    def drift(self, *options):
        """The records of a run of the playbook, and what it printed."""
        before = set((self.place / "evidence/web1").glob("*"))
        ran = self._ansible(PROJECT / "playbooks/drift.yml", *options, check=False)
        made = set((self.place / "evidence/web1").glob("*")) - before
        assert len(made) == 1, ran.stdout + ran.stderr
        return json.loads((made.pop() / "results.json").read_text(encoding="utf-8"))["records"], ran

    def end(self):
        if self._process and self._process.poll() is None:
            if self._leader:
                subprocess.run(["sync", "--file-system", self.root], check=True)
                os.kill(int(self._leader), signal.SIGKILL)
            else:
                os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(30)
