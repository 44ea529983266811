# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the store says about all hosts as of a day: one document, of which the page and the CSV files are views.

A host counts as its newest run shows it that covered at least half of the controls that any of its runs covered: one that only looked at
patches or at drift says nothing about the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import OURS
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import TELLING_FIRST

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
Document = dict[str, Any]

# So many hosts must agree for another one to be the only one that differs.
FEWEST_PEERS = 5
# Of the hosts with the same finding so many are named.
MOST_NAMED = 5


@dataclass(frozen=True)
class Limits:
    """``today`` as YYYY-MM-DD, and numbers of days: of the trend, until a host counts as silent, until a waiver ends, until a host is forgotten."""

    today: str
    days: int = 30
    silent: int = 7
    waiver: int = 30
    forget: int = 365

    def before(self, days: int) -> str:
        return (date.fromisoformat(self.today) - timedelta(days=days)).isoformat()

    @property
    def since(self) -> str:
        """The first day of the trend."""
        return self.before(self.days - 1)


def figures(database: duckdb.DuckDBPyConnection, limits: Limits) -> Document:
    """The document, from the views that reading.attached() made."""
    _prepare(database, limits)
    return {
        "schema_version": 1,
        "today": limits.today,
        "days": limits.days,
        "limits": {"silent": limits.silent, "waiver": limits.waiver, "forget": limits.forget},
        "hosts": _rows(database, _HOSTS),
        "trend": _rows(database, _TREND),
        "areas": _rows(database, _AREAS),
        "images": _rows(database, _IMAGES),
        "failing": _rows(database, _FAILING),
        "overdue": _rows(database, _OVERDUE),
        "drift": _rows(database, _DRIFT),
        "waivers": _rows(database, _WAIVERS),
        "differing": _rows(database, _DIFFERING),
    }


def _rows(database: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    answer = database.execute(query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row)) for row in answer.fetchall()]


def _prepare(database: duckdb.DuckDBPyConnection, limits: Limits) -> None:
    """The tables that several questions share."""
    for name, value in {"today": limits.today, "since": limits.since, "waiver_limit": limits.before(-limits.waiver)}.items():
        database.execute(f"SET VARIABLE {name} = CAST(? AS DATE)", [value])
    for table, query in _TABLES.items():
        database.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
        if table in _OF_DAYS:
            # The days as values, so that files of other days are not opened.
            days = ", ".join(f"DATE '{day}'" for (day,) in database.execute(f"SELECT DISTINCT day FROM {table} ORDER BY day").fetchall())
            database.execute(
                f"CREATE OR REPLACE TEMP VIEW {table}_records AS SELECT * FROM {_OF_DAYS[table]} WHERE day IN ({days or 'NULL'})"
            )


_RANK = f"list_position({list(TELLING_FIRST)!r}, status)"
_STATUS = f"list_extract({list(TELLING_FIRST)!r}, min({_RANK})::INT)"
_WEIGHT = "list_position(['low', 'medium', 'high', 'critical'], severity)"
_NAMED = f"list_sort(list_slice(list(DISTINCT host ORDER BY host), 1, {MOST_NAMED})) AS named, count(DISTINCT host) AS hosts"

