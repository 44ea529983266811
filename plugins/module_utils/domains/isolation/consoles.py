# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Consoles of a guest that another machine can open, and whether they are encrypted then."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Graphics
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import switched_on
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged

_LOOPBACK = "127.0.0.1"
_NETWORKED = ("vnc", "spice", "rdp")


def consoles(guest: Definition, around: Surroundings) -> Answer:
    """Whoever opens a console has the guest's keyboard; a password of VNC is broken in hours, so only TLS counts."""
    screens = [(console, place) for console in guest.graphics if console.type in _NETWORKED for place in _places(console, around)]
    lines = list(_lines(guest))
    problems = [f"its {console.type} console listens on {place} without TLS" for console, place in screens if _open(console, place, around)]
    problems += [f"its {name} listens on {place} without TLS" for name, place, encrypted in lines if not encrypted and not local(place)]
    observed = sorted({place for unused_console, place in screens} | {place for unused_name, place, unused_tls in lines})
    remedy = "let it listen on 127.0.0.1 or on a socket, or require TLS"
    return judged(problems, {"listens": [_LOOPBACK, "TLS"]}, {"listens": observed}, guest.read_from, remedy)


def local(place: str) -> bool:
    """Is this an address of the host alone, or the path of a socket?"""
    if place.startswith("/") or place == "localhost":
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False


def _places(console: Graphics, around: Surroundings) -> tuple[str, ...]:
    """One without an address listens where qemu.conf says; without that, on the loopback."""
    default = (around.settings or {}).get(f"{console.type}_listen", _LOOPBACK)
    return console.listens if console.listens or console.silent else (str(default),)


def _open(console: Graphics, place: str, around: Surroundings) -> bool:
    settings = around.settings or {}
    encrypted = {"vnc": settings.get("vnc_tls", 0) == 1, "spice": console.tls_only and settings.get("spice_tls", 1) == 1}
    return not encrypted.get(console.type) and not local(place)


def _lines(guest: Definition) -> Iterator[tuple[str, str, bool]]:
    """Serial lines and the like that wait on a port: (name, address, encrypted)."""
    for device in guest.all("devices/*"):
        if device.get("type") in ("tcp", "udp"):
            for source in device.findall("source"):
                if source.get("mode") == "bind":
                    yield f"{device.tag} line", source.get("host") or "0.0.0.0", switched_on(source.get("tls"))
