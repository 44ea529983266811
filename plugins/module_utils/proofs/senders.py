# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agents that may send a host's messages on: what an operator should know of them when a message did not arrive."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import Units

UNITS = (
    "rsyslog.service", "syslog-ng.service", "systemd-journal-upload.service", "auditd.service", "fluent-bit.service", "td-agent-bit.service",
    "vector.service", "filebeat.service", "SplunkForwarder.service", "wazuh-agent.service",
)
# An agent complains when it loses the collector, and then not again for a while.
_SINCE = "-1h"
_LONGEST = 300


def state(host):
    """How the agents are that are installed, as the end of a sentence."""
    units = Units(host, UNITS)
    known = {unit: units.state(unit) for unit in UNITS if units.state(unit)}
    if not known:
        return "no agent that sends messages on is known here: install one, such as rsyslog, and give it the collector"
    idle = [unit for unit in known if not (units.activity(unit) and units.activity(unit).suits(True, units))]
    told = [_told_idle(unit, known[unit]) for unit in idle]
    told += [f"{unit} runs and complained last: {words}" for unit in known if unit not in idle and (words := _complaint(host, unit))]
    return "; ".join(told) or (
        f"{' and '.join(known)} {'runs' if len(known) == 1 else 'run'} and complained of nothing: "
        "see whether its rules send these messages to this collector, and whether the collector keeps them"
    )


def _told_idle(unit, file_state):
    if file_state == "masked":
        return f"{unit} is masked and does not run: say systemctl unmask {unit} and systemctl start {unit}"
    return f"{unit} does not run: say systemctl enable --now {unit}, and read journalctl --unit {unit} if it stops again"


def _complaint(host, unit):
    """The last warning of a unit, in one line."""
    ran = host.run(["journalctl", "--quiet", "--no-pager", "--output=cat", "--priority=warning", f"--since={_SINCE}", "--lines=1", f"--unit={unit}"], timeout=30)
    return " ".join(ran.out.split())[:_LONGEST] if ran.ok else ""
