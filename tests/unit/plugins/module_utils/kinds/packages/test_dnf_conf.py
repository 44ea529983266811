# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.dnf_conf import PATH, DnfConf
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

TEXT = "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n"
REPOSITORY = "[baseos]\nname=BaseOS\nbaseurl=https://example.org/baseos\nenabled={enabled}\ngpgcheck={gpgcheck}\n"
GPG = Control("gpg", {"dnf_conf": {"gpgcheck": True}})
LOCAL = Control("local", {"dnf_conf": {"localpkg_gpgcheck": True}})


def record(host, control):
    return audit(host, [control], "offline")[0]


def outcome(host, control):
    return enforce(host, [control]).outcomes[0]


def test_the_main_section_gets_what_it_lacks(tree):
    host = tree({PATH: TEXT})
    assert record(host, GPG)["status"] == "pass"
    assert record(host, LOCAL)["message"].startswith(f"{PATH} does not set localpkg_gpgcheck, so dnf's own default 0 holds")
    assert outcome(host, LOCAL)["changed"] == [PATH]
    assert host.read(PATH) == TEXT.replace("[main]\n", "[main]\nlocalpkg_gpgcheck=1\n")
    assert record(host, LOCAL)["read_from"] == f"{PATH}:2"
    assert outcome(host, LOCAL)["outcome"] == "unchanged"


@pytest.mark.parametrize("text", ["", "[main]\ngpgcheck = no\n", "[main]\ngpgcheck=1\ngpgcheck=0\n", "[extra]\ngpgcheck=1\n"])
def test_the_last_word_of_the_main_section_is_put_right(tree, text):
    host = tree({PATH: text})
    assert record(host, GPG)["status"] == "fail"
    outcome(host, GPG)
    assert record(host, GPG)["status"] == "pass"
    assert enforce(host, [GPG]).changes == []


def test_what_a_repository_of_the_site_says_is_named_and_left(tree):
    path = "/etc/yum.repos.d/site.repo"
    host = tree({PATH: TEXT, path: REPOSITORY.format(enabled=1, gpgcheck="False")})
    found = record(host, GPG)
    assert (found["status"], found["read_from"], found["message"]) == ("fail", f"{path}:5", "the repository baseos sets gpgcheck=False")
    assert outcome(host, GPG)["outcome"] == "refused"
    assert f"baseos ({path}:5) sets gpgcheck otherwise" in outcome(host, GPG)["message"]
    assert "gpgcheck=False" in host.read(path)


def test_a_repository_that_is_not_used_does_not_count(tree):
    host = tree({PATH: TEXT, "/etc/yum.repos.d/debug.repo": REPOSITORY.format(enabled=0, gpgcheck=0)})
    assert record(host, GPG)["status"] == "pass"


def test_repositories_may_lie_elsewhere(tree):
    files = {PATH: TEXT + "reposdir=/etc/site.repos\n", "/etc/site.repos/a.repo": REPOSITORY.format(enabled=1, gpgcheck=0)}
    assert record(tree(files), GPG)["status"] == "fail"


def test_defaults_that_are_right_are_not_written(tree):
    host = tree({PATH: "[main]\n"})
    assert outcome(host, Control("c", {"dnf_conf": {"sslverify": True}}))["outcome"] == "unchanged"


def test_what_cannot_be_said_and_where_it_means_nothing(tree):
    assert outcome(tree({PATH: TEXT}), Control("c", {"dnf_conf": {"Gpg check": 1}}))["outcome"] == "failed"


def test_systems_without_dnf_are_not_meant(tree):
    assert record(tree(), GPG)["status"] == "not_applicable"


@pytest.mark.parametrize("line", ["gpgcheck=1\n gpgcheck=0\n", "GPGCHECK=1\n"])
def test_what_dnf_does_not_take_for_the_option_is_none(tree, line):
    host = tree({"/etc/dnf/dnf.conf": f"[main]\n{line}best=1\n"})
    kind = DnfConf(host)
    assert kind.observe({"gpgcheck": True})["gpgcheck"].value == "0"
    for change in kind.plan({"gpgcheck": True}).changes:
        change.apply()
    assert kind.observe({"gpgcheck": True})["gpgcheck"].value == "1"
    assert " gpgcheck=0" not in host.read("/etc/dnf/dnf.conf") and "best=1\n" in host.read("/etc/dnf/dnf.conf")
