# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records of OSV: a zip file of JSON files, a folder of them, or a file with one on each line."""

from __future__ import annotations

import glob
import json
import os
import re
import zipfile
import zlib

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, Parsed, claim, day, highest, rated, severity

# What OSV calls the systems whose packages can be looked at, and what their os-release calls them.
_SYSTEMS = {"Debian": "debian", "Ubuntu": "ubuntu", "AlmaLinux": "almalinux", "Rocky Linux": "rocky", "Red Hat": "rhel"}
_SOURCES = ("debian", "ubuntu")
_RELEASE = re.compile(r"^(?P<system>[^:]+):(?:Pro:)?(?:enterprise_linux:)?(?P<release>\d+(?:\.\d+)?)")
_ADVISORY = re.compile(r"^(DSA|DLA|USN|RHSA|ALSA|RLSA)-")
# An entry larger than this is no record.
_LARGEST = 32 * 2**20


def parse(path):
    """The feed of a file or a folder."""
    parsed, newest = Parsed(0), ""
    for name, text in _texts(path):
        try:
            record = json.loads(text)
            parsed.entries += 1
            newest = max(newest, record["modified"])
            if not record.get("withdrawn"):
                _add(parsed, record)
        except (ValueError, RecursionError) as problem:
            raise FeedError(f"has {name}, which is cut off or no JSON ({problem}): fetch it anew") from problem
        except (AttributeError, KeyError, TypeError) as problem:
            raise files.unlike(f"{name} without {problem}") from problem
    if not parsed.claims:
        raise files.nothing("records about packages of a system that is known here")
    parsed.date = day(newest) or ""
    return parsed


def members(path):
    """The files that a folder of records has."""
    return sorted(glob.glob(os.path.join(glob.escape(path), "*.json")))


def _texts(path):
    """Each record with what to call it."""
    if os.path.isdir(path):
        for member in members(path):
            yield os.path.basename(member), files.content(member)
    elif zipfile.is_zipfile(path):
        yield from _unzipped(path)
    else:
        with open(path, "rb") as stream:
            if stream.read(4) == b"PK\x03\x04":
                raise FeedError("is a zip file that is cut off: fetch it anew")
        for number, line in enumerate(files.content(path).splitlines(), 1):
            if line.strip():
                yield f"line {number}", line


def _unzipped(path):
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".json"):
                    if member.file_size > _LARGEST:
                        raise files.unlike(f"a record of {member.file_size} bytes")
                    yield member.filename, archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
        raise FeedError(f"is a damaged zip file ({problem}): fetch it anew") from problem


def _add(parsed, record):
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
        if system:
            claimed = claim(
                ids or [record["id"]], _ranges(affected), binary=system not in _SOURCES, severity=highest([own, _severity(affected)]), **common,
            )
            parsed.add(f"{system}/{release['release']}", affected["package"]["name"], claimed)


def _severity(entry):
    """The severity of a record or of a package in it: by CVSS, else by the word of whoever made the record."""
    vectors = [rating["score"] for rating in entry.get("severity", ()) if rating["type"].startswith("CVSS")]
    said = [entry.get(place, {}).get(word) for place in ("database_specific", "ecosystem_specific") for word in ("severity", "urgency")]
    words = [rating["score"] for rating in entry.get("severity", ()) if not rating["type"].startswith("CVSS")]
    words += [word for word in said if isinstance(word, str)]
    return highest(map(rated, vectors)) if vectors else highest(map(severity, words))


def _ranges(affected):
    """From events to ranges; where there are none, each version that is listed is a range of its own."""
    ranges = []
    for events in (span["events"] for span in affected.get("ranges", ()) if span["type"] == "ECOSYSTEM"):
        for event in events:
            if "introduced" in event:
                ranges.append([None if event["introduced"] == "0" else event["introduced"], None, None])
            elif "fixed" in event:
                ranges[-1][1] = event["fixed"]
            elif "last_affected" in event:
                ranges[-1][2] = event["last_affected"]
    return ranges or [[version, None, version] for version in affected.get("versions", ())]
