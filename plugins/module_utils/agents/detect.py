# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look at all agents of a system: which are there, whether they start, what they are configured to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.agents.configuration import Configuration, Reader
from ansible_collections.hygeia.golden.plugins.module_utils.agents.credentials import Credential, credentials
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent
from ansible_collections.hygeia.golden.plugins.module_utils.agents.facts import Facts
from ansible_collections.hygeia.golden.plugins.module_utils.agents.jobs import Jobs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.service import ENABLED, Service
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import unit_name
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

UDEV_DIRECTORIES = ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
_WANTS = re.compile(r'SYSTEMD_WANTS\}\+?="([^"]*)"')

CLASSES = ("logging", "backup", "monitoring", "endpoint_protection", "guest_tools")


@dataclass
class DetectedAgent:
    """An agent that is installed: by what it was recognised, and the unit that speaks for it."""

    agent: Agent
    evidence: str
    host: Host
    unit: str = ""
    state: Observation = field(default_factory=Observation)
    configuration: Configuration = field(default_factory=Configuration)

    @property
    def title(self) -> str:
        return self.agent["title"]

    @property
    def starts(self) -> str:
        """The status of its unit: does it start by itself and, on a running host, does it run?"""
        if not self.unit or self.state.value == ENABLED:
            return result.PASS
        return result.NOT_CHECKED if self.state.status else result.FAIL

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.agent, self.configuration.entries, self.host)

    @cached_property
    def credentials(self) -> list[Credential]:
        return credentials(self.agent, self.configuration.entries, self.host)

    def unread(self, fact: str) -> str:
        """Why a fact cannot be read from the configuration of this product, in one sentence; else an empty string."""
        return self.agent.get("unread", {}).get(fact, "")


def detect(host: Host, agents: Sequence[Agent]) -> list[DetectedAgent]:
    """Each agent of the catalogue that is installed, with its configuration."""
    found = [DetectedAgent(agent, evidence, host) for agent in agents for evidence in [_evidence(host, agent)] if evidence]
    units = {unit_name(unit) for each in found for unit in each.agent.get("units", [])}
    states = Service(host).observe(dict.fromkeys(sorted(units), ENABLED)) if units else {}
    started = _started_by_devices(host)
    states = {
        unit: Observation(ENABLED, state.read_from) if state.value == "disabled" and unit in started else state
        for unit, state in states.items()
    }
    reader = Reader(host, Jobs(host))
    for each in found:
        each.unit, each.state = _unit(each.agent, states)
        each.configuration = reader.read(each.agent)
    return found


def _evidence(host: Host, agent: Agent) -> str:
    """By what an agent is recognised: a package with its version, else a program, else a file."""
    versions = host.packages.versions
    for package in agent.get("packages", []):
        if host.packages.installed(package):
            return f"{package} {versions.get(host.packages.called(package), '')}".strip(BLANKS)
    return next((path for pattern in [*agent.get("programs", []), *agent.get("files", [])] for path in host.glob(pattern)), "")


def _started_by_devices(host: Host) -> set[str]:
    """The units that udev has started when their device is there, whether they are enabled or not."""
    rules = (host.read(path) or "" for directory in UDEV_DIRECTORIES for path in host.regular(f"{directory}/*.rules"))
    return {unit for text in rules for wanted in _WANTS.findall(text) for unit in words_of(wanted)}


def _unit(agent: Agent, states: Mapping[str, Observation]) -> tuple[str, Observation]:
    """The unit that is as it should be, else the first that is there at all."""
    units = [unit_name(unit) for unit in agent.get("units", [])]
    there = [unit for unit in units if states[unit].value != "not installed"]
    good = [unit for unit in there if states[unit].value == ENABLED]
    chosen = next(iter([*good, *there, *units]), "")
    return chosen, states.get(chosen, Observation())