# Tables whose rows lead to those of another kind.
_OF_DAYS = {"newest": "records", "stated": "vulnerabilities", "listed": "records"}
_TABLES = {
    # Every run of a host that says enough about its controls.
    "telling": """
        SELECT * FROM runs WHERE day <= getvariable('today') AND controls > 0
        QUALIFY 2 * controls >= max(controls) OVER (PARTITION BY host)
    """,
    "newest": "SELECT * FROM telling QUALIFY row_number() OVER (PARTITION BY host ORDER BY ended DESC, run DESC) = 1",
    "stated": """
        SELECT host, run, ended, day FROM runs WHERE day <= getvariable('today') AND vulnerabilities_stated
        QUALIFY row_number() OVER (PARTITION BY host ORDER BY ended DESC, run DESC) = 1
    """,
    # How each control stands on each host; records of drift are no controls.
    "state": f"""
        SELECT newest.host, profile, coalesce(image, '') AS image, control, {_STATUS} AS status, arg_min(observed, {_RANK}) AS observed,
            any_value(waiver_reason) AS waiver_reason, any_value(waiver_approver) AS waiver_approver, any_value(waiver_until) AS waiver_until
        FROM newest_records AS records JOIN newest ON records.host = newest.host AND records.run = newest.run AND records.ended = newest.ended
        WHERE origin = '{OURS}' AND class IS NULL
        GROUP BY newest.host, profile, newest.image, control
    """,
    # What is the same for all hosts.
    "policy": f"""
        SELECT control, any_value(title) AS title, any_value(area) AS area, any_value(severity) AS severity
        FROM newest_records WHERE origin = '{OURS}' GROUP BY control
    """,
    "open": """
        SELECT vulnerabilities.* FROM stated_records AS vulnerabilities JOIN stated USING (host, run, ended)
        WHERE due < getvariable('today') AND state NOT IN ('closed', 'waived')
    """,
    # The newest run of a host that compared it with its image.
    "listed": """
        SELECT host, run, ended, day FROM runs WHERE day BETWEEN getvariable('since') AND getvariable('today') AND compared
        QUALIFY row_number() OVER (PARTITION BY host ORDER BY ended DESC, run DESC) = 1
    """,
    "drifted": f"""
        SELECT records.*, status IN ('fail', 'error') AND class = 'unexplained' AS unexplained
        FROM listed_records AS records JOIN listed USING (host, run, ended) WHERE class IS NOT NULL AND origin = '{OURS}'
    """,
    # The score of each host on each day: of that day's run, or of the one before.
    "daily": """
        SELECT days.day, hosts.host, telling.percent, telling.controls_pass, telling.applicable
        FROM (SELECT unnest(generate_series(getvariable('since'), getvariable('today'), INTERVAL 1 DAY))::DATE AS day) AS days
        CROSS JOIN (SELECT DISTINCT host FROM telling) AS hosts
        ASOF LEFT JOIN (SELECT host, ended, percent, controls_pass, applicable FROM telling) AS telling
            ON hosts.host = telling.host AND telling.ended < days.day + INTERVAL 1 DAY
    """,
}

