# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line of the virtual machine that a guest is."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import accelerator, hardware
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import firmware as boot_firmware
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, which
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import SECURE_BOOT, VIRTIO, Hardware

QEMU = {"x86_64": "qemu-system-x86_64"}


@dataclass(frozen=True)
class Machine:
    """What the guest is made of; ``kernel``, ``initramfs`` and ``words`` only where it starts by no firmware of its own."""

    disks: tuple[str, ...]
    accelerator: str
    firmware: str
    memory: int
    cpus: int
    kernel: str = ""
    initramfs: str = ""
    words: str = ""
    hardware: Hardware = VIRTIO


def program() -> str:
    """The emulator for this machine's own processor."""
    name = QEMU.get(platform.machine())
    if name is None:
        raise ImageError(f"the boot check knows no virtual machine for {platform.machine()}: run it on a build host with x86-64")
    return name


def command(machine: Machine, directory: str, console: str, here: int, port: int, keyboard: str = "") -> list[str]:
    """qemu's command line: nothing but the disks, a network that leads nowhere, a console and a source of entropy.

    What the console says goes to a file; its input comes from the socket ``keyboard``, if any.
    """
    return [
        which(program()) or program(),
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-name",
        "hygeia-boot-check",
        "-display",
        "none",
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-machine",
        "q35,graphics=off" + (",smm=on" if machine.firmware == SECURE_BOOT else ""),
        *accelerator.arguments(machine.accelerator, program()),
        "-smp",
        str(machine.cpus),
        "-m",
        str(machine.memory),
        *_firmware(machine, directory),
        *hardware.controller(machine.hardware),
        *(word for number, disk in enumerate(machine.disks, 1) for word in _disk(machine.hardware, number, disk)),
        "-netdev",
        f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{here}-:{port}",
        *hardware.network(machine.hardware),
        "-device",
        "virtio-rng-pci",
        *_serial(console, keyboard),
        "-qmp",
        "stdio",
    ]


def _serial(console: str, keyboard: str) -> list[str]:
    if not keyboard:
        return ["-serial", f"file:{_escaped(console)}"]
    device = f"socket,id=console,path={_escaped(keyboard)},server=on,wait=off,logfile={_escaped(console)}"
    return ["-chardev", device, "-serial", "chardev:console"]


def _disk(devices: Hardware, number: int, disk: str) -> list[str]:
    drive = f"if=none,id=disk{number},format=qcow2,cache=unsafe,discard=unmap,file={_escaped(disk)}"
    return ["-drive", drive, *hardware.disk(devices, number)]


def _firmware(machine: Machine, directory: str) -> list[str]:
    if machine.firmware in (boot_firmware.UEFI, SECURE_BOOT):
        secure = machine.firmware == SECURE_BOOT
        code, variables_then = boot_firmware.ovmf(secure)
        variables = os.path.join(directory, "variables.fd")
        shutil.copyfile(variables_then, variables)
        # Only code in system management mode may write the variables, among them the keys.
        guarded = ["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []
        drives = (f"if=pflash,format=raw,readonly=on,file={code}", f"if=pflash,format=raw,file={_escaped(variables)}")
        return [*guarded, *(word for drive in drives for word in ("-drive", drive))]
    if machine.firmware == boot_firmware.DIRECT:
        initramfs = ["-initrd", machine.initramfs] if machine.initramfs else []
        return ["-kernel", machine.kernel, *initramfs, "-append", machine.words]
    return []


def _escaped(path: str) -> str:
    """A comma in a qemu option value is written twice."""
    return path.replace(",", ",,")
