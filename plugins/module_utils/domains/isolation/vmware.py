# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The isolation of virtual machines of vSphere, by the parameters of VMware's Security Configuration Guide.

The machines are as vmware_guest_info of community.vmware returns them, in its own schema or in that of vSphere. For many
parameters the guide says "undefined" beside the value: one that is not there has a safe default, and is right.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.guests import identifier
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record, record

UNDEFINED = "undefined"
# The oldest virtual hardware that the guide takes.
_OLDEST = 17


@dataclass(frozen=True)
class Parameter:
    """``name`` may have asterisks; with UNDEFINED among the values it need not be there, and with nothing else it must not."""

    aspect: str
    name: str
    values: tuple[str, ...]


PARAMETERS = (
    Parameter("channels", "isolation.tools.copy.disable", ("TRUE", UNDEFINED)),
    Parameter("channels", "isolation.tools.paste.disable", ("TRUE", UNDEFINED)),
    Parameter("channels", "isolation.tools.dnd.disable", ("TRUE", UNDEFINED)),
    Parameter("tools", "isolation.tools.diskShrink.disable", ("TRUE", UNDEFINED)),
    Parameter("tools", "isolation.tools.diskWiper.disable", ("TRUE", UNDEFINED)),
    Parameter("tools", "isolation.device.connectable.disable", ("TRUE", UNDEFINED)),
    Parameter("tools", "tools.setInfo.sizeLimit", ("1048576", UNDEFINED)),
    Parameter("tools", "tools.guestlib.enableHostInfo", ("FALSE", UNDEFINED)),
    Parameter("consoles", "RemoteDisplay.maxConnections", ("1",)),
    Parameter("consoles", "tools.guest.desktop.autolock", ("TRUE",)),
    Parameter("hardware", "mks.enable3d", ("FALSE", UNDEFINED)),
    Parameter("filters", "ethernet*.filter*.name", (UNDEFINED,)),
    Parameter("pages", "sched.mem.pshare.salt", (UNDEFINED,)),
    Parameter("boot", "bios.bootDeviceClasses", ("allow:hd",)),
    Parameter("logs", "logging", ("TRUE", UNDEFINED)),
    Parameter("logs", "log.keepOld", ("10", UNDEFINED)),
    Parameter("logs", "log.rotateSize", ("2048000", UNDEFINED)),
)


class BadMachine(Exception):
    """Why something is no answer of vmware_guest_info, as the end of a sentence."""


class Machine:
    """One virtual machine, whichever schema it came in."""

    def __init__(self, instance: Mapping[str, Any]) -> None:
        self._instance = instance
        self._config: Mapping[str, Any] = instance.get("config") or {}
        self.name = str(instance.get("hw_name") or self._config.get("name") or "")
        self.uuid = str(instance.get("instance_uuid") or self._config.get("instanceUuid") or "")
        if not self.name or ("advanced_settings" not in instance and "extraConfig" not in self._config):
            raise BadMachine("has no name or no advanced_settings; hand over the instance that vmware_guest_info returns")
        pairs = [(entry.get("key"), entry.get("value")) for entry in self._config.get("extraConfig") or []]
        self.settings = {str(name).lower(): str(value) for name, value in [*(instance.get("advanced_settings") or {}).items(), *pairs]}

    @property
    def version(self) -> str:
        return str(self._instance.get("hw_version") or self._config.get("version") or "")

    @property
    def tpm(self) -> bool | None:
        """Is there a TPM? None where nobody asked."""
        info = self._instance.get("tpm_info")
        return None if not isinstance(info, Mapping) else bool(info.get("tpm_present"))

    @property
    def secure_boot(self) -> bool | None:
        options = self._config.get("bootOptions")
        return None if not isinstance(options, Mapping) else bool(options.get("efiSecureBootEnabled"))

    @property
    def encryption(self) -> dict[str, str]:
        """How the machine's memory crosses the network when it moves, and when it is mirrored."""
        return {name: str(self._config[name]) for name in ("migrateEncryption", "ftEncryptionMode") if self._config.get(name)}


