# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One guest: its guard, and the way into it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.archive import program as program_of
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import guard as boot_guard
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import passphrase, qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import arguments
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import ENVIRONMENT, MARK
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter_program, supervision
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.locks import RUN
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run, which
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

PACKAGES = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
# Not in the template's place: a booted system knows by itself where it is.
_INSIDE = {name: value for name, value in ENVIRONMENT.items() if name not in ("SYSTEMD_OFFLINE", "debian_chroot")}
# A guest runs modules with a Python of its own.
_FIND_PYTHON = (
    "for path in /usr/bin/python3 /usr/local/bin/python3 /usr/libexec/platform-python; do [ ! -x $path ] || exec $path -; done; exit 127"
)

_BOOTED = """#!{python} -I
# Runs a command as root in the booted guest, which has no network beyond this machine, with or without --network.
import os
import shlex
import sys

command = sys.argv[1:]
while command[:1] and command[0] in {options!r}:
    if command.pop(0) == {python_option!r}:
        command = ["env", *command, "sh", "-c", {find_python!r}]
        break
if not os.path.exists({control!r}):
    print({gone!r}, file=sys.stderr)
    sys.exit(125)
with open({used!r}, "w"):
    pass
os.execv({ssh!r}[0], {ssh!r} + [shlex.join({inside!r} + command)])
"""


def require_tools() -> None:
    missing = sorted(name for name in (qemu.program(), "ssh", "ssh-keygen") if which(name) is None)
    if missing:
        packages = " and ".join(sorted({PACKAGES[name] for name in missing}))
        raise ImageError(f"the build host lacks {' and '.join(missing)}: install {packages}")


def guard_program() -> bytes:
    """The guard as a program of its own; its argument is the plan as JSON."""
    return program_of(boot_guard, [atomic, supervision])


class Guest:
    """A guest in the directory ``boot`` of a session."""

    def __init__(self, session: SessionState, user: str = "") -> None:
        self.session = session
        # Whom to log in as.
        self.user = user
        self.directory = session.path("boot")

    def path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    @property
    def overlays(self) -> list[str]:
        """The throwaway overlays, one for each of the session's."""
        return [self.path(os.path.basename(overlay)) for overlay in self.session.overlays]

    @property
    def console(self) -> str:
        return self.path("console.log")

    @property
    def key(self) -> str:
        return self.path("key")

    @property
    def guard(self) -> Process | None:
        return Process.load(self.session.journal.get("guest"))

    @property
    def _control(self) -> str:
        """The socket by which every command shares one login; not in the directory, whose path may be too long for one."""
        return os.path.join(RUN, f"ssh-{self.session.journal['guest']['pid']}")

    @property
    def keyboard(self) -> str:
        """The socket by which the guest is given input on its console, in that place for the same reason."""
        found = os.stat(self.session.directory)
        return os.path.join(RUN, f"console-{found.st_dev:x}-{found.st_ino:x}")

    def typist(self) -> passphrase.Typist | None:
        """Who types the key of what is encrypted, if there is one."""
        return passphrase.Typist(self.session.key, self.console, self.keyboard) if self.session.key else None

    # -- start ----------------------------------------------------------------

    def make(self) -> None:
        """The directory and the throwaway overlays."""
        shutil.rmtree(self.directory, ignore_errors=True)
        os.mkdir(self.directory, 0o700)
        for below, overlay in zip(self.session.overlays, self.overlays):
            made = run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", below, "-F", "qcow2", overlay])
            if not made.ok:
                raise ImageError(f"the throwaway overlay {overlay} cannot be made: {made.error}")

    def make_key(self, kind: str) -> str:
        made = run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", self.user, "-f", self.key])
        if not made.ok:
            raise ImageError(f"no SSH key can be made for the boot: {made.error}")
        with open(self.key + ".pub", encoding="utf-8") as stream:
            return stream.read().strip()

    def start(self, machine: qemu.Machine, port: int, owner: Process | None, lifetime: float, limit: float) -> None:
        """Start qemu under its guard, with a port of this machine that leads to the guest's ``port``."""
        here = _free_port()
        script = self.path("guard.pyz")
        atomic.write(script, guard_program())
        plan = {
            "directory": self.directory,
            "qemu": qemu.command(machine, self.directory, self.console, here, port, self.keyboard if self.session.key else ""),
            "owner": owner.dump() if owner else None,
            "lifetime": lifetime,
            "limit": limit,
        }
        with open(self.path("guard.log"), "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", script, json.dumps(plan)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        self.session.journal.record(guest=Process.there(process.pid).dump())
        self._port = here

    @property
    def alive(self) -> bool:
        return bool(self.guard and self.guard.alive)

    def error(self) -> str:
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

    def greets(self, patience: int = 10) -> bool:
        """Does an SSH server answer? On a busy machine it takes a while, and who goes too early comes again and again."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), patience) as connection:
                connection.settimeout(patience)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def log_in(self, patience: float = 60) -> CommandResult:
        """One login that stays and carries every later command; returns what ssh left behind."""
        return run([*self._ssh(), "-M", "-N", "-f", self.user + "@127.0.0.1"], patience)

    def _ssh(self) -> list[str]:
        options = {
            "ControlPath": self._control,
            "IdentityFile": self.key,
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "Port": self._port,
            # The guest makes its host key in this very boot: the first one seen is pinned.
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": self.path("known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
        }
        return ["ssh", "-F", "none"] + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def write_enter(self) -> None:
        """From here on the session's script leads into the guest."""
        gone = f"{MARK}the guest of the session {self.session.name} does not run any more: boot it again"
        inside = ["sudo", "-n", "--", "env", "-i", *(f"{name}={value}" for name, value in _INSIDE.items())]
        enter_program.write(
            self.session.directory,
            _BOOTED.format(
                python=sys.executable,
                options=arguments.OPTIONS,
                python_option=arguments.PYTHON,
                find_python=_FIND_PYTHON,
                control=self._control,
                gone=gone,
                used=self.session.path("used"),
                ssh=[which("ssh"), *self._ssh()[1:], "-T", self.user + "@127.0.0.1"],
                inside=inside,
            ),
        )

    def run(self, argv: Sequence[str], stdin: str | None = None, timeout: float = 120) -> CommandResult:
        """Run a program in the guest as root."""
        return Host().run([self.session.path(enter_program.NAME), *argv], stdin, timeout)

    # -- stop -------------------------------------------------------------------

    def stop(self, limit: int) -> bool:
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
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.keyboard)
        shutil.rmtree(self.directory, ignore_errors=True)
        enter_program.write_closed(self.session.directory)
        self.session.journal.record(guest=None)
        return clean

    def _ending(self) -> dict[str, bool]:
        try:
            with open(self.path("ended.json"), encoding="utf-8") as stream:
                return json.load(stream)
        except (FileNotFoundError, ValueError):
            return {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
