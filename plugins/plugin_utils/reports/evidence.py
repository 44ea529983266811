# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folder that a run leaves: its files as texts, and writing them all or none."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import tempfile

import yaml
from ansible_collections.hygeia.golden.plugins.plugin_utils.coverage import coverage
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.frameworks import frameworks
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.citations import citations
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.junit import junit
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.manifest import manifest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.mask import masked
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.page import page
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.results import results
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import gathered
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.sbom import sbom

COLLECTION = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../.."))


def rendered(facts, ended):
    """The run, and its files as ``{name: text}``."""
    playbook = facts["playbook"]
    digest = {"path": playbook, "sha256": _sha256(playbook)} if playbook else None
    known = frameworks(facts["policy"])
    unknown = [name for name in facts["frameworks"] if name not in known]
    if unknown:
        raise PolicyError(f"there is no framework {unknown[0]} for the report; use {', '.join(known)}")
    run = gathered(masked({**facts, "playbook": digest}), ended)
    run["coverage"] = {name: coverage(run["records"], framework, run["controls"]) for name, framework in known.items()}
    files = {
        "results.json": _json(results(run)),
        "report.html": page(run, facts["template"]),
        "coverage.csv": citations(run),
        "junit.xml": junit(run),
    }
    if run["installed"]:
        files["sbom.cdx.json"] = _json(sbom(run))
    files["manifest.json"] = _json(manifest(run, files))
    return run, files


def written(path, files):
    """Write the files into a new folder, which appears when all of them are there; returns its path."""
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, mode=0o750, exist_ok=True)
    temporary = tempfile.mkdtemp(dir=parent, prefix=".evidence-")
    try:
        for name, text in files.items():
            handle = os.open(os.path.join(temporary, name), os.O_WRONLY | os.O_CREAT, 0o640)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
        os.chmod(temporary, 0o750)
        return _moved(temporary, os.path.abspath(path))
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _moved(temporary, path):
    for number in itertools.count(1):
        target = path if number == 1 else f"{path}-{number}"
        if not os.path.exists(target):
            os.rename(temporary, target)
            return target


def generator(ansible_core_version):
    """What made the evidence; an installed collection has a manifest, a checkout its galaxy.yml."""
    try:
        with open(os.path.join(COLLECTION, "MANIFEST.json"), encoding="utf-8") as stream:
            about = json.load(stream)["collection_info"]
    except FileNotFoundError:
        with open(os.path.join(COLLECTION, "galaxy.yml"), encoding="utf-8") as stream:
            about = yaml.safe_load(stream)
    return {
        "collection": f"{about['namespace']}.{about['name']}",
        "version": str(about["version"]),
        "ansible_core": ansible_core_version,
    }


def _json(data):
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _sha256(path):
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()
