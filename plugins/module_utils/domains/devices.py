# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The devices of a guest by which it touches its host and its neighbours, each as its definition has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, numbers, switched_on, whole

# The attribute of a disk's source that says where it is, by the type of the disk.
_PLACES = {"file": "file", "block": "dev", "dir": "dir", "network": "name", "volume": "volume", "vhostuser": "path"}


@dataclass(frozen=True)
class Disk:
    """``source`` is a path, the name of a volume, or ``protocol:name`` of network storage; empty for a drive without a medium."""

    type: str
    device: str
    target: str
    bus: str
    source: str
    pool: str
    format: str
    cache: str
    read_only: bool
    shareable: bool
    limits: Mapping[str, int]
    # The files below an overlay, as a running guest's definition names them.
    backing: tuple[str, ...]


@dataclass(frozen=True)
class Interface:
    """``source`` is the name of the network, the bridge, or the device of the host.

    A guest that runs has the type that its network gave it, such as bridge, and ``network`` still names that.
    """

    type: str
    mac: str
    model: str
    source: str
    network: str
    bridge: str
    portgroup: str
    mode: str
    filter: str
    isolated: bool
    # The average bandwidth in KiB/s by direction, inbound and outbound.
    limits: Mapping[str, int]


@dataclass(frozen=True)
class HostDevice:
    """``address`` is as the kernel writes it, such as 0000:3b:00.0, 046d:c52b or the UUID of a mediated device."""

    type: str
    address: str
    managed: bool


@dataclass(frozen=True)
class FileSystem:
    driver: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class Graphics:
    """A console; ``listens`` are addresses, sockets by their paths, and networks by ``network:NAME``; ``silent`` is one that does not."""

    type: str
    listens: tuple[str, ...]
    silent: bool
    port: int | None
    tls_port: int | None
    tls_only: bool
    clipboard: bool
    file_transfer: bool


def disk(element: Element) -> Disk:
    kind = element.get("type", "file")
    return Disk(
        kind,
        element.get("device", "disk"),
        attribute(element, "target", "dev"),
        attribute(element, "target", "bus"),
        _place(element, kind),
        attribute(element, "source", "pool"),
        attribute(element, "driver", "type"),
        attribute(element, "driver", "cache"),
        element.find("readonly") is not None,
        element.find("shareable") is not None,
        numbers(element.find("iotune")),
        tuple(filter(None, (_place(store, store.get("type", "file")) for store in element.iter("backingStore")))),
    )


def _place(element: Element, kind: str) -> str:
    name = attribute(element, "source", _PLACES.get(kind, "file"))
    return f"{attribute(element, 'source', 'protocol')}:{name}" if kind == "network" else name


def interface(element: Element) -> Interface:
    kind = element.get("type", "")
    bandwidth = element.find("bandwidth")
    limits = {child.tag: whole(child.get("average")) for child in (() if bandwidth is None else bandwidth)}
    bridge = attribute(element, "source", "bridge")
    network = attribute(element, "source", "network")
    return Interface(
        kind,
        attribute(element, "mac", "address").lower(),
        attribute(element, "model", "type"),
        network or (bridge if kind == "bridge" else "") or attribute(element, "source", "dev"),
        network,
        bridge,
        attribute(element, "source", "portgroup"),
        attribute(element, "source", "mode"),
        attribute(element, "filterref", "filter"),
        switched_on(attribute(element, "port", "isolated")),
        {name: value for name, value in limits.items() if value is not None},
    )


def host_device(element: Element) -> HostDevice:
    return HostDevice(element.get("type", element.get("mode", "")), _address(element), switched_on(element.get("managed")))


def passed_through(element: Element) -> HostDevice:
    """A network card of the host, as an interface of the type hostdev names it."""
    return HostDevice("pci", _pci(element.find("source/address")), switched_on(element.get("managed")))


def _address(element: Element) -> str:
    kind, address = element.get("type"), element.find("source/address")
    if kind == "pci":
        return _pci(address)
    if kind == "usb" and element.find("source/vendor") is not None:
        vendor, product = (_hexadecimal(attribute(element, f"source/{name}", "id")) for name in ("vendor", "product"))
        return f"{vendor.zfill(4)}:{product.zfill(4)}"
    if kind == "usb" and address is not None:
        return f"bus {address.get('bus', '')} device {address.get('device', '')}"
    if kind == "mdev" and address is not None:
        return address.get("uuid", "").lower()
    names = (attribute(element, "source/adapter", "name"), attribute(element, "source", "name"), attribute(element, "source", "wwpn"))
    found = [*names, *(child.text or "" for child in element.findall("source/*"))]
    return next(filter(None, found), "")


def _pci(address: Element | None) -> str:
    """libvirt writes 0x0000, 0x3b, 0x00 and 0x0; sysfs has them as 0000:3b:00.0."""
    if address is None:
        return ""
    domain, bus, slot, function = (_hexadecimal(address.get(name, "0x0")) for name in ("domain", "bus", "slot", "function"))
    return f"{domain.zfill(4)}:{bus.zfill(2)}:{slot.zfill(2)}.{function}"


def _hexadecimal(value: str) -> str:
    """A number in hexadecimal digits; as in C, 0x before it says that it was one already."""
    try:
        return f"{int(value, 0):x}"
    except ValueError:
        return value.lower()


def file_system(element: Element) -> FileSystem:
    return FileSystem(
        attribute(element, "driver", "type") or "path",
        attribute(element, "source", "dir") or attribute(element, "source", "file") or attribute(element, "source", "name"),
        attribute(element, "target", "dir"),
        element.find("readonly") is not None,
    )


def graphics(element: Element) -> Graphics:
    listens = [_listen(listen) for listen in element.findall("listen")] or [element.get("listen", "") or element.get("socket", "")]
    return Graphics(
        element.get("type", ""),
        tuple(filter(None, listens)),
        any(listen.get("type") == "none" for listen in element.findall("listen")),
        whole(element.get("port")),
        whole(element.get("tlsPort")),
        element.get("defaultMode") == "secure",
        attribute(element, "clipboard", "copypaste") != "no",
        attribute(element, "filetransfer", "enable") != "no",
    )


def _listen(element: Element) -> str:
    if element.get("type") == "network" and not element.get("address"):
        return f"network:{element.get('network', '')}"
    return element.get("address") or element.get("socket") or ""
