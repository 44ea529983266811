# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any

from ansible import __version__ as ansible_core_version
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.module_utils.signing import cms, ssh
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST, Trust
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder import document, page, pdf, period, runs
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.frameworks import frameworks
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

TEMPLATE = os.path.normpath(os.path.join(BASELINE, "../../evidence/templates/binder.html.j2"))
ARGUMENTS: dict[str, Any] = {
    "evidence": {"type": "path", "required": True},
    "period": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "template": {"type": "path"},
    "frameworks": {"type": "list", "elements": "str", "default": ["hipaa"]},
    "policy": {"type": "list", "elements": "path", "default": []},
    "histories": {"type": "list", "elements": "path", "default": []},
    "pdf": {"type": "bool", "default": True},
    **{
        name: {"type": "path"} for name in ("allowed_signers", "authorities", "timestamp_authorities", "signing_key", "signing_certificate")
    },
}


class ActionModule(ActionBase):
    """Everything is on the controller, so nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(ARGUMENTS)
        given = to_native(arguments)
        try:
            found, files, warnings = _made(given)
            path = given["dest"] if self._task.check_mode else evidence.written(given["dest"], files)
        except SigningError as problem:
            raise AnsibleActionFail(f"the binder cannot be signed, so it is not written: {problem}") from problem
        except (PolicyError, runs.Unusable) as problem:
            raise AnsibleActionFail(f"there is no binder: {problem}") from problem
        except OSError as problem:
            raise AnsibleActionFail(f"the binder cannot be written to {given['dest']}: {problem.strerror or problem}") from problem
        view = page.view(found)
        result.update(
            changed=True,
            path=path,
            files=sorted(files),
            problems=view["problems"],
            figures={
                "runs": len(found["runs"]),
                "hosts": len(found["hosts"]),
                **{name: len(view[name]) for name in ("open", "accepted", "fixed", "missed")},
                "kept": view["kept"],
                "verified": found["signatures"]["verified"] or 0,
            },
        )
        if warnings:
            result["warnings"] = [*result.get("warnings", ()), *warnings]
        return result


def _made(given: dict[str, Any]) -> tuple[document.Document, dict[str, str | bytes], list[str]]:
    """The binder, its files, and what is missing of them."""
    moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if os.path.realpath(given["dest"]).startswith(os.path.realpath(given["evidence"]) + os.sep):
        raise PolicyError(f"{given['dest']} is below the evidence, where it would count as a run: choose another directory")
    known = frameworks(given["policy"])
    unknown = [name for name in given["frameworks"] if name not in known]
    if unknown:
        raise PolicyError(f"there is no framework {unknown[0]}; use {', '.join(known)}")
    chosen = [known[name] for name in given["frameworks"]]
    found = document.document(given["evidence"], period.named(given["period"]), chosen, _trust(given), given["histories"], moment)
    text = page.rendered(found, given["template"] or TEMPLATE)
    files: dict[str, str | bytes] = {"binder.html": text, "binder.json": json.dumps(found, indent=1, ensure_ascii=False) + "\n"}
    warnings = []
    if given["pdf"]:
        try:
            files["binder.pdf"] = pdf.printed(text)
        except pdf.NotPrinted as problem:
            warnings.append(f"There is no binder.pdf, since {problem}. Print binder.html instead.")
    return found, {**files, **_signed(found, files, given)}, warnings


def _signed(found: document.Document, files: dict[str, str | bytes], given: dict[str, Any]) -> dict[str, str]:
    """The manifest, and its signature if there is a key."""
    contents = {name: content if isinstance(content, bytes) else content.encode() for name, content in files.items()}
    listing = json.dumps(document.manifest(found, contents, evidence.generator(ansible_core_version)), indent=2, ensure_ascii=False) + "\n"
    key, certificate = given["signing_key"], given["signing_certificate"]
    if not key:
        return {MANIFEST: listing}
    return {
        MANIFEST: listing,
        f"{MANIFEST}{cms.SUFFIX if certificate else ssh.SUFFIX}": evidence.signature(listing.encode(), key, certificate),
    }


def _trust(given: dict[str, Any]) -> Trust | None:
    signers, authorities = given["allowed_signers"] or "", given["authorities"] or ""
    return Trust(signers, authorities, timestamp_authorities=given["timestamp_authorities"] or "") if signers or authorities else None