_HOSTS = """
    WITH late AS (SELECT host, count(DISTINCT id) AS overdue FROM open GROUP BY host),
        drift AS (SELECT host, count(*) AS drift, sum(unexplained::INT) AS unexplained FROM drifted GROUP BY host),
        failed AS (
            SELECT host, count(*) AS serious FROM state JOIN policy USING (control)
            WHERE status IN ('fail', 'error') AND severity IN ('high', 'critical') GROUP BY host
        ),
        seen AS (SELECT host, max(ended) AS seen FROM runs WHERE day <= getvariable('today') GROUP BY host),
        trends AS (SELECT host, list({'day': day, 'percent': percent} ORDER BY day) AS trend FROM daily GROUP BY host)
    SELECT seen.host, coalesce(newest.groups, []) AS groups, coalesce(profile, '') AS profile, coalesce(newest.image, '') AS image,
        coalesce(image_version, '') AS image_version, getvariable('today') - image_built::DATE AS image_age, coalesce(outcome, '') AS outcome,
        strftime(seen, '%Y-%m-%d') AS seen, getvariable('today') - seen::DATE AS days, percent, applicable,
        CASE WHEN newest.host IS NULL THEN NULL ELSE coalesce(serious, 0) END AS serious,
        controls_fail AS fail, controls_error AS error, controls_waived AS waived, controls_not_checked AS not_checked,
        CASE WHEN stated.host IS NULL THEN NULL ELSE coalesce(overdue, 0) END AS overdue,
        CASE WHEN listed.host IS NULL THEN NULL ELSE coalesce(drift, 0) END AS drift,
        CASE WHEN listed.host IS NULL THEN NULL ELSE coalesce(unexplained, 0) END AS unexplained,
        [struct_extract(point, 'percent') for point in trend] AS trend
    FROM seen LEFT JOIN newest USING (host) LEFT JOIN stated USING (host) LEFT JOIN listed USING (host) LEFT JOIN late USING (host)
        LEFT JOIN failed USING (host) LEFT JOIN drift USING (host) LEFT JOIN trends USING (host)
    ORDER BY serious DESC NULLS LAST, percent NULLS FIRST, host
"""
_TREND = """
    SELECT strftime(day, '%Y-%m-%d') AS day, count(applicable) AS hosts,
        coalesce(sum(controls_pass), 0)::BIGINT AS passed, coalesce(sum(applicable), 0)::BIGINT AS applicable
    FROM daily GROUP BY daily.day ORDER BY daily.day
"""
_AREAS = """
    WITH areas AS (
        SELECT host, area, sum((status = 'pass')::INT) AS passed, sum((status <> 'not_applicable')::INT) AS applicable
        FROM state JOIN policy USING (control) GROUP BY host, area
    ), members AS (SELECT host, unnest(CASE WHEN len(groups) = 0 THEN [''] ELSE groups END) AS grouped FROM newest)
    SELECT area, grouped AS "group", count(*) AS hosts, sum(passed)::BIGINT AS passed, sum(applicable)::BIGINT AS applicable
    FROM areas JOIN members USING (host) GROUP BY area, grouped ORDER BY area, grouped
"""
_IMAGES = f"""
    SELECT image, coalesce(image_version, '') AS version, strftime(max(image_built), '%Y-%m-%d') AS built,
        getvariable('today') - max(image_built)::DATE AS age, {_NAMED}
    FROM newest WHERE image IS NOT NULL GROUP BY image, image_version ORDER BY image, max(image_built) DESC NULLS LAST, image_version DESC
"""
_FAILING = f"""
    SELECT control, title, area, severity, {_NAMED}
    FROM state JOIN policy USING (control) WHERE status IN ('fail', 'error') GROUP BY control, title, area, severity
    ORDER BY list_position(['critical', 'high', 'medium', 'low'], severity), hosts DESC, control
"""
_OVERDUE = f"""
    SELECT id, package, severity, bool_or(exploited) AS exploited, strftime(min(due), '%Y-%m-%d') AS due, getvariable('today') - min(due) AS days,
        any_value(fixed) AS fixed, {_NAMED}
    FROM open GROUP BY id, package, severity
    ORDER BY exploited DESC, list_position(['critical', 'high', 'medium', 'low'], severity), min(open.due), id, package
"""
_DRIFT = f"""
    SELECT class, coalesce(category, '') AS category, coalesce(item, '') AS item, arg_max(severity, {_WEIGHT}) AS severity,
        bool_or(unexplained) AS unexplained, max(explained_by) AS explained_by, {_NAMED}
    FROM drifted GROUP BY class, category, item ORDER BY unexplained DESC, max({_WEIGHT}) DESC, hosts DESC, class, category, item
"""
_WAIVERS = f"""
    SELECT control, title, waiver_reason AS reason, waiver_approver AS approver, strftime(waiver_until, '%Y-%m-%d') AS until,
        waiver_until - getvariable('today') AS days, {_NAMED}
    FROM state JOIN policy USING (control) WHERE waiver_until IS NOT NULL AND waiver_until <= getvariable('waiver_limit')
    GROUP BY control, title, waiver_reason, waiver_approver, waiver_until ORDER BY waiver_until, control
"""
_DIFFERING = f"""
    WITH groups AS (
        SELECT profile, image, control, status, observed, count(*) AS hosts, min(host) AS host
        FROM state WHERE status IN ('pass', 'fail', 'error', 'waived') GROUP BY profile, image, control, status, observed
    )
    SELECT one.host, control, title, severity, one.status, one.observed, most.status AS others, most.observed AS others_observed,
        most.hosts AS peers, profile, image
    FROM (SELECT * FROM groups WHERE hosts = 1) AS one
        JOIN (SELECT * FROM groups WHERE hosts >= {FEWEST_PEERS}) AS most USING (profile, image, control) JOIN policy USING (control)
    WHERE (SELECT count(*) FROM groups AS every WHERE every.profile = one.profile AND every.image = one.image AND every.control = one.control) = 2
    ORDER BY one.status IN ('fail', 'error') DESC, list_position(['critical', 'high', 'medium', 'low'], severity), one.host, control
"""
