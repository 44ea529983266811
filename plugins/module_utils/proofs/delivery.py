# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of canaries, as result records: of each path one, and one for what was sent while the collector was away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.canary import Canary

_SECONDS = "seconds until it arrives"
_THROUGH = {"logger": "to the system log", "journal": "to the journal", "audit": "to the audit log"}


def evaluated(
    canaries: Sequence[Canary], arrivals: Mapping[str, float], collector: str, timeout: float, problem: str, state: Callable[[], str]
) -> list[Record]:
    """``arrivals`` maps a token to seconds; ``state()`` says how the agents are, for what did not arrive."""
    reason = _explained(canaries, arrivals, problem, state)
    return [
        _record(f"logging-{each['path']}-proven", each, arrivals, collector, timeout, _lost(each, collector, timeout, reason))
        for each in canaries
    ]


def queued(
    canaries: Sequence[Canary],
    during: Mapping[str, float],
    arrivals: Mapping[str, float],
    collector: str,
    timeout: float,
    problem: str,
    state: Callable[[], str],
) -> list[Record]:
    """Canaries that were sent while the collector was away: none may arrive ``during`` that, and the last must afterwards.

    One before it was sent as the collector went away. Over plain TCP it may be lost on the way, which no queue prevents.
    """
    *first, last = canaries
    control, expected = "logging-queue-proven", _expected(timeout)
    if any(each["token"] in during for each in canaries):
        message = f"a message arrived at {collector} while it was to be away, so nothing was proven: see that the outage's begin takes the collector away"
        return [result.record(control, result.ERROR, "live", expected, {_SECONDS: "during the outage"}, collector, message)]
    reason = _explained([last], arrivals, problem, state)
    lost = (
        f"a message that was sent while the collector was away did not reach {collector} within {timeout:g} s after it was back: "
        f"give the agent a queue on disk that is tried for ever (rsyslog: queue.filename, queue.saveOnShutdown, action.resumeRetryCount=-1); {reason}"
    )
    record = _record(control, last, arrivals, collector, timeout, lost)
    for each in first:
        fate = "arrived" if each["token"] in arrivals else "lost, as plain TCP may do; RELP does not"
        record["observed"] = {**(record["observed"] or {}), "sent as the collector went away": fate}
    return [record]


def _record(control: str, each: Canary, arrivals: Mapping[str, float], collector: str, timeout: float, lost: str) -> Record:
    seconds = arrivals.get(each["token"])
    if each["state"] == canary.NOT_TRIED:
        return result.record(control, result.NOT_CHECKED, "live", read_from=collector, message=each["reason"])
    if each["state"] == canary.SENT and seconds is not None:
        return result.record(control, result.PASS, "live", _expected(timeout), {_SECONDS: seconds}, collector)
    return result.record(control, result.FAIL, "live", _expected(timeout), {_SECONDS: None}, collector, lost)


def _expected(timeout: float) -> dict[str, str]:
    return {_SECONDS: f"at most {timeout:g}"}


def _lost(each: Canary, collector: str, timeout: float, reason: str) -> str:
    if each["state"] == canary.UNSENT:
        return each["reason"]
    return f"a message {_THROUGH[each['path']]} did not reach {collector} within {timeout:g} s: {reason}"


def _explained(canaries: Sequence[Canary], arrivals: Mapping[str, float], problem: str, state: Callable[[], str]) -> str:
    """Why something is missing; the host is asked for it only when something is."""
    if all(each["token"] in arrivals for each in canaries if each["state"] == canary.SENT):
        return ""
    if problem:
        return f"the collector could not be asked ({' '.join(problem.split())}): see to it first, messages that wait arrive when it is back"
    return state()
