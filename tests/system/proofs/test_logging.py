# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages go over TLS to a real collector, and do not when something is broken on purpose."""

from __future__ import annotations

import pytest
from conftest import COLLECTOR

REMOTE = "/var/log/remote"
# A collector that is asked over HTTPS, by those who know a word, and answers in JSON; at /echo it repeats the question.
SEARCH = """
import glob, http.server, json, ssl, urllib.parse
class Search(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        words = urllib.parse.parse_qs(parts.query)["q"][0]
        lines = [line for path in glob.glob("/var/log/remote/*") for line in open(path) if words in line]
        answer = {"query": words} if parts.path == "/echo" else {"hits": {"total": len(lines), "lines": lines}}
        self.send_response(200 if self.headers["Authorization"] == "Bearer sesame" else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
server = http.server.HTTPServer(("", 9443), Search)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("/etc/tls/collector.pem", "/etc/tls/collector.key")
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def send(host, *paths):
    return host.module("log_canary", paths=list(paths), priority="auth.notice")["canaries"]


def ask(collector, canaries, timeout=20.0, **way):
    return collector.module("log_collector_info", canaries=canaries, timeout=timeout, **(way or {"path": REMOTE}))


def judge(host, canaries, asked, **more):
    seen = {name: asked[name] for name in ("arrivals", "problem", "collector")}
    results = host.module("log_canary_info", canaries=canaries, **seen, **more)["results"]
    for record in results:
        print(record["control"], record["status"], record["observed"], record["message"])
    return {record["control"]: record for record in results}


def lost(host, collector):
    """The sentence about a message that does not arrive."""
    canaries = send(host, "logger")
    record = judge(host, canaries, ask(collector, canaries, timeout=1.0), timeout=1.0)["logging-logger-proven"]
    assert record["status"] == "fail"
    assert record["message"].startswith(f"a message to the system log did not reach {REMOTE} within 1 s: ")
    return record["message"]


def late(host, collector, canaries, during):
    """The record of messages that waited for the collector."""
    return judge(host, canaries, ask(collector, canaries), during_outage=during)["logging-queue-proven"]


def test_messages_of_each_path_arrive(host, collector):
    canaries = send(host, "logger", "journal", "audit")
    found = judge(host, canaries, ask(collector, canaries))
    assert {name: record["status"] for name, record in found.items()} == {
        "logging-logger-proven": "pass",
        "logging-journal-proven": "pass",
        "logging-audit-proven": "not_checked",
    }
    assert 0 <= found["logging-logger-proven"]["observed"]["seconds until it arrives"] <= 20
    assert "container" in found["logging-audit-proven"]["message"]


def test_messages_cross_the_network_encrypted(host):
    """What the other tests prove is of a connection over TLS: the port of the collector speaks nothing else."""
    words = [
        "openssl",
        "s_client",
        "-connect",
        f"{COLLECTOR}:6514",
        "-CAfile",
        "/etc/tls/ca.pem",
        "-cert",
        "/etc/tls/guest.pem",
        "-key",
        "/etc/tls/guest.key",
    ]
    assert "Verify return code: 0 (ok)" in host.run(*words, stdin="").stdout


def test_a_message_that_is_sent_while_the_collector_is_away_arrives_later(host, collector):
    collector.systemctl("stop", "syslog.socket", "rsyslog.service")
    message = lost(host, collector)
    canaries = send(host, "logger")
    during = ask(collector, canaries, timeout=2.0)["arrivals"]  # and meanwhile the agent takes it into its queue
    host.systemctl("restart", "rsyslog.service")  # what is only in memory is gone
    collector.systemctl("start", "rsyslog.service")
    assert late(host, collector, canaries, during)["status"] == "pass"
    assert f"cannot connect to {COLLECTOR}:6514: Connection refused; start the receiver of the collector" in message


def test_an_agent_without_a_queue_on_disk_loses_it(host, collector):
    with host.edited("/etc/rsyslog.d/collector.conf", 'queue.filename="collector" queue.saveOnShutdown="on"', ""):
        host.systemctl("restart", "rsyslog.service")
        collector.systemctl("stop", "syslog.socket", "rsyslog.service")
        canaries = [*send(host, "logger"), *send(host, "logger")]
        host.systemctl("restart", "rsyslog.service")
        collector.systemctl("start", "rsyslog.service")
        record = judge(host, canaries, ask(collector, canaries, timeout=3.0), during_outage={}, timeout=3.0)["logging-queue-proven"]
    host.systemctl("restart", "rsyslog.service")
    assert record["status"] == "fail" and "queue on disk" in record["message"]


def test_an_outage_that_was_none_proves_nothing(host, collector):
    canaries = send(host, "logger")
    asked = ask(collector, canaries)
    assert judge(host, canaries, asked, during_outage=asked["arrivals"])["logging-queue-proven"]["status"] == "error"


def test_a_collector_with_a_certificate_of_somebody_else_gets_nothing(host, collector):
    for suffix in ("pem", "key"):
        collector.run("cp", f"/etc/tls/untrusted.{suffix}", f"/etc/tls/server.{suffix}", check=True)
    collector.systemctl("restart", "rsyslog.service")
    message = lost(host, collector)
    for suffix in ("pem", "key"):
        collector.run("cp", f"/etc/tls/collector.{suffix}", f"/etc/tls/server.{suffix}", check=True)
    collector.systemctl("restart", "rsyslog.service")
    assert "Issuer DN: CN=other" in message and "certificates from an authority that the other trusts" in message


def test_a_masked_agent_is_reported_with_its_cure(host, collector):
    host.systemctl("mask", "--now", "rsyslog.service")
    message = lost(host, collector)
    host.systemctl("unmask", "rsyslog.service")
    host.systemctl("start", "rsyslog.service")
    assert "rsyslog.service is masked and does not run: run systemctl unmask rsyslog.service" in message


def test_a_directory_that_is_not_there_is_a_failure_with_its_reason(host, collector):
    canaries = send(host, "logger")
    asked = ask(collector, canaries, timeout=1.0, path="/var/log/elsewhere")
    record = judge(host, canaries, asked)["logging-logger-proven"]
    assert (
        record["status"] == "fail"
        and "the collector could not be asked (there is no /var/log/elsewhere: start the receiver" in record["message"]
    )


def test_that_somebody_asked_for_a_message_is_no_message(host, collector):
    """Ansible itself writes to the log of the collector what it asks for."""
    never_sent = [{"path": "logger", "token": "0123456789abcdef-0123456789abcdef", "state": "sent", "reason": ""}]
    ask(collector, never_sent, timeout=0.0)
    asked = ask(collector, never_sent, timeout=1.0, path="/var/log")
    assert "0123456789abcdef-0123456789abcdef" in collector.run("cat", "/var/log/syslog").stdout
    assert asked["arrivals"] == {}


def test_a_command_is_asked(host, collector):
    canaries = send(host, "logger")
    asked = ask(collector, canaries, command=["grep", "--recursive", "--no-messages", "{token}", REMOTE])
    assert list(asked["arrivals"]) == [canaries[0]["token"]]


def test_a_command_that_repeats_the_question_proves_nothing(host, collector):
    asked = ask(collector, send(host, "logger"), command=["echo", "{token}"])
    assert asked["arrivals"] == {} and "nobody sent" in asked["problem"]


@pytest.fixture(scope="module")
def search(collector):
    """How to ask the collector over HTTPS."""
    collector.write("/opt/search.py", SEARCH)
    collector.run("systemd-run", "--unit=search", "python3", "/opt/search.py", check=True)
    return {
        "url": f"https://{COLLECTOR}:9443/search?q={{token}}",
        "ca_path": "/etc/tls/ca.pem",
        "headers": {"Authorization": "Bearer sesame"},
    }


def test_a_query_over_https_is_asked(host, search):
    canaries = send(host, "logger")
    assert list(ask(host, canaries, **search)["arrivals"]) == [canaries[0]["token"]]
    asked = ask(host, canaries, **search, field="hits.total")
    assert list(asked["arrivals"]) == [canaries[0]["token"]]
    assert asked["collector"] == f"https://{COLLECTOR}:9443/search"
    assert "sesame" not in str(asked)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"ca_path": "/etc/tls/other.pem"}, "its certificate is not to be trusted"),
        ({"headers": {}}, "it answers 401"),
        ({"url": f"https://{COLLECTOR}:9444/?q={{token}}"}, "nothing listens there"),
        ({"url": f"https://{COLLECTOR}:9443/echo?q={{token}}"}, "a message that nobody sent"),
    ],
    ids=["certificate", "credential", "port", "echo"],
)
def test_a_query_that_cannot_be_trusted_is_a_problem(host, search, change, reason):
    asked = ask(host, send(host, "logger"), timeout=0.0, **{**search, **change})
    assert asked["arrivals"] == {} and reason in asked["problem"]


def test_check_mode_sends_nothing(host):
    sent = host.module("log_canary", _ansible_check_mode=True)
    assert not sent["changed"] and {each["state"] for each in sent["canaries"]} == {"not_tried"}
    assert {record["status"] for record in judge(host, sent["canaries"], {"arrivals": {}, "problem": "", "collector": "x"}).values()} == {
        "not_checked"
    }
