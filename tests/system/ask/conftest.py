# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A booted Debian whose applications are at work. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import nspawn

PROJECT = Path(__file__).parents[3]
COLLECTION = "/opt/collections/ansible_collections/hygeia/golden"
PACKAGES = ("rsync", "dnsmasq", "netcat-openbsd", "ssl-cert")

# Runs in the guest: controls and options come in, outcomes go out.
ENFORCE = """
import json, sys
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
asked = json.load(sys.stdin)
controls = [Control("c", asked["settings"])]
done = enforce(Host(check=asked["check"]), controls, True, asked["force"], asked["force_lockout"])
json.dump(done.outcomes[0], sys.stdout)
"""

RSYNCD = "[images]\npath = /srv\n"
DNSMASQ = "listen-address=127.0.0.1\nbind-interfaces\nno-resolv\naddress=/pacs.ward.example/10.77.0.5\n"
SUDOERS = "Defaults !authenticate\nada ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


class Guest:
    """A system that systemd-nspawn has booted, in a network of its own."""

    def __init__(self, root, name="ask"):
        self.root, self.name = root, name
        self._boot()

    def _boot(self):
        bound = f"--bind-ro={PROJECT}:{COLLECTION}"
        self._nspawn = subprocess.Popen(  # pylint: disable=consider-using-with
            nspawn.command(self.name, self.root, bound),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._leader = []
        end = time.monotonic() + 60
        while not self._booted():
            if time.monotonic() > end:
                raise TimeoutError("the guest did not boot")
            time.sleep(0.2)

    def _booted(self):
        self._leader = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text(encoding="ascii").split()[:1]
        return self._leader and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    @property
    def enter(self):
        return ["nsenter", "--target", self._leader[0], "--all", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]

    def run(self, *argv, stdin=None):
        return subprocess.run([*self.enter, *argv], input=stdin, text=True, capture_output=True, check=False, timeout=120)

    def start(self, *argv):
        """A process that goes on beside the test, with pipes to it."""
        return subprocess.Popen([*self.enter, *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def write(self, path, text, mode=0o644):
        place = self.root / path.lstrip("/")
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    def enforce(self, check=False, force=(), force_lockout=(), **settings):
        """The outcome of one control with these settings."""
        asked = {"settings": settings, "check": check, "force": list(force), "force_lockout": list(force_lockout)}
        ran = self.run("env", "PYTHONPATH=/opt/collections", "PYTHONDONTWRITEBYTECODE=1", "python3", "-c", ENFORCE, stdin=json.dumps(asked))
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def reboot(self):
        """The same disk in a machine that starts again."""
        self.run("sync")
        self.end()
        self._boot()

    def power_off(self):
        """Have it shut down as an operator does, and wait for the end."""
        self.run("systemctl", "poweroff", "--no-block")
        self._nspawn.wait(90)

    def end(self):
        """Nothing of it is kept, so it is not asked to shut down: its processes end with its PID 1."""
        if self._nspawn.poll() is None:
            os.kill(int(self._leader[0]), signal.SIGKILL)
            self._nspawn.wait(20)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A Debian 12 with what its applications need, before it boots."""
    memory = tmp_path_factory.mktemp("ask")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "ask", memory], check=True)
    root = memory / "root"
    build = [sys.executable, PROJECT / "tests/templates/build.py", "--format=directory", f"--output={root}", "--include", *PACKAGES]
    subprocess.run(build, check=True, capture_output=True)
    files = {
        "etc/rsyncd.conf": RSYNCD,
        "etc/dnsmasq.conf": DNSMASQ,
        "etc/resolv.conf": "nameserver 127.0.0.1\n",
        "etc/sudoers": SUDOERS,
        "etc/fstab": "tmpfs /tmp tmpfs rw,nosuid,nodev 0 0\n",
    }
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    (root / "etc/sudoers").chmod(0o440)
    for command in (
        ["useradd", "--create-home", "--shell", "/bin/bash", "ada"],
        ["systemctl", "enable", "rsync.service", "dnsmasq.service"],
        ["systemctl", "mask", "systemd-networkd-wait-online.service"],
    ):
        subprocess.run(["chroot", root, *command], check=True, capture_output=True)
    keys = root / "home/ada/.ssh"
    keys.mkdir(mode=0o700)
    (keys / "authorized_keys").write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxVqlZ1Yp8Kq0a8yJ1yq0p3mG0u2m6b1bXn2V4v5w6x ada\n", encoding="ascii"
    )
    subprocess.run(["chroot", root, "chown", "-R", "ada:ada", "/home/ada/.ssh"], check=True)
    yield root
    subprocess.run(["umount", memory], check=True)


@pytest.fixture(scope="module")
def guest(root):
    guest = Guest(root)
    yield guest
    guest.end()


@pytest.fixture
def play(guest, root, tmp_path):
    """Runs play.yml of the temporary directory against the guest's own sshd, with one connection that stays, as Ansible's own default is."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    guest.write("/root/.ssh/authorized_keys", (tmp_path / "key.pub").read_text(), 0o600)
    assert guest.run("ssh-keygen", "-A").returncode == 0
    guest.run("systemctl", "restart", "ssh.service")
    through = " ".join([*guest.enter[:3], "--net", "nc", "127.0.0.1", "22"])
    inventory = {
        "all": {
            "hosts": {
                "ward": {
                    "ansible_host": "127.0.0.1",
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": str(tmp_path / "key"),
                    "ansible_ssh_common_args": f"-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o 'ProxyCommand={through}'",
                    "ansible_python_interpreter": "/usr/bin/python3",
                }
            }
        }
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))

    def run(*options):
        return subprocess.run(
            ["ansible-playbook", "-i", tmp_path / "hosts.json", tmp_path / "play.yml", *options],
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
            env={**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": f"/tmp/seal-{os.getpid()}", "ANSIBLE_NOCOLOR": "1"},
        )

    return run
