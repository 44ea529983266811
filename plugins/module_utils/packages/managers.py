# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which package manager a host has."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import Apt
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf import Dnf


def manager_of(host):
    """The package manager of a host, as ``base.Manager`` describes it."""
    return Dnf(host) if rpm.serves(host) else Apt(host)
