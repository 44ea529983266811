# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import pathlib

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket

SYSTEMD = {"/usr/lib/systemd/systemd": ""}
OWN = "etc/systemd/system"
VENDOR = "usr/lib/systemd/system"
STARTED = f"{OWN}/multi-user.target.wants"
# What stands in the file of a unit that can be in a state.
TEXTS = {"static": "[Service]\n", "indirect": "[Install]\nAlso=other.socket\n"}


class Systemctl:
    """Answers as systemctl does, and keeps what it is called with."""

    def __init__(self, states, running=None):
        self.states = states
        self.running = running or {}
        self.done = []

    def __call__(self, argv, unused_stdin):
        verb, units = argv[1], argv[2:]
        if verb == "list-unit-files":
            return "".join(f"{unit} {state} enabled\n" for unit, state in self.states.items())
        if verb == "is-active":
            return "".join(f"{self.running.get(unit, 'inactive').split()[0]}\n" for unit in units)
        if verb == "show":
            return "\n\n".join(self._shown(unit) for unit in argv[3:])
        self.done.append([verb, *units])
        after = {"mask": "masked", "unmask": "disabled", "disable": "disabled", "enable": "enabled"}.get(verb)
        for unit in units:
            if after:
                self.set(unit, after)
            else:
                self.running[unit] = "active" if verb == "start" else "inactive"
        return ""

    def set(self, unit, state):
        self.states[unit] = state

    def _shown(self, unit):
        state, *more = self.running.get(unit, "inactive").split(maxsplit=1)
        return "\n".join([f"Id={unit}", f"ActiveState={state}", "Type=simple", "Result=success", *more])


class Offline(Systemctl):
    """Does its work in the files of a tree, where nobody asks it for states."""

    def __init__(self, states, root):
        super().__init__(states)
        self.root = root
        for directory in (OWN, VENDOR, STARTED):
            (root / directory).mkdir(parents=True, exist_ok=True)
        for unit, state in states.items():
            if state != "alias":
                (root / VENDOR / unit).write_text(TEXTS.get(state, "[Install]\nWantedBy=multi-user.target\n"), encoding="utf-8")
                self.set(unit, state)

    def set(self, unit, state):
        super().set(unit, state)
        own, started = self.root / OWN / unit, self.root / STARTED / unit
        for link in (own, started):
            if link.is_symlink():
                link.unlink()
        if state == "masked":
            own.symlink_to("/dev/null")
        if state == "enabled":
            started.symlink_to(f"/{VENDOR}/{unit}")


def control(**services):
    return Control("c", {"service": {name.replace("_", "-"): state for name, state in services.items()}})


def record(host, wanted, stage="offline"):
    return audit(host, [wanted], stage)[0]


def made(tree, states, running=None, **kwargs):
    host = tree({**SYSTEMD, **kwargs.pop("files", {})}, booted=running is not None, **kwargs)
    systemctl = Offline(states, pathlib.Path(host.root)) if running is None else Systemctl(states, running)
    host.answers["systemctl"] = systemctl
    return host, systemctl


def test_all_units_of_a_state_are_changed_in_one_call(tree):
    host, systemctl = made(tree, {"rsync.service": "enabled", "snmpd.service": "disabled", "ssh.service": "disabled"})
    wanted = control(rsync="masked", snmpd="masked", ssh="enabled")
    assert record(host, wanted)["observed"] == {"service: rsync": "enabled", "service: snmpd": "disabled", "service: ssh": "disabled"}
    enforce(host, [wanted])
    assert systemctl.done == [["mask", "rsync.service", "snmpd.service"], ["enable", "ssh.service"]]
    assert enforce(host, [wanted]).changes == []
    assert record(host, wanted)["status"] == "pass"


def test_a_service_that_is_not_installed_needs_no_masking_but_cannot_be_enabled(tree):
    host, systemctl = made(tree, {})
    assert record(host, control(rsync="masked"))["status"] == "not_applicable"
    assert record(host, control(rsync="disabled"))["status"] == "not_applicable"
    assert record(host, control(auditd="enabled"))["status"] == "fail"
    outcomes = enforce(host, [control(rsync="masked"), Control("d", {"service": {"auditd": "enabled"}})]).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["unchanged", "failed"]
    assert systemctl.done == []


