# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agents that may send a host's messages on: what an operator should know of them when a message did not arrive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.proofs.services import MISSING, RUNNING, cure, states
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

UNITS = (
    "rsyslog.service",
    "syslog-ng.service",
    "systemd-journal-upload.service",
    "auditd.service",
    "fluent-bit.service",
    "td-agent-bit.service",
    "vector.service",
    "filebeat.service",
    "SplunkForwarder.service",
    "wazuh-agent.service",
)
# An agent complains when it loses the collector, and then not again for a while.
_LAST = ("--output=cat", "--priority=warning", "--since=-1h", "--reverse", "--lines=5")
_LONGEST = 300
# What rsyslog says after the reason, which alone helps.
_AFTERTHOUGHT = re.compile(r"There should be messages before this one")
# What rsyslog adds to its own messages.
_VERSION = re.compile(r"\s*\[v\d[^]]*\]")
_ADVICE = (
    (
        r"(?i)certificate|cert info|peer name|fingerprint",
        "give the collector and this host certificates from an authority that the other trusts, for the names that it expects",
    ),
    (r"(?i)refused|unreachable|no route|timed? ?out", "start the receiver of the collector, and allow its port through the firewall"),
    (r"(?i)resolv|name or service", "give the agent a name of the collector that is known here"),
)


def state(host: Host) -> str:
    """How the agents are that are installed, as the end of a sentence."""
    found = {unit: state for unit, state in states(host, UNITS).items() if state != MISSING}
    if not found:
        return "no agent that sends messages on is known here: install one, such as rsyslog, and give it the collector"
    problems = [cure(unit, state) for unit, state in found.items() if state != RUNNING]
    problems += [f"{unit} runs and last reported: {words}; {_advice(unit, words)}" for unit, words in _problems(host, found)]
    return "; ".join(problems) or (
        f"{' and '.join(found)} {'runs' if len(found) == 1 else 'run'} and reported no error: "
        "see whether its rules send these messages to this collector, and whether the collector keeps them"
    )


def _problems(host: Host, found: dict[str, str]) -> list[tuple[str, str]]:
    pairs = ((unit, _problem(host, unit)) for unit, state in found.items() if state == RUNNING)
    return [(unit, words) for unit, words in pairs if words]


def _problem(host: Host, unit: str) -> str:
    """The last warning of a unit that gives a reason, in one line; the youngest comes first."""
    ran = host.run(["journalctl", "--quiet", "--no-pager", *_LAST, f"--unit={unit}"], timeout=30)
    lines = [" ".join(words_of(_VERSION.sub("", line))) for line in lines_of(ran.out)] if ran.ok else []
    reasons = [line for line in lines if not _AFTERTHOUGHT.search(line)]
    return next(iter([*reasons, *lines]), "")[:_LONGEST]


def _advice(unit: str, words: str) -> str:
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, words)), f"read journalctl --unit {unit}")
