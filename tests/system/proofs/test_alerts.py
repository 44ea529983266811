# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real Prometheus, asked over TLS which alerts it has loaded."""

from __future__ import annotations

import time

import pytest
from conftest import COLLECTOR

URL = f"https://{COLLECTOR}:9090"
RULES = """
groups:
- name: hosts
  rules:
  - record: disk:free:percent
    expr: 100 * node_filesystem_avail_bytes / node_filesystem_size_bytes
  - {alert: DiskFillsUp, expr: 'disk:free:percent{fstype!="tmpfs"} < 10.0 and on (instance) up == 1', for: 15m}
  - {alert: HostDown, expr: up == 0, for: 1h}
  # Nobody sees before it is evaluated that this is not a valid regular expression.
  - {alert: Unreadable, expr: 'label_replace(vector(1), "a", "$1", "b", "(") > 0'}
"""
CONFIGURATION = "global: {evaluation_interval: 1s}\nrule_files: [/etc/prometheus/rules.yml]\n"


@pytest.fixture(scope="module", autouse=True)
def prometheus(collector):
    collector.write("/etc/prometheus/rules.yml", RULES)
    collector.write("/etc/prometheus/prometheus.yml", CONFIGURATION)
    collector.write(
        "/etc/tls/prometheus.yml", "tls_server_config:\n  cert_file: /etc/tls/collector.pem\n  key_file: /etc/tls/collector.key\n"
    )
    collector.write("/etc/default/prometheus", f'ARGS="--web.config.file=/etc/tls/prometheus.yml --web.listen-address={COLLECTOR}:9090"\n')
    collector.systemctl("start", "prometheus.service")
    yield
    collector.systemctl("stop", "prometheus.service")


def ask(host, *alerts, **options):
    record = host.result("alert_rules_info", **{"url": URL, "ca_path": "/etc/tls/ca.pem", "alerts": list(alerts), **options})
    print(record["status"], record["observed"], record["message"])
    return record


@pytest.fixture(scope="module")
def evaluated(host, prometheus):
    """Rules are there at once, and what they come to a second later."""
    for unused_try in range(60):
        if "Unreadable" in ask(host, {"alert": "Unreadable"})["message"]:
            return host
        time.sleep(0.5)
    raise AssertionError("Prometheus did not evaluate its rules")


def test_alerts_that_are_loaded_with_their_thresholds_pass(evaluated):
    found = ask(
        evaluated,
        {"alert": "DiskFillsUp", "comparison": "<", "threshold": 10, "for": "15m"},
        {"alert": "HostDown", "comparison": "==", "threshold": 0},
    )
    assert (found["control"], found["status"], found["read_from"]) == ("monitoring-alerts-configured", "pass", URL)


@pytest.mark.parametrize(
    "wanted, error",
    [
        ({"alert": "DiskFillsUp", "comparison": "<", "threshold": 20}, "the alert DiskFillsUp does not compare < 20"),
        ({"alert": "HostDown", "for": "5m"}, "the alert HostDown waits for 3600 s, and shall wait for 5m at most"),
        ({"alert": "BackupMissed"}, "there is no alert BackupMissed: add a rule for it"),
        ({"alert": "Unreadable"}, "Prometheus cannot evaluate the alert Unreadable: invalid regular expression in label_replace(): ("),
        ({"alert": "disk:free:percent"}, "there is no alert disk:free:percent"),
    ],
    ids=["threshold", "time", "missing", "broken", "recording"],
)
def test_what_is_not_as_asked_for_is_reported(evaluated, wanted, error):
    found = ask(evaluated, wanted)
    assert found["status"] == "fail" and error in found["message"]


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"ca_path": "/etc/tls/other.pem"}, "its certificate is not to be trusted"),
        ({"url": f"{URL}/graph"}, "404"),
        ({"url": f"https://{COLLECTOR}:9091"}, "nothing listens there"),
    ],
    ids=["certificate", "place", "port"],
)
def test_a_prometheus_that_cannot_be_asked_has_no_alerts(evaluated, change, reason):
    found = ask(evaluated, {"alert": "HostDown"}, **change)
    assert found["status"] == "fail" and reason in found["message"]
