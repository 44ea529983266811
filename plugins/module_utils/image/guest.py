# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One guest: its command line, its guard, and the way into it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.image import accelerator, boot_firmware, boot_guard, enter, journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot_login import USER
from ansible_collections.hygeia.golden.plugins.module_utils.image.lock import RUN
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run, which
from ansible_collections.hygeia.golden.plugins.module_utils.image.worker import ENVIRONMENT

QEMU = {"x86_64": "qemu-system-x86_64"}
PACKAGES = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
# Not in the template's place: a booted system knows by itself where it is.
_INSIDE = {name: value for name, value in ENVIRONMENT.items() if name not in ("SYSTEMD_OFFLINE", "debian_chroot")}

_BOOTED = """#!{python} -I
# Runs a command as root in the booted guest, which has no network beyond this machine, with or without --network.
import os
import shlex
import sys

command = sys.argv[2:] if sys.argv[1:2] == ["--network"] else sys.argv[1:]
if not os.path.exists({control!r}):
    print({gone!r}, file=sys.stderr)
    sys.exit(125)
with open({used!r}, "w"):
    pass
os.execv({ssh!r}[0], {ssh!r} + [shlex.join({inside!r} + command)])
"""


@dataclass(frozen=True)
class Machine:
    """What the guest is made of; ``kernel``, ``initramfs`` and ``words`` only where it starts by no firmware of its own."""

    disk: str
    accelerator: str
    firmware: str
    memory: int
    cpus: int
    kernel: str = ""
    initramfs: str = ""
    words: str = ""


def program():
    """The emulator for this machine's own processor."""
    name = QEMU.get(platform.machine())
    if name is None:
        raise ImageError(f"the boot check knows no virtual machine for {platform.machine()}: run it on a build host with x86-64")
    return name


def require_tools():
    missing = sorted(name for name in (program(), "ssh", "ssh-keygen") if which(name) is None)
    if missing:
        packages = " and ".join(sorted({PACKAGES[name] for name in missing}))
        raise ImageError(f"the build host lacks {' and '.join(missing)}: install {packages}")


