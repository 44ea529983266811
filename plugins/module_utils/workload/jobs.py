# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this host starts by itself at a time: cron's tables and scripts, and the timers of systemd that are enabled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import assignments
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES, Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked_text

_TIMES = ("OnCalendar", "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec")


def jobs(host: Host) -> list[dict[str, Any]]:
    """Each with when it starts, what, and where that is written."""
    return [*_of_cron(host), *_of_systemd(host)]


def _of_cron(host: Host) -> Iterator[dict[str, Any]]:
    for job in cron.jobs(host):
        yield {"by": "cron", "when": job.when, "command": masked_text(job.command), "path": job.path, "line": job.number}


def _of_systemd(host: Host) -> Iterator[dict[str, Any]]:
    units, seen = Units(host, ()), set()
    for path in (path for directory in DIRECTORIES for path in host.regular(f"{directory}/*.timer")):
        timer = os.path.basename(path)
        if timer in seen or units.state(timer) != "enabled":
            continue
        seen.add(timer)
        drops = (drop for directory in DIRECTORIES for drop in host.regular(f"{directory}/{timer}.d/*.conf"))
        said = [each for place in (path, *drops) for each in assignments(host.read(place) or "")]
        settings = [(option, value) for unused_line, section, option, value in said if section == "Timer" and value]
        service = next((value for option, value in reversed(settings) if option == "Unit"), f"{timer[: -len('.timer')]}.service")
        when = "; ".join(value if option == "OnCalendar" else f"{option}={value}" for option, value in settings if option in _TIMES)
        yield {"by": "systemd", "when": when, "command": service, "path": path, "line": 0}
