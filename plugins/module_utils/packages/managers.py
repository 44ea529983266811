# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which package manager a host has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.packages.zypper import manager as zypper
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Manager
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


def manager_of(host: Host) -> Manager:
    """The package manager of a host, as ``base.Manager`` describes it."""
    if zypper.serves(host):
        return zypper.Zypper(host)
    return Dnf(host) if rpm.serves(host) else Apt(host)
