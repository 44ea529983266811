# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The normal form of a machine. What no source says is None or empty, and never a default."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable

Machine = dict[str, Any]

ON, OFF, SUSPENDED = "on", "off", "suspended"
_POWER = {
    "poweredon": ON,
    "running": ON,
    "on": ON,
    "true": ON,
    "poweredoff": OFF,
    "shutoff": OFF,
    "off": OFF,
    "stopped": OFF,
    "false": OFF,
    "suspended": SUSPENDED,
    "paused": SUSPENDED,
}
# Facts of the platform, then the site's.
HARDWARE = ("cpus", "memory_mib", "cores_per_socket", "provisioned_mib", "in_use_mib", "disk_count")
TEXTS = ("dns_name", "uuid", "os", "firmware", "hw_version", "datacenter", "cluster", "host", "power", "powered_off_since", "tools")
FLAGS = ("secure_boot", "tpm", "cbt", "fault_tolerance", "hot_add", "consolidation_needed", "cpu_affinity", "passthrough", "disk_uuids")
COUNTS = ("snapshots", "usb_devices")
SITE = ("application", "owner", "tier", "rto_hours", "rpo_hours", "vendor", "window", "wave", "role", "zone")
LISTS = ("addresses", "macs", "disks", "partitions", "nics")

# Where sources name an operating system; the first that is in the text.
_FAMILIES = {
    "windows": "windows",
    "red hat": "rhel",
    "rhel": "rhel",
    "centos": "rhel",
    "rocky": "rhel",
    "alma": "rhel",
    "oracle linux": "rhel",
    "ubuntu": "ubuntu",
    "debian": "debian",
    "suse": "suse",
    "sles": "suse",
    "solaris": "solaris",
    "freebsd": "freebsd",
    "photon": "photon",
    "linux": "linux",
}


def new(identifier: str, name: str, platform: str, source: str) -> Machine:
    return {
        "id": identifier,
        "name": name,
        "platform": platform,
        "sources": [source],
        **dict.fromkeys((*HARDWARE, *TEXTS, *FLAGS, *COUNTS, *SITE)),
        **{field: [] for field in LISTS},
        # None where no source lists rules; of a platform without them, none.
        "rules": None,
        "usage": {},
        "attributes": {},
    }


def power(text: str) -> str | None:
    return _POWER.get(re.sub("[^a-z]", "", text.lower()))


def family(system: str | None) -> str | None:
    """The sort of an operating system, of which every source writes the name otherwise."""
    text = (system or "").lower()
    return next((name for word, name in _FAMILIES.items() if word in text), None)


def addresses(texts: Iterable[str]) -> list[str]:
    """Addresses that mean one machine, without their prefix lengths; loopback and link-local ones are left out."""
    found = []
    for text in texts:
        try:
            address = ipaddress.ip_interface(text.strip().split("%")[0]).ip
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast):
            found.append(address)
    return [str(address) for address in sorted(set(found), key=lambda address: (address.version, int(address)))]


def mac(text: str) -> str:
    digits = re.sub("[^0-9a-f]", "", text.lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 and digits.strip("0") else ""


def uuid(text: str) -> str:
    """A UUID in small letters with its dashes, or nothing; VMware also writes ``56 4d 1a-…`` and AWS ``EC2…``."""
    digits = re.sub("[^0-9a-f]", "", text.lower())
    if len(digits) != 32 or not digits.strip("0f"):
        return ""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def turned(identifier: str) -> str:
    """A UUID with its first three fields in the other byte order, as SMBIOS before 2.6 stored them (DSP0134, 7.2.1)."""
    raw = bytes.fromhex(identifier.replace("-", ""))
    return uuid((raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]).hex())


def host_name(text: str) -> str:
    """A name without its domain, as machines are called in two lists."""
    name = text.strip().rstrip(".").lower()
    return name if re.fullmatch(r"[0-9.:]+", name) else name.partition(".")[0]


def shown(text: str) -> str:
    """A name of a stranger's, fit for a page, a terminal and a file."""
    return readable(text)[:200]
