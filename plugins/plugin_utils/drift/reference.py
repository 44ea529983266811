# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The manifest of an image, from the evidence of its promotion: root on a machine can change what the machine says, and not this."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.publishing.evidence import OUTCOMES, RESULTS
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust, read, verify
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import manifest as manifests
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import BadManifest, Manifest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.evidence import IMAGE_MANIFEST
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict

# How an image names its evidence: the name of the template, and the time of the run.
_NAMED = re.compile(r"[A-Za-z0-9_][\w.-]*/\d{8}T\d{6}Z(?:-\d+)?", re.A)
# What must be the same in what the machine says of itself and in the manifest.
_IDENTITY = ("id", "version", "built", "source_sha256", "evidence")


class Unknown(Exception):
    """Why there is nothing to compare a machine with, as a sentence without its full stop."""


@dataclass(frozen=True)
class Reference:
    """What a machine is compared with, where that lies, and the verdicts on the controls of the image."""

    manifest: Manifest
    path: str
    sha256: str
    controls: dict[str, str]


def named(directory: str, image: Mapping[str, str]) -> str:
    """The directory of evidence that a machine says its image has."""
    name = image.get("evidence", "")
    if not image:
        raise Unknown("the machine does not say from which image it came: it has no /etc/image-release of this collection")
    if not _NAMED.fullmatch(name):
        raise Unknown("its image does not name its evidence; name the evidence with drift_reference")
    return os.path.join(directory, name)


def load(path: str, image: Mapping[str, str], trust: Trust, sha256: str = "") -> Reference:
    """The reference in a directory of evidence, which must verify and be of this image."""
    if not os.path.isdir(path):
        raise Unknown(f"there is no evidence {path} on the controller")
    found = verify(path, trust)
    if found.problems:
        raise Unknown(f"the evidence {path} does not verify: {'; '.join(found.problems)}")
    outcome, digest = _promotion(found.manifest)
    if outcome not in OUTCOMES:
        raise Unknown(f"the evidence {path} is of a run that ended as {outcome or 'nothing'}, not of a promotion")
    if sha256 and digest != sha256:
        raise Unknown(f"the evidence {path} is of the image with the SHA-256 {digest}, and the machine should run that with {sha256}")
    if IMAGE_MANIFEST not in found.manifest["files"]:
        raise Unknown(f"the evidence {path} has no {IMAGE_MANIFEST}: the image was promoted without a boot, or by an earlier release")
    try:
        manifest = manifests.parsed(read(path, IMAGE_MANIFEST))
        controls = _verdicts(path) if RESULTS in found.manifest["files"] else {}
    except (BadManifest, SigningError) as problem:
        raise Unknown(f"{IMAGE_MANIFEST} of the evidence {path} cannot be used: {problem}") from problem
    other = [name for name in _IDENTITY if image.get(name, "") != manifest.image.get(name, "")]
    if other:
        raise Unknown(f"the machine says that it came from another image than the evidence {path} is about: {', '.join(other)} differ")
    return Reference(manifest, path, digest, controls)


def _promotion(manifest: Mapping[str, Any]) -> tuple[str, str]:
    verdict_of_run, image = manifest.get("verdict"), manifest.get("image")
    outcome = verdict_of_run.get("outcome") if isinstance(verdict_of_run, dict) else ""
    digest = image.get("sha256") if isinstance(image, dict) else ""
    return str(outcome or ""), str(digest or "")


def _verdicts(path: str) -> dict[str, str]:
    try:
        records = json.loads(read(path, RESULTS))["records"]
        return {name: verdict(group) for name, group in by_control(ours(records)).items()}
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError) as problem:
        raise BadManifest(f"{RESULTS} has no records") from problem
