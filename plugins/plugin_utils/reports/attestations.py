# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run attests about the image that it made, as statements of in-toto (https://github.com/in-toto/attestation).

Their subject is the image by its digest, so they can be kept beside the image, or in a registry, without the rest of the evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import PASS, WAIVED
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED

_STATEMENT = "https://in-toto.io/Statement/v1"
_BUILD = "urn:hygeia:golden:golden_image:v1"
_APPROVED = ("approved", "promoted")

Statement = dict[str, Any]


def statements(run: Mapping[str, Any], manifest: Mapping[str, Any], bill: Mapping[str, Any] | None) -> list[Statement]:
    """``run`` is what reports are made of, ``manifest`` the one of the run, ``bill`` its CycloneDX. None without an image."""
    image = manifest["image"]
    if not image:
        return []
    predicates = {
        "https://slsa.dev/provenance/v1": _provenance(manifest),
        "https://in-toto.io/attestation/test-result/v0.1": _test_result(run, manifest),
        "https://in-toto.io/attestation/svr/v0.1": _verification(manifest),
        "https://cyclonedx.org/bom": bill,
    }
    subject = [{"name": image["path"].rpartition("/")[2], "digest": {"sha256": image["sha256"]}}]
    return [
        {"_type": _STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate}
        for kind, predicate in predicates.items()
        if predicate
    ]


def _provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """How the image was made (https://slsa.dev/spec/v1.0/provenance); it claims no level of SLSA."""
    generator, source, playbook = manifest["generator"], manifest["source"], manifest["playbook"]
    materials = [_file("template", source), _file("playbook", playbook)]
    materials += [{"name": f"feed {feed['name']}", "digest": {"sha256": feed["sha256"]}} for feed in manifest["feeds"]]
    return {
        "buildDefinition": {
            "buildType": _BUILD,
            "externalParameters": {"host": manifest["host"], "profile": manifest["profile"]},
            "resolvedDependencies": [material for material in materials if material],
        },
        "runDetails": {
            "builder": {
                "id": f"urn:hygeia:golden:{generator['version']}",
                "version": {generator["collection"]: generator["version"], "ansible-core": generator["ansible_core"]},
            },
            "metadata": {"startedOn": manifest["started"] or manifest["ended"], "finishedOn": manifest["ended"]},
        },
    }


def _file(name: str, file: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"name": name, "digest": {"sha256": file["sha256"]}, "annotations": {"path": file["path"]}} if file else None


def _test_result(run: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Each control is a test. What was not checked or does not apply is in no list; what is waived passes with a warning."""
    verdicts = {control: verdict(group) for control, group in by_control(ours(run["records"])).items()}
    passed = [control for control, status in verdicts.items() if status == PASS]
    warned = [control for control, status in verdicts.items() if status == WAIVED]
    failed = [control for control, status in verdicts.items() if status in FAILED]
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [{"name": manifest["profile"]["id"], "digest": {"sha256": manifest["profile"]["sha256"]}}],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
    }


def _verification(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """The verdict, when it lets the image be promoted."""
    if manifest["verdict"]["outcome"] not in _APPROVED:
        return None
    return {
        "verifier": {
            "id": f"urn:hygeia:golden:{manifest['generator']['version']}",
            "policy": {"name": manifest["profile"]["id"], "digest": {"sha256": manifest["profile"]["sha256"]}},
        },
        "timeCreated": manifest["ended"],
        "properties": [
            f"HYGEIA_NO_BLOCKING_CONTROL_{manifest['verdict']['severity'].upper()}",
            *(f"HYGEIA_STAGE_{stage.upper()}" for stage in manifest["stages"]),
        ],
    }
