# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A booted guest is patched: what runs old code starts again, then the guest itself, and the site's own test has the last word."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from ansible_collections.hygeia.golden.tests.templates import nspawn
from archive import Archive
from conftest import PROJECT, run, unpacked

UNIT = "[Service]\nExecStart=/usr/bin/{name} infinity\n[Install]\nWantedBy=multi-user.target\n"
# nspawn ends with 133 when its guest wants to start again.
LOOP = 'while "$@"; [ $? = 133 ]; do :; done'
# A guest that starts again may go without a word; the network that it leaves behind would keep the connection for ever.
SSH = """\
Host guest
  User root
  ProxyCommand nsenter --target $(pgrep --oldest --parent $(pgrep --oldest --parent $(cat {place}/pid))) --net nc 127.0.0.1 22
  IdentityFile {place}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ServerAliveInterval 5
  ServerAliveCountMax 3
"""


class Guest:
    """A Debian that systemd-nspawn boots in a network of its own."""

    def __init__(self, place, system, archive):
        self.place, self.system, self.archive = place, system, archive
        self._process = None

    def service(self, name, version):
        """A package whose service executes a program of its own."""
        files = {f"/usr/bin/{name}": self.system.root / "usr/bin/sleep", f"/usr/lib/systemd/system/{name}.service": UNIT.format(name=name)}
        return self.archive.add(name, version, files=files)

    def start(self):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.place / "key")
        self.system.put("/root/.ssh/authorized_keys", (self.place / "key.pub").read_text())
        (self.place / "ssh_config").write_text(SSH.format(place=self.place))
        command = nspawn.command("patch", self.system.root, f"--bind-ro={self.archive.place}:/srv/archive")
        with open(self.place / "console.log", "w", encoding="utf-8") as console:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["sh", "-c", LOOP, "sh", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        (self.place / "pid").write_text(str(self._process.pid))
        for unused_try in range(120):
            if self.ssh("true", check=False).returncode == 0:
                return
            time.sleep(0.5)
        raise AssertionError((self.place / "console.log").read_text())

    def ssh(self, command, check=True):
        return subprocess.run(
            ["ssh", "-F", str(self.place / "ssh_config"), "guest", command], capture_output=True, text=True, check=check, timeout=60
        )

    def ask(self, command):
        return self.ssh(command).stdout.strip()

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def patch(self, **variables):
        """Run the playbook; the records of its evidence by control."""
        evidence = self.place / f"evidence-{len(list(self.place.glob('evidence-*')))}"
        variables = {
            "ansible_ssh_common_args": f"-F {self.place}/ssh_config",
            "ansible_python_interpreter": "/usr/bin/python3",
            "patch_sources": self.archive.sources("file:/srv/archive"),
            "baseline_remove": ["*"],
            "evidence_dir": str(evidence),
            **variables,
        }
        inventory = self.place / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {"guest": variables}}}))
        playbook = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        done = subprocess.run(
            [playbook, "--inventory", inventory, PROJECT / "playbooks/patch_hosts.yml"],
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(self.place / "tmp")},
        )
        print(done.stdout + done.stderr)
        records = json.loads(next(evidence.glob("guest/*/results.json")).read_text())["records"]
        return done.returncode, {record["control"]: record for record in records}


@pytest.fixture(scope="module")
def guest(keys, tmp_path_factory):
    place = tmp_path_factory.mktemp("guest")
    made = Guest(place, unpacked("bookworm", place / "root"), Archive(place / "archive", keys[0]))
    (made.system.root / "usr/sbin/policy-rc.d").unlink()
    made.system.install(made.service("clockd", "1"), made.service("docker", "1"))
    made.system.run("systemctl", "enable", "clockd", "docker")
    made.service("clockd", "2")
    made.service("docker", "2")
    made.archive.publish()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def patched(guest):
    """The first patch, in which the guest may not start again."""
    before = {name: guest.ask(f"systemctl show --value --property=MainPID {name}") for name in ("clockd", "docker")}
    return before, *guest.patch(verify_smoke=[{"name": "clock", "command": "systemctl is-active clockd"}])


def test_what_runs_old_code_starts_again_but_the_exceptions_are_reported(guest, patched):
    before, code, records = patched
    now = {name: guest.ask(f"systemctl show --value --property=MainPID {name}") for name in ("clockd", "docker")}
    assert guest.ask("cat /usr/share/clockd/version /usr/share/docker/version") == "2\n2"
    assert now["clockd"] != before["clockd"] and now["docker"] == before["docker"]
    assert code == 0  # a service that runs old code is no reason to stop, at the gate that is set
    found = records["patch-services-current"]
    assert (found["status"], found["observed"], found["stage"]) == ("fail", ["docker.service"], "live")
    assert records["smoke-clock"]["status"] == records["patch-units-kept"]["status"] == "pass"
    assert guest.ask("ls -d /run/hygeia-apt || true") == ""


def test_the_guest_starts_again_when_it_is_allowed_and_the_smoke_test_has_the_last_word(guest, patched):
    boot = guest.ask("cat /proc/sys/kernel/random/boot_id")
    code, records = guest.patch(patch_reboot="when_needed", verify_smoke=[{"name": "worklist", "command": "test -e /srv/worklist"}])
    assert guest.ask("cat /proc/sys/kernel/random/boot_id") != boot
    assert records["patch-services-current"]["status"] == "pass"
    assert (records["smoke-worklist"]["status"], code == 0) == ("fail", False)
