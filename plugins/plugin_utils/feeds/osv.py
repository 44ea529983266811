# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records of OSV: a zip file of JSON files, a directory of them, or a file with one on each line."""

from __future__ import annotations

import glob
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import (
    FeedError,
    Parsed,
    claim,
    day,
    highest,
    rated,
    severity,
    shown,
    word,
)

# What OSV calls the systems whose packages can be looked at, and what their os-release calls them.
_SYSTEMS = {"Debian": "debian", "Ubuntu": "ubuntu", "AlmaLinux": "almalinux", "Rocky Linux": "rocky", "Red Hat": "rhel"}
_SOURCES = ("debian", "ubuntu")
_RELEASE = re.compile(r"^(?P<system>[^:]+):(?:Pro:)?(?:enterprise_linux:)?(?P<release>\d+(?:\.\d+)?)", re.A)
_ADVISORY = re.compile(r"^(DSA|DLA|USN|RHSA|ALSA|RLSA)-")
# An entry larger than this is no record.
_LARGEST = 32 * 2**20
# What the library says of zip files that are none, are encrypted or are packed in an unknown way.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    struct.error,
    OverflowError,
)


def parse(path: str) -> Parsed:
    """The feed of a file or a directory."""
    parsed, newest = Parsed(0), ""
    for name, text in _texts(path):
        try:
            record = files.loaded(text)
        except FeedError as problem:
            raise FeedError(f"has {name}, which {problem}") from problem
        try:
            parsed.entries += 1
            newest = max(newest, record["modified"])
            if not record.get("withdrawn"):
                _add(parsed, record)
        except files.ODD as problem:
            raise files.odd(name, problem) from problem
    if not parsed.claims:
        raise files.nothing("records about packages of a system that is known here")
    parsed.date = day(newest) or ""
    return parsed


def members(path: str) -> list[str]:
    """The files that a directory of records has."""
    return sorted(glob.glob(os.path.join(glob.escape(path), "*.json")))


def _texts(path: str) -> Iterator[tuple[str, bytes | bytearray]]:
    """Each record with what to call it."""
    if os.path.isdir(path):
        for member in members(path):
            yield shown(os.path.basename(member)), files.content(member)
    elif zipfile.is_zipfile(path):
        yield from _unzipped(path)
    else:
        with open(path, "rb") as stream:
            if stream.read(4) == b"PK\x03\x04":
                raise FeedError("is a zip file that is cut off: download it again")
        for number, line in enumerate(files.content(path).splitlines(), 1):
            if line.strip():
                yield f"line {number}", line


def _unzipped(path: str) -> Iterator[tuple[str, bytes | bytearray]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".json")]
            large = next((member for member in members if member.file_size > _LARGEST), None)
            if large:
                raise files.unlike(f"a record of {large.file_size} bytes")
            files.demand_no_bomb(sum(member.file_size for member in members), os.path.getsize(path))
            for member in members:
                yield shown(member.filename), archive.read(member)
    except _DAMAGED as problem:
        raise FeedError(f"is a damaged zip file ({shown(str(problem))}): download it again") from problem


def _add(parsed: Parsed, record: dict[str, Any]) -> None:
    """One record; that of an advisory is about the vulnerabilities that it names, each other one about itself."""
    advisory = bool(_ADVISORY.match(record["id"]))
    named = [record["id"], *record.get("aliases", ()), *record.get("upstream", ())]
    related = record.get("related", ()) if advisory else ()
    ids = sorted({name for name in named if name.startswith("CVE-")} or {name for name in related if name.startswith("CVE-")})
    published = day(record.get("published"))
    common = {
        "advisories": [record["id"]] if advisory else [],
        "published": None if advisory else published,
        "fix_available": published if advisory else None,
    }
    own = _severity(record)
    for affected in record.get("affected", ()):
        release = _RELEASE.match(affected.get("package", {}).get("ecosystem", ""))
        system = _SYSTEMS.get(release["system"]) if release else None
        if release and system:
            claimed = claim(
                ids or [record["id"]],
                _ranges(affected),
                binary=system not in _SOURCES,
                severity=highest([own, _severity(affected)]),
                **common,
            )
            parsed.add(f"{system}/{release['release']}", word(affected["package"]["name"]), claimed)


def _severity(entry: dict[str, Any]) -> str:
    """The severity of a record or of a package in it: by CVSS, else by the word of whoever made the record."""
    vectors = [rating["score"] for rating in entry.get("severity", ()) if rating["type"].startswith("CVSS")]
    said = [entry.get(place, {}).get(word) for place in ("database_specific", "ecosystem_specific") for word in ("severity", "urgency")]
    words = [rating["score"] for rating in entry.get("severity", ()) if not rating["type"].startswith("CVSS")]
    words += [word for word in said if isinstance(word, str)]
    return highest(map(rated, vectors)) if vectors else highest(map(severity, words))


def _ranges(affected: dict[str, Any]) -> list[list[str | None]]:
    """From events to ranges; where there are none, each version that is listed is a range of its own."""
    ranges: list[list[str | None]] = []
    for events in (span["events"] for span in affected.get("ranges", ()) if span["type"] == "ECOSYSTEM"):
        for event in events:
            if "introduced" in event:
                ranges.append([None if event["introduced"] == "0" else event["introduced"], None, None])
            elif "fixed" in event:
                ranges[-1][1] = event["fixed"]
            elif "last_affected" in event:
                ranges[-1][2] = event["last_affected"]
    return ranges or [[version, None, version] for version in affected.get("versions", ())]