def test_a_socket_that_would_start_a_service_goes_with_it(tree):
    host, systemctl = made(tree, {"cups.service": "disabled", "cups.socket": "enabled", "cups.path": "static"})
    found = record(host, control(cups="disabled"))
    assert (found["status"], found["message"]) == ("fail", "cups.service is disabled, but cups.socket starts it")
    enforce(host, [control(cups="disabled")])
    assert systemctl.done == [["disable", "cups.socket"]]
    enforce(host, [control(cups="masked")])
    assert systemctl.done[1:] == [["mask", "cups.service", "cups.socket", "cups.path"]]


def test_another_name_of_a_service_means_the_service(tree, tmp_path):
    host, systemctl = made(tree, {"ssh.service": "disabled", "sshd.service": "alias"})
    (tmp_path / VENDOR / "sshd.service").symlink_to("ssh.service")
    assert record(host, control(sshd="enabled"))["message"] == "sshd.service is another name of ssh.service"
    enforce(host, [control(sshd="enabled")])
    assert systemctl.done == [["enable", "ssh.service"]]


def test_a_name_that_the_vendor_gave_is_masked_by_itself(tree, tmp_path):
    host, systemctl = made(tree, {"ctrl-alt-del.target": "alias", "reboot.target": "static"})
    (tmp_path / VENDOR / "ctrl-alt-del.target").symlink_to("reboot.target")
    enforce(host, [Control("c", {"service": {"ctrl-alt-del.target": "masked"}})])
    assert systemctl.done == [["mask", "ctrl-alt-del.target"]]


def test_a_masked_service_is_unmasked_before_it_is_enabled(tree):
    host, systemctl = made(tree, {"auditd.service": "masked"})
    enforce(host, [control(auditd="enabled")])
    assert systemctl.done == [["unmask", "auditd.service"], ["enable", "auditd.service"]]


def test_a_static_unit_cannot_be_disabled(tree):
    host, unused_s = made(tree, {"debug.service": "static"})
    assert record(host, control(debug="disabled"))["status"] == "fail"
    assert "mask it" in enforce(host, [control(debug="disabled")]).outcomes[0]["message"]


def test_the_site_s_own_unit_is_not_masked(tree):
    host, systemctl = made(tree, {"rsync.service": "enabled"}, files={"/etc/systemd/system/rsync.service": "[Unit]\n"})
    outcome = enforce(host, [control(rsync="masked")]).outcomes[0]
    assert (outcome["outcome"], systemctl.done) == ("refused", [])
    assert "/etc/systemd/system/rsync.service is a unit of this site" in outcome["message"]


def test_a_systemctl_that_fails_is_the_outcome_of_its_units(tree):
    host, unused = made(tree, {"rsync.service": "enabled"})
    host.answers["systemctl"] = CommandResult(1, "", "Read-only file system\n")
    outcome = enforce(host, [control(rsync="masked")]).outcomes[0]
    assert (outcome["outcome"], outcome["message"]) == (
        "failed",
        "rsync.service: systemctl mask rsync.service failed: Read-only file system",
    )


def test_check_mode_changes_nothing_and_takes_a_unit_for_granted_that_a_package_brings(tree):
    host, systemctl = made(tree, {"rsync.service": "enabled"}, check=True)
    outcomes = enforce(host, [control(rsync="masked", auditd="enabled")]).outcomes
    assert (outcomes[0]["changed"], systemctl.done) == (["auditd.service", "rsync.service"], [])


# -- on a running system -----------------------------------------------------


