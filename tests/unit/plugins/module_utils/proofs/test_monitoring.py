# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of an endpoint, of where it listens, and of alerts."""

from __future__ import annotations

import ipaddress
import json

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import alerts, endpoint, web
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Socket, listening
from procfs import process, socket

METRICS = """# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.21
node_filesystem_avail_bytes{device="/dev/vda1",mountpoint="/"} 5.2e+10
go_gc_duration_seconds{quantile="0.5"} NaN 1395066363000

up 1
"""
RULES = yaml.safe_load("""
groups:
  - name: hosts
    rules:
      - {alert: Disk, expr: "100 * avail / size < 10 and on(instance) up == 1", for: 15m}
      - {alert: Load, expr: "load1 > 0.5 * 8"}
      - {record: "job:load", expr: "sum(load1)"}
  - name: empty
""")["groups"]


@pytest.fixture
def answer(monkeypatch):
    """Have every address answer with a text, or not at all."""

    def give(text):
        def fetched(*unused, **unused_too):
            if isinstance(text, Exception):
                raise text
            return text

        for module in (endpoint, alerts):
            monkeypatch.setattr(module, "fetched", fetched)

    return give


def ask(*metrics):
    return endpoint.answering("http://10.0.0.1:9100/metrics?x=secret", list(metrics), 1, {})


def test_metrics_are_known_by_their_form(answer):
    answer(METRICS)
    assert ask("node_load1", "go_gc_duration_seconds", "up")["status"] == "pass"
    record = ask("node_load1", "node_boot_time_seconds")
    assert record["status"] == "fail" and "answers without node_boot_time_seconds" in record["message"]
    assert "secret" not in str(record)


@pytest.mark.parametrize("text", ["", "<html>\n<p>hello</p>", "# nothing but a remark\n", "It works 1 time!\n"])
def test_what_is_no_metrics_is_no_answer(answer, text):
    answer(text)
    assert "sends no metrics" in ask()["message"]


def test_an_endpoint_that_does_not_answer_says_why(answer):
    answer(web.Unanswered("nothing listens there"))
    record = ask("up")
    assert (record["status"], record["observed"]) == ("fail", {"answers": False}) and "nothing listens there" in record["message"]


@pytest.mark.parametrize(
    "url, found",
    [("https://host/metrics", ("host", 443)), ("http://[fd00::1]:9100/", ("fd00::1", 9100)), ("tcp://10.0.0.1:10050", ("10.0.0.1", 10050))],
)
def test_an_address_has_a_name_and_a_port(url, found):
    assert endpoint.place(url) == found


@pytest.mark.parametrize("url", ["ftp://host/", "host:9100", "tcp://host", "http://host:port/", "http://host:99999/"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(endpoint.BadEndpoint, match="is not (a valid|the) address"):
        endpoint.place(url)


@pytest.mark.parametrize(
    "address, message",
    [
        ("10.10.5.7", ""),
        ("127.0.0.1", ""),
        ("fd00::5", ""),
        ("10.20.0.7", "port 9100 listens on 10.20.0.7, outside of the management network"),
        ("0.0.0.0", "port 9100 listens on every address of the host"),
        ("::", "port 9100 listens on every address of the host"),
    ],
)
def test_a_port_listens_in_the_management_network_only(address, message):
    networks = [ipaddress.ip_network(network) for network in ("10.10.5.0/24", "fd00::/64")]
    others = [Socket("udp", "0.0.0.0", 9100), Socket("tcp", "0.0.0.0", 22)]
    record = endpoint.listening([Socket("tcp", address, 9100), *others], 9100, networks)
    assert record["message"].startswith(message) and record["status"] == ("fail" if message else "pass")


def test_a_port_at_which_nothing_listens_is_reported():
    assert "nothing listens on port 9100" in endpoint.listening([], 9100, [])["message"]


def test_the_listeners_of_a_host_are_all_that_wait(tree):
    host = tree()
    process(
        host,
        "self",
        "/usr/bin/python3",
        net={"tcp": [socket(1, "listening", "0.0.0.0:22"), socket(2, "connected", "10.0.0.1:22", "10.0.0.9:50000")]},
    )
    assert listening(host) == [Socket("tcp", "0.0.0.0", 22)]


# -- alerts ---------------------------------------------------------------------


def judge(*wanted, groups=None):
    return alerts.evaluated(alerts.alerts(RULES if groups is None else groups), list(wanted), "rules.yml")


@pytest.mark.parametrize(
    "wanted, message",
    [
        ({"alert": "Disk"}, ""),
        ({"alert": "Disk", "comparison": "<", "threshold": 10, "for": "15m"}, ""),
        (
            {"alert": "Disk", "comparison": "<", "threshold": 10, "for": "5m"},
            "the alert Disk waits for 900 s, and shall wait for 5m at most",
        ),
        (
            {"alert": "Disk", "comparison": "<", "threshold": 20},
            "the alert Disk does not compare < 20, it says 100 * avail / size < 10 and on",
        ),
        ({"alert": "Disk", "comparison": "<=", "threshold": 10}, "the alert Disk does not compare <= 10"),
        ({"alert": "Load", "comparison": ">", "threshold": 0.5}, "the alert Load does not compare > 0.5"),
        ({"alert": "Gone"}, "there is no alert Gone: add a rule for it"),
    ],
)
def test_an_alert_has_the_threshold_that_is_asked_for(wanted, message):
    record = judge(wanted)
    assert record["message"].startswith(message) and record["status"] == ("fail" if message else "pass")


def test_of_several_alerts_of_a_name_one_is_enough():
    groups = [{"rules": [{"alert": "Disk", "expr": f"avail < {number}"} for number in (20, 10, 5)]}]
    assert judge({"alert": "Disk", "comparison": "<", "threshold": 10}, groups=groups)["status"] == "pass"


def test_prometheus_itself_is_asked(answer):
    loaded = [
        {"name": "Disk", "type": "alerting", "query": "avail < 10", "duration": 300, "health": "ok"},
        {"name": "Broken", "type": "alerting", "query": "avail < 10", "duration": 0, "health": "err", "lastError": "many-to-many matching"},
        {"name": "job:load", "type": "recording", "query": "load < 10"},
    ]
    answer(json.dumps({"status": "success", "data": {"groups": [{"name": "hosts", "rules": loaded}]}}))
    groups = alerts.from_prometheus("https://prometheus/", 1, {})
    assert judge({"alert": "Disk", "comparison": "<", "threshold": 10, "for": "5m"}, groups=groups)["status"] == "pass"
    record = judge({"alert": "Broken"}, {"alert": "job:load"}, groups=groups)
    assert "cannot evaluate the alert Broken: many-to-many matching; there is no alert job:load" in record["message"]


@pytest.mark.parametrize("text", ["<html>", '{"data": 1}', web.Unanswered("its name is not known here")])
def test_a_prometheus_that_does_not_answer_has_no_alerts(answer, text):
    answer(text)
    with pytest.raises(web.Unanswered) as problem:
        alerts.from_prometheus("https://prometheus", 1, {})
    record = alerts.unread([{"alert": "Disk"}], "https://prometheus", problem.value)
    assert record["status"] == "fail" and record["message"].startswith("the alerts cannot be read: ")


@pytest.mark.parametrize("text, seconds", [("15m", 900), ("1h30m", 5400), ("500ms", 0.5), (0, 0)])
def test_a_duration_is_as_prometheus_writes_it(text, seconds):
    assert alerts.seconds(text) == seconds
