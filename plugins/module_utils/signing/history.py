# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a history is what was written: its chain, beside signed checkpoints and signed evidence, and the evidence that it lists.

Two histories are chained (util/chain.py). The index of runs, runs.jsonl beside the evidence of all hosts, has the digest of each
run's manifest, and a checkpoint that is signed with each run. NAME.history.jsonl beside the images has the moves of a pointer, and its
checkpoints are the signed manifests of the runs that moved it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing import checkpoints, timestamps, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST, Trust
from ansible_collections.hygeia.golden.plugins.module_utils.util import chain
from ansible_collections.hygeia.golden.plugins.module_utils.util.chain import Checkpoint, Examination

INDEX = "runs.jsonl"


@dataclass
class HistoryVerification:
    """What was found; a history without a problem is verified."""

    examination: Examination = field(default_factory=Examination)
    signatures: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(path: str, evidence: str, trust: Trust, checkpoint: str = "", today: str = "") -> HistoryVerification:
    """Verify the history at a path, beside the evidence of runs in a directory.

    ``checkpoint`` is the path of a copy of a checkpoint that is kept elsewhere. ``today`` is the day on which it is asked, as
    YYYY-MM-DD: evidence that need not be kept any more may be missing.
    """
    found = HistoryVerification()
    directory, name = os.path.split(os.path.abspath(path))
    try:
        content = verification.read(directory, name)
    except SigningError as problem:
        found.problems.append(str(problem))
        return found
    known = _signed_checkpoints(directory, name, checkpoint, trust, found)
    if name == INDEX:
        listed = {str(entry.get("run")): entry for entry in chain.entries(content)}
        _compare_runs(evidence, listed, today, found)
        if not known:
            found.problems.append(f"no checkpoint of {name} verifies, so nothing shows whether it was written anew or cut off at its end")
    else:
        known += _heads(evidence, name, trust, found)
        if not known:
            found.problems.append(f"no signed evidence in {evidence} names {name}, so nothing shows whether it was written anew")
    found.examination = chain.examine(content, known)
    found.problems += found.examination.problems
    found.notes += found.examination.notes
    return found


def runs(directory: str) -> list[str]:
    """The runs in a directory of evidence, as HOST/NAME."""
    found = []
    for host in _directories(directory):
        place = os.path.join(directory, host)
        found += [f"{host}/{run}" for run in _directories(place) if os.path.lexists(os.path.join(place, run, MANIFEST))]
    return found


def _directories(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return sorted(each.name for each in entries if each.is_dir(follow_symlinks=False) and not each.name.startswith("."))
    except OSError as problem:
        raise SigningError(f"{place} cannot be read: {problem.strerror}") from problem


def _signed_checkpoints(directory: str, name: str, elsewhere: str, trust: Trust, found: HistoryVerification) -> list[Checkpoint]:
    """The checkpoint beside the history, if there is one, and the copy that is kept elsewhere."""
    beside = os.path.join(directory, f"{name}{checkpoints.SUFFIX}")
    paths = [path for path in (beside, elsewhere) if path and (path == elsewhere or os.path.lexists(path))]
    known = []
    for path in paths:
        try:
            known.append(_signed_checkpoint(path, name, trust, found))
        except SigningError as problem:
            found.problems.append(str(problem))
    return known


def _signed_checkpoint(path: str, name: str, trust: Trust, found: HistoryVerification) -> Checkpoint:
    directory, file = os.path.split(os.path.abspath(path))
    content = verification.read(directory, file)
    head, moment, payload, signatures = checkpoints.opened(content, file, name)
    stamp = ""
    if trust.timestamp_authorities:
        stamp_name = f"{file}{timestamps.SUFFIX}"
        stamp = timestamps.verify(content, verification.read(directory, stamp_name), trust.timestamp_authorities, stamp_name)
    for signature in signatures:
        who, key = verification.signer(file, payload, signature, trust, stamp or moment)
        found.signatures.append({"file": file, "signer": who, "key": key, **({"stamped": stamp} if stamp else {})})
    return head


def _heads(evidence: str, name: str, trust: Trust, found: HistoryVerification) -> list[Checkpoint]:
    """What signed evidence says about the history of images with this name. Other evidence is not of interest here."""
    known = []
    for run in runs(evidence):
        directory = os.path.join(evidence, run)
        try:
            manifest = verification.parsed(verification.read(directory, MANIFEST))
        except SigningError:
            continue
        head = _head_of_images(manifest, name)
        if head is None:
            continue
        signed = verification.verify(directory, trust)
        if signed.problems:
            found.problems.append(f"the evidence {run} does not verify: {'; '.join(signed.problems)}")
        else:
            known.append(Checkpoint(head["entries"], head["sha256"], f"the evidence {run}"))
            found.signatures += [{**signature, "file": f"{run}/{signature['file']}"} for signature in signed.signatures]
    return known


def _head_of_images(manifest: dict[str, Any], name: str) -> dict[str, Any] | None:
    history = manifest.get("history")
    head = history.get("image") if isinstance(history, dict) else None
    if not isinstance(head, dict) or not isinstance(head.get("entries"), int):
        return None
    return head if os.path.basename(str(head.get("path"))) == name else None


def _compare_runs(evidence: str, listed: dict[str, dict[str, Any]], today: str, found: HistoryVerification) -> None:
    """Each run that is listed is there as it was written, and each that is there is listed."""
    there = runs(evidence)
    began = min((str(entry.get("time")) for entry in listed.values()), default="")
    older = []
    for run in there:
        if run in listed:
            if _manifest_digest(evidence, run) != listed[run].get("manifest_sha256"):
                found.problems.append(f"the evidence {run} has another {MANIFEST} than the index lists")
        elif began and _ended(evidence, run) >= began:
            found.problems.append(f"the evidence {run} is not in the index: it was put there by hand, or its run was killed")
        else:
            older.append(run)
    if older:
        many = "1 run" if len(older) == 1 else f"{len(older)} runs"
        found.notes.append(f"{many} ended before the index begins, so that it says nothing about them")
    for run, entry in listed.items():
        if run not in there:
            kept = str(entry.get("retain_until"))
            gone = f"the evidence {run}, which is in the index, is missing"
            (found.notes if today and kept < today else found.problems).append(f"{gone}; it was to be kept until {kept}")


def _manifest_digest(evidence: str, run: str) -> str:
    try:
        return hashlib.sha256(verification.read(os.path.join(evidence, run), MANIFEST)).hexdigest()
    except SigningError:
        return ""


def _ended(evidence: str, run: str) -> str:
    """When a run ended. One whose manifest cannot be read is of any time."""
    try:
        return str(verification.parsed(verification.read(os.path.join(evidence, run), MANIFEST))["ended"])
    except SigningError:
        return "9999"
