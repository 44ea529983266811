# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patching with dnf: what is planned, what is fetched and installed, what is held, and what is recorded."""

from __future__ import annotations

import os
import re
import time

import lab as laboratory
import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import download, upgrade
from ansible_collections.hygeia.golden.tests.templates import chrooted

SECURITY = Request("security")


def pending(manager):
    return {update["package"]: update for update in manager.pending()}


def changes(result):
    return {change["package"]: (change["from"], change["to"]) for change in result["changes"]}


# -- the plan -----------------------------------------------------------------


def test_every_update_is_reported_with_its_repository_advisories_and_vulnerabilities(lab, manager):
    found = pending(manager)
    assert sorted(found) == ["app", "applib", "conf", "excluded", "held", "kernel-core", "newname"]
    assert found["app"] == {
        "package": "app",
        "from": "1.0-1.el9",
        "to": "1.2-1.el9",
        "source": "updates",
        "security": True,
        "held": False,
        "pinned": False,
        "advisories": ["TEBA-2026:0002", "TESA-2026:0001"],
        "closes": ["CVE-2026-10001", "CVE-2026-10002"],
    }
    assert {name for name, update in found.items() if update["security"]} == {"app", "excluded", "held", "kernel-core"}
    assert (found["newname"]["from"], found["applib"]["advisories"]) == ("", [])
    assert manager.origins(list(found.values()))[("app", "1.2-1.el9")] == ("app", "1.2-1.el9")
    # dnf itself lists the same; it names the package of the advisory, the plan the newest one that has it too.
    listed = lab.run("dnf", "-q", "--cacheonly", "updateinfo", "list", "--updates", "--with-cve").stdout
    said = {tuple(line.split()[::2]) for line in listed.splitlines()}
    ours = {(cve, name) for name, update in found.items() for cve in update["closes"]}
    assert {(cve, package.rsplit("-", 2)[0]) for cve, package in said} == ours


def test_the_sources_are_reported_with_the_digest_of_their_index(lab, manager):
    found = {source["suite"]: source for source in manager.sources()}
    assert sorted(found) == ["base", "updates"]
    assert found["updates"]["address"] == f"{lab.server.address}/updates"
    digest = lab.run("sha256sum", f"{laboratory.SRV}/updates/repodata/repomd.xml").stdout.split()[0]
    assert found["updates"]["sha256"] == digest


# -- download and installation -------------------------------------------------


def test_security_updates_come_with_what_they_need_and_with_nothing_else(lab, host):
    digest = lab.digest()
    checked = upgrade(chrooted.host(lab.root, check=True), SECURITY)
    assert lab.digest() == digest
    fetched = download(host, SECURITY)
    assert {entry["package"] for entry in fetched["packages"]} == {"app", "applib", "excluded", "held", "kernel-core"}
    assert fetched["bytes"] > 0 and lab.installed("app") == ["1.0-1.el9"]
    result = upgrade(host, SECURITY)
    assert changes(result) == changes(checked)
    assert changes(result)["app"] == ("1.0-1.el9", "1.2-1.el9")
    assert lab.installed("conf") == ["1.0-1.el9"] and lab.installed("oldname") == lab.installed("leaf") == ["1.0-1.el9"]
    assert [(update["package"], update["security"]) for update in result["pending"]] == [("conf", False), ("newname", False)]


def test_what_was_downloaded_is_installed_without_network(lab, host):
    download(host, Request(), ["extra"])
    asked = list(lab.server.asked)
    result = upgrade(host)
    # Hardening installs afterwards what was downloaded for it.
    done = enforce(host, [Control("c", {"package": {"extra": "present"}})])
    assert [(outcome["outcome"], outcome["message"]) for outcome in done.outcomes] == [("changed", "")]
    assert lab.installed("extra") == lab.installed("extralib") == ["1.0-1.el9"]
    assert lab.server.asked == asked
    assert changes(result)["oldname"] == ("1.0-1.el9", "") and changes(result)["newname"] == ("", "2.0-1.el9")
    assert (result["pending"], lab.installed("app")) == ([], ["1.2-1.el9"])
    again = download(host, Request()), upgrade(host)
    assert [result["changed"] for result in again] == [False, False]


def test_what_was_not_downloaded_is_not_installed(lab, host):
    with pytest.raises(PackageError, match="has not been downloaded: let hygeia.golden.package_download fetch it"):
        upgrade(host)
    assert lab.installed("app") == ["1.0-1.el9"]


def test_a_configuration_file_that_the_site_changed_is_kept_and_reported(lab, host):
    lab.write("/etc/lab.conf", "value = of the site\n")
    download(host, Request("all", ("conf",)))
    result = upgrade(host, Request("all", ("conf",)))
    assert lab.place("/etc/lab.conf").read_text() == "value = of the site\n"
    assert result["configuration"] == [{"path": "/etc/lab.conf", "kept": "old", "beside": "/etc/lab.conf.rpmnew"}]
    assert set(changes(result)) == {"conf"}


def test_an_update_can_be_named_by_package_advisory_or_vulnerability(manager):
    for name in ("app", "TESA-2026:0001", "CVE-2026-10002"):
        plan = manager.choose(Request("all", (name,)))
        assert {step.package for step in plan.simulation.steps} == {"app", "applib"}
    assert manager.choose(Request("all", ("leaf", "CVE-2026-10002"))).arguments == ("upgrade", "app-1.2-1.el9.noarch")
    assert manager.choose(Request("security", ("conf",))) is None


