# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known about one run on one host, however far it came: what every report is a view of."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.plugin_utils.records import failing, ours, score
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.vulnerabilities import vulnerabilities

PROMOTED, REFUSED, STOPPED, PASSED, UNVERIFIED, ROLLED_BACK = "promoted", "refused", "stopped", "passed", "unverified", "rolled_back"


def gathered(facts, ended):
    """The facts of a run with what follows from them; ``ended`` is a time in UTC as ISO 8601."""
    stopping = failing(facts["records"], facts["severity"], facts["origins"])
    run = {**facts, "ended": ended, "failing": list(dict.fromkeys(record["control"] for record in stopping))}
    run["stages"] = [stage for stage in STAGES if any(record["stage"] == stage for record in ours(facts["records"]))]
    run["score"] = score(facts["records"])
    run["changes"] = facts["changes"] + [_package(diff) for diff in facts["diffs"] if _of_package(diff)]
    run["diffs"] = [diff for diff in facts["diffs"] if not _of_package(diff)]
    run["patches"] = vulnerabilities(run)
    run["verdict"], run["sentence"] = _verdict(run)
    return run


def _of_package(diff):
    return diff["after_header"].startswith("package ")


def _package(diff):
    """A package that hardening installed or removed, in the form of those that patching changed."""
    versions = {when: diff[when].split()[1:] for when in ("before", "after")}
    before, after = (version[0] if version else "" for version in versions.values())
    return {"package": diff["after_header"].split()[1], "from": before, "to": after}


def _verdict(run):
    """How the run ended, in a word and in a sentence."""
    gate = f"severity {run['severity']} or above"
    if run["failure"]:
        nothing = " Nothing was promoted." if run["source"] and not run["image"] else ""
        return STOPPED, f"The run stopped before its end: {run['failure'].rstrip('.')}.{nothing}"
    if run["rollback"]:
        move = run["rollback"]
        return ROLLED_BACK, f"{move['by']} went back to version {move['version']}: {move['reason'].rstrip('.')}."
    if not ours(run["records"]):
        return UNVERIFIED, "Nothing was verified, so nothing can be said."
    if run["failing"]:
        many = f"{len(run['failing'])} controls of {gate} do" if len(run["failing"]) > 1 else f"One control of {gate} does"
        return REFUSED, f"{many} not hold{', so the image was not promoted' if run['source'] else ''}."
    held = f"No control of {gate} fails"
    if run["image"]:
        return PROMOTED, f"{held}, and the image was promoted."
    return PASSED, f"{held}."
