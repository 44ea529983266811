# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a system could run: one look at it, and a record for each aspect of each platform."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents import detect
from ansible_collections.hygeia.golden.plugins.module_utils.agents.cloud_init import CloudInit
from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import DetectedAgent
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_module import KernelModule
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.portability import devices, drivers, first_boot, hardware, kernels, names, start
from ansible_collections.hygeia.golden.plugins.module_utils.portability.kernels import Kernel
from ansible_collections.hygeia.golden.plugins.module_utils.portability.platform import Platform
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import Start
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile


class System:
    """What is looked at, each part of it once for all platforms."""

    def __init__(self, host: Host, agents: Sequence[Agent], starting: Starting | None) -> None:
        self.host = host
        self._agents = agents
        self.starting = starting
        self.barrier = KernelModule(host).barrier

    @cached_property
    def kernels(self) -> list[Kernel]:
        return kernels.of(self.host)

    @cached_property
    def menu(self) -> list[Start]:
        return boot_menu.starts(self.host)

    @cached_property
    def agents(self) -> list[DetectedAgent]:
        return detect.detect(self.host, self._agents)

    @cached_property
    def cloud(self) -> CloudInit:
        return CloudInit(self.host)


# In the order of a boot.
ASPECTS: dict[str, Callable[[Platform, System], Answer]] = {
    "firmware": lambda platform, system: start.firmware(platform, system.starting),
    "disk": lambda platform, system: drivers.disk(platform, system.kernels),
    "devices": lambda platform, system: devices.devices(system.host, system.menu),
    "swap": lambda platform, system: devices.swap(platform, system.host),
    "console": lambda platform, system: start.console(platform, system.menu),
    "cmdline": lambda platform, system: start.command_line(platform, system.menu),
    "modules": lambda platform, system: start.modules(platform, system.kernels, system.barrier),
    "network": lambda platform, system: drivers.network(platform, system.kernels),
    "names": lambda platform, system: names.names(system.host, system.menu),
    "datasource": lambda platform, system: first_boot.datasource(platform, system.cloud),
    "hostname": lambda platform, system: first_boot.hostname(system.host, system.cloud),
    "agent": lambda platform, system: first_boot.agent(platform, system.agents),
    "time": lambda platform, system: first_boot.time(platform, system.host),
}


def evaluate(system: System, platforms: Sequence[Platform], stage: str) -> list[Record]:
    """One result for each aspect of each platform; a file that is none spoils only the aspect that it is about."""
    return [
        _record(f"portable-{aspect}-{platform['id']}", answer, stage)
        for platform in platforms
        for aspect, look in ASPECTS.items()
        for answer in [_answered(look, platform, system)]
    ]


def _answered(look: Callable[[Platform, System], Answer], platform: Platform, system: System) -> Answer:
    try:
        return look(platform, system)
    except OddFile as problem:
        return Answer(ERROR, message=str(problem))


def _record(control: str, answer: Answer, stage: str) -> Record:
    return record(control, answer.status, stage, answer.expected, answer.observed, answer.read_from, answer.message)


def predicted(system: System) -> list[dict[str, Any]]:
    """Which machines of the boot matrix the system should start on."""
    return [hardware.prediction(name, system.kernels, system.starting) for name in hardware.MATRIX]
