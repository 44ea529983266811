# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.modules import package_upgrade

RESULT = {
    "changed": True,
    "changes": [
        {"package": "openssl", "from": "1", "to": "2", "source": "security"},
        {"package": "auditd", "from": "", "to": "3", "source": "stable"},
    ],
    "pending": [],
    "kernels": [],
    "repaired": [],
    "configuration": [],
}


def test_it_passes_its_options_on_and_shows_what_changed(run_module, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        package_upgrade, "upgrade", lambda host, request, **options: seen.update(options, request=request, check=host.check) or RESULT
    )
    result = run_module(package_upgrade, {"updates": "security", "only": ["openssl"], "kernels_keep": 2, "_ansible_check_mode": True})
    assert seen == {
        "request": Request("security", ("openssl",)),
        "autoremove": False,
        "kernels_keep": 2,
        "throwaway": False,
        "sources": "",
        "check": True,
    }
    assert result["changes"] == RESULT["changes"]
    assert (result["diff"]["before"], result["diff"]["after"]) == ("openssl 1\n", "openssl 2\nauditd 3\n")


@pytest.mark.parametrize("problem", [PackageError("there is no space"), RuntimeError("there is no space")])
def test_a_failure_is_one_sentence(run_module, monkeypatch, problem):
    def upgrade(*unused_arguments, **unused_options):
        raise problem

    monkeypatch.setattr(package_upgrade, "upgrade", upgrade)
    result = run_module(package_upgrade, {})
    assert (result["failed"], result["msg"]) == (True, "Installing updates failed: there is no space.")


def test_a_running_system_is_no_throwaway_copy(run_module, monkeypatch):
    monkeypatch.setattr(package_upgrade.Host, "booted", True)
    assert "leave throwaway out" in run_module(package_upgrade, {"throwaway": True})["msg"]
