# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole scan, of the files of a system or of the bytes of a disk, shared by several processes, and its results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.residue import tree
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import search as search_disk
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Finding, Findings
from ansible_collections.hygeia.golden.plugins.module_utils.residue.nested import Nested, TimeIsUp
from ansible_collections.hygeia.golden.plugins.module_utils.residue.parallel import parallel, processes
from ansible_collections.hygeia.golden.plugins.module_utils.residue.rules import Rule
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line, shortened

UNREAD = "residue-unread"
READ_FROM = "files that no package brought, or that differ from their package"
# As many files as anybody reads of one rule.
MOST_NAMED = 200


@dataclass
class Scan:
    """What came of a scan."""

    findings: list[Finding] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    files: int = 0
    unchanged: int = 0
    searched: int = 0
    in_time: bool = True
    # The hashes of what was found in files that are as their packages brought them, for each rule.
    packaged: dict[str, set[str]] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, list[str]]:
        """The hashes of all values that files have, whether they were reported or are a package's, for each rule."""
        values = {rule: set(hashes) for rule, hashes in self.packaged.items()}
        for finding in self.findings:
            values.setdefault(finding.rule, set()).update(finding.hashes)
        return {rule: sorted(hashes) for rule, hashes in sorted(values.items())}

    def without(self, values: Mapping[str, Collection[str]]) -> Scan:
        """The same but for what is known to be in a file."""
        known = {rule: frozenset(hashes) for rule, hashes in values.items()}
        return replace(self, findings=[each for each in self.findings if not each.hashes <= known.get(each.rule, frozenset())])


def of_system(host: Host, rules: Sequence[Rule], key: bytes, seconds: float, count: int = 0, packaged: bool = False) -> Scan:
    """Search the files of a system; if ``packaged``, also those of packages, for what a search of its disk would find in them."""

    def work(nested: Nested, share: tree.Share) -> None:
        if packaged:
            share.packaged = Searcher([rule for rule in rules if rule.of_disk], Findings(nested.searcher.findings.key))
        tree.search(host, nested, share)

    return _shared(rules, key, seconds, count, work)


def of_disks(disks: Sequence[Disk], rules: Sequence[Rule], key: bytes, seconds: float, count: int = 0) -> Scan:
    """Search the bytes of raw images or of devices; inside of archives all rules apply, and elsewhere those of disks."""

    def work(nested: Nested, share: tree.Share) -> None:
        nested.guessing = True
        searcher = Searcher([rule for rule in rules if rule.of_disk], nested.searcher.findings)
        try:
            for each in disks:
                search_disk(each, searcher, nested, share.number, share.of)
        finally:
            nested.searcher.searched += searcher.searched

    return _shared(rules, key, seconds, count, work, apart=True)


def on_disks(rules: Sequence[Rule], found: Scan) -> list[Rule]:
    """The rules that a search of disks says something about: those of disks, and those that found something in an archive."""
    names = {finding.rule for finding in found.findings}
    return [rule for rule in rules if rule.of_disk or rule.id in names]


def _shared(
    rules: Sequence[Rule], key: bytes, seconds: float, count: int, work: Callable[[Nested, tree.Share], None], apart: bool = False
) -> Scan:
    deadline = time.monotonic() + seconds
    key = key or os.urandom(32)
    count = count or processes()

    def part(number: int) -> dict[str, Any]:
        findings = Findings(key, apart)
        searcher, share, in_time = Searcher(rules, findings), tree.Share(number, count), True
        try:
            work(Nested(searcher, deadline), share)
        except TimeIsUp:
            in_time = False
        found = [{**asdict(each), "hashes": sorted(each.hashes)} for each in findings.found.values()]
        figures = {"files": share.files, "unchanged": share.unchanged, "searched": searcher.searched, "in_time": in_time}
        of_packages = list(share.packaged.findings.found.values()) if share.packaged else []
        packaged = [[each.rule, sorted(each.hashes)] for each in of_packages]
        return {"findings": found, "unread": findings.unread, "packaged": packaged, **figures}

    return _joined(parallel(count, part))


def _joined(parts: Sequence[Mapping[str, Any]]) -> Scan:
    scan = Scan()
    for part in parts:
        scan.findings += [Finding(**{**each, "hashes": set(each["hashes"])}) for each in part["findings"]]
        scan.unread.update(part["unread"])
        for rule, hashes in part["packaged"]:
            scan.packaged.setdefault(rule, set()).update(hashes)
        scan.files += part["files"]
        scan.unchanged += part["unchanged"]
        scan.searched += part["searched"]
        scan.in_time = scan.in_time and part["in_time"]
    return scan


def results(scan: Scan, rules: Sequence[Rule], stage: str, read_from: str) -> list[result.Record]:
    """One result for each rule, and one for what could not be searched."""
    found: dict[str, list[Finding]] = {}
    for finding in sorted(scan.findings, key=lambda each: (each.path, each.offset)):
        found.setdefault(finding.rule, []).append(finding)
    return [_result(rule.id, found.get(rule.id, []), scan, stage, read_from) for rule in rules] + [_unread(scan, stage, read_from)]


def _result(rule: str, found: Sequence[Finding], scan: Scan, stage: str, read_from: str) -> result.Record:
    if not found:
        status = result.PASS if scan.in_time else result.NOT_CHECKED
        message = "" if scan.in_time else "not everything was searched in time: set a longer timeout"
        return result.record(rule, status, stage, {"files": []}, {"files": []}, read_from, message)
    files = [{"path": each.path, "offset": each.offset, "count": len(each.hashes), "hash": each.digest} for each in found[:MOST_NAMED]]
    observed = {"files": files, **({"more": len(found) - MOST_NAMED} if len(found) > MOST_NAMED else {})}
    places = ", ".join(_described(each) for each in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    message = f"found in {places}: remove it, or accept it with a waiver that names the path and the hash"
    return result.record(rule, result.FAIL, stage, {"files": []}, observed, read_from, message)


def _described(finding: Finding) -> str:
    return f"{finding.path} at byte {finding.offset}" if finding.offset else finding.path


def _unread(scan: Scan, stage: str, read_from: str) -> result.Record:
    problems = [f"{shortened(one_line(path))}: {one_line(reason)}" for path, reason in sorted(scan.unread.items())]
    problems += [] if scan.in_time else ["not everything was searched in time: set a longer timeout"]
    status = result.NOT_CHECKED if problems else result.PASS
    return result.record(UNREAD, status, stage, {"unread": []}, {"unread": problems[:MOST_NAMED]}, read_from, "; ".join(problems[:5]))
