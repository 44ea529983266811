# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An evidence store of a made-up fleet, as many runs would have left it: DuckDB makes the rows, so that 150 million take a minute."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import connected, quoted_name
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.parquet import copied, partition
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import KINDS

AREAS = (
    "account",
    "audit",
    "boot",
    "crypto",
    "file",
    "firewall",
    "kernel",
    "log",
    "malware",
    "mount",
    "network",
    "package",
    "service",
    "ssh",
    "sudo",
    "time",
)
GROUPS = ("clinical", "imaging", "laboratory", "pharmacy", "office", "research", "network", "backup")


def make(store: Path, hosts: int, controls: int, days: int, today: date) -> None:
    """Each host is audited once a day; what fails is repaired by and by, and a few hosts fall silent."""
    with connected() as database:
        _fleet(database, hosts, controls)
        for number in range(days):
            day = today - timedelta(days=days - 1 - number)
            database.execute("SET VARIABLE day = ?", [day])
            database.execute("SET VARIABLE number = ?", [number])
            database.execute("SET VARIABLE left_over = ?", [1 - number / (2 * days)])
            for kind, query in QUERIES.items():
                directory = Path(partition(str(store), kind, day.isoformat()))
                directory.mkdir(parents=True, exist_ok=True)
                copied(database, _ordered(kind, query), str(directory / f"merged-{number:016x}.parquet"))


def _ordered(kind: str, query: str) -> str:
    """The columns as the schema has them; what the query does not name is null."""
    columns = ", ".join(f"CAST({quoted_name(name)} AS {sort}) AS {quoted_name(name)}" for name, sort in KINDS[kind].items())
    empty = ", ".join(f"NULL AS {quoted_name(name)}" for name in KINDS[kind])
    return f"SELECT {columns} FROM (SELECT {empty} WHERE false UNION ALL BY NAME {query})"


def _fleet(database, hosts: int, controls: int) -> None:
    database.execute(
        "CREATE TABLE fleet AS SELECT range AS h, 'host-' || lpad(range::VARCHAR, 5, '0') || '.example.org' AS host, "
        "range % 97 = 5 AS silent, 1 + hash(range) % 40 AS badness, "
        "[list_extract($groups, 1 + (range % len($groups))::INT), CASE WHEN range % 3 = 0 THEN 'east' ELSE 'west' END] AS groups, "
        "'image-' || (range % 6) AS image, 1 + (hash(range * 7) % 9)::INT AS version FROM range($hosts)",
        {"groups": list(GROUPS), "hosts": hosts},
    )
    database.execute(
        "CREATE TABLE policy AS SELECT range AS c, area || '-control-' || range AS control, 'Control ' || range || ' about ' || area AS title, "
        "area, list_extract(['low', 'medium', 'high', 'critical'], 1 + (range % 4)::INT) AS severity "
        "FROM (SELECT range, list_extract($areas, 1 + (range % len($areas))::INT) AS area FROM range($controls))",
        {"areas": list(AREAS), "controls": controls},
    )


_LOOKED = "NOT (silent AND getvariable('number') > 12)"
_RUN = "host || '/' || strftime(getvariable('day')::DATE, '%Y%m%d') || 'T060000Z' AS run, host, getvariable('day')::DATE + INTERVAL 6 HOUR AS ended"
# One control passes everywhere but on one host.
_DRAWN = "CASE WHEN c = 3 THEN CASE WHEN h = 42 THEN 46 ELSE 500 END ELSE hash(h * 100003 + c) % 1000 END"
# The share of controls that a host fails, which falls from day to day.
_STATUS = (
    "CASE WHEN x < 2 THEN 'not_checked' WHEN x < 40 THEN 'not_applicable' WHEN x < 45 THEN 'waived' "
    "WHEN x < 45 + 3 * badness * getvariable('left_over') THEN 'fail' ELSE 'pass' END"
)
_COUNTS = ", ".join(
    f"sum(({_STATUS} = '{status}')::INT) AS controls_{status}"
    for status in ("pass", "fail", "error", "waived", "not_checked", "not_applicable")
)
QUERIES = {
    "records": f"""
        SELECT {_RUN}, control, title, area, severity, 1 AS level, 'hygeia.golden' AS origin, 'live' AS stage, {_STATUS} AS status,
            '{{"value": "wanted"}}' AS expected,
            CASE WHEN {_STATUS} = 'pass' THEN '{{"value": "wanted"}}' ELSE '{{"value": "' || (x % 7) || '"}}' END AS observed,
            '/etc/' || area || '.conf' AS read_from, CASE WHEN {_STATUS} = 'fail' THEN 'another value is in force' ELSE '' END AS message,
            CASE WHEN {_STATUS} = 'waived' THEN 'The vendor forbids it' END AS waiver_reason,
            CASE WHEN {_STATUS} = 'waived' THEN 'ciso' END AS waiver_approver,
            CASE WHEN {_STATUS} = 'waived' THEN getvariable('day')::DATE + (c % 300)::INT END AS waiver_until,
            CASE WHEN {_STATUS} = 'waived' THEN false END AS waiver_expired,
            ['hipaa:164.312(' || substr('abcde', 1 + (c % 5)::INT, 1) || ')'] AS citations
        FROM (SELECT *, {_DRAWN} AS x FROM fleet, policy) WHERE {_LOOKED}
        UNION ALL BY NAME
        SELECT {_RUN}, 'drift-' || category AS control, 'The ' || category || ' differs' AS title, 'drift' AS area, 'medium' AS severity,
            'hygeia.golden' AS origin, 'live' AS stage, CASE class WHEN 'unexplained' THEN 'fail' ELSE 'pass' END AS status,
            '"' || item || '"' AS observed, '' AS read_from, 'differs' AS message,
            []::VARCHAR[] AS citations, category, item, class
        FROM (SELECT *, list_extract(['packages', 'files', 'units'], 1 + (hash(h) % 3)::INT) AS category, 'item-' || (hash(h + n) % 9) AS item,
              list_extract(['patch', 'site', 'unexplained'], 1 + (hash(h * 3 + n) % 3)::INT) AS class
              FROM fleet, range(2) AS drifts(n) WHERE hash(h) % 10 = 0) WHERE {_LOOKED}""",
    "vulnerabilities": f"""
        SELECT {_RUN}, 'CVE-2026-' || (1000 + v) AS id, 'package-' || (v % 12) AS package,
            list_extract(['low', 'medium', 'high', 'critical'], 1 + (v % 4)::INT) AS severity, 'on_time' AS state,
            getvariable('day')::DATE - 20 AS identified, getvariable('day')::DATE + (v % 30)::INT - 5 AS due, '1.2.3' AS fixed, v % 11 = 0 AS exploited
        FROM fleet, range(40) AS open(v) WHERE hash(h + v * 31) % 8 = 0 AND {_LOOKED}""",
    "runs": f"""
        SELECT {_RUN}, 'passed' AS outcome, 'hipaa' AS profile, groups, ['live'] AS stages, sum(1) AS controls,
            sum(({_STATUS} <> 'not_applicable')::INT) AS applicable,
            {_COUNTS},
            100 * controls_pass // applicable AS percent, image, 'v' || version AS image_version,
            DATE '2026-11-30' - version * 25 AS image_built, true AS vulnerabilities_stated, hash(h) % 10 = 0 AS compared,
            '0.1.0' AS collection_version, '0' AS manifest_sha256
        FROM (SELECT *, {_DRAWN} AS x FROM fleet, policy) WHERE {_LOOKED} GROUP BY h, host, groups, image, version""",
}