def evaluate(machine: Machine) -> list[Record]:
    """One result for each aspect."""
    answers = {aspect: _parameters(machine, aspect) for aspect in dict.fromkeys(parameter.aspect for parameter in PARAMETERS)}
    answers.update({aspect: look(machine) for aspect, look in _OTHERS.items()})
    name = identifier(machine.name, machine.uuid)
    return [
        record(f"domain-{aspect}-{name}", answer.status, "live", answer.expected, answer.observed, answer.read_from, answer.message)
        for aspect, answer in answers.items()
    ]


def _parameters(machine: Machine, aspect: str) -> Answer:
    asked = [parameter for parameter in PARAMETERS if parameter.aspect == aspect]
    found = {parameter.name: _found(machine, parameter.name) for parameter in asked}
    problems = [sentence for parameter in asked for sentence in _wrong(parameter, found[parameter.name])]
    expected = {parameter.name: list(parameter.values) for parameter in asked}
    observed = {name: values or UNDEFINED for name, values in found.items()}
    return judged(problems, expected, observed, f"advanced settings of {machine.name}")


def _found(machine: Machine, pattern: str) -> dict[str, str]:
    return {name: value for name, value in machine.settings.items() if fnmatch.fnmatchcase(name, pattern.lower())}


def _wrong(parameter: Parameter, found: Mapping[str, str]) -> Iterator[str]:
    values = [value for value in parameter.values if value != UNDEFINED]
    if not found and UNDEFINED not in parameter.values:
        yield f"{parameter.name} is not set: set it to {values[0]}"
    for name, value in found.items():
        if value.lower() not in [wanted.lower() for wanted in values]:
            yield f"{name} is {value}: " + (f"set it to {values[0]}" if values else "remove it")


def _version(machine: Machine) -> Answer:
    found = re.fullmatch(r"vmx-([0-9]{1,4})", machine.version)
    if not found:
        return unknown("the version of its virtual hardware was not asked for", {"hardware": f"vmx-{_OLDEST} or later"})
    problems = [] if int(found[1]) >= _OLDEST else [f"its virtual hardware is {machine.version}"]
    remedy = f"upgrade it to vmx-{_OLDEST} or later"
    return judged(problems, {"hardware": f"vmx-{_OLDEST} or later"}, {"hardware": machine.version}, "hw_version", remedy)


def _firmware(machine: Machine) -> Answer:
    if machine.secure_boot is None:
        return unknown("its boot options were not asked for; ask vmware_guest_info with schema: vsphere", {"secure boot": True})
    problems = [] if machine.secure_boot else ["it starts whatever its disk has"]
    return judged(problems, {"secure boot": True}, {"secure boot": machine.secure_boot}, "config.bootOptions", "turn EFI Secure Boot on")


def _tpm(machine: Machine) -> Answer:
    if machine.tpm is None:
        return unknown("its TPM was not asked for; ask vmware_guest_info with schema: summary", {"tpm": "2.0"})
    return judged([] if machine.tpm else ["it has no TPM"], {"tpm": "2.0"}, {"tpm": machine.tpm}, "tpm_info", "add a virtual TPM")


def _transit(machine: Machine) -> Answer:
    expected = {"migrateEncryption": "required", "ftEncryptionMode": "ftEncryptionRequired"}
    if not machine.encryption:
        return unknown("its encryption was not asked for; ask vmware_guest_info with schema: vsphere", expected)
    problems = [f"{name} is {value}" for name, value in machine.encryption.items() if not value.lower().endswith("required")]
    return judged(problems, expected, machine.encryption, "config", "require encryption")


_OTHERS: dict[str, Callable[[Machine], Answer]] = {"version": _version, "firmware": _firmware, "tpm": _tpm, "transit": _transit}
