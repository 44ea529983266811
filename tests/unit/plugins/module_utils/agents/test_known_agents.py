# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
from datetime import datetime, timezone

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import detect
from ansible_collections.hygeia.golden.plugins.module_utils.agents.evaluate import evaluated
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status

AGENTS = list(Catalogue().agents.values())
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone.utc).timestamp()
UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
TLS = "$DefaultNetstreamDriver gtls\n$ActionSendStreamDriverMode 1\n*.* @@logs.example.org:6514\n"

with open(os.path.join(os.path.dirname(__file__), "cases.yml"), encoding="utf-8") as stream:
    CASES = yaml.safe_load(stream)


def linked(root, path):
    """Systemd's link of an enabled unit."""
    place = root / "etc/systemd/system" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to("/usr/lib/systemd/system/" + os.path.basename(path))


@pytest.fixture
def host(tree, tmp_path):
    def make(packages=(), files=None, enabled=(), **kwargs):
        for path in enabled:
            linked(tmp_path, path)
        made = tree({"/var/lib/dpkg/status": dpkg_status(*packages), **(files or {})}, **kwargs)
        for path in (path for path, text in (files or {}).items() if text.startswith("#!")):
            (tmp_path / path.lstrip("/")).chmod(0o755)
        return made

    return make


def records(host, required, stage="offline"):
    found = evaluated(AGENTS, detect(host, AGENTS), required, stage, NOW)
    return {record["control"]: record for record in found}


# -- every product ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["agent"])
def test_what_a_product_is_configured_to_do_is_read(host, case):
    system = host(
        case.get("packages", ()), case["files"], case.get("enabled", ()), answers=case.get("answers"), booted=case.get("booted", False)
    )
    found = detect(system, AGENTS)
    assert [each.agent["id"] for each in found] == [case["agent"]]
    each = found[0]
    assert each.configuration.problems == case.get("not_understood", [])
    assert {way.destination: way.encrypted for way in each.facts.ways()} == case["destinations"]
    assert sorted(map(str, each.credentials)) == sorted(case.get("credentials", []))
    facts = {"schedule": each.facts.schedule(), "retention": each.facts.retention(), "signatures": each.facts.signatures(NOW)}
    assert {name: fact.value if fact else None for name, fact in facts.items()} == {name: case.get(name) for name in facts}


def test_every_product_has_a_case():
    assert {case["agent"] for case in CASES} == {agent["id"] for agent in AGENTS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["agent"])
def test_no_secret_comes_out(host, case):
    system = host(
        case.get("packages", ()), case["files"], case.get("enabled", ()), answers=case.get("answers"), booted=case.get("booted", False)
    )
    everything = {
        "destination": ["nowhere.example.org"],
        "encrypted": True,
        "recovery_point_hours": 1,
        "retention_days": 9999,
        "signatures_days": 1,
    }
    found = evaluated(AGENTS, detect(system, AGENTS), [{"product": case["agent"], **everything}], "offline", NOW)
    assert found and "hidden" not in str(found)


# -- present ------------------------------------------------------------------------------------


def test_an_agent_that_is_enabled_is_present(host):
    system = host(["rsyslog"], {"/usr/lib/systemd/system/rsyslog.service": UNIT}, ["multi-user.target.wants/rsyslog.service"])
    assert records(system, [{"class": "logging"}])["agents-logging-present"]["status"] == "pass"


def test_an_agent_that_is_masked_fails_with_the_way_back(host, tmp_path):
    system = host(["rsyslog"], {"/usr/lib/systemd/system/rsyslog.service": UNIT})
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/rsyslog.service").symlink_to("/dev/null")
    record = records(system, [{"class": "logging"}])["agents-logging-present"]
    assert record["status"] == "fail"
    assert record["message"] == (
        "rsyslog is installed, but rsyslog.service is masked, so it cannot start: "
        "run systemctl unmask rsyslog.service and systemctl enable --now rsyslog.service"
    )


def test_an_agent_that_is_disabled_fails(host):
    system = host(["rsyslog"], {"/usr/lib/systemd/system/rsyslog.service": UNIT})
    record = records(system, [{"product": "rsyslog"}])["agents-logging-present"]
    assert (record["status"], "disabled, so it does not start by itself" in record["message"]) == ("fail", True)


def test_an_agent_that_does_not_run_fails_on_a_running_host(host):
    answers = {
        "systemctl list-unit-files --no-legend --no-pager --full": "rsyslog.service enabled enabled\n",
        "systemctl": "Id=rsyslog.service\nActiveState=failed\nType=notify\nResult=exit-code\nConditionResult=yes\n",
    }
    system = host(["rsyslog"], booted=True, answers=answers)
    record = records(system, [{"class": "logging"}], "live")["agents-logging-present"]
    assert record["status"] == "fail" and "it is failed: run systemctl status rsyslog.service" in record["message"]


def test_what_is_not_there_fails_with_what_would_do(host):
    record = records(host(), [{"class": "backup"}, {"product": "borg"}])["agents-backup-present"]
    assert record["status"] == "fail"
    assert "no backup agent is installed: install one, such as restic" in record["message"]
    assert "BorgBackup is not installed" in record["message"]


def test_one_agent_of_a_class_is_enough(host):
    files = {"/usr/lib/systemd/system/rsyslog.service": UNIT, "/usr/lib/systemd/system/syslog-ng.service": UNIT}
    system = host(["rsyslog", "syslog-ng-core"], files, ["multi-user.target.wants/syslog-ng.service"])
    assert records(system, [{"class": "logging"}])["agents-logging-present"]["status"] == "pass"