def test_an_enabled_service_must_run_and_is_started(tree):
    host, systemctl = made(tree, {"auditd.service": "enabled"}, {"auditd.service": "failed"})
    found = record(host, control(auditd="enabled"), "live")
    assert (found["status"], found["message"]) == ("fail", "auditd.service is enabled, but it is failed")
    enforce(host, [control(auditd="enabled")])
    assert systemctl.done == [["start", "auditd.service"]]
    assert record(host, control(auditd="enabled"), "live")["status"] == "pass"


def test_a_service_that_does_not_start_is_no_failure_of_the_others(tree):
    host, unused_systemctl = made(tree, {"auditd.service": "disabled", "rsyslog.service": "disabled"}, {})
    answer = host.answers["systemctl"]
    host.answers["systemctl"] = lambda argv, stdin: (
        CommandResult(1, "", "Job for auditd.service failed.") if argv[1] == "start" and "auditd.service" in argv else answer(argv, stdin)
    )
    controls = [Control("a", {"service": {"auditd": "enabled"}}), Control("b", {"service": {"rsyslog": "enabled"}})]
    outcomes = enforce(host, controls).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["failed", "changed"]
    assert "systemctl start auditd.service failed" in outcomes[0]["message"]


def test_a_masked_service_must_not_run_and_is_stopped(tree):
    host, systemctl = made(tree, {"rsync.service": "masked"}, {"rsync.service": "active"})
    assert record(host, control(rsync="masked"), "live")["status"] == "fail"
    enforce(host, [control(rsync="masked")])
    assert systemctl.done == [["stop", "rsync.service"]]
    assert record(host, control(rsync="masked"), "live")["status"] == "pass"


def test_a_service_that_its_socket_starts_need_not_run(tree):
    host, unused_s = made(tree, {"ssh.service": "enabled", "ssh.socket": "enabled"}, {"ssh.service": "inactive TriggeredBy=ssh.socket"})
    assert record(host, control(ssh="enabled"), "live")["status"] == "pass"


def test_a_service_whose_conditions_do_not_hold_is_reported_and_not_started_again_and_again(tree):
    host, systemctl = made(tree, {"auditd.service": "enabled"}, {"auditd.service": "inactive ConditionResult=no"})
    assert "its own conditions do not hold" in record(host, control(auditd="enabled"), "live")["message"]
    assert enforce(host, [control(auditd="enabled")]).changes == []
    assert systemctl.done == []
    host.container = True
    assert record(host, control(auditd="enabled"), "live")["status"] == "not_applicable"


@pytest.mark.parametrize("state", ["masked", "disabled"])
def test_the_login_of_the_operator_is_not_cut_off(tree, state):
    environ = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "USER": "ops"}
    host, systemctl = made(tree, {"ssh.service": "enabled"}, {"ssh.service": "active"}, environ=environ)
    outcome = enforce(host, [control(ssh=state)]).outcomes[0]
    assert (outcome["outcome"], systemctl.done) == ("refused", [])


# -- without a running systemd -----------------------------------------------


def test_a_name_that_enabling_gave_a_unit_means_that_it_is_enabled(tree, tmp_path):
    """As systemctl is-enabled has it for a display manager, whose only link is its other name."""
    host, unused = made(tree, {"gdm.service": "disabled", "getty@.service": "disabled"})
    (tmp_path / OWN / "display-manager.service").symlink_to(f"/{VENDOR}/gdm.service")
    (tmp_path / STARTED / "getty@tty1.service").symlink_to(f"/{VENDOR}/getty@.service")
    assert record(host, control(gdm="enabled"))["status"] == "pass"
    assert record(host, Control("c", {"service": {"getty@.service": "enabled"}}))["status"] == "pass"


