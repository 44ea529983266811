# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows that the evidence of one run is in the store: made of results.json and manifest.json, so that old evidence can be added too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import area_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import RECORDS, RUNS, STATUS_COLUMNS, VULNERABILITIES

# Of a longer value the beginning is enough to find it; results.json has it whole.
LONGEST = 4000

Row = dict[str, Any]


def rows(run: str, manifest: Mapping[str, Any], results: Mapping[str, Any], manifest_sha256: str) -> dict[str, list[Row]]:
    """By kind the rows of a run, which is called by the directory of its evidence, as HOST/NAME."""
    about: Row = {"run": run, "host": manifest["host"], "ended": _moment(manifest["ended"])}
    stated = results["patches"]["vulnerabilities"]
    return {
        RECORDS: [{**about, **_record(record)} for record in results["records"]],
        VULNERABILITIES: [{**about, **row} for row in _vulnerabilities(stated)],
        RUNS: [
            {
                **about,
                **_run(manifest),
                "vulnerabilities_stated": bool(stated["stated"]),
                "compared": any(_compares(record) for record in results["records"]),
                "manifest_sha256": manifest_sha256,
            }
        ],
    }


def _run(manifest: Mapping[str, Any]) -> Row:
    score, release, image = manifest["score"], manifest.get("release") or {}, manifest.get("image") or {}
    return {
        "started": _moment(manifest.get("started")),
        "outcome": manifest["verdict"]["outcome"],
        "profile": manifest["profile"]["id"],
        "groups": manifest.get("groups") or [],
        "stages": manifest["stages"],
        "controls": score["controls"],
        "applicable": score["applicable"],
        **{f"controls_{status}": score[status] for status in STATUS_COLUMNS},
        "percent": score["percent"],
        "image": _text(release.get("id")),
        "image_version": _text(release.get("version")),
        "image_built": _moment(release.get("built")),
        "promoted": os.path.basename(str(image["path"])) if image.get("path") else None,
        "promoted_sha256": _text(image.get("sha256")),
        "collection_version": manifest["generator"]["version"],
    }


def _record(record: Mapping[str, Any]) -> Row:
    return {
        **{name: record[name] for name in ("control", "title", "severity", "level", "origin", "stage", "status", "read_from", "message")},
        "area": area_of(record["control"]),
        **{name: _json(record[name]) for name in ("expected", "observed")},
        **_waiver(record["waiver"]),
        "citations": [f"{name}:{citation}" for name, cited in record["references"].items() for citation in cited],
        **{name: _text((record.get("drift") or {}).get(name)) for name in ("category", "item", "class", "explained_by")},
    }


def _compares(record: Mapping[str, Any]) -> bool:
    """Is this about a category of a machine that was compared with its image, whether it differs or not?"""
    return area_of(record["control"]) == "drift" and record["status"] != NOT_CHECKED


def _vulnerabilities(stated: Mapping[str, Any]) -> Iterator[Row]:
    for entry in stated["closed"]:
        yield _vulnerability(entry, "closed")
    for entry in stated["open"]:
        yield _vulnerability(entry, str(entry.get("status") or "unknown"))


def _vulnerability(entry: Mapping[str, Any], state: str) -> Row:
    return {
        **{name: _text(entry.get(name)) for name in ("id", "package", "severity", "fixed")},
        "state": state,
        "identified": _day(entry.get("identified")),
        "due": _day(entry.get("due")),
        "exploited": bool(entry.get("kev")),
        **_waiver(entry.get("waiver")),
    }


def _waiver(waiver: Mapping[str, Any] | None) -> Row:
    known = waiver or {}
    return {
        "waiver_reason": _text(known.get("reason")),
        "waiver_approver": _text(known.get("approver")),
        "waiver_until": _day(known.get("until")),
        "waiver_expired": known.get("expired"),
    }


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)[:LONGEST]


def _text(value: object) -> str | None:
    return str(value)[:LONGEST] if value is not None and value != "" else None


def _day(value: object) -> str | None:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None


def _moment(value: object) -> str | None:
    """A time as the engine reads it: it is in UTC, and says so nowhere. What an image says of itself may be anything."""
    try:
        return datetime.strptime(str(value)[:19], "%Y-%m-%dT%H:%M:%S").isoformat()
    except ValueError:
        return _day(value)
