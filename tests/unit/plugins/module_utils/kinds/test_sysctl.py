# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

CONTROL = Control("forwarding", {"sysctl": {"net.ipv4.ip_forward": 0}})
OURS = "/etc/sysctl.d/zz-hygeia.conf"


def test_enforcing_writes_once_and_passes_the_audit(tree):
    host = tree()
    first = enforce(host, [CONTROL])
    assert [change.target for change in first.changes] == [OURS]
    assert enforce(host, [CONTROL]).changes == []
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"


def test_a_file_that_is_read_later_is_named_as_the_culprit(tree):
    host = tree({"/etc/sysctl.d/zzz-router.conf": "# router\nnet.ipv4.ip_forward=1\n"})
    enforce(host, [CONTROL])
    record = audit(host, [CONTROL], "offline")[0]
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/sysctl.d/zzz-router.conf:2"
    assert "/etc/sysctl.d/zzz-router.conf:2 sets net.ipv4.ip_forward" in record["message"]


def test_check_mode_writes_nothing(tree):
    host = tree(check=True)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert not host.exists(OURS)
