# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of the residue scan held to their own examples, before any system is scanned with them."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

# What a rule has in common with other checks.
OF_CHECK = ("id", "title", "severity", "rationale", "references")
# Where an example lies that does not say so.
SOMEWHERE = "/srv/example"


def problems(rule: Entry) -> Iterator[str]:
    """What is wrong with a rule beyond its form, as parts of sentences."""
    searches = bool(rule.get("patterns") or rule.get("detector"))
    if not searches and not rule.get("names"):
        yield "it has no patterns, no detector and no names, so it finds nothing; give it one of them"
    elif searches and not rule.get("literals") and not rule.get("head"):
        yield "it has patterns and no literals; name texts of which one stands in each find"
    elif rule.get("patterns") and rule.get("detector"):
        yield "it has patterns and a detector; leave one out"
    elif rule.get("head") and not rule.get("detector"):
        yield "it has head and no detector; name one"
    else:
        yield from _wrong_examples(rule)


def _wrong_examples(rule: Entry) -> Iterator[str]:
    try:
        loaded = rules.load([rule])
        for kind, expected in (("bad", True), ("good", False)):
            for number, example in enumerate(rule["examples"][kind], 1):
                if found(loaded, example) != expected:
                    yield f"examples: {kind}: number {number} is {'not ' if expected else ''}found; correct the rule or the example"
    except (BadSetting, binascii.Error, UnicodeEncodeError) as problem:
        yield str(problem)


def found(loaded: list[rules.Rule], example: Any) -> bool:
    """Do rules find something in an example?"""
    findings = Findings()
    path = example.get("path", SOMEWHERE) if isinstance(example, dict) else SOMEWHERE
    Searcher(loaded, findings).file(path, io.BytesIO(content(example)).read)
    return bool(findings.found)


def content(example: Any) -> bytes:
    """The bytes of an example: a text, texts that are put together, or zeros, Base64, text and parts in this order."""
    if isinstance(example, str):
        return example.encode()
    if isinstance(example, list):
        return "".join(example).encode()
    encoded = base64.b64decode("".join(example.get("base64", "").split()), validate=True)
    parts = b"".join(content(part) for part in example.get("parts", ()))
    return bytes(example.get("zeros", 0)) + encoded + content(example.get("text", "")) + parts
