# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt, AptError
from ansible_collections.hygeia.golden.plugins.modules import patch_info


def test_it_returns_what_is_pending_and_warns_of_old_lists(run_module, monkeypatch):
    pending = [{"package": "openssl", "from": "1", "to": "2", "source": "security", "security": True, "held": False}]
    monkeypatch.setattr(Apt, "pending", lambda unused_apt: pending)
    monkeypatch.setattr(Apt, "expired", lambda *unused_arguments: ["the lists are old"])
    monkeypatch.setattr(Apt, "origins", lambda *unused_arguments: {("openssl", "2"): ("openssl-src", "2.0")})
    result = run_module(patch_info, {})
    assert result["pending"] == [{**pending[0], "source_package": "openssl-src", "source_version": "2.0"}]
    assert (result["expired"], result["changed"]) == (["the lists are old"], False)


def test_it_says_what_is_installed_and_of_which_system(run_module, monkeypatch):
    monkeypatch.setattr(Apt, "pending", lambda unused_apt: [])
    result = run_module(patch_info, {})
    assert {"package", "version", "architecture", "source", "source_version"} == set(result["installed"][0])
    assert set(result["system"]) == {"id", "version", "codename", "names", "manager", "stage"}
    assert (result["vulnerabilities"], result["feeds"]) == ([], [])


def test_without_lists_it_fails(run_module, monkeypatch):
    def pending(unused_apt):
        raise AptError("nothing is known")

    monkeypatch.setattr(Apt, "pending", pending)
    assert run_module(patch_info, {})["msg"] == "Looking for updates failed: nothing is known."
