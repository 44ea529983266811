# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A booted Debian whose timer backs it up, proven by the playbook over SSH, as a hospital's server is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.tests.templates import nspawn
from conftest import ENVIRON, PASSWORD, PROJECT

ENVIRONMENT = "RESTIC_REPOSITORY=/srv/backup\nexport RESTIC_PASSWORD='Gletscher-73-Forelle'\nRESTIC_CACHE_DIR=/var/cache/restic\n"
SERVICE = "[Service]\nType=oneshot\nEnvironmentFile=/etc/restic/service\nExecStart=/usr/bin/restic backup --quiet /etc /srv/data\n"
TIMER = "[Timer]\nOnBootSec=1s\nOnCalendar=*-*-* 02:00:00\nUnit={unit}.service\n[Install]\nWantedBy=timers.target\n"
PROOF = {
    "product": "restic",
    "environment_file": "/etc/restic/environment",
    "recovery_point": "26h",
    "recovery_time": "1h",
    "retention": "30d",
    "timer": "nightly.timer",
    "sample": ["/srv/data/index", "/etc/hostname"],
}


class Guest:
    """The running system; commands and plays come over SSH, through its own network."""

    def __init__(self, directory, process):
        self.directory = directory
        self.process = process

    @property
    def leader(self):
        found = subprocess.run(["pgrep", "--oldest", "--parent", str(self.process.pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip()

    @property
    def ssh(self):
        proxy = f"nsenter --target {self.leader} --net nc 127.0.0.1 22"
        options = [
            f"ProxyCommand={proxy}",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            "IdentitiesOnly=yes",
        ]
        return ["-i", str(self.directory / "key"), *(f"-o{option}" for option in options)]

    def run(self, script):
        done = subprocess.run(["ssh", *self.ssh, "root@ward7", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inventory(self, **variables):
        path = self.directory / "inventory.json"
        words = " ".join(f"'{word}'" for word in self.ssh)
        variables = {
            "ansible_user": "root",
            "ansible_ssh_common_args": words,
            "ansible_python_interpreter": "/usr/bin/python3",
            **variables,
        }
        path.write_text(json.dumps({"all": {"hosts": {"ward7": variables}}}), encoding="utf-8")
        return path

    def schedules(self, *asked):
        """The status and the message of the schedule, for each set of options."""
        play, answers = self.directory / "play.json", self.directory / "answers.json"
        options = {name: f"{{{{ item.{name} | default(omit) }}}}" for name in ("timer", "cron", "recovery_point")}
        ask = {"product": "command", "commands": {"last_success": ["date", "+%s"]}, **options}
        tasks = [
            {"hygeia.golden.backup_proof": ask, "loop": list(asked), "register": "answers", "check_mode": True},
            {
                "ansible.builtin.copy": {
                    "content": "{{ answers.results | map(attribute='results') | to_json }}",
                    "dest": str(answers),
                    "mode": "0600",
                },
                "delegate_to": "localhost",
            },
        ]
        play.write_text(json.dumps([{"hosts": "ward7", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        subprocess.run(["ansible-playbook", f"--inventory={self.inventory()}", str(play)], check=True, capture_output=True, cwd=PROJECT)
        records = [{record["control"]: record for record in found} for found in json.loads(answers.read_text(encoding="utf-8"))]
        return [(found["backup-schedule-configured"]["status"], found["backup-schedule-configured"]["message"]) for found in records]


@pytest.fixture(scope="module")
def guest(tar, tmp_path_factory):
    """A booted system whose timer has just made a backup; its first backup is 60 days old."""
    directory = tmp_path_factory.mktemp("guest")
    root = directory / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={tar}", f"--directory={root}"], check=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / "key")], check=True)
    written = {
        "/root/.ssh/authorized_keys": (directory / "key.pub").read_text(encoding="utf-8"),
        "/etc/hostname": "ward7\n",
        "/etc/restic/environment": ENVIRONMENT,
        "/etc/restic/service": ENVIRONMENT.replace("export ", ""),
        "/etc/systemd/system/nightly.service": SERVICE,
        "/etc/systemd/system/nightly.timer": TIMER.format(unit="nightly"),
        "/etc/systemd/system/broken.service": SERVICE.replace("/usr/bin/restic", "/usr/bin/false"),
        "/etc/systemd/system/broken.timer": TIMER.format(unit="broken"),
        **{
            f"/etc/systemd/system/{name}.timer": TIMER.format(unit="nightly").replace("OnBootSec=1s\n", "")
            for name in ("stopped", "forgotten")
        },
        "/etc/cron.d/backup": "MAILTO=root\n0 */2 * * * root restic backup /srv\n",
        "/etc/cron.d/backup.old": "0 2 * * * root borg create ::now /srv\n",
        "/srv/data/index": "a list of studies\n",
    }
    for path, text in written.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.write_text(text, encoding="utf-8")
        place.chmod(0o600)
    old = time.strftime("%Y-%m-%d 10:00:00", time.gmtime(time.time() - 60 * 86400))
    script = (
        "systemctl enable nightly.timer broken.timer stopped.timer forgotten.timer; mkdir /var/cache/restic; . /etc/restic/environment; "
        f"export RESTIC_REPOSITORY; restic init --quiet; restic backup --quiet --host ward7 --time '{old}' /srv/data"
    )
    subprocess.run(["chroot", str(root), "sh", "-euc", script], check=True, capture_output=True, env=ENVIRON)
    with open(directory / "console.log", "wb") as console:
        booted = subprocess.Popen(  # pylint: disable=consider-using-with
            nspawn.command("backup", root), stdin=subprocess.DEVNULL, stdout=console, stderr=console
        )
    made = Guest(directory, booted)
    try:
        end = time.monotonic() + 120
        while (
            len(list((root / "srv/backup/snapshots").iterdir())) < 2
            or subprocess.run(["ssh", *made.ssh, "root@ward7", "true"], capture_output=True, check=False).returncode
        ):
            assert time.monotonic() < end and booted.poll() is None, (directory / "console.log").read_text(
                encoding="utf-8", errors="replace"
            )
            time.sleep(0.3)
        yield made
    finally:
        if made.leader:
            os.kill(int(made.leader), signal.SIGKILL)
        booted.wait()
        shutil.rmtree(root)


def test_the_playbook_proves_what_the_timer_made(guest):
    inventory = guest.inventory(prove_backup=PROOF, evidence_dir=str(guest.directory / "evidence"), evidence_name="one")
    played = subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", str(PROJECT / "playbooks/prove.yml"), "-vv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    evidence = guest.directory / "evidence/ward7/one"
    results = json.loads((evidence / "results.json").read_text(encoding="utf-8"))
    records = {record["control"]: record for record in results["records"] if record["control"].startswith("backup-")}
    assert {name: (record["status"], record["message"]) for name, record in records.items()} == dict.fromkeys(records, ("pass", ""))
    assert len(records) == 8
    assert records["backup-canary-proven"]["references"]["hipaa"] and records["backup-canary-proven"]["severity"] == "high"
    assert records["backup-time-proven"]["observed"]["seconds"] > 0
    output = played.stdout + played.stderr + "".join(path.read_text(encoding="utf-8") for path in evidence.rglob("*") if path.is_file())
    assert PASSWORD not in output and "a list of studies" not in output
    left = (
        "ls -A /run | grep hygeia || true; . /etc/restic/environment; export RESTIC_REPOSITORY; restic snapshots --json --tag hygeia-canary"
    )
    assert guest.run(left) == "[]\n"


def test_what_starts_the_backup_is_asked_of_systemd_and_of_cron(guest):
    guest.run("systemctl stop stopped.timer; systemctl disable forgotten.timer")
    day = {"recovery_point": "26h"}
    found = guest.schedules(
        {"timer": "nightly", **day},
        {"timer": "nightly", "recovery_point": "2h"},
        {"timer": "broken", **day},
        {"timer": "hourly", **day},
        {"timer": "stopped", **day},
        {"timer": "forgotten", **day},
        {"cron": "restic backup", "recovery_point": "2h"},
        {"cron": "borg create", **day},
    )
    assert found[0] == found[6] == ("pass", "")
    assert found[1] == (
        "fail",
        "up to 24 hours pass between two backups, and the recovery point requires 2 hours: let nightly.timer start it more often",
    )
    for (status, message), sentence in zip(
        found[2:6] + found[7:],
        (
            "the last run of broken.service failed (exit-code)",
            "there is no hourly.timer",
            "stopped.timer does not run, so nothing starts the backup",
            "forgotten.timer is not started at boot (disabled)",
            "no line of cron has the text borg create",
        ),
    ):
        assert status == "fail" and message.startswith(sentence)
