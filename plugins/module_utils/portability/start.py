# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a system is started: the firmware, the serial console, the kernel's command line, and modules that must not be blocked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import FALLBACK, Starting
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, passed, unknown, unneeded
from ansible_collections.hygeia.golden.plugins.module_utils.portability.kernels import Kernel
from ansible_collections.hygeia.golden.plugins.module_utils.portability.platform import Platform
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import Start
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import BIOS, SECURE_BOOT, UEFI, plain

NO_MENU = "no boot menu can be read, so that nothing is known of the kernel's command line"


def firmware(platform: Platform, starting: Starting | None) -> Answer:
    """A new machine of the platform has no boot entries of its own, so the disk must start by itself."""
    wanted = platform["firmware"]
    expected = {"one of": wanted}
    if starting is None:
        return unknown("the disk itself is not seen from here, only its files", expected)
    ways = {BIOS: starting.bios, UEFI: starting.uefi, SECURE_BOOT: starting.signed}
    works = [way for way in wanted if ways[way]]
    observed = {"one of": works}
    lacking = [_lacking(way, starting) for way in wanted if not ways[way]]
    if works:
        remark = f"it starts by {' and '.join(works)} only: {'; '.join(lacking)}" if lacking else ""
        return passed(expected, observed, "the partition table and the EFI system partition", remark)
    return judged(lacking, expected, observed, "the partition table and the EFI system partition")


def _lacking(way: str, starting: Starting) -> str:
    if way == BIOS:
        return "there is no boot code for BIOS, so give the machine UEFI"
    if way == UEFI and not starting.esp:
        return "there is no EFI system partition, so give the machine BIOS or build the template with one"
    if way == UEFI:
        return (
            f"{FALLBACK} is missing, where UEFI looks without boot entries, so copy the boot loader there, as grub-install --removable does"
        )
    return f"{FALLBACK} and what it starts are not signed for Secure Boot, so install shim-signed and the signed GRUB there"


def console(platform: Platform, menu: Sequence[Start]) -> Answer:
    """Without a serial console nobody sees why a machine of a cloud does not start."""
    device = platform.get("console", "")
    if not device:
        return unneeded("the platform shows the screen of a machine")
    if not menu:
        return unknown(NO_MENU, {"console": device})
    without = [start for start in menu if device not in [value.split(",")[0] for value in boot_menu.values(start.words, "console")]]
    observed = {"console": None if without else device}
    problems = [f"{without[0].place} starts {without[0].kernel} without console={device}"] if without else []
    return judged(problems, {"console": device}, observed, menu[0].place, "add it to the parameters of the boot loader")


def command_line(platform: Platform, menu: Sequence[Start]) -> Answer:
    """Words that the platform needs, and words that keep its support from seeing anything."""
    wanted = platform.get("command_line", {})
    if not wanted:
        return unneeded("the platform asks for no parameter of the kernel")
    if not menu:
        return unknown(NO_MENU, wanted)
    observed: dict[str, object] = {}
    problems = []
    for name, value in wanted.items():
        found = next((start for start in menu if not _meets(value, start.value(name))), None)
        observed[name] = (found or menu[0]).value(name) or False
        if found:
            problems.append(f"{found.place} starts {found.kernel} {_without(name, value)}")
    return judged(problems, wanted, observed, menu[0].place, "change the parameters of the boot loader")


def _meets(wanted: object, value: object) -> bool:
    if wanted is False:
        return value is None
    return value is True if wanted is True else str(value) == str(wanted)


def _without(name: str, wanted: object) -> str:
    if wanted is False:
        return f"with {name}"
    return f"without {name}" if wanted is True else f"without {name}={wanted}"


def modules(platform: Platform, kernels: Sequence[Kernel], barrier: Callable[[str], str]) -> Answer:
    """What the platform needs later, such as the filesystem of the medium that it hands cloud-init its data on."""
    wanted: dict[str, str] = platform.get("modules", {})
    if not wanted:
        return unneeded("the platform needs no further module")
    problems, observed = [], {}
    for name, why in wanted.items():
        builtin = bool(kernels) and all(plain(name) in kernel.drivers.builtin for kernel in kernels)
        place = "" if builtin else barrier(name)
        without = [kernel.release for kernel in kernels if not kernel.drivers.has(plain(name))]
        observed[name] = "blocked" if place else "missing" if without else "there"
        if place:
            problems.append(f"{place} keeps {name} from being loaded ({why})")
        elif without:
            problems.append(f"the kernel {without[0]} has no {name} ({why})")
    expected = dict.fromkeys(wanted, "there")
    remedy = "remove the control that blocks it, or install a kernel that has it"
    return judged(problems, expected, observed, "modprobe.d, modules.dep and modules.builtin", remedy)
