# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the documentation of a control stands: a report is mailed, so its links lead to an address and to no file."""

from __future__ import annotations

import glob
import os
import re
from functools import cache
from urllib.parse import quote, urlsplit

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import area_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

_ID = re.compile(r"^- id: [\"']?([a-z0-9*-]+)", re.M)


def checked(base: str) -> str:
    """The address under which the pages of ``docs/`` are, without its last slash; only the web is linked to."""
    address = urlsplit(base)
    if base and (address.scheme not in ("http", "https") or not address.netloc or address.query or address.fragment):
        example = "https://git.example.org/golden/docs"
        raise PolicyError(f"evidence_docs is {base!r}; give the address of the collection's docs directory, such as {example}")
    return base.rstrip("/")


def link(base: str, control: str) -> str:
    """Where a control or check of the collection is described; nothing for those of a site, and without an address."""
    if not base:
        return ""
    if control in _documented("controls"):
        return f"{base}/controls/{quote(area_of(control))}.md#{quote(control)}"
    check = checks.matching(_documented("checks"), control)
    return f"{base}/checks.md#{quote(check.replace('*', ''))}" if check else ""


@cache
def _documented(sort: str) -> dict[str, None]:
    """The identifiers of all controls or checks of the collection."""
    found = {}
    for path in sorted(glob.glob(os.path.join(BASELINE, sort, "*.yml"))):
        with open(path, encoding="utf-8") as stream:
            found.update(dict.fromkeys(_ID.findall(stream.read())))
    return found
