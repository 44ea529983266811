# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory that a run leaves: its files as texts, and writing them all or none."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.signing import cms, dsse, ssh
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import ATTESTATIONS, MANIFEST
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.module_utils.util.atomic import make_directory, sync_directory
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import LARGEST, Manifest, parsed
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.frameworks import frameworks, meant_for
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import attestations, documentation, previous
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.citations import citations
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.junit import junit
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.manifest import controls_digest, manifest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.page import page
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.results import results
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run, gathered
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.sbom import sbom
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import coverage

BILL = "sbom.cdx.json"
# What makes up the image, by which machines that came from it are compared with it.
IMAGE_MANIFEST = "image_manifest.json"
# What the name of a profile says of which only a part was asked for.
IN_PART = ", in part ("
COLLECTION = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../.."))


def rendered(facts: Mapping[str, Any], ended: str) -> tuple[Run, dict[str, str]]:
    """The run, and its files as ``{name: text}``."""
    playbook = facts["playbook"]
    digest = {"path": playbook, "sha256": _sha256(playbook)} if playbook else None
    known = frameworks(facts["policy"])
    unknown = [name for name in facts["frameworks"] if name not in known]
    if unknown:
        raise PolicyError(f"there is no framework {unknown[0]} for the report; use {', '.join(known)}")
    shown = meant_for(known, _names(facts["system"]))
    image = _image_manifest(facts.get("image_manifest") or [])
    others = {name: value for name, value in facts.items() if name != "image_manifest"}
    run = gathered(readable_throughout(masked({**others, "playbook": digest})), ended)
    run["image_root"] = image.root if image else ""
    run["coverage"] = {name: coverage(run["records"], framework, run["controls"]) for name, framework in shown.items()}
    # Citations of frameworks that are about other systems.
    run["left_out"] = sorted(known.keys() - shown.keys())
    run["controls_sha256"] = controls_digest(run)
    run["history"] = {"image": facts["image_history"] or None, "runs": None}
    run["docs"] = documentation.checked(facts["docs"])
    run["since"] = previous.since(facts["path"], facts["replaces"], run["records"], IN_PART in facts["profile"])
    files = {
        "results.json": _json(results(run)),
        "report.html": page(run, facts["template"]),
        "coverage.csv": citations(run),
        "junit.xml": junit(run),
    }
    if run["installed"]:
        files[BILL] = _json(sbom(run))
    if image:
        files[IMAGE_MANIFEST] = image.text
    files[MANIFEST] = _json(manifest(run, files))
    return run, files


def _image_manifest(packed: Sequence[str]) -> Manifest | None:
    """What makes up the image, from the pieces that its boot sent; secrets are masked in it already."""
    if not packed:
        return None
    try:
        return parsed(pieces.unpacked(packed, LARGEST))
    except ValueError as problem:
        raise ValueError(f"the manifest of the image cannot be used: {problem}") from problem


def indexed(run: Run, files: Mapping[str, str], head: dict[str, Any] | None) -> dict[str, str]:
    """The files with a manifest that has the head of the index of runs, as it is before this run."""
    run["history"]["runs"] = head
    return {**files, MANIFEST: _json(manifest(run, {name: text for name, text in files.items() if name != MANIFEST}))}


def signature(content: bytes, key: str, certificate: str | None = None) -> str:
    """A signature of OpenSSH; with a certificate it is one of CMS."""
    return cms.sign(content, certificate, key) if certificate else ssh.sign(content, key)


def signed(run: Run, files: Mapping[str, str], key: str, certificate: str | None = None) -> dict[str, str]:
    """The files with attestations about the image, if there is one, and the signature of the manifest."""

    def sign(content: bytes) -> str:
        return signature(content, key, certificate)

    known, bill = json.loads(files[MANIFEST]), files.get(BILL)
    envelopes = [dsse.envelope(each, sign) for each in attestations.statements(run, known, json.loads(bill) if bill else None)]
    others = {name: text for name, text in files.items() if name != MANIFEST}
    if envelopes:
        others[ATTESTATIONS] = "".join(f"{json.dumps(envelope)}\n" for envelope in envelopes)
    listing = _json(manifest(run, others))
    return {**others, MANIFEST: listing, f"{MANIFEST}{cms.SUFFIX if certificate else ssh.SUFFIX}": sign(listing.encode())}


def _names(system: Mapping[str, Any]) -> list[str]:
    """What a system says that it is called; one that answers in another form is shown every framework."""
    names = system.get("names")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def written(
    path: str, files: Mapping[str, str | bytes], replaces: str | None = None, note: Callable[[str], object] = lambda unused_path: None
) -> str:
    """Write the files into a new directory, which appears when all of them are there and on the disk; returns its path.

    ``replaces`` is a directory of this run, whose place it takes. ``note`` is given the path right before the directory appears.
    """
    parent = os.path.dirname(os.path.abspath(replaces or path))
    make_directory(parent)
    temporary = tempfile.mkdtemp(dir=parent, prefix=".evidence-")
    try:
        for name, content in files.items():
            handle = os.open(os.path.join(temporary, name), os.O_WRONLY | os.O_CREAT, 0o640)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content if isinstance(content, bytes) else content.encode())
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(temporary, 0o750)
        sync_directory(temporary)
        target = os.path.abspath(replaces) if replaces else _free(os.path.abspath(path))
        note(target)
        return _replaced(temporary, target) if replaces else _moved(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _free(path: str) -> str:
    """The path itself, or with a number where something is there already."""
    number, target = 1, path
    while os.path.exists(target):
        number += 1
        target = f"{path}-{number}"
    return target


def _moved(temporary: str, target: str) -> str:
    os.rename(temporary, target)
    sync_directory(os.path.dirname(target))
    return target


def _replaced(temporary: str, path: str) -> str:
    """What was there stays until the other is in its place."""
    before = tempfile.mkdtemp(dir=os.path.dirname(path), prefix=".evidence-")
    os.rename(path, before)
    try:
        os.rename(temporary, path)
    except BaseException:
        os.rename(before, path)
        raise
    sync_directory(os.path.dirname(path))
    shutil.rmtree(before, ignore_errors=True)
    return path


def generator(ansible_core_version: str) -> dict[str, str]:
    """What made the evidence."""
    about = _about()
    return {"collection": f"{about['namespace']}.{about['name']}", "version": str(about["version"]), "ansible_core": ansible_core_version}


def published() -> str:
    """Where this release has its documentation, as the collection says of itself."""
    return str(_about().get("documentation") or "")


def _about() -> dict[str, Any]:
    """An installed collection has a manifest, a checkout its galaxy.yml."""
    try:
        with open(os.path.join(COLLECTION, "MANIFEST.json"), encoding="utf-8") as stream:
            return json.load(stream)["collection_info"]
    except FileNotFoundError:
        with open(os.path.join(COLLECTION, "galaxy.yml"), encoding="utf-8") as stream:
            return yaml.safe_load(stream)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()
