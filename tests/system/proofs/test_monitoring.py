# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real node_exporter over TLS on a management network, and the same broken on purpose."""

from __future__ import annotations

import pytest
from conftest import HOST

URL = f"https://{HOST}:9100/metrics"
METRICS = ["node_filesystem_avail_bytes", "node_load1"]
NETWORKS = ["10.99.0.0/24"]
UNIT = "prometheus-node-exporter.service"


@pytest.fixture(scope="module")
def exporter(host):
    """Start node_exporter at an address, with other options beside."""
    host.write("/etc/tls/exporter.yml", "tls_server_config:\n  cert_file: /etc/tls/guest.pem\n  key_file: /etc/tls/guest.key\n")

    def start(address=HOST, more=""):
        host.write(
            "/etc/default/prometheus-node-exporter",
            f'ARGS="--web.config.file=/etc/tls/exporter.yml --web.listen-address={address}:9100 {more}"\n',
        )
        host.systemctl("restart", UNIT)

    yield start
    host.systemctl("stop", UNIT)


@pytest.fixture
def look(collector, host):
    """Ask the endpoint, by default from the other guest over the network."""

    def ask(asker=collector, **options):
        record = asker.result("endpoint_info", **{"url": URL, "ca_path": "/etc/tls/ca.pem", "timeout": 3, **options})
        print(record["control"], record["status"], record["observed"], record["message"])
        return record

    return ask


def test_the_endpoint_answers_with_metrics_on_the_management_network(host, exporter, look):
    exporter()
    wait(look)
    found = look(metrics=METRICS)
    assert (found["control"], found["status"]) == ("monitoring-endpoint-proven", "pass")
    assert found["read_from"] == URL
    listens = look(host, networks=NETWORKS)
    assert (listens["status"], listens["observed"]) == ("pass", {"listens on": [HOST]})
    elsewhere = look(silent=True)
    assert elsewhere["status"] == "fail" and "can be reached from here" in elsewhere["message"]


def wait(look):
    """The exporter takes a moment before it listens."""
    for unused_try in range(20):
        if look()["status"] == "pass":
            return


def test_an_endpoint_on_every_address_is_reported(host, exporter, look):
    exporter(address="")
    wait(look)
    listens = look(host, networks=NETWORKS)
    assert listens["status"] == "fail" and listens["observed"] == {"listens on": ["::"]}
    assert listens["message"].startswith(
        "port 9100 listens on every address of the host: give the agent its address in the management network"
    )


def test_an_endpoint_in_another_network_is_reported(host, exporter, look):
    host.run("ip", "address", "replace", "10.98.0.1/24", "dev", "mgmt0", check=True)
    exporter(address="10.98.0.1")
    wait(lambda: {"status": "pass" if look(host, networks=NETWORKS)["observed"]["listens on"] else "fail"})
    assert (
        look(url=URL.replace(HOST, "10.98.0.1"), asker=host, ca_path="/etc/tls/ca.pem")["status"] == "fail"
    )  # no such name in its certificate
    listens = look(host, networks=NETWORKS)
    assert "10.98.0.1, outside of the management network" in listens["message"]


def test_metrics_that_are_missing_are_named(exporter, look):
    exporter(more="--no-collector.loadavg")
    wait(look)
    found = look(metrics=METRICS)
    assert found["status"] == "fail" and found["message"].startswith(f"{URL} answers without node_load1: turn on")
    assert found["observed"] == {"answers": True, "node_filesystem_avail_bytes": "there", "node_load1": "missing"}


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"ca_path": "/etc/tls/other.pem"}, "its certificate is not to be trusted"),
        ({"url": URL.replace("https", "http")}, "400"),
        ({"url": f"https://{HOST}:9100/"}, "sends no metrics"),
    ],
    ids=["authority", "plain", "page"],
)
def test_what_is_no_answer_is_reported(exporter, look, change, reason):
    found = look(**change)
    assert found["status"] == "fail" and reason in found["message"]


def test_a_masked_agent_does_not_answer(host, look):
    host.systemctl("mask", "--now", UNIT)
    found, listens, silent = look(), look(host, networks=NETWORKS), look(silent=True)
    host.systemctl("unmask", UNIT)
    assert found["status"] == "fail" and "nothing listens there; see that the agent runs" in found["message"]
    assert listens["message"] == "nothing listens on port 9100: start the agent"
    assert silent["status"] == "pass"


def test_what_speaks_no_http_is_asked_for_a_connection(host, look):
    assert look(url=f"tcp://{HOST}:22")["status"] == "pass"
    assert look(url=f"tcp://{HOST}:23")["status"] == "fail"
