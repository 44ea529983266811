# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cheapest boot that says whether an image starts on a machine of the boot matrix.

Its own boot loader starts its own kernel and initramfs, where the firmware can read the disk. But in the place of systemd there is a
script, which loads the drivers of what it finds on the PCI bus, says which ones its disk and its network card have, and starts sshd.
That one answers proves the rest.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import accelerator, console, firmware, hardware, qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

LIMIT = 600
INIT = r"""#!/bin/sh
exec >/dev/console 2>&1
modprobe --all --quiet --use-blacklist $(cat /sys/bus/pci/devices/*/modalias)
modprobe --all --quiet --use-blacklist $(cat /sys/bus/virtio/devices/*/modalias)
until card=$(ls /sys/class/net | grep -v lo); do sleep 0.1; done
drivers() {
    place=$(readlink -f "$1")
    while [ "$place" != / ]; do
        [ ! -e "$place/driver" ] || basename "$(readlink "$place/driver")"
        place=$(dirname "$place")
    done | tr '\n' ' '
}
echo "bare: disk $(drivers "/sys/class/block/$(basename "$(findmnt --noheadings --output SOURCE /)")")"
echo "bare: card $(drivers "/sys/class/net/$card")"
ip address add 10.0.2.15/24 dev "$card"
ip link set "$card" up
mkdir -p /run/sshd
exec /usr/sbin/sshd -D
"""
# Every entry of the menu starts the script.
PREPARE = f"""
cat >/bare <<'END'
{INIT}END
chmod 755 /bare
sed -i '/^[[:blank:]]*linux[[:blank:]]/s|$| init=/bare|' /boot/grub/grub.cfg
"""


class Bare:
    """An opened template with the script, and its kernel for machines on which no firmware reads the disk."""

    def __init__(self, session, place, starts):
        self._session, self._place, self._firmware = session, place, starts
        subprocess.run([session.path("enter"), "sh", "-euc", PREPARE], check=True)
        host = Host(enter.tree(session))
        self._kernel = firmware.kernel(host)
        for path in (self._kernel.image, self._kernel.initramfs):
            shutil.copy(host.path(path), place)

    def boot(self, name):
        """Start the closed template on a machine until its sshd answers; the drivers of its disk and its network card."""
        place = self._place / name
        place.mkdir()
        hardware.require(MATRIX[name], qemu.program())
        overlay, log, port = place / "overlay.qcow2", place / "console", _free_port()
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", self._session.overlays[0], overlay]
        subprocess.run(command, check=True)
        with _running(qemu.command(self._machine(MATRIX[name], overlay), str(place), str(log), port, 22)) as emulator:
            _wait(emulator, port, log)
        said = log.read_text(errors="replace").replace("\r", "")
        return {what: words.split() for what, words in re.findall(r"^bare: (disk|card) (.*)$", said, re.M)}

    def _machine(self, machine, overlay):
        starts = hardware.started_by(machine, machine.firmware or self._firmware)
        kernel, initramfs = (str(self._place / os.path.basename(path)) for path in (self._kernel.image, self._kernel.initramfs))
        direct = {"kernel": kernel, "initramfs": initramfs, "words": self._kernel.words} if starts == firmware.DIRECT else {}
        return qemu.Machine((str(overlay),), accelerator.TCG, starts, 512, 1, **direct, hardware=machine)


@contextlib.contextmanager
def _running(command):
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as emulator:
        try:
            yield emulator
        finally:
            emulator.kill()


def _wait(emulator, port, log):
    end = time.monotonic() + LIMIT
    while not _greets(port):
        ended = console.end(str(log)) or (emulator.poll() is not None and emulator.stderr.read())
        assert not ended and time.monotonic() < end, f"{ended or 'not in time'}; {console.last(str(log))}"
        time.sleep(0.25)


def _greets(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(60)
        return connection.recv(4) == b"SSH-"
    return False


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