def test_a_tree_is_read(tree, tmp_path):
    install = "[Install]\nWantedBy=multi-user.target\n"
    units = {
        "/usr/lib/systemd/system/ssh.service": install,
        "/usr/lib/systemd/system/cron.service": install,
        "/usr/lib/systemd/system/rsync.service": install,
        "/usr/lib/systemd/system/debug.service": "[Service]\n",
        "/usr/lib/systemd/system/uuidd.service": "[Install]\nAlso=uuidd.socket\n",
    }
    host = tree({**SYSTEMD, **units})
    (tmp_path / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/multi-user.target.wants/ssh.service").symlink_to("/lib/systemd/system/ssh.service")
    (tmp_path / "etc/systemd/system/rsync.service").symlink_to("/dev/null")
    (tmp_path / "etc/systemd/system/sshd.service").symlink_to("/lib/systemd/system/ssh.service")
    wanted = {"ssh": "enabled", "cron": "disabled", "rsync": "masked", "sshd": "enabled", "uuidd": "disabled"}
    assert record(host, control(**wanted))["status"] == "pass"
    wrong = {"ssh": "masked", "cron": "enabled", "rsync": "enabled", "sshd": "disabled", "debug": "disabled"}
    assert record(host, control(**wrong))["observed"] == {
        "service: ssh": "enabled",
        "service: cron": "disabled",
        "service: rsync": "masked",
        "service: sshd": "enabled",
        "service: debug": "static",
    }


def test_a_system_without_systemd_has_no_units(tree):
    assert record(tree(), control(rsync="masked"))["status"] == "not_applicable"


def test_a_state_that_does_not_exist_is_reported(tree):
    host, unused_s = made(tree, {})
    assert "service rsync can be" in enforce(host, [control(rsync="off")]).outcomes[0]["message"]


# -- what is asked first on a running host ----------------------------------------------


def outcome(host, wanted, **kwargs):
    done = enforce(host, [wanted], **kwargs).outcomes[0]
    return done["outcome"], done["message"]


RSYNC = {"rsync.service": "enabled"}


def test_a_service_with_clients_is_refused_with_the_client_and_goes_on(tree):
    host, systemctl = made(tree, dict(RSYNC), {"rsync.service": "active"})
    lines = [socket(11, "listening", "0.0.0.0:873"), socket(12, "connected", "10.0.0.2:873", "10.0.0.9:40000")]
    process(host, 80, "/usr/bin/rsync", "rsync.service", sockets=[11, 12], net={"tcp": lines})
    assert outcome(host, control(rsync="masked")) == (
        "refused",
        "rsync.service is in use, 10.0.0.9 is connected with its port 873: move what needs it elsewhere and stop it, and harden again",
    )
    assert systemctl.done == []
    assert outcome(host, control(rsync="masked"), force=["c"])[0] == "changed"
    assert systemctl.done == [["mask", "rsync.service"], ["stop", "rsync.service"]]


def test_a_service_that_listens_for_other_machines_is_refused_and_one_for_this_host_alone_is_not(tree):
    host, systemctl = made(tree, {"cups.service": "enabled", **RSYNC}, {"rsync.service": "active", "cups.service": "active"})
    process(host, 80, "/usr/bin/rsync", "rsync.service", sockets=[11], net={"tcp": [socket(11, "listening", "0.0.0.0:873")]})
    process(host, 81, "/usr/sbin/cupsd", "cups.service", sockets=[12], net={"tcp": [socket(12, "listening", "127.0.0.1:631")]})
    done = enforce(host, [Control("a", {"service": {"rsync": "masked"}}), Control("b", {"service": {"cups": "masked"}})])
    assert [each["outcome"] for each in done.outcomes] == ["refused", "changed"]
    assert "it listens for other machines on port 873/tcp" in done.outcomes[0]["message"]
    assert systemctl.done == [["mask", "cups.service"], ["stop", "cups.service"]]


def test_a_service_that_was_stopped_is_masked_without_a_question(tree):
    host, systemctl = made(tree, dict(RSYNC), {})
    assert outcome(host, control(rsync="masked"))[0] == "changed"
    assert systemctl.done == [["mask", "rsync.service"], ["stop", "rsync.service"]]


@pytest.mark.parametrize(
    ("unit", "files", "why"),
    [
        ("rpcbind", {"/proc/mounts": "pacs:/images /srv/pacs\\040old nfs rw 0 0\n"}, "pacs:/images is mounted on /srv/pacs old"),
        ("autofs", {"/proc/mounts": "systemd-1 /boot/efi autofs rw 0 0\nauto.home /home autofs rw 0 0\n"}, "auto.home is mounted on /home"),
        ("nfs-server", {"/var/lib/nfs/etab": "/srv/images 10.0.0.0/8(rw)\n", "/proc/fs/nfsd/threads": "8\n"}, "it lends /srv/images"),
        ("cups", {"/var/spool/cups/d00001-001": ""}, "it keeps 1 print jobs"),
    ],
)
def test_what_hangs_on_a_service_without_a_connection_is_seen(tree, unit, files, why):
    host, systemctl = made(tree, {f"{unit}.service": "enabled"}, {f"{unit}.service": "active"}, files=files)
    found = outcome(host, Control("c", {"service": {unit: "masked"}}))
    assert found[0] == "refused" and why in found[1]
    assert systemctl.done == []


def test_a_unit_that_another_active_one_requires_is_refused_but_not_when_both_leave(tree):
    states = {"a.service": "enabled", "b.service": "enabled"}
    host, unused = made(tree, states, {"a.service": "active\nRequiredBy=b.service", "b.service": "active"})
    found = outcome(host, Control("c", {"service": {"a": "masked"}}))
    assert found[0] == "refused" and "b.service needs it" in found[1]
    assert outcome(host, Control("c", {"service": {"a": "masked", "b": "masked"}}))[0] == "changed"


def test_a_socket_that_systemd_holds_for_other_machines_is_in_use(tree):
    states = {"rpcbind.service": "enabled", "rpcbind.socket": "enabled"}
    host, unused = made(tree, states, {"rpcbind.socket": "active\nListen=[::]:111 (Datagram)\nListen=/run/rpcbind.sock (Stream)"})
    found = outcome(host, Control("c", {"service": {"rpcbind": "masked"}}))
    assert found[0] == "refused" and "rpcbind.socket is in use, it listens for other machines on port 111/udp" in found[1]


def test_only_a_change_is_asked_about(tree):
    host, unused = made(tree, {"rsync.service": "masked"}, {})
    process(host, 80, "/usr/bin/rsync", "rsync.service", sockets=[11], net={"tcp": [socket(11, "listening", "0.0.0.0:873")]})
    assert outcome(host, control(rsync="masked"))[0] == "unchanged"


# -- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "resolv_conf", "kept"),
    [
        ("dnsmasq", "nameserver 127.0.0.1\n", True),
        ("named", "search ward.example\nnameserver ::1\n", True),
        ("dnsmasq", "nameserver 127.0.0.1\nnameserver 10.0.0.1\n", False),
        ("dnsmasq", "nameserver 10.0.0.1\n", False),
        ("dnsmasq", "nameserver 127.0.0.53\n", False),
        ("systemd-resolved", "nameserver 127.0.0.53\noptions edns0\n", True),
        ("cups", "nameserver 127.0.0.1\n", False),
    ],
)
@pytest.mark.parametrize("booted", [False, True])
def test_the_only_server_for_names_stays_in_a_template_as_on_a_running_host(tree, unit, resolv_conf, kept, booted):
    running = {f"{unit}.service": "active"} if booted else None
    host, systemctl = made(tree, {f"{unit}.service": "enabled"}, running, files={"/etc/resolv.conf": resolv_conf})
    found = outcome(host, Control("c", {"service": {unit: "masked"}}), force=["c"])
    assert found[0] == ("refused" if kept else "changed")
    assert ("this host would find no names" in found[1]) == kept
    assert (systemctl.done == []) == kept


def test_a_resolv_conf_that_a_service_writes_keeps_it(tree):
    host, unused = made(tree, {"systemd-resolved.service": "enabled"})
    os.makedirs(host.path("/etc"), exist_ok=True)
    os.symlink("../run/systemd/resolve/resolv.conf", host.entry("/etc/resolv.conf"))
    assert "leads to /run/systemd/resolve/resolv.conf" in outcome(host, Control("c", {"service": {"systemd-resolved": "masked"}}))[1]
