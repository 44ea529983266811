# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all documents of OSCAL have in common: identifiers that stay the same from run to run, metadata and properties.

The Open Security Controls Assessment Language is NIST's, https://pages.nist.gov/OSCAL; names here are those of its models.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

VERSION = "1.2.1"
CATALOG = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json"
NIST = "nist_800_53"
# The names of our own properties are unique within it.
_NS = "urn:hygeia:golden"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, _NS)
_CITATION = re.compile(r"(?P<family>[A-Z]{2})-(?P<number>\d+)(\((?P<enhancement>\d+)\))?")


def identifier(*names: str) -> str:
    """A UUID of version 5 (RFC 4122): the same names have the same one in every run."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(names)))


def metadata(title: str, modified: str, version: str) -> dict[str, str]:
    return {"title": line(title), "last-modified": modified, "version": version, "oscal-version": VERSION}


def properties(**values: str) -> list[dict[str, str]]:
    """Those that have a value."""
    return [{"name": name.replace("_", "-"), "ns": _NS, "value": line(value)} for name, value in values.items() if value.strip()]


def line(text: str) -> str:
    """OSCAL's strings are of one line, without blanks around."""
    return " ".join(text.split())


def token(text: str) -> str:
    """A name that OSCAL accepts as an identifier: it begins with a letter, and has letters, digits, periods, hyphens and underscores."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def control_ids(citations: Iterable[str]) -> list[str]:
    """AC-6(2) is ac-6.2 in NIST's catalog; sorted, each once."""
    found = {}
    for match in filter(None, map(_CITATION.fullmatch, citations)):
        enhancement = match["enhancement"]
        name = f"{match['family'].lower()}-{match['number']}{'.' if enhancement else ''}{enhancement or ''}"
        found[(match["family"], int(match["number"]), int(enhancement or 0))] = name
    return [found[key] for key in sorted(found)]


def citing(controls: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The controls of ours behind each control of NIST SP 800-53 that they cite."""
    behind: dict[str, list[dict[str, Any]]] = {}
    for name in control_ids(citation for control in controls for citation in control["references"].get(NIST, [])):
        behind[name] = [control for control in controls if name in control_ids(control["references"].get(NIST, []))]
    return behind
