# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of the proofs take, refuse and leave undone in check mode."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.modules import (
    alert_rules_info,
    endpoint_info,
    log_canary,
    log_canary_info,
    log_collector_info,
    malware_canary,
)

CANARY = {"path": "logger", "token": "0011-2233", "state": "sent"}


@pytest.mark.parametrize(
    "module, options, sentence",
    [
        (malware_canary, {"product": "other"}, "name the units of systemd"),
        (malware_canary, {"directory": "/nowhere"}, "There is no directory /nowhere"),
        (malware_canary, {"detection_pattern": "("}, "detection_pattern is not a valid regular expression"),
        (log_canary, {"priority": "loud"}, "loud is not a valid priority; write a facility and a level"),
        (log_collector_info, {"canaries": [CANARY]}, "path, url, command"),
        (log_collector_info, {"canaries": [CANARY], "path": "/var/log", "url": "https://logs"}, "mutually exclusive"),
        (endpoint_info, {"url": "gopher://host/"}, "The endpoint cannot be asked"),
        (endpoint_info, {"url": "tcp://10.0.0.1:22", "networks": ["10.0.0.1/24"]}, "has host bits set"),
        (alert_rules_info, {"groups": [], "alerts": [{"alert": "Disk", "threshold": 10}]}, "required together"),
    ],
)
def test_what_cannot_be_done_is_refused(run_module, module, options, sentence):
    said = run_module(module, options)
    assert said["failed"] and sentence in said["msg"]


def test_check_mode_sends_nothing(run_module):
    said = run_module(log_canary, {"paths": ["logger"], "_ansible_check_mode": True})
    assert not said["changed"] and said["canaries"][0]["state"] == "not_tried"


def test_a_message_is_looked_for_and_reported(run_module, tmp_path):
    (tmp_path / "remote.log").write_text("hygeia canary 00112233 by logger\n")
    asked = run_module(log_collector_info, {"canaries": [CANARY], "path": str(tmp_path)})
    (record,) = run_module(log_canary_info, {"canaries": [CANARY], "arrivals": asked["arrivals"], "collector": asked["collector"]})[
        "results"
    ]
    assert (record["control"], record["status"], record["read_from"]) == ("logging-logger-proven", "pass", str(tmp_path))


def test_a_credential_is_never_printed(run_module):
    options = {"canaries": [CANARY], "url": "http://127.0.0.1:9/?q={token}", "headers": {"Authorization": "Bearer sesame"}, "timeout": 0}
    assert "sesame" not in str(run_module(log_collector_info, options))
