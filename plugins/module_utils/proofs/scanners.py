# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A scanner for malicious software as a product has it, and whether it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import live_record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.services import RUNNING, cure, states
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units, unit_name

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# Stands for the file in the command that looks at one.
PATH = "{path}"
# Where ClamAV keeps its databases.
DATABASES = "/var/lib/clamav"


@dataclass(frozen=True)
class Product:
    """``units`` must run; ``scan`` looks at a file and prints ``found``, a pattern, when it finds something; ``dated`` prints when its signatures were made."""

    units: tuple[str, ...]
    scan: tuple[str, ...] = ()
    found: str = ""
    dated: tuple[str, ...] = ()


def clamav(host: Host) -> Product:
    """ClamAV as the distribution packages it: its daemon has one name on Debian and another on RHEL."""
    unit = next((name for name in ("clamav-daemon.service", "clamd@scan.service") if Units(host, []).state(name)), "clamav-daemon.service")
    return Product((unit,), ("clamdscan", "--fdpass", "--no-summary", PATH), r"(?m)\bFOUND$")


def running(host: Host, names: Iterable[str]) -> Record:
    """Do the units run?"""
    found = states(host, [unit_name(name) for name in names])
    wrong = filter(None, (cure(unit, state) for unit, state in found.items()))
    return live_record("protection-running-proven", dict.fromkeys(found, RUNNING), found, "systemctl show", "; ".join(wrong))