# -- configured ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "need", "status", "said"),
    [
        (TLS, {"destination": ["logs.example.org"], "encrypted": True}, "pass", ""),
        (TLS, {"destination": ["*.example.org"]}, "pass", ""),
        (
            TLS,
            {"destination": ["siem.example.org"]},
            "fail",
            "rsyslog sends to logs.example.org (/etc/rsyslog.conf:3), which is none of siem.example.org",
        ),
        (
            "*.* @logs.example.org\n",
            {"encrypted": True},
            "fail",
            "rsyslog sends to logs.example.org without encryption (/etc/rsyslog.conf:1)",
        ),
        ("*.* /var/log/all\n", {"destination": ["logs.example.org"]}, "fail", "names no other machine to send to"),
    ],
)
def test_logs_go_where_the_site_says(host, text, need, status, said):
    record = records(host(["rsyslog"], {"/etc/rsyslog.conf": text}), [{"class": "logging", **need}])["agents-logging-configured"]
    assert record["status"] == status and said in record["message"]


def backup(when="daily", keep="--keep-daily 30"):
    return {
        "/etc/systemd/system/restic.service": f"[Service]\nExecStart=/usr/bin/restic -r /mnt/nas backup /srv\nExecStartPost=/usr/bin/restic forget {keep}\n",
        "/etc/systemd/system/restic.timer": f"[Timer]\nOnCalendar={when}\n[Install]\nWantedBy=timers.target\n",
    }


NEED = {"product": "restic", "destination": ["/mnt/nas"], "recovery_point_hours": 24, "retention_days": 30, "encrypted": True}


@pytest.mark.parametrize(
    ("files", "enabled", "status", "said"),
    [
        (backup(), True, "pass", ""),
        (backup(), False, "fail", "nothing starts it by itself"),
        (backup("weekly"), True, "fail", "restic may run only every 168 hours"),
        (backup(keep="--keep-daily 3"), True, "fail", "restic keeps copies for 3 days"),
    ],
)
def test_a_backup_runs_and_is_kept_as_the_site_says(host, files, enabled, status, said):
    system = host(["restic"], files, ["timers.target.wants/restic.timer"] if enabled else ())
    record = records(system, [NEED])["agents-backup-configured"]
    assert record["status"] == status and said in record["message"]


def test_a_backup_that_has_not_succeeded_for_long_fails_on_a_running_host(host):
    def systemctl(argv, unused_stdin):
        if "--timestamp=unix" in argv:
            return f"Result=success\nExecMainExitTimestamp=@{int(NOW) - 72 * 3600}\n"
        return "restic.timer enabled enabled\nrestic.service static -\n" if "list-unit-files" in argv else ""

    system = host(["restic"], backup(), booted=True, answers={"systemctl": systemctl})
    record = records(system, [NEED], "live")["agents-backup-configured"]
    assert record["status"] == "fail" and "last succeeded 72 hours ago (restic.service)" in record["message"]


def test_what_a_product_does_not_tell_is_not_checked(host):
    need = {"class": "backup", "destination": ["nas"], "encrypted": True, "recovery_point_hours": 24}
    record = records(host(["veeam"]), [need])["agents-backup-configured"]
    assert record["status"] == "not_checked" and "run veeamconfig" in record["message"]


def test_a_line_that_is_not_understood_is_named_and_never_passes(host):
    files = {"/etc/zabbix/zabbix_agent2.conf": "ServerActive=zabbix.example.org\nhidden secret line\n"}
    found = records(host(["zabbix-agent2"], files), [{"class": "monitoring", "destination": ["zabbix.example.org"]}])
    assert [found[f"agents-monitoring-{level}"]["status"] for level in ("configured", "credentials")] == ["not_checked", "not_checked"]
    assert "/etc/zabbix/zabbix_agent2.conf:2 is not understood" in found["agents-monitoring-configured"]["message"]


@pytest.mark.parametrize(("stage", "day", "status"), [("live", "21", "pass"), ("live", "10", "fail"), ("offline", "10", "not_checked")])
def test_signatures_are_as_young_as_the_site_says(host, stage, day, status):
    files = {"/var/lib/clamav/daily.cvd": f"ClamAV-VDB:{day} Nov 2026 09-00 +0000:1:1:1:x"}
    record = records(host(["clamav-daemon"], files), [{"class": "endpoint_protection", "signatures_days": 3}], stage)
    assert record["agents-endpoint-protection-configured"]["status"] == status


def test_a_class_of_which_nothing_is_asked_has_no_record_of_its_configuration(host):
    assert list(records(host(["rsyslog"]), [{"class": "logging"}])) == ["agents-logging-present", "agents-logging-credentials"]


# -- credentials --------------------------------------------------------------------------------


def test_a_running_host_keeps_its_credentials_to_itself(host, tmp_path):
    system = host(["datadog-agent"], {"/etc/datadog-agent/datadog.yaml": "api_key: hidden\n"})
    path = tmp_path / "etc/datadog-agent/datadog.yaml"
    path.chmod(0o644)
    record = records(system, [{"class": "monitoring"}], "live")["agents-monitoring-credentials"]
    assert record["status"] == "fail" and "chmod o-r" in record["message"] and "hidden" not in str(record)
    path.chmod(0o640)
    assert records(system, [{"class": "monitoring"}], "live")["agents-monitoring-credentials"]["status"] == "pass"
    record = records(system, [{"class": "monitoring"}])["agents-monitoring-credentials"]
    assert record["status"] == "fail" and "api_key in /etc/datadog-agent/datadog.yaml:1" in record["message"]
