# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The move itself: that both hosts are two, the stream of memory between them, and their clocks."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, passed, unknown
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import mounted

CERTIFICATES = "/etc/pki/qemu"
QEMU_CONF = "/etc/libvirt/qemu.conf"


def hosts(move: Move) -> Answer:
    """libvirt tells hosts apart by their UUIDs, and guests by theirs and by their names."""
    one, other, guest = move.source, move.destination, move.guest
    problems = []
    if one.uuid == other.uuid:
        problems.append(f"both hosts have the UUID {one.uuid}: set host_uuid in libvirtd.conf")
    if one.name == other.name:
        problems.append(f"both hosts are called {one.name}: give one of them another name")
    if guest.uuid in other.guests:
        problems.append(f"the destination has the guest {guest.uuid} already ({other.guests[guest.uuid]}): undefine it there")
    elif guest.name in other.guests.values():
        problems.append(f"the destination has another guest that is called {guest.name}: rename one of them")
    observed = {"source": one.name, "destination": other.name}
    return judged(problems, {"hosts": 2}, observed, "virsh capabilities, hostname and list")


def running(move: Move) -> Answer:
    """Only a guest that runs can be moved while it runs."""
    found = {"running": move.guest.running}
    problems = [] if move.guest.running else ["the guest does not run: start it, or move its definition and its disks"]
    return judged(problems, {"running": True}, found, move.guest.read_from)


def stream(move: Move) -> Answer:
    """The memory of the guest crosses the network, and with it whatever patient data is in it."""
    expected = {"tls": True}
    if not move.way.tls:
        problems = ["the memory of the guest, and patient data in it, would cross the network in plain text"]
        return judged(problems, expected, {"tls": False}, "the request", "move it with virsh migrate --tls, and say tls: true here")
    if move.certificate is None:
        return unknown("the source is reached over the network, so its certificates are not seen: run this module on the source", expected)
    if not move.certificate:
        problems = [f"the source has no CA certificate of its own for QEMU at {CERTIFICATES}/ca-cert.pem"]
        return judged(problems, expected, {"tls": True}, CERTIFICATES, "install it, or set migrate_tls_x509_cert_dir in qemu.conf")
    return passed(
        expected, {"tls": True}, CERTIFICATES, "QEMU of the destination shows its certificate in the move; without one libvirt refuses it"
    )


def clock(move: Move) -> Answer:
    """A guest takes its time from its host when it arrives, and records of patients are ordered by time."""
    seconds, most = move.way.seconds, move.way.tolerance
    if seconds is None:
        return unknown("the clock of the destination was not read; give destination_time", {"seconds": most})
    problems = [f"the clocks of the hosts differ by {abs(seconds):.1f} s"] if abs(seconds) > most else []
    remedy = "synchronise both with the time server of the site"
    return judged(problems, {"seconds": most}, {"seconds": round(abs(seconds), 1)}, "destination_time", remedy)


def certificate(host: Host) -> bool:
    """Does QEMU of this host have a certificate authority? The directory may be another (qemu.conf)."""
    said = dict(re.findall(r'^\s*((?:migrate|default)_tls_x509_cert_dir)\s*=\s*"([^"]*)"', host.read(QEMU_CONF) or "", re.M | re.A))
    directory = said.get("migrate_tls_x509_cert_dir") or said.get("default_tls_x509_cert_dir") or CERTIFICATES
    return host.exists(f"{directory}/ca-cert.pem")


def mount_types(host: Host) -> dict[str, str]:
    """The type of what is mounted at each place; a later mount covers an earlier one."""
    return {mount.where: mount.type for mount in mounted(host)}
