# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an image says of itself: /etc/image-release, in the format of os-release(5), and a manifest of its packages."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

RELEASE = "/etc/image-release"
MANIFEST = "/usr/share/hygeia/manifest.json"
# What the file calls what a task calls by a name in lower case.
KEYS = {
    "id": "IMAGE_ID",
    "version": "IMAGE_VERSION",
    "built": "BUILD_DATE",
    "source": "SOURCE",
    "source_sha256": "SOURCE_SHA256",
    "profile": "PROFILE",
    "controls_sha256": "CONTROLS_SHA256",
    "patch_level": "PATCH_LEVEL",
    "evidence": "EVIDENCE",
}

# A template of several disks has a file for each: the second is SOURCE_DISK2 with its SOURCE_DISK2_SHA256.
_FURTHER = re.compile(r"SOURCE_DISK([1-9]\d?)", re.A)
_TRAILER = re.compile(r"^ -- .* <.*>  (.+)$", re.M)
# The newest entry of a changelog is its first, and no longer than this.
_ENOUGH = 64 * 1024


def written(known: Mapping[str, Any]) -> str:
    """The text of the file; what is not known is left out."""
    lines = []
    for name, key in KEYS.items():
        lines += [f"{key}={_quoted(known[name])}\n"] if known.get(name) else []
        if name == "source_sha256":
            lines += _further(known.get("source_disks") or [])
    return "".join(lines)


def _further(disks: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"SOURCE_DISK{number}{key}={_quoted(disk[name])}\n"
        for number, disk in enumerate(disks, 2)
        for key, name in (("", "source"), ("_SHA256", "sha256"))
    ]


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\$`])', r"\\\1", " ".join(words_of(str(value)))) + '"'


def read(host: Host) -> dict[str, Any] | None:
    """What the image that a system was made from said of itself, or None."""
    text = host.read(RELEASE)
    return None if text is None else parsed(text)


def parsed(text: str) -> dict[str, Any]:
    """What the text of the file says."""
    pairs = dict(line.split("=", 1) for line in lines_of(text) if "=" in line and not line.startswith("#"))
    found: dict[str, Any] = {name: _plain(pairs[key]) for name, key in KEYS.items() if key in pairs}
    further = sorted((int(key[1]), key[0]) for key in map(_FURTHER.fullmatch, pairs) if key)
    disks = [{"source": _plain(pairs[key]), "sha256": _plain(pairs.get(f"{key}_SHA256", ""))} for unused_number, key in further]
    return {**found, **({"source_disks": disks} if disks else {})}


def _plain(value: str) -> str:
    value = value.strip(BLANKS)
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r'\\(["\\$`])', r"\1", value[1:-1])
    return value.strip("'")


def manifest(known: Mapping[str, Any], packages: list[dict[str, str]]) -> str:
    """The text of the manifest."""
    listed = [[entry["package"], entry["architecture"], entry["version"]] for entry in packages]
    rows = ",\n".join(f"    {json.dumps(row)}" for row in sorted(listed))
    return f'{{\n  "image": {json.dumps(known, sort_keys=True)},\n  "packages": [\n{rows}\n  ]\n}}\n'


def packages_then(host: Host) -> dict[tuple[str, str], str] | None:
    """The packages of the manifest by name and architecture, or None where there is none that can be read."""
    try:
        found = json.loads(host.read(MANIFEST) or "")
        return {(name, architecture): version for name, architecture, version in found["packages"]}
    except (ValueError, KeyError, TypeError):
        return None


def patch_level(host: Host) -> str:
    """The day of the newest update that is installed, or nothing where no package tells one."""
    days = map(_changed, _changelogs(host)) if not rpm.serves(host) else _built(host)
    return max(filter(None, days), default="")


def _built(host: Host) -> Iterator[str]:
    """The days on which the packages of rpm were built."""
    for word in words_of(host.run(["rpm", "-qa", "--queryformat", "%{BUILDTIME}\\n"]).out):
        seconds = numbers.number(word)
        if seconds is not None:
            yield datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()


def _changelogs(host: Host) -> Iterator[str]:
    """One changelog a package: the one of Debian's own changes where there are two."""
    for directory in host.glob("/usr/share/doc/*"):
        for name in ("changelog.Debian.gz", "changelog.gz"):
            try:
                packed = host.read_bytes(f"{directory}/{name}")
                if packed is None:
                    continue
                with gzip.open(io.BytesIO(packed), "rt", encoding="utf-8", errors="replace") as stream:
                    yield stream.read(_ENOUGH)
                break
            except (OSError, EOFError, zlib.error):
                continue


def _changed(text: str) -> str:
    found = _TRAILER.search(text)
    try:
        return parsedate_to_datetime(found[1]).date().isoformat() if found else ""
    except (TypeError, ValueError, IndexError):
        return ""


def system(host: Host) -> dict[str, list[str] | str]:
    """What the system is, as far as a package's name depends on it."""
    known = host.os_release
    return {
        "id": known.get("ID", ""),
        "version": known.get("VERSION_ID", ""),
        "names": host.systems,
        "manager": "rpm" if rpm.serves(host) else "dpkg",
    }
