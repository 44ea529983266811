# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import firmware as boot_firmware
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import guest, qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import hardware as boot_hardware
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.guest import Guest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter_program
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.journal import Journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX

# Runs in place of ssh and of the guest's sudo: the remote shell gets one string, as ssh hands it over.
SSH = '#!/bin/sh\nfor command in "$@"; do :; done\nexec sh -c "$command"\n'
SUDO = '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 99\nshift 2\nexec "$@"\n'


class Session:
    """As much of a session as a guest needs."""

    def __init__(self, directory):
        self.directory, self.name = str(directory), "web"
        self.overlays = [os.path.join(self.directory, name) for name in ("overlay.qcow2", "overlay2.qcow2")]
        self.journal = Journal(self.directory, state="closed")

    def path(self, name):
        return os.path.join(self.directory, name)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A guest in a session on a build host whose programs are shell scripts."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"qemu-system-x86_64": "", "ssh": SSH, "sudo": SUDO, "ssh-keygen": "", "qemu-img": ""}.items():
        (programs / name).write_text(text or "#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setattr(guest, "RUN", str(tmp_path))
    monkeypatch.setattr(guest, "_INSIDE", {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(qemu.platform, "machine", lambda: "x86_64")
    (tmp_path / "web").mkdir()
    made = Guest(Session(tmp_path / "web"), "hygeia-verify")
    os.mkdir(made.directory)
    return made


def words(machine, **parts):
    options = {"disks": ("/s/boot,1.qcow2", "/s/data.qcow2"), "accelerator": "tcg", "firmware": "bios", "memory": 512, "cpus": 2, **parts}
    return qemu.command(qemu.Machine(**options), machine.directory, machine.console, 40022, 2222)


# -- the command line -------------------------------------------------------------------


def test_the_network_leads_to_one_port_of_this_machine_and_nowhere_else(machine):
    command = words(machine)
    assert "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:40022-:2222" in command
    assert [word for word in command if word.startswith("user,") or "netdev=" in word] == [
        "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:40022-:2222",
        "virtio-net-pci,netdev=net,romfile=",
    ]


def test_every_word_is_text_and_commas_in_paths_are_kept(machine):
    command = words(machine)
    assert all(isinstance(word, str) for word in command)
    assert any(word.endswith("file=/s/boot,,1.qcow2") for word in command)


def test_the_disks_are_found_in_their_order(machine):
    command = words(machine)
    places = [word for word in command if word.startswith("virtio-blk-pci")]
    assert places == ["virtio-blk-pci,drive=disk1,bootindex=1", "virtio-blk-pci,drive=disk2,bootindex=2"]
    assert [word.rpartition("=")[2] for word in command if word.startswith("if=none")] == ["/s/boot,,1.qcow2", "/s/data.qcow2"]


def test_a_disk_with_boot_code_starts_by_itself(machine):
    command = words(machine)
    assert "-kernel" not in command and not any("pflash" in word for word in command)


def test_uefi_has_variables_of_its_own(machine, tmp_path, monkeypatch):
    for name in ("code", "empty"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(boot_firmware, "ovmf", lambda secure=False: (str(tmp_path / "code"), str(tmp_path / "empty")))
    drives = [word for word in words(machine, firmware="uefi") if "pflash" in word]
    assert drives == [f"if=pflash,format=raw,readonly=on,file={tmp_path}/code", f"if=pflash,format=raw,file={machine.path('variables.fd')}"]
    with open(machine.path("variables.fd"), encoding="utf-8") as stream:
        assert stream.read() == "empty"


@pytest.mark.parametrize("initramfs", ["", "/s/initramfs"])
def test_a_bare_filesystem_gets_its_kernel_from_outside(machine, initramfs):
    command = words(machine, firmware="direct", kernel="/s/kernel", initramfs=initramfs, words="root=UUID=1 ro")
    assert command[command.index("-kernel") + 1] == "/s/kernel"
    assert command[command.index("-append") + 1] == "root=UUID=1 ro"
    assert ("-initrd" in command) is bool(initramfs)


@pytest.mark.parametrize(("accelerator", "cpu"), [("kvm", "host"), ("tcg", "max,la57=off,erms=off,fsrm=off,smap=off,cx16=off")])
def test_the_processor_follows_the_accelerator(machine, accelerator, cpu):
    command = words(machine, accelerator=accelerator)
    assert command[command.index("-cpu") + 1] == cpu


# -- the build host -----------------------------------------------------------------------


def test_what_is_missing_is_named_with_its_packages(machine, monkeypatch):
    monkeypatch.setattr(guest, "which", lambda name: None if name != "ssh" else "/usr/bin/ssh")
    with pytest.raises(ImageError, match="lacks qemu-system-x86_64 and ssh-keygen: install openssh-client and qemu-system-x86"):
        guest.require_tools()


def test_another_processor_is_refused(machine, monkeypatch):
    monkeypatch.setattr(qemu.platform, "machine", lambda: "s390x")
    with pytest.raises(ImageError, match="no virtual machine for s390x"):
        guest.require_tools()


# -- the way in ---------------------------------------------------------------------------


@pytest.fixture
def inside(machine, tmp_path):
    """The script that leads into the guest, while one runs."""
    machine._port = 40022
    machine.session.journal.record(guest=Process.of(os.getpid()).dump())
    (tmp_path / f"ssh-{os.getpid()}").touch()
    machine.write_enter()

    def run(*argv, stdin=None):
        return subprocess.run([machine.session.path(enter_program.NAME), *argv], input=stdin, capture_output=True, check=False)

    return run


@pytest.mark.parametrize("argument", ["", "a b", "it's", '"', "$HOME `id`", "two\nlines\n", "*", "-n", "ä", "\\", "a;b"])
def test_every_argument_arrives_as_it_is(inside, argument):
    script = "import sys; print(sys.argv[1:])"
    ran = inside(sys.executable, "-c", script, argument, "end")
    assert ran.stdout.decode().strip() == repr([argument, "end"]), ran.stderr


def test_input_output_and_the_exit_code_pass_through(inside):
    ran = inside("sh", "-c", "cat; echo bad >&2; exit 7", stdin=bytes(range(256)))
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, bytes(range(256)), b"bad\n")


def test_asking_for_a_network_is_no_error(inside):
    assert inside("--network", "echo", "fine").stdout == b"fine\n"


def test_nothing_of_the_build_host_s_environment_arrives(inside, monkeypatch):
    monkeypatch.setenv("SECRET", "of the build host")
    assert b"SECRET" not in inside("env").stdout


def test_each_command_shows_that_the_session_is_in_use(inside, machine):
    used = machine.session.path("used")
    with open(used, "w", encoding="utf-8"):
        os.utime(used, (1, 1))
    inside("true")
    assert os.stat(used).st_mtime > 1


def test_a_guest_that_is_gone_is_one_sentence(inside, tmp_path):
    (tmp_path / f"ssh-{os.getpid()}").unlink()
    ran = inside("true")
    assert ran.returncode == 125
    assert ran.stderr == b"hygeia.golden: the guest of the session web does not run any more: boot it again\n"


@pytest.mark.parametrize(("greeting", "there"), [(b"SSH-2.0-OpenSSH_9.2\r\n", True), (b"", False), (b"HTTP", False)])
def test_only_an_ssh_server_greets(machine, greeting, there):
    with socket.create_server(("127.0.0.1", 0)) as server:
        machine._port = server.getsockname()[1]

        def serve():
            connection = server.accept()[0]
            connection.sendall(greeting)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        assert machine.greets() is there
        thread.join()


def test_a_closed_port_does_not_greet(machine):
    machine._port = guest._free_port()
    assert not machine.greets()


# -- the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("clean", [True, False])
def test_stopping_leaves_a_closed_session(machine, clean):
    with open(machine.path("ended.json"), "w", encoding="utf-8") as stream:
        json.dump({"clean": clean}, stream)
    with subprocess.Popen(["sleep", "60"]) as guard:
        machine.session.journal.record(guest=Process.of(guard.pid).dump())
        assert machine.stop(1) is clean
        assert guard.wait(5) != 0
    assert not os.path.exists(machine.directory)
    assert machine.session.journal["guest"] is None
    ran = subprocess.run([machine.session.path(enter_program.NAME), "true"], capture_output=True, check=False, text=True)
    assert "is closed" in ran.stderr


def test_stopping_what_never_started_is_no_error(machine):
    assert machine.stop(1) is False
    assert not os.path.exists(machine.directory)


def test_what_qemu_said_last_is_its_error(machine):
    with open(machine.path("qemu.log"), "w", encoding="utf-8") as stream:
        stream.write("qemu: first\nqemu: no memory\n")
    assert machine.error() == "qemu: no memory"


# -- the machines of the boot matrix -------------------------------------------------------


@pytest.mark.parametrize("name", MATRIX)
def test_a_machine_has_its_devices_and_boots_from_the_first_disk(machine, name):
    command = words(machine, hardware=MATRIX[name])
    line = " ".join(command)
    assert [re.search(rf"drive=disk{number},bootindex={number}\b", line) is not None for number in (1, 2)] == [True, True]
    assert len([word for word in command if "netdev=net" in word]) == 1
    # On a serial attached bus only a disk with an address of its own is found.
    assert len(set(re.findall(r",wwn=(0x[0-9a-f]{16})\b", line))) == (2 if "mptsas1068" in line else 0)
    assert len(set(re.findall(r",bus=(disks\.\d)", line))) == (2 if name == "ahci" else 1 if "bus=" in line else 0)


@pytest.mark.parametrize("name", MATRIX)
@pytest.mark.parametrize("firmware", [boot_firmware.BIOS, boot_firmware.UEFI, boot_firmware.DIRECT])
def test_a_controller_that_uefi_cannot_read_starts_without_a_firmware(name, firmware):
    unread = name in ("lsi+e1000e", "pvscsi+vmxnet3") and firmware == boot_firmware.UEFI
    assert boot_hardware.started_by(MATRIX[name], firmware) == (boot_firmware.DIRECT if unread else firmware)


@pytest.mark.parametrize("name", MATRIX)
def test_the_installed_qemu_starts_with_these_devices(name):
    """QEMU itself takes every word: it starts, stopped, and ends by the command that it reads."""
    if not shutil.which("qemu-system-x86_64"):
        pytest.skip("qemu-system-x86 is not installed on this machine")
    devices = MATRIX[name]
    boot_hardware.require(devices, "qemu-system-x86_64")
    drives = [word for number in (1, 2) for word in ("-drive", f"if=none,id=disk{number},format=raw,file.driver=null-co,file.size=1M")]
    disks = [word for number in (1, 2) for word in boot_hardware.disk(devices, number)]
    command = ["qemu-system-x86_64", "-nodefaults", "-S", "-machine", "q35", "-display", "none", "-netdev", "user,id=net,restrict=on"]
    command += [*drives, *boot_hardware.controller(devices), *disks, *boot_hardware.network(devices), "-monitor", "stdio"]
    ran = subprocess.run(command, input="info block\nquit\n", capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_device_that_qemu_does_not_have_is_reported(tmp_path, monkeypatch):
    (tmp_path / "qemu-old").write_text("#!/bin/sh\necho 'name \"virtio-net-pci\", bus PCI'\n")
    (tmp_path / "qemu-old").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(boot_hardware.NotEmulated, match="qemu-old of the build host has no nvme"):
        boot_hardware.require(MATRIX["nvme"], "qemu-old")


def test_secure_boot_has_the_keys_and_guards_them(machine, tmp_path, monkeypatch):
    for name in ("code", "vars"):
        (tmp_path / name).touch()
    monkeypatch.setattr(qemu.boot_firmware, "SECURE_OVMF", ((str(tmp_path / "code"), str(tmp_path / "vars")),))
    command = words(machine, firmware="secure_boot")
    assert "q35,graphics=off,smm=on" in command
    assert "driver=cfi.pflash01,property=secure,value=on" in command
    assert f"if=pflash,format=raw,readonly=on,file={tmp_path}/code" in command
