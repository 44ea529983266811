# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is around a guest and decides about it: its hypervisor, the networks there, and what the site allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.domains.libvirt import Network
from ansible_collections.hygeia.golden.plugins.module_utils.domains.settings import Value

# The agent of QEMU is a channel that backups and shutdowns need.
CHANNELS = ("org.qemu.guest_agent.0",)
# libvirt's own filter, and those of a site that are named like it.
FILTERS = ("clean-traffic*",)


@dataclass(frozen=True)
class Allowed:
    """What a site lets guests have."""

    channels: Sequence[str] = CHANNELS
    host_devices: Sequence[str] = ()
    shared_directories: Sequence[str] = ()
    filters: Sequence[str] = FILTERS


@dataclass(frozen=True)
class Surroundings:
    """What is None is not known, because the definitions came without their hypervisor."""

    allowed: Allowed = field(default_factory=Allowed)
    settings: Mapping[str, Value] | None = None
    security_models: Sequence[str] | None = None
    pages_merged: bool | None = None
    networks: Mapping[str, Network] = field(default_factory=dict)
