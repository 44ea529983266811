# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole HIPAA profile on a configuration tree of each platform: what is enforced, what is seen, and what stays untouched."""

from __future__ import annotations

import fnmatch
import importlib
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.platforms.systems import PLATFORMS, Server

CONTROLS = [Control.load(control) for control in Catalogue().resolve("strict")]

# What belongs to platforms of the other family, and is never made.
FOREIGN = {
    "debian": (
        "/etc/selinux",
        "/etc/dnf",
        "/etc/yum.repos.d",
        "/etc/authselect",
        "/etc/crypto-policies",
        "/etc/sysconfig",
        "/boot/grub2",
        "/boot/loader",
        "/etc/security/pwhistory.conf",
        "/etc/chrony.conf",
    ),
    "rhel": (
        "/etc/apt",
        "/etc/apparmor.d",
        "/etc/default/grub.d",
        "/boot/grub",
        "/etc/needrestart",
        "/etc/netplan",
        "/etc/network",
        "/etc/ufw",
        "/usr/share/pam-configs",
        "/var/lib/pam",
        "/var/lib/dpkg",
        "/etc/pam.d/common-auth",
        "/etc/systemd/system/dailyaidecheck.service.d",
    ),
}
# What only a site decides, or a disk layout, or what no tree of this test has.
LEFT = (
    "account-*-existing",
    "audit-tools-unaltered",
    "boot-password",
    "firewall-outbound",
    "log-collector",
    "mount-separate-*",
    "ssh-access-list",
)
# Where firewalld is usual, and not in these trees, no packet filter is written.
UNFILTERED = {"rhel": ("firewall-forwarded", "firewall-loopback"), "debian": ()}
# What the programs of this machine, which answer here, do not know, though those of the platform do.
NEWER = ("ssh-version",)
PASS = {
    "every": (
        "account-lockout",
        "account-pam-nullok",
        "account-password-length",
        "account-password-history",
        "account-password-hash",
        "audit-installed",
        "audit-identity",
        "audit-time",
        "boot-grub-cfg",
        "file-shadow",
        "file-gshadow",
        "kernel-address-randomization",
        "network-no-redirects",
        "package-telnet",
        "service-cron",
        "service-ssh",
        "ssh-root-login",
        "ssh-ciphers",
        "sudo-use-pty",
        "time-synchronized",
    ),
    "debian": ("package-apparmor", "package-signatures"),
    "ubuntu": ("network-netplan-files", "service-error-reports", "service-motd-news", "service-snap"),
    "rhel": (
        "audit-mac-policy",
        "crypto-policy",
        "crypto-sha1",
        "crypto-short-macs",
        "crypto-ssh-cbc",
        "integrity-daily-check",
        "package-rpm-local-signatures",
        "package-rpm-signatures",
        "selinux-boot",
        "selinux-enforcing",
        "selinux-policy",
        "time-chrony-runs",
    ),
}
NOT_APPLICABLE = {
    "debian": ("crypto-policy", "package-rpm-signatures", "selinux-enforcing", "service-motd-news"),
    "ubuntu": ("crypto-policy", "package-rpm-signatures", "selinux-enforcing"),
    "rhel": ("package-apparmor", "package-signatures", "package-source-trust", "service-motd-news", "time-timesyncd-runs"),
}


def family(platform):
    return platform.split("-", maxsplit=1)[0]


def kin(platform):
    """Ubuntu is of Debian's family."""
    return "rhel" if platform.startswith("rhel") else "debian"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_whole_profile_holds_on_every_platform(system, platform):
    if kin(platform) == "debian" and not shutil.which("pam-auth-update"):
        pytest.skip("this machine has no programs of Debian to answer in a tree")
    host = Server(system, platform).host
    before = {path for path in FOREIGN[kin(platform)] if host.exists(path)}
    outcomes = enforce(host, CONTROLS).outcomes
    stuck = {outcome["control"]: outcome["message"] for outcome in outcomes if outcome["outcome"] in ("failed", "refused")}
    assert {name: message for name, message in stuck.items() if name not in NEWER} == {}
    assert {path for path in FOREIGN[kin(platform)] if host.exists(path)} == before == set()
    host.packages.forget()
    assert [change.target for change in enforce(host, CONTROLS).changes] == []
    records = {record["control"]: record for record in audit(host, CONTROLS, "offline")}
    wrong = {name: record["message"] for name, record in records.items() if record["status"] in ("fail", "error")}
    left = (*LEFT, *NEWER, *UNFILTERED[kin(platform)])
    assert {name: message for name, message in wrong.items() if not any(fnmatch.fnmatch(name, pattern) for pattern in left)} == {}
    expected = [*PASS["every"], *PASS[kin(platform)], *PASS[family(platform)]]
    assert {name: records[name]["status"] for name in expected} == dict.fromkeys(expected, "pass")
    foreign = NOT_APPLICABLE[family(platform)]
    assert {name: records[name]["status"] for name in foreign} == dict.fromkeys(foreign, "not_applicable")


@pytest.mark.parametrize("kind", ["crypto_policy", "dnf_conf", "selinux"])
def test_what_an_outside_hand_breaks_on_enterprise_linux_is_noticed(system, kind, tmp_path):
    host = Server(system, "rhel-9").host
    controls = [control for control in CONTROLS if kind in control.settings]
    enforce(host, controls)
    tampering = importlib.import_module(f"ansible_collections.hygeia.golden.tests.tamper.{kind}")
    kept = shutil.copytree(tmp_path / "etc", tmp_path.parent / f"{tmp_path.name}-etc", symlinks=True)
    for control in controls:
        assert audit(host, [control], "offline")[0]["status"] == "pass"
        for name, wanted in control.settings[kind].items():
            tampering.tamper(host.root, name, wanted)
            assert audit(host, [control], "offline")[0]["status"] == "fail", name
            shutil.rmtree(tmp_path / "etc")
            shutil.copytree(kept, tmp_path / "etc", symlinks=True)
