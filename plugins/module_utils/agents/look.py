# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One look at all agents of a system: which are there, whether they start, what they are configured to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.agents.configuration import Configuration, Reader
from ansible_collections.hygeia.golden.plugins.module_utils.agents.credentials import credentials
from ansible_collections.hygeia.golden.plugins.module_utils.agents.facts import Facts
from ansible_collections.hygeia.golden.plugins.module_utils.agents.jobs import Jobs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.service import ENABLED, Service
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import unit_name
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

UDEV_FOLDERS = ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
_WANTS = re.compile(r'SYSTEMD_WANTS\}\+?="([^"]*)"')

CLASSES = ("logging", "backup", "monitoring", "endpoint_protection", "guest_tools")


@dataclass
class Found:
    """An agent that is installed: by what it was recognised, and the unit that speaks for it."""

    agent: dict
    evidence: str
    host: object
    unit: str = ""
    state: Observation = field(default_factory=Observation)
    configuration: Configuration = field(default_factory=Configuration)

    @property
    def title(self):
        return self.agent["title"]

    @property
    def starts(self):
        """The status of its unit: does it start by itself and, on a running host, does it run?"""
        if not self.unit or self.state.value == ENABLED:
            return result.PASS
        return result.NOT_CHECKED if self.state.status else result.FAIL

    @cached_property
    def facts(self):
        return Facts(self.agent, self.configuration.entries, self.host)

    @cached_property
    def credentials(self):
        return credentials(self.agent, self.configuration.entries, self.host)

    def unread(self, fact):
        """Why a fact cannot be read from the configuration of this product, in one sentence; else an empty string."""
        return self.agent.get("unread", {}).get(fact, "")


def look(host, agents):
    """Each agent of the catalogue that is installed, with its configuration."""
    found = [Found(agent, evidence, host) for agent in agents for evidence in [_evidence(host, agent)] if evidence]
    units = {unit_name(unit) for each in found for unit in each.agent.get("units", [])}
    states = Service(host).observe(dict.fromkeys(sorted(units), ENABLED)) if units else {}
    started = _started_by_devices(host)
    states = {unit: Observation(ENABLED, state.read_from) if state.value == "disabled" and unit in started else state for unit, state in states.items()}
    reader = Reader(host, Jobs(host))
    for each in found:
        each.unit, each.state = _unit(each.agent, states)
        each.configuration = reader.read(each.agent)
    return found


def _evidence(host, agent):
    """By what an agent is recognised: a package with its version, else a program, else a file."""
    versions = host.packages.versions
    for package in agent.get("packages", []):
        if host.packages.installed(package):
            return f"{package} {versions.get(host.packages.called(package), '')}".strip()
    return next((path for pattern in [*agent.get("programs", []), *agent.get("files", [])] for path in host.glob(pattern)), "")


def _started_by_devices(host):
    """The units that udev has started when their device is there, whether they are enabled or not."""
    rules = (host.read(path) or "" for folder in UDEV_FOLDERS for path in host.glob(f"{folder}/*.rules"))
    return {unit for text in rules for wanted in _WANTS.findall(text) for unit in wanted.split()}


def _unit(agent, states):
    """The unit that is as it should be, else the first that is there at all."""
    units = [unit_name(unit) for unit in agent.get("units", [])]
    there = [unit for unit in units if states[unit].value != "not installed"]
    good = [unit for unit in there if states[unit].value == ENABLED]
    chosen = next(iter([*good, *there, *units]), "")
    return chosen, states.get(chosen, Observation())
