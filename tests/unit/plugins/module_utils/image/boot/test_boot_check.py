# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check, guest, qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import firmware as boot_firmware
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.boot_check import BootError, BootRequest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.login import SshAccess
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

KEYS = "2048 SHA256:aaa root@web (RSA)\n256 SHA256:bbb root@web (ED25519)\n"
# What was brought into the guest is handed on as it is.
BROUGHT = {"account": "check", "lines": {}}


class Guest:
    """A guest whose console, server and programs answer from a script; ``done`` keeps what was done with it."""

    user = "check"

    def __init__(self, tmp_path, console="", greets=True, alive=True, login=CommandResult(0, "", ""), **answers):
        self.console = str(tmp_path / "console.log")
        self.say(console)
        self._greets, self.alive, self._login = greets, alive, login
        self._answers = {"systemctl is-system-running": "running\n", **answers}
        self.done = []

    def say(self, text):
        with open(self.console, "w", encoding="utf-8") as stream:
            stream.write(text)

    def greets(self):
        return self._greets

    def log_in(self, unused_patience):
        return self._login

    def run(self, argv, stdin=None, timeout=120):
        self.done.append(" ".join(argv))
        for known, answer in self._answers.items():
            if known in self.done[-1]:
                return answer if isinstance(answer, CommandResult) else CommandResult(0, answer, "")
        return CommandResult(0, "", "")

    def error(self):
        return "qemu: out of memory"

    def make(self):
        self.done.append("make")

    def start(self, *unused_machine):
        self.done.append("start")

    def typist(self):
        return None

    def write_enter(self):
        self.done.append("enter")

    def stop(self, limit):
        self.done.append(f"stop {limit}")
        return True


def waited(machine, limit=5.0):
    boot_check._wait_for_login(machine, time.monotonic() + limit)


# -- waiting for a login -----------------------------------------------------------------


def test_a_login_ends_the_waiting(tmp_path):
    waited(Guest(tmp_path))


def test_a_dead_end_is_not_waited_for(tmp_path):
    machine = Guest(tmp_path, "GRUB loading..\ngrub rescue> ", greets=False)
    with pytest.raises(BootError, match="^the template does not boot; its console says: grub rescue>$"):
        waited(machine, 3600)


def test_a_guest_that_ends_tells_its_last_line(tmp_path):
    machine = Guest(tmp_path, "Booting\nreboot: Power down\n", greets=False, alive=False)
    with pytest.raises(BootError, match="said last: reboot: Power down"):
        waited(machine, 3600)


def test_a_qemu_that_never_started_is_no_finding_about_the_template(tmp_path):
    with pytest.raises(ImageError, match="qemu ended at once: qemu: out of memory") as problem:
        waited(Guest(tmp_path, alive=False), 3600)
    assert not isinstance(problem.value, BootError)


def test_past_the_limit_the_last_line_is_reported_without_secrets(tmp_path):
    machine = Guest(tmp_path, "starting with admin_password=hunter2 now\n", greets=False)
    with pytest.raises(BootError, match=r"did not boot to an SSH login in time; its console says last: .*admin_password=\[masked\] now"):
        waited(machine, 0)


def test_a_silent_console_is_reported_as_such(tmp_path):
    with pytest.raises(BootError, match="says last: nothing"):
        waited(Guest(tmp_path, greets=False), 0)


def test_a_system_at_its_login_prompt_has_a_network_or_sshd_problem(tmp_path):
    machine = Guest(tmp_path, "Debian GNU/Linux 12\n\nweb login: ", greets=False)
    with pytest.raises(BootError, match="boots to its login prompt, but no SSH login was possible"):
        waited(machine, 0)


def test_a_refused_login_is_reported_in_ssh_s_words(tmp_path):
    machine = Guest(tmp_path, "web login: ", login=CommandResult(255, "", "Permission denied (publickey).\n"))
    with pytest.raises(BootError, match=r"ssh says: Permission denied \(publickey\)\."):
        waited(machine, 0)


# -- waiting for the rest ------------------------------------------------------------------


@pytest.mark.parametrize("state", ["running", "degraded", "maintenance"])
def test_systemd_says_how_it_ended(tmp_path, state):
    assert (
        boot_check._settle(Guest(tmp_path, **{"systemctl is-system-running": CommandResult(int(state != "running"), state + "\n", "")}), 5)
        == state
    )


def test_a_system_that_is_never_done_is_entered_as_it_is(tmp_path):
    machine = Guest(tmp_path, **{"--wait": CommandResult(124, "", ""), "systemctl is-system-running": CommandResult(1, "starting\n", "")})
    assert boot_check._settle(machine, 1) == "starting"


# -- the whole -------------------------------------------------------------------------------


class Session:
    name, directory, limits = "web", "/s/web", None

    def __init__(self, state="closed", **journal):
        self.state, self.journal, self.key = state, {"isolation": "strong", **journal}, None

    def require_key(self):
        pass

    @contextmanager
    def acting(self, *states):
        assert self.state in states
        yield


