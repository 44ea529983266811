# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the roles claim, asked of the software itself and of the files; nothing of the collection is used."""

from __future__ import annotations

import pytest


def last_assignment(host, config, key):
    """What systemd's own listing of a configuration says last."""
    lines = host.check_output(f"systemd-analyze cat-config {config}").splitlines()
    return [line.split("=", 1)[1].strip() for line in lines if line.split("=", 1)[0].strip().lstrip("-") == key][-1]


@pytest.fixture(scope="module")
def sshd(host):
    """The effective settings of sshd, in its own words."""
    host.run("mkdir -p /run/sshd")
    return dict(line.split(" ", 1) for line in host.check_output("/usr/sbin/sshd -T").splitlines() if " " in line)


@pytest.fixture(scope="module")
def own_kernel(host):
    """A container leaves the kernel, and auditing, to its host."""
    if host.file("/run/systemd/container").exists:
        pytest.skip("a container has no kernel of its own")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("permitrootlogin", "no"), ("x11forwarding", "no"), ("permitemptypasswords", "no"), ("hostbasedauthentication", "no")],
)
def test_sshd_obeys_the_baseline_and_not_the_files_that_loosen_it(sshd, keyword, value):
    assert sshd[keyword] == value


def test_sysctl_is_overruled(host):
    assert last_assignment(host, "sysctl.d", "net.ipv4.conf.all.accept_redirects") == "0"


def test_the_journal_is_kept(host):
    assert last_assignment(host, "systemd/journald.conf", "Storage") == "persistent"


def test_password_hashes_are_not_for_everybody(host):
    shadow = host.file("/etc/shadow")
    assert (shadow.user, shadow.group) == ("root", "shadow") and shadow.mode & 0o137 == 0


def test_old_filesystems_cannot_be_loaded(host, own_kernel):
    listing = host.check_output("/usr/sbin/modprobe --showconfig")
    assert "install cramfs /bin/false" in listing or "install cramfs /usr/bin/false" in listing


def test_sudo_is_in_order_and_wants_a_terminal(host):
    assert host.run("/usr/sbin/visudo --check").rc == 0
    assert "use_pty" in host.check_output(
        "cvtsudoers --output-format sudo /etc/sudoers /etc/sudoers.d/* 2>/dev/null || cat /etc/sudoers.d/*"
    )


def test_wrong_passwords_lock_an_account(host):
    stack = host.file("/etc/pam.d/common-auth").content_string
    assert stack.index("pam_faillock.so preauth") < stack.index("pam_unix.so")


@pytest.mark.parametrize("package", ["apparmor", "libpam-pwquality"])
def test_packages_of_the_baseline_are_there(host, package):
    assert host.package(package).is_installed


def test_audit_rules_are_complete_and_end_immutable(host, own_kernel):
    # augenrules reads the files in this order, so the last line counts.
    rules = host.check_output("cat /etc/audit/rules.d/*.rules")
    assert host.package("auditd").is_installed and "time-change" in rules and rules.splitlines()[-1] == "-e 2"


def test_a_running_system_goes_on_running(host):
    if not host.file("/run/systemd/system").exists:
        pytest.skip("nothing runs in a root filesystem")
    assert host.check_output("systemctl list-units --state=failed --plain --no-legend") == ""
