# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The progress of a run as lines of text: one per host while it runs, and a table when it has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.progress.state import Host, Progress

# Below this, a step is not worth a place in the table.
SHORTEST = 1.0
LONGEST_STEPS = 3


def printable(text: Any) -> str:
    """A text of a host or of a template, without what a terminal would obey: escape sequences, and signs that change the direction."""
    return "".join(character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in str(text))


def duration(seconds: float) -> str:
    """``0:07``, ``12:30`` or ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def running(progress: Progress, width: int, height: int) -> list[str]:
    """One line per host that is at work, at most as many as the terminal has room for, and one that counts the rest."""
    now = progress.clock()
    hosts = [host for host in progress.hosts.values() if host.ended is None]
    shown = hosts[: max(height - 1, 1)] if len(hosts) > height else hosts
    names = max((len(host.name) for host in shown), default=0)
    steps = max((len(host.step) for host in shown), default=0)
    lines = [f"  {host.name:{names}}  {host.step:{steps}}  {duration(now - host.step_began):>5}  {host.task}" for host in shown]
    if len(hosts) > len(shown):
        lines.append(f"  and {len(hosts) - len(shown)} more")
    # One less than the width: a line that fills it would be two in some terminals.
    return [printable(line)[: width - 1] for line in lines]


def _longest_steps(host: Host) -> str:
    longest = sorted(host.steps.items(), key=lambda step: -step[1])[:LONGEST_STEPS]
    return ", ".join(f"{name} {duration(seconds)}" for name, seconds in longest if seconds >= SHORTEST)


def _outcome(host: Host, counts: Mapping[str, int]) -> str:
    if counts.get("unreachable"):
        return "unreachable"
    if counts.get("failures"):
        return f"failed in {host.failed_at}" if host.failed_at else "failed"
    return "ok"


def summary(progress: Progress, counts: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    """The table of all hosts; the counts are those of Ansible's statistics, which know what was rescued."""
    now = progress.clock()
    rows = [("host", "outcome", "changed", "elapsed", "longest steps")]
    for name in sorted(counts):
        host = progress.hosts.get(name, Host(name, now, ended=now))
        changed = str(counts[name].get("changed", 0))
        rows.append((name, _outcome(host, counts[name]), changed, duration(host.elapsed(now)), _longest_steps(host)))
    widths = [max(len(printable(row[column])) for row in rows) for column in range(4)]
    for name, outcome, changed, elapsed, steps in rows:
        line = f"{name:{widths[0]}}  {outcome:{widths[1]}}  {changed:>{widths[2]}}  {elapsed:>{widths[3]}}  {steps}"
        yield printable(line).rstrip()
