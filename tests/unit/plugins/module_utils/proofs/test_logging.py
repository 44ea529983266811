# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages are sent each by its own way, looked for where a collector keeps them, and reported with what to do."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import canary, collector, delivery, senders
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

SENT = {"path": "logger", "token": "0011-2233", "state": "sent", "reason": ""}


# -- sending -----------------------------------------------------------------


def test_the_token_stands_in_the_message_and_nowhere_else(tree):
    host = tree(booted=True, answers={"logger": ""})
    sent = canary.send(host, "logger", "auth.notice")
    assert (sent["path"], sent["state"], sent["reason"]) == ("logger", "sent", "")
    (command,) = host.ran
    assert command[:5] == ["logger", "--tag", "hygeia-canary", "--priority", "auth.notice"]
    assert sent["token"].replace("-", "") in command[-1] and sent["token"] not in command[-1]


def test_the_journal_gets_the_level_alone(tree):
    host = tree(booted=True, answers={"systemd-cat": ""})
    assert canary.send(host, "journal", "auth.notice")["state"] == "sent"
    assert host.ran == [["systemd-cat", "--identifier=hygeia-canary", "--priority=notice"]]


def test_the_audit_log_is_the_kernels(tree):
    host = tree(booted=True, answers={"auditctl": "enabled 1\n"})
    assert canary.send(host, "audit", "user.notice")["state"] == "sent"
    assert host.ran[-1][:2] == ["auditctl", "-m"]
    assert canary.send(tree(booted=True, container=True), "audit", "user.notice")["state"] == "not_tried"


@pytest.mark.parametrize(
    "answer, reason",
    [
        ("enabled 0\npid 0\n", "the kernel's audit is off"),
        (None, "auditctl is not installed"),
        (CommandResult(1, "", "You must be root"), "You must be root"),
    ],
)
def test_an_audit_log_that_takes_nothing_is_reported(tree, answer, reason):
    sent = canary.send(tree(booted=True, answers={"auditctl": answer} if answer else {}), "audit", "user.notice")
    assert sent["state"] == "unsent" and reason in sent["reason"]


# -- looking -----------------------------------------------------------------


def test_files_are_looked_through_near_their_end(tmp_path, monkeypatch):
    monkeypatch.setattr(collector, "_TAIL", 100)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.log").write_text("00112233\n" + 200 * "x")
    (tmp_path / "b.log").write_text(200 * "x" + "44556677\n")
    files = collector.Files(str(tmp_path))
    assert files.found(["0011-2233", "4455-6677"]) == {"4455-6677"}
    assert collector.Files(str(tmp_path / "b.log")).found(["4455-6677"]) == {"4455-6677"}


def test_files_that_nobody_has_written_for_long_are_left_out(tmp_path):
    old = tmp_path / "old.log"
    old.write_text("00112233")
    os.utime(old, (time.time() - 86400,) * 2)
    assert collector.Files(str(tmp_path)).found(["0011-2233"]) == set()


def test_a_message_that_comes_later_is_waited_for(tmp_path):
    log = tmp_path / "log"
    log.write_text("")
    threading.Timer(0.3, lambda: log.write_text("00112233")).start()
    arrived, problem = collector.arrivals(collector.Files(str(log)), ["0011-2233"], 10, age=2.0)
    assert problem == "" and 2.0 < arrived["0011-2233"] < 10


def test_the_time_counts_from_when_messages_were_sent(tmp_path):
    """A play on many hosts looks late; it looks once in any case."""
    (tmp_path / "log").write_text("00112233")
    arrived, problem = collector.arrivals(collector.Files(str(tmp_path)), ["0011-2233", "4455-6677"], 10, age=60.0)
    assert (list(arrived), problem) == (["0011-2233"], "")


def test_a_collector_that_comes_back_meanwhile_has_no_problem(tmp_path):
    directory = tmp_path / "remote"

    def back():
        directory.mkdir()
        (directory / "log").write_text("00112233")

    threading.Timer(0.2, back).start()
    arrived, problem = collector.arrivals(collector.Files(str(directory)), ["0011-2233"], 10)
    assert (list(arrived), problem) == (["0011-2233"], "")


def test_a_command_that_finds_nothing_is_no_problem_and_one_that_complains_is(tree):
    answers = iter([CommandResult(1, "", ""), CommandResult(2, "", "curl: (7) Failed to connect\n")])
    asked = collector.Command(["search", "{token}"], tree(answers={"search": lambda *unused: next(answers)}))
    assert asked.found(["0011-2233"]) == set()
    with pytest.raises(collector.Unasked, match="Failed to connect"):
        asked.found(["0011-2233"])


@pytest.fixture
def server():
    """A server that gives these answers; its address."""

    class Answer(http.server.BaseHTTPRequestHandler):
        text, asked = "", []

        def do_GET(self):
            self.asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.text.encode())

        def log_message(self, *unused):
            pass

    listener = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    Answer.url = f"http://user:word@127.0.0.1:{listener.server_port}/search?q={{token}}"
    yield Answer
    listener.shutdown()
    listener.server_close()


