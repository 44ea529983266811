# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a guest is confined, bounded and separated: a record for each aspect of each guest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation import (
    bounds,
    confinement,
    consoles,
    hardware,
    network,
    sharing,
)
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record, record

ASPECTS: dict[str, Callable[[Definition, Surroundings], Answer]] = {
    "confinement": confinement.confinement,
    "arguments": hardware.arguments,
    "processors": bounds.processors,
    "memory": bounds.memory,
    "pages": bounds.pages,
    "disks": bounds.disks,
    "bandwidth": bounds.bandwidth,
    "filters": network.filters,
    "ports": network.ports,
    "devices": sharing.devices,
    "directories": sharing.directories,
    "channels": sharing.channels,
    "consoles": consoles.consoles,
    "hardware": hardware.unneeded_devices,
    "firmware": hardware.firmware,
    "tpm": hardware.tpm,
    "dumps": hardware.dumps,
}


def evaluate(guests: Sequence[Definition], around: Surroundings) -> list[Record]:
    return [_record(guest, aspect, look(guest, around)) for guest in guests for aspect, look in ASPECTS.items()]


def _record(guest: Definition, aspect: str, answer: Answer) -> Record:
    stage = "live" if guest.running else "offline"
    return record(
        f"domain-{aspect}-{identifier(guest.name, guest.uuid)}",
        answer.status,
        stage,
        answer.expected,
        answer.observed,
        answer.read_from,
        answer.message,
    )


def identifier(name: str, uuid: str) -> str:
    """What stands for a guest in the id of a record: its name, or its UUID where the name has signs that an id has not."""
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name, re.A) else uuid