@pytest.fixture
def booted(monkeypatch, tmp_path):
    """Boot a session whose guest is a script."""

    def start(machine, request=BootRequest()):
        monkeypatch.setattr(guest, "require_tools", lambda: None)
        monkeypatch.setattr(guest, "Guest", lambda unused_session, unused_user: machine)
        monkeypatch.setattr(
            boot_check,
            "_prepare",
            lambda *unused: (
                qemu.Machine(("disk",), "tcg", "bios", 1024, 2),
                SshAccess(22, "ed25519", "keys", "", ()),
                ["SHA256:old"],
                BROUGHT,
            ),
        )
        found, brought = boot_check.start(Session(), request)
        assert brought == BROUGHT
        return found

    return start


def test_what_came_up_is_reported(booted, tmp_path):
    machine = Guest(
        tmp_path,
        alive=False,
        **{
            "ssh-keygen": KEYS,
            "--state=failed": "nginx.service loaded failed failed Web\n",
            "systemctl is-system-running": CommandResult(1, "degraded\n", ""),
        },
    )
    machine.start = lambda *unused: setattr(machine, "alive", True)
    found = booted(machine)
    assert found.pop("seconds") < 5
    assert found == {
        "accelerator": "tcg",
        "firmware": "bios",
        "system_state": "degraded",
        "failed_units": ["nginx.service"],
        "host_keys": ["SHA256:aaa", "SHA256:bbb"],
        "template_host_keys": ["SHA256:old"],
    }


def test_a_failed_boot_leaves_nothing_running(booted, tmp_path):
    machine = Guest(tmp_path, "Kernel panic - not syncing: no init\n", alive=False)
    with pytest.raises(BootError) as problem:
        booted(machine)
    assert machine.done[-1] == "stop 0"
    assert problem.value.console == ["Kernel panic - not syncing: no init"]


def test_a_login_that_cannot_become_root_is_a_finding(booted, tmp_path):
    machine = Guest(tmp_path, alive=False, umask=CommandResult(1, "", "sudo: a password is required\n"))
    machine.start = lambda *unused: setattr(machine, "alive", True)
    with pytest.raises(BootError, match="cannot become root by sudo: sudo: a password is required"):
        booted(machine)


def test_a_second_guest_is_refused_and_the_first_one_stays(booted, tmp_path):
    machine = Guest(tmp_path, alive=True)
    with pytest.raises(ImageError, match="has a guest already"):
        booted(machine)
    assert machine.done == []


@pytest.mark.parametrize(
    ("session", "outcome"), [(Session(guest={"pid": 1}), True), (Session(), None), (Session("open"), None), (Session("discarded"), None)]
)
def test_stopping_says_whether_there_was_a_guest(monkeypatch, tmp_path, session, outcome):
    monkeypatch.setattr(guest, "Guest", lambda unused_session: Guest(tmp_path))
    assert boot_check.stop(session, BootRequest()) is outcome


# -- looking into the template ---------------------------------------------------------------


@pytest.fixture
def prepared(monkeypatch, tmp_path, tree):
    """Prepare a template whose files are a tree."""

    def prepare(files, disk="bios", request=BootRequest(), kvm="kvm"):
        class Opened:
            host, disk = tree(files), ""

        @contextmanager
        def opened(*unused):
            yield Opened

        class Machine:
            overlays, session, user = ["overlay"], Session(), "check"

            @staticmethod
            def make_key(kind):
                return f"{kind} key"

            @staticmethod
            def path(name):
                return str(tmp_path / name)

        monkeypatch.setattr(boot_check, "opened", opened)
        monkeypatch.setattr(boot_check.boot_login, "ssh_access", lambda host, user: SshAccess(22, "ed25519", "keys", "", ()))
        monkeypatch.setattr(boot_check.boot_login, "add", lambda *unused: BROUGHT)
        monkeypatch.setattr(boot_firmware, "of", lambda unused_disk: disk)
        monkeypatch.setattr(boot_check.accelerator, "choose", lambda unused_kernel, unused_qemu: kvm)
        monkeypatch.setattr(qemu, "program", lambda: "qemu")
        return boot_check._prepare(Machine, request)[0]

    return prepare


KERNEL = {
    "/boot/vmlinuz-6.1.0-9-amd64": "kernel",
    "/boot/initrd.img-6.1.0-9-amd64": "initramfs",
    "/etc/fstab": "UUID=7 / ext4 defaults 0 1\n",
}


def test_a_disk_that_starts_by_itself_is_given_no_kernel(prepared):
    machine = prepared(KERNEL)
    assert (machine.firmware, machine.accelerator, machine.kernel) == ("bios", "kvm", "")


def test_a_bare_filesystem_is_given_its_own_kernel(prepared, tmp_path):
    machine = prepared(KERNEL, "direct")
    assert machine.words == "root=UUID=7 ro console=ttyS0"
    assert [open(path, encoding="utf-8").read() for path in (machine.kernel, machine.initramfs)] == ["kernel", "initramfs"]


def test_a_bare_filesystem_without_a_kernel_cannot_start(prepared):
    with pytest.raises(BootError, match="no kernel in /boot"):
        prepared({}, "direct")


def test_without_a_kernel_to_prove_it_kvm_is_not_trusted(prepared):
    assert prepared({}, "uefi").accelerator == "tcg"


def test_a_request_is_followed(prepared):
    machine = prepared(KERNEL, request=BootRequest(accelerator="tcg", firmware="uefi", memory=2048, cpus=4))
    assert (machine.accelerator, machine.firmware, machine.memory, machine.cpus) == ("tcg", "uefi", 2048, 4)
