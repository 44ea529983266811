# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine that its image boots again does not differ from it; changed in twenty ways, it differs in these and nothing else."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading

import pytest
from machine import PROJECT

# What root does in the machine, with the differences that follow: category, item and class.
CHANGES = {
    "dpkg --install /root/tool_2.deb": [("packages", "tool:all", "patch")],
    "dpkg --purge --force-depends logrotate": [
        ("packages", "logrotate:amd64", "unexplained"),
        ("units", "logrotate.service", "unexplained"),
        ("units", "logrotate.timer", "unexplained"),
        ("crontabs", "/etc/cron.daily/logrotate: /etc/cron.daily/logrotate", "unexplained"),
        ("files", "/etc/systemd/system/timers.target.wants/logrotate.timer", "unexplained"),
    ],
    "useradd --no-create-home --uid 4711 eve": [("accounts", "eve", "unexplained"), ("groups", "eve", "unexplained")],
    "echo 'debian:correct horse' | chpasswd": [("accounts", "debian", "unexplained")],
    "usermod --append --groups adm debian": [("groups", "adm", "unexplained")],
    "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxVqlZ1Yp8Kq0a8yJ1yq0p3mG0u2m6b1bXn2V4v5w6x x' >>/root/.ssh/authorized_keys": [
        ("authorized_keys", "root SHA256:B8fCFyi3e1pV0OL1J7m3TAl9xXL0pS2Nkgk9MwE780U", "unexplained"),
        ("files", "/root/.ssh/authorized_keys", "unexplained"),
    ],
    "echo 'debian ALL=(ALL) NOPASSWD: /bin/sh' >/etc/sudoers.d/own": [
        ("sudo", "debian ALL = (ALL) authenticate=False /bin/sh", "unexplained"),
        ("files", "/etc/sudoers.d/own", "unexplained"),
    ],
    "echo 'MaxAuthTries 33' >/etc/ssh/sshd_config.d/own.conf": [
        ("sshd", "maxauthtries", "unexplained"),
        ("files", "/etc/ssh/sshd_config.d/own.conf", "unexplained"),
    ],
    "systemctl --quiet disable systemd-timesyncd": [
        ("units", "systemd-timesyncd.service", "unexplained"),
        ("units", "dbus-org.freedesktop.timesync1.service", "unexplained"),
        ("files", "/etc/systemd/system/dbus-org.freedesktop.timesync1.service", "unexplained"),
        ("files", "/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service", "unexplained"),
    ],
    "printf '* * * * * root /usr/local/bin/beacon\\n' >/etc/cron.d/beacon": [
        ("crontabs", "/etc/cron.d/beacon: /usr/local/bin/beacon", "unexplained"),
        ("files", "/etc/cron.d/beacon", "unexplained"),
    ],
    "setsid --fork python3 -m http.server 4444 >/dev/null 2>&1 </dev/null": [("listeners", "tcp 0.0.0.0 4444", "unexplained")],
    "echo 'blacklist usb_storage' >/etc/modprobe.d/own.conf": [
        ("kernel_modules", "blacklist usb_storage", "unexplained"),
        ("files", "/etc/modprobe.d/own.conf", "unexplained"),
    ],
    "chmod u+s /usr/bin/find": [("files", "/usr/bin/find", "unexplained")],
    "chown debian /usr/bin/stat": [("files", "/usr/bin/stat", "unexplained")],
    # A program of a package, with the digest that the package manager has of it.
    "echo >>/usr/bin/ischroot; sum=$(md5sum /usr/bin/ischroot | cut -c-32); "
    'sed -i "s|^.*  usr/bin/ischroot|$sum  usr/bin/ischroot|" /var/lib/dpkg/info/debianutils.md5sums': [
        ("files", "/usr/bin/ischroot", "unexplained")
    ],
    "touch -r /usr/bin/which.debianutils /tmp/r; echo >>/usr/bin/which.debianutils; touch -r /tmp/r /usr/bin/which.debianutils": [
        ("files", "/usr/bin/which.debianutils", "unexplained")
    ],
    "ln -sfn /bin/false /usr/bin/pager-own": [("files", "/usr/bin/pager-own", "unexplained")],
    'setfattr -n user.note -v x /etc/motd || python3 -c \'import os; os.setxattr("/etc/motd", "user.note", b"x")\'': [
        ("files", "/etc/motd", "unexplained")
    ],
    "echo hello >/etc/issue": [("files", "/etc/issue", "site")],
    "mkdir /srv/viewer && echo 1 >/srv/viewer/study": [
        ("files", "/srv/viewer", "application"),
        ("files", "/srv/viewer/study", "application"),
    ],
    "rm /etc/debian_version": [("files", "/etc/debian_version", "unexplained")],
    # Nobody compares these.
    "echo x >>/var/log/own.log; echo 127.0.0.2 x >>/etc/hosts": [],
}
RULES = """
- id: issue
  reason: The ward greets its users.
  class: site
  change: CHG-4711
  items: {files: [/etc/issue]}
- id: viewer
  reason: The viewer keeps its studies there.
  class: application
  items: {files: [/srv/viewer, /srv/viewer/**]}
"""
PATCHED = """
- hosts: web1
  gather_facts: false
  tasks:
    - hygeia.golden.evidence:
        path: {place}/evidence/web1/20261110T000000Z
        template: {project}/roles/evidence/templates/report.html.j2
        profile: hipaa
        changes: [{{package: tool, from: "1", to: "2"}}]
"""


