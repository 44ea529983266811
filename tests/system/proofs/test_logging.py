# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages go over TLS to a real collector, and do not when something is broken on purpose."""

from __future__ import annotations

import pytest

REMOTE = "/var/log/remote"


@pytest.fixture(scope="module")
def host(guests):
    return guests[0]


@pytest.fixture(scope="module")
def collector(guests):
    return guests[1]


def send(host, *paths):
    return host.module("log_canary", paths=list(paths), priority="auth.notice")["canaries"]


def ask(collector, canaries, timeout=20.0, **way):
    return collector.module("log_collector_info", canaries=canaries, timeout=timeout, **(way or {"path": REMOTE}))


def judge(host, canaries, asked, **more):
    results = host.module(
        "log_canary_info", canaries=canaries, arrivals=asked["arrivals"], problem=asked["problem"], collector=asked["collector"], **more
    )["results"]
    print([(record["control"], record["status"], record["message"], record["observed"]) for record in results])
    return {record["control"]: record for record in results}


def test_messages_of_each_path_arrive(host, collector):
    canaries = send(host, "logger", "journal", "audit")
    found = judge(host, canaries, ask(collector, canaries))
    assert {name: record["status"] for name, record in found.items()} == {
        "logging-logger-proven": "pass", "logging-journal-proven": "pass", "logging-audit-proven": "not_checked",
    }
    assert 0 <= found["logging-logger-proven"]["observed"]["seen after seconds"] <= 20
    assert "container" in found["logging-audit-proven"]["message"]