@pytest.mark.parametrize(
    "answer, field, found",
    [
        ("a line with 00112233 in it", "", True),
        ("a line without", "", False),
        (json.dumps({"hits": {"total": {"value": 1}}}), "hits.total.value", True),
        (json.dumps({"hits": {"total": {"value": 0}}}), "hits.total.value", False),
        (json.dumps({"data": {"result": [{"values": [["1", "x"]]}]}}), "data.result.0.values", True),
        (json.dumps({"data": {"result": []}, "query": "00112233"}), "data.result", False),
    ],
)
def test_a_query_has_the_token_or_something_in_a_field(server, answer, field, found):
    server.text = answer
    query = collector.Query(server.url, field, {"headers": {"Authorization": "Bearer word"}})
    assert bool(query.found(["0011-2233"])) == found
    assert server.asked[-1][0] == "/search?q=00112233"
    assert "word" not in query.name


def test_a_query_that_gets_no_json_for_a_field_is_a_problem(server):
    server.text = "<html>"
    with pytest.raises(collector.Unasked, match="not JSON"):
        collector.Query(server.url, "hits", {}).found(["0011-2233"])


# -- telling -----------------------------------------------------------------


def evaluated(canaries, arrivals, problem="", during=None, state=lambda: "the agent sleeps"):
    facts = (arrivals, "the collector", 60, problem, state)
    return delivery.evaluated(canaries, *facts) if during is None else delivery.queued(canaries, during, *facts)


def test_each_path_has_a_record_of_its_own():
    canaries = [
        SENT,
        {**SENT, "path": "journal", "token": "4455-6677"},
        {"path": "audit", "token": "x", "state": "unsent", "reason": "auditd is off"},
    ]
    records = evaluated(canaries, {"0011-2233": 1.5})
    assert [(record["control"], record["status"], record["message"]) for record in records] == [
        ("logging-logger-proven", "pass", ""),
        ("logging-journal-proven", "fail", "a message to the journal did not reach the collector within 60 s: the agent sleeps"),
        ("logging-audit-proven", "fail", "auditd is off"),
    ]
    assert records[0]["observed"] == {"seconds until it arrives": 1.5}


def test_nobody_looks_at_the_agents_when_all_is_well():
    assert evaluated([SENT], {"0011-2233": 0.1}, state=lambda: 1 / 0)[0]["status"] == "pass"


def test_a_collector_that_cannot_be_asked_is_a_failure():
    (record,) = evaluated([SENT], {}, problem="logs cannot be reached:\n no route")
    assert record["status"] == "fail" and "(logs cannot be reached: no route): see to it first" in record["message"]


def test_what_arrives_only_after_an_outage_has_waited():
    assert evaluated([SENT], {"0011-2233": 1.0}, during={})[0]["status"] == "pass"
    assert evaluated([SENT], {}, during={})[0]["status"] == "fail"
    assert evaluated([SENT], {"0011-2233": 1.0}, during={"0011-2233": 1.0})[0]["status"] == "error"


@pytest.mark.parametrize(
    "arrived, status, fate",
    [
        (["0011-2233", "4455-6677"], "pass", "arrived"),
        (["4455-6677"], "pass", "lost, as plain TCP may do; RELP does not"),
        (["0011-2233"], "fail", "arrived"),
    ],
)
def test_of_two_messages_in_an_outage_the_second_must_arrive(arrived, status, fate):
    (record,) = evaluated([SENT, {**SENT, "token": "4455-6677"}], dict.fromkeys(arrived, 1.0), during={})
    assert (record["status"], record["observed"]["sent as the collector went away"]) == (status, fate)


def systemd(states, error=""):
    """What systemctl and journalctl say of units, ``{unit: (file state, activity)}``."""
    show = "\n\n".join(
        f"Id={unit}\nActiveState={active}\nType=simple\nResult=success\nConditionResult=yes" for unit, (unused, active) in states.items()
    )
    return {
        "systemctl list-unit-files --no-legend --no-pager --full": "\n".join(f"{unit} {state}" for unit, (state, unused) in states.items()),
        "systemctl": show,
        "journalctl": error,
    }


@pytest.mark.parametrize(
    "states, error, sentence",
    [
        ({}, "", "no agent that sends messages on is known here"),
        (
            {"rsyslog.service": ("masked", "inactive")},
            "",
            "rsyslog.service is masked and does not run: run systemctl unmask rsyslog.service",
        ),
        ({"rsyslog.service": ("enabled", "failed")}, "", "rsyslog.service does not run: run systemctl enable --now rsyslog.service"),
        ({"vector.service": ("enabled", "active")}, "", "vector.service runs and reported no error: see whether its rules"),
        (
            {"rsyslog.service": ("enabled", "active")},
            "Connection refused [v8.2302.0 try https://x ]\n",
            "Connection refused; start the receiver",
        ),
        ({"rsyslog.service": ("enabled", "active")}, "Certificate 1 info: invalid", "certificates from an authority that the other trusts"),
        (
            {"rsyslog.service": ("enabled", "active")},
            "action 'a' suspended, retry 0. There should be messages before this one giving the reason for suspension.\n"
            "Issuer DN: CN=other, certificate invalid\n",
            "last reported: Issuer DN: CN=other, certificate invalid; give the collector and this host certificates",
        ),
        ({"filebeat.service": ("enabled", "active")}, "disk is odd", "disk is odd; read journalctl --unit filebeat.service"),
    ],
)
def test_the_agents_are_reported_with_their_cure(tree, states, error, sentence):
    assert sentence in senders.state(tree(booted=True, answers=systemd(states, error)))