class Guest:
    """A guest in the folder ``boot`` of a session."""

    def __init__(self, session):
        self.session = session
        self.folder = session.path("boot")

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def overlay(self):
        return self.path("overlay.qcow2")

    @property
    def console(self):
        return self.path("console.log")

    @property
    def key(self):
        return self.path("key")

    @property
    def guard(self):
        return Process.load((self.session.journal or {}).get("guest"))

    @property
    def _control(self):
        """The socket by which every command shares one login; not in the folder, whose path may be too long for one."""
        return os.path.join(RUN, f"ssh-{self.session.journal['guest']['pid']}")

    # -- start ----------------------------------------------------------------

    def make(self):
        """The folder and the throwaway overlay."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder, 0o700)
        made = run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.session.overlay, "-F", "qcow2", self.overlay])
        if not made.ok:
            raise ImageError(f"the throwaway overlay {self.overlay} cannot be made: {made.complaint}")

    def make_key(self, kind):
        made = run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", USER, "-f", self.key])
        if not made.ok:
            raise ImageError(f"no SSH key can be made for the boot: {made.complaint}")
        with open(self.key + ".pub", encoding="utf-8") as stream:
            return stream.read().strip()

    def start(self, machine, port, owner, lifetime, limit):
        """Start qemu under its guard, with a port of this machine that leads to the guest's ``port``."""
        here = _free_port()
        script = self.path("guard.py")
        journal.replace(script, boot_guard.__spec__.loader.get_source(boot_guard.__name__))
        plan = {
            "folder": self.folder, "qemu": self.command(machine, here, port), "owner": owner.dump() if owner else None,
            "lifetime": lifetime, "limit": limit,
        }
        with open(self.path("guard.log"), "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", script, json.dumps(plan)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                start_new_session=True, cwd="/",
            )
        self.session.journal.record(guest=Process.of(process.pid).dump())
        self._port = here

    def command(self, machine, here, port):
        """qemu's command line: nothing but a disk, a network that leads nowhere, a console and a source of entropy."""
        return [
            which(program()), "-nodefaults", "-no-user-config", "-no-reboot", "-name", "hygeia-boot-check", "-display", "none",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-machine", "q35,graphics=off", *accelerator.arguments(machine.accelerator, program()), "-smp", str(machine.cpus), "-m", str(machine.memory),
            *self._firmware(machine),
            "-drive", f"if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file={_escaped(machine.disk)}",
            "-device", "virtio-blk-pci,drive=disk",
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{here}-:{port}",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci",
            "-serial", f"file:{_escaped(self.console)}",
            "-qmp", "stdio",
        ]

    def _firmware(self, machine):
        if machine.firmware == boot_firmware.UEFI:
            code, empty = boot_firmware.ovmf()
            shutil.copyfile(empty, self.path("variables.fd"))
            return [
                "-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                "-drive", f"if=pflash,format=raw,file={_escaped(self.path('variables.fd'))}",
            ]
        if machine.firmware == boot_firmware.DIRECT:
            initramfs = ["-initrd", machine.initramfs] if machine.initramfs else []
            return ["-kernel", machine.kernel, *initramfs, "-append", machine.words]
        return []

    @property
    def alive(self):
        return bool(self.guard and self.guard.alive)

    def complaint(self):
        """The last thing that qemu or its guard said."""
        for name in ("qemu.log", "guard.log"):
            try:
                with open(self.path(name), encoding="utf-8", errors="replace") as stream:
                    said = stream.read().strip().splitlines()
            except FileNotFoundError:
                continue
            if said:
                return said[-1]
        return "it said nothing"

    # -- the way in -------------------------------------------------------------

    def greets(self, patience=10):
        """Does an SSH server answer? On a busy machine it takes a while, and who goes too early comes again and again."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), patience) as connection:
                connection.settimeout(patience)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def log_in(self, patience=60):
        """One login that stays and carries every later command; returns what ssh left behind."""
        return run([*self._ssh(), "-M", "-N", "-f", USER + "@127.0.0.1"], patience)

    def _ssh(self):
        options = {
            "ControlPath": self._control, "IdentityFile": self.key, "IdentitiesOnly": "yes", "BatchMode": "yes", "Port": self._port,
            # The guest makes its host key in this very boot: the first one seen is pinned.
            "StrictHostKeyChecking": "accept-new", "UserKnownHostsFile": self.path("known_hosts"), "GlobalKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
        }
        return ["ssh", "-F", "none"] + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def write_enter(self):
        """From here on the session's script leads into the guest."""
        gone = f"the guest of the session {self.session.name} does not run any more: boot it again"
        inside = ["sudo", "-n", "--", "env", "-i", *(f"{name}={value}" for name, value in _INSIDE.items())]
        enter.write(self.session.folder, _BOOTED.format(
            python=sys.executable, control=self._control, gone=gone, used=self.session.path("used"),
            ssh=[which("ssh"), *self._ssh()[1:], "-T", USER + "@127.0.0.1"], inside=inside,
        ))

    def run(self, argv, stdin=None, timeout=120):
        """Run a program in the guest as root."""
        return Host().run([self.session.path(enter.NAME), *argv], stdin, timeout)

    # -- stop -------------------------------------------------------------------

    def stop(self, limit):
        """Shut the guest down, kill it past the limit, remove everything of it; did it shut down?"""
        clean = False
        if self.guard:
            if limit:
                self.run(["systemctl", "--no-block", "poweroff"], timeout=15)  # not every system heeds its power button
                self.guard.ask(limit + 10)  # it has the same limit, and then kills
            self.guard.signal(signal.SIGKILL)
            self.guard.ended(10)
            run(["ssh", "-F", "none", "-o", f"ControlPath={self._control}", "-O", "exit", "guest"], 10)
            clean = self._ending().get("clean", False)
        shutil.rmtree(self.folder, ignore_errors=True)
        enter.write_closed(self.session.folder)
        self.session.journal.record(guest=None)
        return clean

    def _ending(self):
        try:
            with open(self.path("ended.json"), encoding="utf-8") as stream:
                return json.load(stream)
        except (FileNotFoundError, ValueError):
            return {}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _escaped(path):
    """A comma in a qemu option value is written twice."""
    return path.replace(",", ",,")
