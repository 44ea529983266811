# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a guest can move to another host: a record for each aspect, with a sentence for each blocker."""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration import hardware, storage, surroundings, transfer
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, Record, record

ASPECTS: dict[str, Callable[[Move], Answer]] = {
    "running": transfer.running,
    "hosts": transfer.hosts,
    "machine": hardware.machine,
    "processor": hardware.processor,
    "firmware": hardware.firmware,
    "devices": hardware.devices,
    "storage": storage.storage,
    "networks": surroundings.networks,
    "secrets": surroundings.secrets,
    "memory": surroundings.memory,
    "topology": surroundings.topology,
    "stream": transfer.stream,
    "clock": transfer.clock,
}


def evaluate(move: Move) -> list[Record]:
    return [result(f"migration-{aspect}", move.guest.name, move.guest.uuid, _answered(look, move)) for aspect, look in ASPECTS.items()]


def _answered(look: Callable[[Move], Answer], move: Move) -> Answer:
    """A question that a host does not answer spoils only its own aspect."""
    try:
        return look(move)
    except VirshError as problem:
        return Answer(ERROR, message=str(problem))


def result(aspect: str, name: str, uuid: str, answer: Answer) -> Record:
    """The record of a guest, which is named by its UUID where its name has signs that an id has not."""
    guest = name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name, re.A) else uuid
    return record(f"{aspect}-{guest}", answer.status, "live", answer.expected, answer.observed, answer.read_from, answer.message)
