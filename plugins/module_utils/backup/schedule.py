# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What starts the backup by itself, a timer of systemd or a line of cron, and how long it may lie idle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import BackupError
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron, crontab_times
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_PROPERTIES = "LoadState,ActiveState,UnitFileState,Unit,TimersCalendar,TimersMonotonic,RandomizedDelayUSec"
# Runs to look ahead at, so that a weekend shows in an hourly schedule.
_RUNS = 1000
_TIME = re.compile(r"(?:Next elapse|Iter[.] #[0-9]+): \w+ ([0-9-]{10} [0-9:]{8}) UTC", re.A)


@dataclass(frozen=True)
class Schedule:
    """The longest time in seconds between two starts, None where it starts never again, and where that was read."""

    gap: float | None
    read_from: str


def of_timer(host: Host, name: str) -> Schedule:
    """A timer that runs now and after the next boot; trouble says which of these it does not."""
    name = name if name.endswith(".timer") else name + ".timer"
    shown = _shown(host, name, _PROPERTIES)
    if shown.get("LoadState", [""])[0] != "loaded":
        raise BackupError(f"there is no {name} on this host: write one, or say in timer how it is called")
    if shown["ActiveState"][0] != "active":
        raise BackupError(f"{name} does not run, so nothing starts the backup: start it with 'systemctl enable --now {name}'")
    if not shown["UnitFileState"][0].startswith(("enabled", "static", "generated", "indirect")):
        raise BackupError(f"{name} is not started at boot ({shown['UnitFileState'][0]}): enable it with 'systemctl enable {name}'")
    _look_at_service(host, shown["Unit"][0])
    gaps = [_calendar_gap(host, _values(shown.get("TimersCalendar"), "OnCalendar")), *_monotonic_gaps(host, shown.get("TimersMonotonic"))]
    delay = _span(host, shown.get("RandomizedDelayUSec", ["0"])[0])
    known = [gap for gap in gaps if gap is not None]
    return Schedule(min(known) + delay if known else None, name)


def of_cron(host: Host, text: str) -> Schedule:
    """A line of cron or a script of run-parts in which a text stands."""
    if not any(host.run(["systemctl", "is-active", "--quiet", service]).ok for service in ("cron", "crond", "cronie")):
        raise BackupError("cron does not run, so nothing starts the backup: start it with 'systemctl enable --now cron'")
    ignored = ""
    for table in cron.tables(host):
        found = next((job for job in table.jobs if text in job.command), None)
        if found and not table.problem:
            return Schedule(crontab_times.longest_gap(found.when), table.path)
        if text in (host.read(table.path) or "") and table.problem:
            ignored = ignored or f"cron ignores all of {table.path}, because {table.problem}: write it as crontab(5) says"
    for script in cron.scripts(host):
        if text in script.path or text in (host.read(script.path) or ""):
            return Schedule(crontab_times.longest_gap(script.when), script.path)
    raise BackupError(ignored or f"no line of cron has the text {text}: add one, or say in cron what stands in it")


def _look_at_service(host: Host, unit: str) -> None:
    result = _shown(host, unit, "Result").get("Result", [""])[0]
    if result not in ("success", ""):
        raise BackupError(f"the last run of {unit} failed ({result}): look at 'journalctl --unit={unit}' and run it again")


def _calendar_gap(host: Host, specifications: Sequence[str]) -> float | None:
    """The longest wait among the starts of all calendar expressions of a timer together."""
    starts, ends = [], []
    for specification in specifications:
        ran = host.run(["systemd-analyze", "calendar", f"--iterations={_RUNS}", specification])
        times = [moment(found) for found in _TIME.findall(ran.out)]
        starts += times
        ends += times[-1:] if len(times) == _RUNS else []
    starts = sorted({start for start in starts if start <= min(ends, default=start)})
    return max((later - earlier for earlier, later in zip(starts, starts[1:])), default=None)


def _monotonic_gaps(host: Host, entries: list[str] | None) -> Iterator[float]:
    """The waits of timers that start so long after their last start or end; the others start once."""
    for option in ("OnUnitActiveUSec", "OnUnitInactiveUSec"):
        yield from (_span(host, value) for value in _values(entries, option))


def _values(entries: list[str] | None, option: str) -> list[str]:
    """The values of an option in { OPTION=VALUE ; next_elapse=... }, one an entry."""
    found = (re.search(rf"{option}=(.*?) ; ", entry) for entry in entries or [])
    return [each[1].strip(BLANKS) for each in found if each]


def _span(host: Host, text: str) -> float:
    """The seconds of a span as systemd writes it."""
    if text in ("", "0"):
        return 0
    found = re.search(r"^\s*(?:μ|u)s: ([0-9]+)", host.run(["systemd-analyze", "timespan", text]).out, re.MULTILINE | re.A)
    return int(found[1]) / 10**6 if found else 0


def _shown(host: Host, unit: str, properties: str) -> dict[str, list[str]]:
    """The properties of a unit, each a list since some occur several times."""
    ran = host.run(["systemctl", "show", f"--property={properties}", "--", unit])
    if not ran.ok:
        raise BackupError(f"systemd cannot be asked about {unit} ({ran.error})", undecided=True)
    shown: dict[str, list[str]] = {}
    for line in lines_of(ran.out):
        name, separator, value = line.partition("=")
        if separator:
            shown.setdefault(name, []).append(value)
    return shown
