# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status

UNIT = "/usr/lib/systemd/system/systemd-journal-upload.service"
WANTS = "/etc/systemd/system/multi-user.target.wants/systemd-journal-upload.service"
UPLOAD = {UNIT: "[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n", WANTS: ""}


def looked(host, **wanted):
    return audit(host, [Control("c", {"log_forwarding": wanted})], "offline")[0]


@pytest.fixture
def rsyslog(tree):
    return lambda text: tree({"/var/lib/dpkg/status": dpkg_status("rsyslog"), "/etc/rsyslog.conf": text})


@pytest.mark.parametrize(
    ("text", "machine", "encrypted"),
    [
        ("*.* @logs.example.org\n", "logs.example.org", False),
        ("*.*;mail.none @@logs.example.org:6514\n", "logs.example.org", False),
        ("*.* @@(o)[2001:db8::7]:6514;RSYSLOG_SyslogProtocol23Format\n", "2001:db8::7", False),
        ("$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n*.* @@logs.example.org\n", "logs.example.org", True),
        ("$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n*.* @logs.example.org\n", "logs.example.org", False),
        ('action(type="omfwd" target="logs.example.org" port="514" protocol="udp")\n', "logs.example.org", False),
        (
            'action(type="omfwd"\n  target="logs.example.org" protocol="tcp" StreamDriver="ossl"\n  StreamDriverMode="1")\n',
            "logs.example.org",
            True,
        ),
        ('global(DefaultNetstreamDriver="gtls")\naction(type="omfwd" target="logs" protocol="tcp" streamDriverMode="1")\n', "logs", True),
        ('action(type="omrelp" target="logs" port="2514" tls="on")\n', "logs", True),
        ('action(type="omrelp" target="logs" port="2514")\n', "logs", False),
    ],
)
def test_where_rsyslog_sends_records_and_whether_anybody_can_read_them(rsyslog, text, machine, encrypted):
    host = rsyslog(text)
    assert looked(host, collector="configured")["status"] == "pass"
    assert looked(host, collector=[machine])["status"] == "pass"
    assert looked(host, collector=["another"])["observed"] == {"log_forwarding: collector": [machine]}
    assert looked(host, encryption="tls")["status"] == ("pass" if encrypted else "fail")


@pytest.mark.parametrize(
    ("units", "status"), [((), "pass"), (("rsyslog",), "pass"), (("rsyslog", "syslog-ng"), "fail"), (("metalog", "sysklogd"), "fail")]
)
def test_one_program_beside_the_journal_keeps_records(tree, units, status):
    files = {f"/usr/lib/systemd/system/{unit}.service": "[Install]\nWantedBy=multi-user.target\n" for unit in ("rsyslog", *units)}
    wants = {f"/etc/systemd/system/multi-user.target.wants/{unit}.service": "" for unit in units}
    record = looked(tree({**files, **wants}), loggers="one")
    assert record["status"] == status
    assert status == "pass" or all(f"{unit}.service" in record["message"] for unit in units)


@pytest.mark.parametrize(
    "text", ["", "*.* /var/log/syslog\n", "# *.* @logs\n", "*.emerg :omusrmsg:*\n", 'action(type="omfile" file="/x")\n']
)
def test_records_that_stay_here_are_reported(rsyslog, text):
    record = looked(rsyslog(text), collector="configured")
    assert record["status"] == "fail"
    assert record["message"].startswith("records stay on this machine")
    assert looked(rsyslog(text), encryption="tls")["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("url", "status"), [("https://logs.example.org:19532", "pass"), ("http://logs.example.org", "fail"), ("logs.example.org", "pass")]
)
def test_the_journals_own_uploader_counts_when_it_is_enabled(tree, url, status):
    files = {"/var/lib/dpkg/status": dpkg_status(), "/etc/systemd/journal-upload.conf": f"[Upload]\nURL={url}\n"}
    assert looked(tree(files), collector="configured")["status"] == "fail"
    host = tree({**files, **UPLOAD})
    assert looked(host, collector=["logs.example.org"])["status"] == "pass"
    assert looked(host, encryption="tls")["status"] == status


def test_one_open_way_is_enough_to_fail(rsyslog):
    text = 'action(type="omrelp" target="one" tls="on")\naction(type="omrelp" target="two")\n'
    assert looked(rsyslog(text), encryption="tls")["message"] == "/etc/rsyslog.conf:2 sends to two without TLS"
    assert looked(rsyslog(text), collector=["one"])["status"] == "fail"


@pytest.mark.parametrize("wanted", [{"collector": "somewhere"}, {"encryption": "some"}, {"speed": "high"}])
def test_a_bad_setting_is_reported(rsyslog, wanted):
    assert looked(rsyslog(""), **wanted)["status"] == "error"


def test_nothing_is_ever_written(rsyslog):
    assert enforce(rsyslog(""), [Control("c", {"log_forwarding": {"collector": "configured"}})]).changes == []