def test_what_nothing_needs_any_more_goes_when_it_is_asked_for(lab, host):
    download(host, SECURITY)
    assert changes(upgrade(host, SECURITY, autoremove=True))["leaf"] == ("1.0-1.el9", "")
    assert not lab.installed("leaf")


# -- kernels ------------------------------------------------------------------


def test_kernels_are_kept_as_dnf_is_configured(lab, host):
    lab.repositories("base", "updates", "kernels")
    for number in (2, 3):
        lab.run(
            "rpm",
            "-i",
            *(str(path).removeprefix(str(lab.root)) for path in lab.root.glob(f"srv/repositories/*/kernel-core-5.14.0-{number}.*")),
        )
    download(host, Request("all", ("kernel-core",)))
    result = upgrade(host, Request("all", ("kernel-core",)))
    assert lab.installed("kernel-core") == ["5.14.0-2.el9", "5.14.0-3.el9", "5.14.0-4.el9"]
    assert [kernel["initramfs"] for kernel in result["kernels"]] == ["ok"] * 3
    assert host.packages.versions["kernel-core"] == "5.14.0-4.el9"


def test_old_kernels_go_by_policy(lab, host):
    download(host, Request("all", ("kernel-core",)))
    result = upgrade(host, Request("all", ("kernel-core",)), kernels_keep=1)
    assert lab.installed("kernel-core") == ["5.14.0-2.el9"]
    assert [kernel["version"] for kernel in result["kernels"]] == ["5.14.0-2.el9.noarch"]


# -- holds --------------------------------------------------------------------


def test_locks_and_excludes_are_honoured_and_reported(lab, host):
    lab.hold()
    download(host, Request())
    result = upgrade(host)
    found = {update["package"]: (update["held"], update["pinned"], update["closes"]) for update in result["pending"]}
    assert found == {"held": (True, False, ["CVE-2026-10004"]), "excluded": (True, True, ["CVE-2026-10005"])}
    assert (lab.installed("held"), lab.installed("excluded")) == (["1.0-1.el9"], ["1.0-1.el9"])
    assert Dnf(host).holds() == ["held"]


def test_a_held_package_that_is_named_is_refused(lab, manager):
    lab.hold()
    with pytest.raises(PackageError, match="^held is held at its version: release it with dnf versionlock delete held"):
        manager.choose(Request("all", ("CVE-2026-10004",)))
    with pytest.raises(PackageError, match=r"^excluded is excluded \(excludepkgs"):
        manager.choose(Request("all", ("excluded",)))


def test_an_update_that_conflicts_is_reported_as_kept_out_and_stops_an_upgrade_of_all(lab, host):
    lab.repositories("base", "updates", "clashing")
    with pytest.raises(PackageError, match="package clash-1.1-1.el9.noarch conflicts with app .*: hold that package"):
        download(host, Request())
    assert pending(Dnf(host))["clash"]["held"] and not pending(Dnf(host))["app"]["held"]
    with pytest.raises(PackageError, match="clash-1.1-1.el9.noarch conflicts with app"):
        Dnf(host).choose(Request("all", ("clash",)))
    plan = Dnf(host).choose(SECURITY)
    assert "app" in {step.package for step in plan.simulation.installs}


# -- what is out of date --------------------------------------------------------


def test_metadata_that_is_too_old_is_reported(lab, manager):
    assert not list(Dnf(manager.host).expired(None))
    old = time.time() - 5 * 86400
    for path in lab.place("/var/cache/dnf").rglob("*"):
        os.utime(path, (old, old))
    assert [re.sub(r"\d days", "N days", problem) for problem in manager.expired(None)] == [
        f"the metadata of the repository {name} expired N days ago: download it again" for name in ("base", "updates")
    ]


def test_without_any_updateinfo_nobody_knows_what_is_for_security(lab, host):
    lab.repositories("base", "silent")
    with pytest.raises(PackageError, match="no repository of dnf has an updateinfo, so it is not known which"):
        download(host, SECURITY)
    assert [update["package"] for update in Dnf(host).pending()] == ["conf"]
    assert ["no repository of dnf has an updateinfo" in problem for problem in Dnf(host).expired(None)] == [True]


# -- repositories of one run ----------------------------------------------------


def test_a_run_takes_packages_from_its_own_repositories_alone(lab, host):
    text = laboratory.REPOSITORY.format(name="silent", address=lab.server.address, key=laboratory.KEY)
    fetched = download(host, Request(), sources=text)
    assert [(entry["package"], entry["to"]) for entry in fetched["packages"]] == [("conf", "1.5-1.el9")]
    assert [source["suite"] for source in fetched["sources"]] == ["silent"]
    assert changes(upgrade(host, sources=text)) == {"conf": ("1.0-1.el9", "1.5-1.el9")}
    assert len(download(host, Request())["packages"]) == 6 and not host.exists("/run/hygeia-dnf")


@pytest.mark.parametrize(
    "change, sentence",
    [
        (("gpgcheck=1\nrepo", "gpgcheck=0\nrepo"), "would be believed without a good signature"),
        ((f"gpgkey=file://{laboratory.KEY}\n", ""), "does not say which key signs its packages"),
        (("RPM-GPG-KEY-hygeia", "RPM-GPG-KEY-gone"), "names the key file:///etc/pki/rpm-gpg/RPM-GPG-KEY-gone, which is not there"),
    ],
)
def test_repositories_of_a_run_are_believed_by_a_key_alone(lab, host, change, sentence):
    text = laboratory.REPOSITORY.format(name="silent", address=lab.server.address, key=laboratory.KEY).replace(*change)
    with pytest.raises(PackageError, match=sentence):
        download(host, Request(), sources=text)
    assert not host.exists("/run/hygeia-dnf")
