# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a guest shares with its host, and what passes between it and whoever sits at its console."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged

# The channel of the agents that share the clipboard and files of a console.
_VDAGENT = "com.redhat.spice.0"


def devices(guest: Definition, around: Surroundings) -> Answer:
    """A device of the host reads and writes memory by itself, and keeps what one guest left in it for the next."""
    observed = {"host devices": [device.address for device in guest.host_devices]}
    problems = [
        f"the {device.type} device {device.address} of the host is passed through"
        for device in guest.host_devices
        if device.address not in around.allowed.host_devices
    ]
    expected = {"host devices": list(around.allowed.host_devices)}
    return judged(problems, expected, observed, guest.read_from, "take it from the guest, or allow it under host_devices")


def directories(guest: Definition, around: Surroundings) -> Answer:
    shared = {place.source: f"the directory {place.source} of the host is shared by {place.driver}" for place in guest.file_systems}
    for memory in guest.all("devices/shmem"):
        name = memory.get("name", "")
        shared[name] = f"the memory {name} is shared with whoever opens it on the host"
    problems = [sentence for name, sentence in shared.items() if name not in around.allowed.shared_directories]
    expected = {"shared directories": list(around.allowed.shared_directories)}
    return judged(
        problems, expected, {"shared directories": sorted(shared)}, guest.read_from, "remove it, or allow it under shared_directories"
    )


def channels(guest: Definition, around: Surroundings) -> Answer:
    """Ways for data that no network filter sees."""
    found = dict(_channels(guest))
    problems = [sentence for name, sentence in found.items() if name not in around.allowed.channels]
    expected = {"channels": list(around.allowed.channels)}
    return judged(problems, expected, {"channels": sorted(found)}, guest.read_from, "remove it, or allow its name under channels")


def _channels(guest: Definition) -> Iterator[tuple[str, str]]:
    for channel in guest.all("devices/channel"):
        name = attribute(channel, "target", "name") or channel.get("type", "")
        yield name, f"the channel {name} leads to the host"
        agent = name == _VDAGENT
        if agent and channel.get("type") == "qemu-vdagent" and attribute(channel, "source/clipboard", "copypaste") == "yes":
            yield "clipboard", "the clipboard is shared with the console"
        if agent and channel.get("type") == "spicevmc":
            yield from _spice(guest)
    for device in guest.all("devices/redirdev"):
        yield "usbredir", f"{device.get('bus', 'usb')} devices of whoever has the console are redirected into it"
    if guest.has("devices/smartcard"):
        yield "smartcard", "a smart card of the host or of the console is passed to it"


def _spice(guest: Definition) -> Iterator[tuple[str, str]]:
    """SPICE shares both by default."""
    for console in guest.graphics:
        if console.type == "spice" and console.clipboard:
            yield "clipboard", "the clipboard is shared with the console"
        if console.type == "spice" and console.file_transfer:
            yield "file-transfer", "files can be sent from the console"
