# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How old the signatures of a scanner are."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import live_record

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.proofs.scanners import Product
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_DAY = 86400
# The head of a database of ClamAV (cvd, cld or cud) ends with the second in which it was made.
_HEAD = re.compile(r"ClamAV-VDB:(?:[^:]*:){7}(\d+)")
_LOADED = re.compile(r"ClamAV [^/]+/\d+/(.+)")


class Undated(Exception):
    """Why nobody can say how old the signatures are, as a sentence."""


def fresh(host: Host, product: Product, databases: str, days: int, now: int | None = None) -> Record:
    """Are the signatures no older than so many days?"""
    control, expected = "protection-signatures-proven", {"days old": f"at most {days:g}"}
    try:
        built, read_from = _date_by_command(host, product.dated) if product.dated else _of_clamav(host, databases)
    except Undated as problem:
        return live_record(control, expected, {"days old": None}, (product.dated or (databases,))[0], str(problem))
    age = round(((now or time.time()) - built) / _DAY, 1)
    observed = {"days old": age, "made": datetime.fromtimestamp(built, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if age < -1:
        return live_record(
            control, expected, observed, read_from, "the signatures are from the future: see whether the clock of this host is right"
        )
    stale = (
        f"the signatures are {age:g} days old, and may be {days:g}: see that they are fetched "
        "(ClamAV: systemctl status clamav-freshclam, then freshclam), and that the scanner loaded them"
    )
    return live_record(control, expected, observed, read_from, stale if age > days else "")


def _of_clamav(host: Host, databases: str) -> tuple[float, str]:
    """What the daemon has loaded; when it does not say, the newest database that lies there."""
    loaded = _LOADED.search(host.run(["clamdscan", "--version"], timeout=30).out)
    if loaded:
        return time.mktime(time.strptime(loaded[1].strip(), "%a %b %d %H:%M:%S %Y")), "clamdscan --version"
    dates = {date: path for path in host.glob(f"{databases}/*.c[luv]d") if (date := _built(host, path))}
    if not dates:
        raise Undated(f"no database in {databases} says when it was made: fetch the signatures with freshclam")
    return max(dates), dates[max(dates)]


def _built(host: Host, path: str) -> int | None:
    head = _HEAD.match((host.head(path, 512) or b"").decode("latin-1"))
    return int(head[1]) if head else None


def _date_by_command(host: Host, argv: Sequence[str]) -> tuple[float, str]:
    """The date that a product's own command prints: seconds since 1970, or as ISO 8601 writes it."""
    ran = host.run(list(argv), timeout=60)
    text = ran.out.strip().strip('"')
    try:
        if not ran.ok:
            raise ValueError(ran.error)
        date = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else _instant(text).timestamp()
    except ValueError as problem:
        raise Undated(f"{argv[0]} does not say when the signatures were made ({problem}): have it print that as ISO 8601") from problem
    return date, argv[0]


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
