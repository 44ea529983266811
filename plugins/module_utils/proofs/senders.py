# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agents that may send a host's messages on: what an operator should know of them when a message did not arrive."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.proofs.services import MISSING, RUNNING, cure, states

UNITS = (
    "rsyslog.service", "syslog-ng.service", "systemd-journal-upload.service", "auditd.service", "fluent-bit.service", "td-agent-bit.service",
    "vector.service", "filebeat.service", "SplunkForwarder.service", "wazuh-agent.service",
)
# An agent complains when it loses the collector, and then not again for a while.
_LAST = ("--output=cat", "--priority=warning", "--since=-1h", "--reverse", "--lines=1")
_LONGEST = 300
# What rsyslog adds to its own messages.
_VERSION = re.compile(r"\s*\[v\d[^]]*\]")
_ADVICE = (
    (
        r"(?i)certificate|cert info|peer name|fingerprint",
        "give the collector and this host certificates by an authority that the other trusts, for the names that it expects",
    ),
    (r"(?i)refused|unreachable|no route|timed? ?out", "start the receiver of the collector, and let its port through"),
    (r"(?i)resolv|name or service", "give the agent a name of the collector that is known here"),
)


def state(host):
    """How the agents are that are installed, as the end of a sentence."""
    found = {unit: state for unit, state in states(host, UNITS).items() if state != MISSING}
    if not found:
        return "no agent that sends messages on is known here: install one, such as rsyslog, and give it the collector"
    told = [cure(unit, state) for unit, state in found.items() if state != RUNNING]
    told += [f"{unit} runs and complained last: {words}; {_advice(unit, words)}" for unit, words in _complaints(host, found)]
    return "; ".join(told) or (
        f"{' and '.join(found)} {'runs' if len(found) == 1 else 'run'} and complained of nothing: "
        "see whether its rules send these messages to this collector, and whether the collector keeps them"
    )


def _complaints(host, found):
    pairs = ((unit, _complaint(host, unit)) for unit, state in found.items() if state == RUNNING)
    return [(unit, words) for unit, words in pairs if words]


def _complaint(host, unit):
    """The last warning of a unit, in one line."""
    ran = host.run(["journalctl", "--quiet", "--no-pager", *_LAST, f"--unit={unit}"], timeout=30)
    return " ".join(_VERSION.sub("", ran.out).split())[:_LONGEST] if ran.ok else ""


def _advice(unit, words):
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, words)), f"read journalctl --unit {unit}")