@contextlib.contextmanager
def webhook():
    """An address, and the messages that it was posted."""
    posted = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *unused):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", posted
        server.shutdown()


def found(records):
    return {(entry["drift"]["category"], entry["drift"]["item"], entry["drift"]["class"]) for entry in records if "drift" in entry}


def test_a_second_boot_of_the_image_has_no_drift(machine):
    records, ran = machine.drift()
    assert found(records) == set() and ran.returncode == 0, ran.stdout
    statuses = {entry["control"]: (entry["status"], entry["message"]) for entry in records}
    unread = {name for name, (status, unused) in statuses.items() if status == "not_checked"}
    # The guest shares the kernel of the machine that tests.
    assert unread == {"drift-kernel-command-line", "drift-sysctl"}, statuses
    assert statuses["drift-image"][0] == "pass"
    assert machine.ssh("stat -c '%a %U' /var/cache/hygeia /var/cache/hygeia/files").stdout.split() == ["700", "root", "600", "root"]


def test_exactly_what_was_changed_is_shown_with_its_class(machine):
    if machine.suite != "bookworm":
        pytest.skip("the same code; what differs between releases shows without a change")
    machine.package("2", "two")
    for command in CHANGES:
        machine.ssh(command)
    policy = machine.place / "policy/drift"
    policy.mkdir(parents=True)
    (policy / "own.yml").write_text(RULES)
    machine.play(PATCHED.format(place=machine.place, project=PROJECT))
    options = {"baseline_policy": [str(policy.parent)], "drift_max_days": 10, "drift_textfile_dir": str(machine.place / "node")}
    with webhook() as (address, posted):
        records, ran = machine.drift("--extra-vars", json.dumps({**options, "drift_webhook": address}))
    expected = {change for changes in CHANGES.values() for change in changes}
    assert found(records) == expected | {("files", "/root/tool_2.deb", "unexplained")}
    assert ran.returncode != 0 and "correct horse" not in str(records)
    by_item = {entry["drift"]["item"]: entry for entry in records if "drift" in entry}
    assert by_item["tool:all"]["drift"]["explained_by"] == "the packages that the run 20261110T000000Z changed"
    assert by_item["/usr/bin/find"]["observed"] == {"/usr/bin/find": {"mode": "4755"}}
    assert (by_item["maxauthtries"]["status"], by_item["maxauthtries"]["drift"]["touches"]) == ("fail", ["ssh-attempts"])
    assert by_item["/etc/issue"]["drift"]["explained_by"] == "change CHG-4711: The ward greets its users"
    (message,) = posted
    assert message["host"] == "web1" and message["counts"]["new"] == len(found(records)) and message["more"] == 0
    assert {entry["drift"]["first_seen"] for entry in by_item.values()} == {event["at"] for event in message["events"]}
    metrics = (machine.place / "node/hygeia_drift_web1.prom").read_text()
    assert 'hygeia_drift_differences{host="web1",class="application",severity="medium",status="pass"} 2' in metrics
    advice = next(entry for entry in records if entry["control"] == "drift-age")
    assert advice["status"] == "fail" and "make the machine anew" in advice["message"]


def test_a_machine_that_does_not_answer_is_not_unchanged(machine):
    machine.end()
    records, ran = machine.drift()
    assert ran.returncode != 0 and {entry["status"] for entry in records} == {"not_checked"}
    assert "the machine does not answer" in records[0]["message"]
