# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""updateinfo.xml of a repository of packages for rpm: each security advisory with its packages and its vulnerabilities."""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.parsers import expat

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, MalformedEntry, Parsed, claim, day, severity, word

# The release that a package was built for, as its own release says: 7.el9_4, 2.module+el9.4.0+12, 1.fc42.
_BUILT_FOR = re.compile(r"[.+](el\d{1,4}|fc\d{1,4}|amzn\d{1,4})", re.A)
_TEXTS = ("id", "severity")


def parse(path: str) -> Parsed:
    """The feed of a file. A document type is refused, so that no entity is ever expanded and nothing else is ever read."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reader.start, reader.end, reader.text
    parser.buffer_text = True
    try:
        parser.Parse(files.content(path), True)
    except expat.ExpatError as problem:
        raise FeedError(f"is cut off or no XML ({problem}): download it again") from problem
    except (KeyError, MalformedEntry) as problem:
        raise files.odd(f"in line {parser.CurrentLineNumber} a package or an advisory", problem) from problem
    except (ValueError, LookupError) as problem:
        raise FeedError(f"is in an encoding that cannot be read ({problem}): download it again") from problem
    if not reader.parsed.entries:
        raise files.nothing("advisories")
    reader.parsed.date = reader.newest
    return reader.parsed


def _refuse(*unused_declaration: object) -> NoReturn:
    raise FeedError("declares a document type, which could read other files: download it again from the repository itself")


class _Reader:
    """Collects one ``update`` at a time."""

    def __init__(self) -> None:
        self.parsed, self.newest = Parsed(0), ""
        self._path: list[str] = []
        self._update: dict[str, Any] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._path == ["updates", "update"]:
            self._update = {
                "security": attributes.get("type") == "security",
                "cves": [],
                "packages": [],
                "id": "",
                "severity": "",
                "days": [],
            }
        elif self._update is None:
            return
        elif name == "reference" and attributes.get("type") == "cve":
            self._update["cves"].append(attributes.get("id", ""))
        elif name == "collection":
            self._update["modular"] = False
        elif name == "module":
            self._update["modular"] = True
        elif name == "package":
            evr = f"{attributes.get('epoch') or '0'}:{attributes['version']}-{attributes['release']}"
            self._update["packages"].append((attributes["name"], evr, self._update.get("modular", False)))
        elif name in ("issued", "updated") and day(attributes.get("date")):
            self._update["days"].append((name, day(attributes["date"])))

    def text(self, text: str) -> None:
        if self._update is not None and self._path[2:] and self._path[2] in _TEXTS and len(self._path) == 3:
            self._update[self._path[2]] += text

    def end(self, unused_name: str) -> None:
        if self._update is not None and self._path == ["updates", "update"]:
            self._add(self._update)
            self._update = None
        self._path.pop()

    def _add(self, update: dict[str, Any]) -> None:
        days = dict(update["days"])
        self.newest = max([self.newest, *days.values()])
        self.parsed.entries += 1
        scopes = {match[1] for unused_n, evr, unused_m in update["packages"] for match in [_BUILT_FOR.search(evr)] if match}
        for scope in scopes:
            # A release of which everything is fixed is one that the feed tells of.
            self.parsed.claims.setdefault(f"rpm/{scope}", {})
        if not update["security"]:
            return
        identifier = update["id"].strip()
        ids = sorted({cve for cve in update["cves"] if cve.startswith("CVE-")}) or [identifier]
        for name, evr, modular in sorted(set(update["packages"])):
            built_for = _BUILT_FOR.search(evr)
            claimed = claim(
                ids,
                [[None, evr, None]],
                binary=True,
                modular=modular,
                severity=severity(update["severity"]),
                advisories=[identifier],
                fix_available=days.get("issued"),
            )
            self.parsed.add(f"rpm/{built_for[1]}" if built_for else "rpm", word(name), claimed)
