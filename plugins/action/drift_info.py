# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import base64
import binascii
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.util import pieces
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.action import AskingAction
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import age, classes, compare, manifest, records
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.reference import Reference, Unknown, load, named
from ansible_collections.hygeia.golden.plugins.plugin_utils.packed import entries, packed
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

_MANIFEST = "hygeia.golden.system_manifest_info"
_LIVE = records.LIVE
ARGUMENTS: dict[str, Any] = {
    "evidence_dir": {"type": "path", "required": True},
    "reference": {"type": "path"},
    "image_sha256": {"type": "str"},
    "allowed_signers": {"type": "path"},
    "authorities": {"type": "path"},
    "signers": {"type": "list", "elements": "str", "default": []},
    "rules": {"type": "list", "elements": "raw", "default": []},
    "checks": {"type": "list", "elements": "raw", "required": True},
    "controls": {"type": "list", "elements": "raw", "default": []},
    "cache": {"type": "path"},
    "cache_period": {"type": "int", "default": 168},
    "max_differences": {"type": "int", "default": 0},
    "max_days": {"type": "int", "default": 0},
    "today": {"type": "str"},
}


class ActionModule(AskingAction):
    """The machine says what it is; what it should be lies on the controller, so they are compared here."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = {name: entries(value) for name, value in to_native(arguments).items()}
        host = str(to_native((task_vars or {})["inventory_hostname"]))
        today = given["today"] or datetime.now(timezone.utc).date().isoformat()
        patched = classes.patched(os.path.join(given["evidence_dir"], host))
        sources = records.Sources(given["checks"], given["controls"], classes.Explainer(given["rules"], patched, host, today), host)
        try:
            found = self._compared(given, sources, sorted(set(patched.values())), today, task_vars)
        except Unknown as problem:
            found = self._nothing(str(problem), sources)
        except ValueError as problem:
            raise AnsibleActionFail(f"The machine cannot be compared: {problem}.") from None
        return {**result, "changed": False, **found}

    def _compared(
        self, given: Mapping[str, Any], sources: records.Sources, runs: Sequence[str], today: str, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        image = self._image(task_vars)
        path = given["reference"] or named(given["evidence_dir"], image)
        trust = Trust(given["allowed_signers"] or "", given["authorities"] or "", tuple(given["signers"]))
        reference = load(path, image, trust, given["image_sha256"] or "")
        chosen = Selection(given["rules"])
        selected = reference.manifest.selected(chosen)
        now = self._manifest({**given, "known": selected.digests}, task_vars)
        comparison = compare.compared(selected, now, chosen)
        found = records.records(comparison, now, sources)
        about = [_known(reference, image)]
        about += age.advice(
            found, image.get("built", ""), runs, today, {"differences": given["max_differences"], "days": given["max_days"]}
        )
        found += readable_throughout(joined(about, sources.checks, sources.host))
        return self._answer(found, image, reference)

    def _nothing(self, reason: str, sources: records.Sources) -> dict[str, Any]:
        """Nothing was compared, and every category says so."""
        about = record("drift-image", NOT_CHECKED, _LIVE, "an image with evidence", None, release.RELEASE, reason)
        found = readable_throughout(joined([about], sources.checks, sources.host)) + records.unreachable(reason, sources)
        return {**self._answer(found, {}, None), "compared": False, "reason": reason}

    @staticmethod
    def _answer(found: Sequence[Record], image: Mapping[str, str], reference: Reference | None) -> dict[str, Any]:
        differing = [entry for entry in found if entry.get("drift")]
        return {
            "compared": True,
            "reason": "",
            "records": packed(found),
            "image": readable_throughout(dict(image)),
            "image_sha256": reference.sha256 if reference else "",
            "reference": reference.path if reference else "",
            "controls": reference.controls if reference else {},
            "differences": len(differing),
            "classes": {name: Counter(entry["drift"]["class"] for entry in differing)[name] for name in classes.CLASSES},
        }

    def _image(self, task_vars: dict[str, Any] | None) -> dict[str, str]:
        """What the machine says of its image; it is not believed, and decides alone which evidence is looked at."""
        answer = self.asked_by_ansible("ansible.builtin.slurp", {"src": release.RELEASE}, task_vars)
        if answer.get("unreachable"):
            raise Unknown(f"the machine does not answer: {answer.get('msg', '')}")
        if answer.get("failed"):
            return {}
        try:
            text = base64.b64decode(str(answer.get("content", "")), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return {}
        return {name: value for name, value in release.parsed(text).items() if isinstance(value, str)}

    def _manifest(self, given: Mapping[str, Any], task_vars: dict[str, Any] | None) -> manifest.Manifest:
        rules = [{name: rule[name] for name in ("items", "compare")} for rule in given["rules"] if rule.get("compare")]
        arguments = {"rules": rules, "known": given["known"], "cache_period": given["cache_period"]}
        answer = self.asked(_MANIFEST, {**arguments, **({"cache": given["cache"]} if given["cache"] else {})}, task_vars)
        if answer.get("unreachable"):
            raise Unknown(f"the machine does not answer: {answer.get('msg', '')}")
        if answer.get("failed"):
            raise Unknown(f"the machine could not be read: {answer.get('msg', '')}")
        try:
            return manifest.parsed(pieces.unpacked(to_native(answer["manifest"]), manifest.LARGEST))
        except (pieces.Damaged, manifest.BadManifest) as problem:
            raise Unknown(f"what the machine answered is no manifest: {problem}") from problem


def _known(reference: Reference, image: Mapping[str, str]) -> Record:
    return record(
        "drift-image",
        PASS,
        _LIVE,
        "an image with evidence",
        {"id": image.get("id", ""), "version": image.get("version", ""), "sha256": reference.sha256},
        f"{release.RELEASE}, and the evidence {reference.path}",
    )
