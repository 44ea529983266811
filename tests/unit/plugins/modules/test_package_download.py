# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.modules import package_download


def test_it_passes_its_options_on_and_shows_what_came(run_module, monkeypatch):
    seen = []
    came = {"changed": True, "packages": [{"package": "auditd", "from": "", "to": "3", "source": "stable"}], "bytes": 5, "sources": []}
    monkeypatch.setattr(package_download, "download", lambda host, *options: seen.append(options) or came)
    result = run_module(package_download, {"names": ["auditd"], "only": ["openssl"], "sources": "deb x y z"})
    assert seen == [(Request("all", ("openssl",)), ["auditd"], "deb x y z")]
    assert (result["packages"], result["diff"]["after"]) == (came["packages"], "auditd 3\n")


def test_a_failure_is_one_sentence(run_module, monkeypatch):
    def download(*unused_arguments):
        raise PackageError("there is no network")

    monkeypatch.setattr(package_download, "download", download)
    assert run_module(package_download, {})["msg"] == "Downloading packages failed: there is no network."


def test_packages_of_controls_are_those_of_this_system(tree):
    host = tree({"/etc/os-release": "ID=debian\nVERSION_ID=12\n"})
    settings = {"package": {"auditd": "present", "telnet": "absent"}}
    controls = [
        Control("a", settings),
        Control("b", {"package": {"auditd": "present", "aide": "present"}}, variants={"debian-13": {"package": {"aide2": "present"}}}),
        Control("c", {"package": {"libselinux": "present"}}, {"os": "rhel"}),
        Control("d", {"sysctl": {"kernel.kptr_restrict": 2}}),
    ]
    assert package_download.wanted(host, controls) == ["auditd", "aide"]
