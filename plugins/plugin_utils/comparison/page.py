# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""comparison.html: what an approver looks at before an image takes the place of another; this is what the template sees."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.comparison.compare import ADDED, CHANGED, REMOVED
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import page
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.previous import DIFFERENCES
from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Of a table so many rows are on the page; comparison.json has them all.
MOST_ROWS = 500


def rendered(before: Mapping[str, Any], after: Mapping[str, Any], found: Mapping[str, Any], template: str, moment: str) -> str:
    """The page as text; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(template)), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(shown=page.shown, moment=page.moment, size=page.size)
    return environment.get_template(os.path.basename(template)).render(view(before, after, found, moment))


def view(before: Mapping[str, Any], after: Mapping[str, Any], found: Mapping[str, Any], moment: str) -> dict[str, Any]:
    controls = found["controls"]
    return {
        "moment": moment,
        "images": (before, after),
        "most": MOST_ROWS,
        "notable": found["notable"],
        "packages": found["packages"],
        "replaced": sum(row["files"] for row in found["packages"]),
        "files": [(sort, _sorted_rows(found["files"], sort)) for sort in (CHANGED, ADDED, REMOVED)],
        "units": found["units"],
        "controls": [(sort, controls[sort]) for sort in DIFFERENCES if controls[sort]],
        "settings": found["settings"],
        "figures": figures(found),
    }


def figures(found: Mapping[str, Any]) -> dict[str, int]:
    """How much is different of each sort."""
    return {
        "packages": len(found["packages"]),
        "files": sum(1 + row["entries"] for row in found["files"]),
        "notable": len(found["notable"]),
        "units": len(found["units"]),
        "settings": len(found["settings"]),
        "worse": len(found["controls"]["worse"]),
        "better": len(found["controls"]["better"]),
    }


def _sorted_rows(rows: Sequence[Mapping[str, Any]], sort: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["sort"] == sort]
