# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status

MAIN = "/etc/rsyslog.conf"
OURS = "/etc/rsyslog.d/zz-hygeia.conf"
# As Debian 12 and 13 have it, in short.
DEBIAN = """\
module(load="imuxsock") # provides support for local system logging
module(load="imklog")   # provides kernel logging support
$FileOwner root
$FileCreateMode 0640
$Umask 0022
$IncludeConfig /etc/rsyslog.d/*.conf
*.*;auth,authpriv.none		-/var/log/syslog
auth,authpriv.*			/var/log/auth.log
*.emerg				:omusrmsg:*
"""


@pytest.fixture
def system(tree):
    def make(more=None, main=DEBIAN, **kwargs):
        return tree({"/var/lib/dpkg/status": dpkg_status("rsyslog"), MAIN: main, **(more or {})}, **kwargs)

    return make


def mode(value="0640"):
    return Control("mode", {"rsyslog": {"file_mode": value}})


def reception(modules=()):
    return Control("reception", {"rsyslog": {"reception": list(modules)}})


def looked(host, control):
    return audit(host, [control], "offline")[0]


def test_enforcing_writes_once_and_passes_the_audit(system):
    host = system(main=DEBIAN.replace("0640", "0644"))
    assert [change.target for change in enforce(host, [mode(), reception()]).changes] == [OURS]
    assert host.read(OURS).endswith("\n$FileCreateMode 0640\n")
    assert enforce(host, [mode(), reception()]).changes == []
    assert looked(host, mode())["status"] == "pass"
    enforce(host, [])
    assert not host.exists(OURS)


def test_our_word_is_the_last_before_debians_own_rules(system):
    host = system(main=DEBIAN.replace("0640", "0644"))
    assert looked(host, mode())["status"] == "fail"
    enforce(host, [mode()])
    record = looked(host, mode())
    assert (record["status"], record["read_from"]) == ("pass", f"{OURS}:2, at {MAIN}:7")


def test_what_the_main_file_says_already_is_not_said_once_more(system):
    host = system(more={OURS: "$FileCreateMode 0640\n"})
    assert [change.target for change in enforce(host, [mode()]).changes] == [OURS]
    assert not host.exists(OURS) and looked(host, mode())["status"] == "pass"
    assert enforce(host, [mode()]).changes == []


def test_a_stricter_mode_is_welcome(system):
    assert looked(system(main=DEBIAN.replace("0640", "0600")), mode())["status"] == "pass"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("$FileCreateMode 0644\n", f"/etc/rsyslog.d/zzz.conf:1, at {MAIN}:7"),
        (
            '\n:programname, isequal, "pacs" {\n  action(type="omfile" file="/var/log/pacs.log"\n    fileCreateMode="0666")\n}\n',
            "/etc/rsyslog.d/zzz.conf:3",
        ),
        (
            'if $programname == "pacs" then {\n  action(type="omfile" file="/var/log/pacs.log")\n}\n',
            "rsyslogd's own default, at /etc/rsyslog.d/zzz.conf:2",
        ),
        (
            'module(load="builtin:omfile" fileCreateMode="0644")\naction(type="omfile" file="/x")\n',
            "/etc/rsyslog.d/zzz.conf:1, at /etc/rsyslog.d/zzz.conf:2",
        ),
        (
            '$FileCreateMode 0666\n:msg, contains, "dicom" -/var/log/dicom\n$FileCreateMode 0640\n',
            "/etc/rsyslog.d/zzz.conf:1, at /etc/rsyslog.d/zzz.conf:2",
        ),
    ],
)
def test_a_file_that_is_made_with_a_looser_mode_is_found_in_both_languages(system, text, place):
    host = system({"/etc/rsyslog.d/zzz.conf": text})
    enforce(host, [mode()])
    record = looked(host, mode())
    assert (record["status"], record["read_from"]) == ("fail", place)


def test_what_is_a_comment_says_nothing(system):
    host = system({"/etc/rsyslog.d/zzz.conf": '# $FileCreateMode 0666\n/* module(load="imudp")\n*.* /x */\n#*.* @logs\n'})
    assert looked(host, mode())["status"] == "pass"
    assert looked(host, reception())["status"] == "pass"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('module(load="imudp")\ninput(type="imudp" port="514")\n', "imudp"),
        ("$ModLoad imtcp\n$InputTCPServerRun 514\n", "imtcp"),
        ('module(\n  load="imrelp")\n', "imrelp"),
        ("$UDPServerRun 514\n", "$udpserverrun"),
    ],
)
def test_a_way_in_for_other_machines_is_named_and_left_to_the_site(system, text, name):
    host = system({"/etc/rsyslog.d/server.conf": text})
    record = looked(host, reception())
    assert record["status"] == "fail"
    assert name in record["observed"]["rsyslog: reception"]
    outcome = enforce(host, [reception()]).outcomes[0]
    assert outcome["outcome"] == "refused"
    assert f"by {name} of /etc/rsyslog.d/server.conf:1" in outcome["message"]


def test_a_log_server_lists_what_it_takes(system):
    host = system({"/etc/rsyslog.d/server.conf": 'module(load="imtcp")\n'})
    assert looked(host, reception(["imtcp"]))["status"] == "pass"
    assert enforce(host, [reception(["imtcp"])]).outcomes[0]["outcome"] == "unchanged"


def test_an_included_file_is_read_where_it_is_included(system):
    host = system({"/etc/site/logs.conf": 'module(load="imtcp")\n'}, main='include(file="/etc/site/*.conf" mode="optional")\n')
    assert "/etc/site/logs.conf:1" in looked(host, reception())["message"]


@pytest.mark.parametrize(("name", "value"), [("file_mode", 640), ("file_mode", "rw"), ("reception", "none"), ("owner", "root")])
def test_a_bad_setting_is_reported(system, name, value):
    control = Control("bad", {"rsyslog": {name: value}})
    assert looked(system(), control)["status"] == "error"
    assert enforce(system(), [control]).outcomes[0]["outcome"] == "failed"


def test_a_running_rsyslog_reads_it_again(system):
    host = system(main=DEBIAN.replace("0640", "0644"), booted=True, answers={"systemctl": ""})
    enforce(host, [mode()])
    assert ["systemctl", "try-restart", "rsyslog.service"] in host.ran


def test_without_rsyslog_there_is_nothing_to_judge(tree):
    assert looked(tree({"/var/lib/dpkg/status": dpkg_status()}), mode())["message"] == "rsyslog is not installed"
