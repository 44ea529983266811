# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How busy this host was, from the files of sysstat that are there already (sadf(1), option -j)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.workload.machine import total

# Debian's and Enterprise Linux's; sarNN beside them are reports, and what is packed is too old to count.
_FILES = ("/var/log/sysstat/sa[0-9]*", "/var/log/sa/sa[0-9]*")
_BLOCK = 512
_MOST = 20_000


class NotMeasured(Exception):
    """Why there are no samples, in one sentence."""


def samples(host: Host, days: int) -> list[dict[str, Any]]:
    """Samples of the last files of so many days, in the order of time: what ``migration_inventory`` takes."""
    if not host.which("sadf"):
        raise NotMeasured("sysstat is not installed, so nothing was measured: install it, enable it and wait for a month")
    files = [path for pattern in _FILES for path in host.regular(pattern) if not path.endswith((".gz", ".xz", ".bz2"))]
    latest = sorted(files, key=lambda path: os.stat(host.path(path)).st_mtime)[-days:] if days else []
    if not latest:
        raise NotMeasured("sysstat has no data of any day: enable its timer sysstat-collect.timer, or cron's job, and wait for a month")
    memory = total(host)
    found: dict[str, dict[str, Any]] = {}
    for path in latest:
        ran = host.run(["sadf", "-j", path, "--", "-u", "-r", "-b"], timeout=60)
        if not ran.ok:
            raise NotMeasured(f"sadf cannot read {path}: {ran.error}")
        found.update((sample["time"], sample) for sample in parsed(ran.out, memory))
    return [found[time] for time in sorted(found)][-_MOST:]


def parsed(text: str, memory: int = 0) -> Iterator[dict[str, Any]]:
    """The samples in what sadf printed; ``memory`` is the KiB of the host, where it is known."""
    try:
        hosts = json.loads(text)["sysstat"]["hosts"]
        moments = [moment for each in hosts for moment in each["statistics"]]
    except (KeyError, TypeError, ValueError):
        raise NotMeasured("sadf printed no JSON of sysstat; version 10.1 or later is needed") from None
    for moment in moments:
        stamp = moment.get("timestamp") or {}
        # sadf is asked for no other time; where a file tells local time, nobody knows which moment it was.
        if not stamp.get("date") or not stamp.get("utc"):
            continue
        sample = {
            "time": f"{stamp['date']}T{stamp['time']}Z",
            "cpu_percent": _processors(moment),
            "memory_percent": _memory(moment.get("memory"), memory),
            **_disks(moment.get("io")),
        }
        if any(value is not None for name, value in sample.items() if name != "time"):
            yield sample


def _processors(moment: dict[str, Any]) -> float | None:
    """What is neither idle nor waiting for a disk; time that the hypervisor stole was wanted."""
    loads = moment.get("cpu-load") or moment.get("cpu-load-all") or []
    load = next((each for each in loads if each.get("cpu") in ("all", -1)), None)
    return None if load is None or "idle" not in load else round(max(0.0, 100 - load["idle"] - load.get("iowait", 0)), 2)


def _memory(used: dict[str, Any] | None, memory: int) -> float | None:
    """What programs could not have: the kernel gives back what it has kept of files."""
    if not used:
        return None
    if memory and used.get("avail"):
        return round(max(0.0, 100 * (1 - used["avail"] / memory)), 2)
    return used.get("memused-percent")


def _disks(io: dict[str, Any] | None) -> dict[str, float | None]:
    if not io:
        return {"iops": None, "mib_per_second": None}
    # Older versions have reads and writes beside each other, newer ones within io-reads and io-writes.
    read, written = io.get("io-reads", io), io.get("io-writes", io)
    blocks = read.get("bread", 0) + written.get("bwrtn", 0)
    return {"iops": io.get("tps"), "mib_per_second": round(blocks * _BLOCK / 2**20, 3)}
