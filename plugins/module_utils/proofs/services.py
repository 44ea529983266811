# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the services of an agent run, and what to do about one that does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
    from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Activity

RUNNING, MISSING = "running", "missing"
# What systemd calls a unit that works; one that only its socket is ready for may fail each time that somebody wants it.
_WORKS = ("active", "reloading", "refreshing")
_CURES = {
    "masked": "{0} is masked and does not run: run systemctl unmask {0} and systemctl start {0}",
    "stopped": "{0} does not run: run systemctl enable --now {0}, and read journalctl --unit {0} if it stops again",
    "prevented": "a condition keeps {0} from starting (that of ClamAV waits for signatures, which freshclam fetches): see systemctl status {0}",
    MISSING: "{0} is not there: install the product that brings it",
}


def states(host: Host, asked: Iterable[str]) -> dict[str, str]:
    """Each unit with its state: running, masked, stopped, prevented or missing."""
    units = Units(host, asked)
    real = {unit: units.real(unit) for unit in asked}
    return {unit: _state(units.state(real[unit]), units.activity(real[unit])) for unit in asked}


def _state(known: str, activity: Activity | None) -> str:
    if not known or known.startswith("masked"):
        return "masked" if known else MISSING
    if activity and activity.prevented:
        return "prevented"
    return RUNNING if activity and activity.state in _WORKS else "stopped"


def cure(unit: str, state: str) -> str:
    """What is wrong with a unit and what to do; of one that runs, nothing."""
    return _CURES.get(state, "").format(unit)
