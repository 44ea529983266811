# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kinds of the kernel say, held against the programs that decide it."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import MENU
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.sysctl import LOADER
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control


def looked(host, kind, name, value):
    return audit(host, [Control("c", {kind: {name: value}})], "offline")[0]


def test_every_control_is_enforced_once_and_passes(debian, controls):
    before = {record["status"] for record in audit(debian, controls, "offline")}
    assert "fail" in before
    outcomes = enforce(debian, controls, partial=True).outcomes
    assert not [outcome for outcome in outcomes if outcome["outcome"] in ("failed", "refused")]
    assert enforce(debian, controls, partial=True).changes == []
    records = audit(debian, controls, "offline")
    wrong = {record["control"] for record in records if record["status"] not in ("pass", "not_applicable")}
    # How the disk is laid out, and the password of the boot loader, are for the site to say.
    assert "boot-password" in wrong
    assert not [control for control in wrong if control != "boot-password" and not control.startswith("mount-separate-")]


# -- modprobe ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"zz-site.conf": "install sctp /sbin/modprobe --ignore-install sctp"},
        {"0-site.conf": "install sctp /sbin/modprobe --ignore-install sctp"},
        {"0-site.conf": "install sct* /sbin/modprobe --ignore-install sctp"},
        {"0-site.conf": "blacklist sctp\ninstall  sctp   /bin/true"},
        {"0-site.conf": "install sctp \\\n /bin/true", "00-hygeia.conf": ""},
    ],
)
def test_a_module_is_disabled_when_modprobe_does_nothing_for_it(debian, files):
    enforce(debian, [Control("c", {"kernel_module": {"sctp": "disabled"}})], partial=True)
    for name, text in files.items():
        debian.write(f"/etc/modprobe.d/{name}", text + "\n")
    release = debian.glob("/lib/modules/*")[0].rpartition("/")[2]
    would_run = debian.run(["modprobe", "--dry-run", "--verbose", "--set-version", release, "sctp"]).out.split("\n")[-2]
    nothing = would_run.split() in (["install", "/bin/false"], ["install", "/bin/true"])
    assert (looked(debian, "kernel_module", "sctp", "disabled")["status"] == "pass") is nothing


# -- systemd-sysctl ------------------------------------------------------------------------

PARAMETERS = ["net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter", "net/ipv4/conf/eth0.100/rp_filter", "kernel/sysrq"]


@pytest.mark.parametrize(
    "text",
    [
        "net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.*.rp_filter = 2\n",
        "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n",
        "net.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.e*.rp_filter = 1\n",
        "net.ipv4.conf.e*.rp_filter = 1\nnet.ipv4.conf.*.rp_filter = 2\n",
        "net/ipv4/conf/eth0.100/rp_filter=1\n-kernel.sysrq = 1\n",
        "net.ipv4.conf.eth0/100.rp_filter=1\nkernel/sysrq=1\nkernel.sysrq =  2\n",
        "net.ipv4.conf.all.rp_filter = 1\n-net.ipv4.conf.all.rp_filter\n",
        "#kernel.sysrq=1\n;kernel.sysrq=1\n kernel.sysrq = 2 \nkernel.sysrq\n",
    ],
)
def test_a_parameter_has_the_value_that_systemd_gives_it(debian, text):
    for key in PARAMETERS:
        debian.write(f"/proc/sys/{key}", "")
    debian.write("/etc/sysctl.d/50-one.conf", text)
    debian.run([LOADER])
    for key in PARAMETERS:
        given = " ".join(debian.read(f"/proc/sys/{key}").split())
        record = looked(debian, "sysctl", key, given or "0")
        assert record["status"] == ("pass" if given else "fail"), (key, given, record)


# -- augenrules ------------------------------------------------------------------------------


def test_rules_come_in_the_order_of_augenrules(debian):
    names = ("9-a", "10-a", "50-b", "50b", "Zed", "audit2", "audit10", "zz-a", "zza", "a.b", "a_b")
    for number, name in enumerate(names):
        debian.write(f"/etc/audit/rules.d/{name}.rules", f"# of {name}\n\n-w /etc/{number} -p wa\n-b {number}\n")
    debian.run(["augenrules"])
    joined = [line for line in debian.lines("/etc/audit/audit.rules") if line.startswith("-w")]
    limit = next(line for line in debian.lines("/etc/audit/audit.rules") if line.startswith("-b"))
    assert len(joined) == len(names)
    assert looked(debian, "audit_rule", "limit", [limit])["status"] == "pass"
    for line in joined:
        debian.write("/etc/audit/rules.d/audit10.rules", "-a never,exit -F perm=wa\n")
        first = joined.index(line) < joined.index(f"-w /etc/{names.index('audit10')} -p wa")
        record = looked(debian, "audit_rule", "x", [line])
        assert (record["status"] == "pass") is first, line


def test_system_calls_are_those_that_audit_knows(debian):
    for call, outcome in (("chmod", "changed"), ("chmood", "refused")):
        control = Control("c", {"audit_rule": {"x": [f"-a always,exit -F arch=b64 -S {call} -F key=x"]}})
        assert enforce(debian, [control], partial=True).outcomes[0]["outcome"] == outcome


# -- update-grub -------------------------------------------------------------------------------


def test_the_menu_is_what_update_grub_makes_of_our_file(debian):
    def menu():
        return [line.split() for line in debian.lines(MENU) if "/vmlinuz-" in line]

    plain = menu()
    enforce(debian, [Control("c", {"kernel_cmdline": {"slab_nomerge": True, "audit": 1}})], partial=True)
    ours = menu()
    assert ours != plain
    assert debian.run(["update-grub"]).ok
    assert menu() == ours
    assert looked(debian, "kernel_cmdline", "audit", 1)["status"] == "pass"
