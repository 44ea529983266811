# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import datetime
import os
from types import SimpleNamespace

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages import upgrade
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt, AptError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

STATUS = "/var/lib/dpkg/status"
SECURITY = "Debian-Security:12/oldstable-security"
STABLE = "Debian:12.15/oldstable"


class AptGet:
    """A system with openssl, tzdata and vim, and an archive that has newer ones."""

    def __init__(self, tree, listed=True, **kwargs):
        self.installed = {"openssl": "1", "tzdata": "1", "vim": "1"}
        self.archive = {"openssl": ("2", SECURITY), "tzdata": ("2", STABLE), "auditd": ("3", STABLE)}
        self.held = set()
        self.automatic = {"openssl"}
        self.pinned = {}
        self.done = []
        self.trouble = None
        self.size = "10.0 kB"
        self.host = tree(
            {STATUS: "", "/usr/bin/true": ""},
            answers={"env": self.apt, "dpkg": self.dpkg, "apt-mark": self.mark, "apt-config": ""},
            **kwargs,
        )
        if listed:
            self.fetch()
        self.save()

    def put(self, path, text=""):
        place = os.path.join(self.host.root, path.lstrip("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as stream:
            stream.write(text)

    def fetch(self):
        self.put("/var/lib/apt/lists/mirror_Packages", "x")

    def save(self):
        self.put(
            STATUS,
            "".join(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n" for name, version in self.installed.items()),
        )

    def apt(self, argv, unused_stdin):
        if "apt-cache" in argv:
            return self.policy(argv)
        words = argv[argv.index("apt-get") + 1 :]
        options = [word for word, before in zip(words, ["", *words]) if before == "-o"]
        words = [word for word, before in zip(words, ["", *words]) if "-o" not in (word, before)]
        verb = next(word for word in words if not word.startswith("-"))
        if verb == "indextargets":
            return ""
        if verb == "update":
            self.done.append(words)
            self.fetch()
            return self.trouble or ""
        steps = self.steps(verb, words[words.index(verb) + 1 :], "--ignore-hold" in words)
        if "--ignore-hold" in words and self.held and "--allow-change-held-packages" not in words:
            return CommandResult(100, "", "E: Held packages were changed and -y was used without --allow-change-held-packages.\n")
        if "--print-uris" in words:
            return self.apt_output(steps)
        if "-s" in words:
            kept = "\nThe following packages have been kept back:\n" if self.held else ""
            return kept + "".join(f"Inst {name} {old}({new} {source} [amd64])\n" for name, old, new, source in steps)
        self.done.append([word for word in words if word != "-y"] + [option for option in options if "unsafe" in option])
        if self.trouble:
            return self.trouble
        for name, unused_o, new, unused_s in steps:
            if "--download-only" in words:
                self.put(f"/var/cache/apt/archives/{name}_{new}.deb", "12345")
            else:
                self.installed[name] = new
                self.automatic -= {name} if "install" in words else set()
        self.save()
        return ""

    def apt_output(self, steps):
        lines = {True: "The following NEW packages will be installed:\n", False: "The following packages will be upgraded:\n"}
        for name, old, new, unused_source in steps:
            lines[not old] += f"   {name} ({old.strip('[] ')} => {new})\n" if old else f"   {name} ({new})\n"
        kept = "The following packages have been kept back:\n" + "".join(f"   {name} (1 => 2)\n" for name in self.held) if self.held else ""
        needs = f"Need to get {self.size}/20.0 kB of archives.\nAfter this operation, {self.size} of additional disk space will be used.\n"
        return kept + lines[True] + lines[False] + needs

    def policy(self, argv):
        """Each suite is a file of its own, and holds the packages of which it is the source."""
        suites = {
            source: source.partition(":") for source in {SECURITY, STABLE, *(source for unused_version, source in self.archive.values())}
        }
        if argv[-1] == "policy":
            releases = (f"v={suite.split('/')[0]},a={suite.split('/')[1]},l={label}" for label, unused_colon, suite in suites.values())
            return "".join(f" 500 {source}\n     release {words}\n     origin mirror\n" for source, words in zip(suites, releases))
        named = argv[argv.index("policy") + 1 :]
        return "".join(
            f"{name}:\n  Version table:\n     {self.archive[name][0]} 500\n        500 {self.archive[name][1]}\n" for name in named
        )

    def steps(self, verb, names, ignore_hold):
        for name, (new, source) in self.archive.items():
            old = self.installed.get(name)
            due = old != new and (old if verb == "dist-upgrade" else name in names)
            if due and (ignore_hold or name not in self.held):
                yield name, f"[{old}] " if old else "", new, source

    def mark(self, argv, unused_stdin):
        if argv[1] == "auto":
            self.automatic |= set(argv[2:])
        return "\n".join(self.automatic)

    def dpkg(self, argv, unused_stdin):
        self.done.append(argv)
        self.put(STATUS)
        self.save()
        return ""


def packages(steps):
    return [step["package"] for step in steps]


# -- downloading -------------------------------------------------------------


def test_one_update_of_the_lists_serves_updates_and_named_packages(tree):
    apt = AptGet(tree, listed=False)
    found = upgrade.download(apt.host, Request("all"), ["auditd", "emacs | vim"])
    assert apt.done == [
        ["update"],
        ["--download-only", "dist-upgrade"],
        ["--download-only", "--no-install-recommends", "install", "auditd"],
    ]
    assert packages(found["packages"]) == ["openssl", "tzdata", "auditd"]
    assert (found["changed"], found["bytes"], apt.installed["openssl"]) == (True, 15, "1")


def test_downloading_again_changes_nothing(tree):
    apt = AptGet(tree)
    upgrade.download(apt.host, Request("all"), ["auditd"])
    apt.fetch = lambda: None
    again = upgrade.download(apt.host, Request("all"), ["auditd"])
    assert (again["changed"], again["bytes"]) == (False, 0)


def test_only_security_updates_are_downloaded_when_asked(tree):
    apt = AptGet(tree)
    assert packages(upgrade.download(apt.host, Request("security"), [])["packages"]) == ["openssl"]
    assert apt.done[1] == ["--download-only", "--only-upgrade", "install", "openssl"]


def test_without_updates_only_named_packages_are_downloaded(tree):
    apt = AptGet(tree)
    assert packages(upgrade.download(apt.host, Request("none"), ["auditd"])["packages"]) == ["auditd"]


def test_check_mode_downloads_nothing(tree):
    apt = AptGet(tree, check=True)
    found = upgrade.download(apt.host, Request("all"), [])
    assert (packages(found["packages"]), found["changed"], apt.done) == (["openssl", "tzdata"], True, [])


def test_a_list_that_could_not_be_fetched_is_a_failure_even_when_apt_calls_it_a_warning(tree):
    apt = AptGet(tree)
    apt.trouble = CommandResult(0, "", "W: Failed to fetch http://mirror/InRelease  Temporary failure resolving 'mirror'\n")
    with pytest.raises(AptError, match="mirror cannot be found"):
        upgrade.download(apt.host, Request("all"), [])


# -- installing --------------------------------------------------------------


def test_all_updates_are_installed_without_network_and_reported(tree):
    apt = AptGet(tree)
    found = upgrade.upgrade(apt.host)
    assert apt.done == [["--no-download", "dist-upgrade"]]
    assert found["changes"] == [
        {"package": "openssl", "from": "1", "to": "2", "source": SECURITY},
        {"package": "tzdata", "from": "1", "to": "2", "source": STABLE},
    ]
    assert (found["changed"], found["pending"]) == (True, [])
    assert upgrade.upgrade(apt.host)["changed"] is False


def test_security_updates_leave_the_others_pending(tree):
    apt = AptGet(tree)
    found = upgrade.upgrade(apt.host, Request("security"))
    assert apt.done == [["--no-download", "--only-upgrade", "install", "openssl"]]
    assert packages(found["changes"]) == ["openssl"]
    assert [(entry["package"], entry["security"]) for entry in found["pending"]] == [("tzdata", False)]
    assert upgrade.upgrade(apt.host, Request("security"))["changed"] is False


def test_a_dependency_that_was_updated_still_counts_as_one(tree):
    apt = AptGet(tree)
    upgrade.upgrade(apt.host, Request("security"))
    assert (apt.installed["openssl"], apt.automatic) == ("2", {"openssl"})


def test_a_held_update_is_pending(tree):
    apt = AptGet(tree)
    apt.held = {"openssl"}
    found = upgrade.upgrade(apt.host)
    assert packages(found["changes"]) == ["tzdata"]
    assert [(entry["package"], entry["security"], entry["held"]) for entry in found["pending"]] == [("openssl", True, True)]


def test_check_mode_says_what_it_would_install(tree):
    apt = AptGet(tree, check=True)
    found = upgrade.upgrade(apt.host)
    assert (packages(found["changes"]), packages(found["pending"]), apt.done) == (["openssl", "tzdata"],) * 2 + ([],)


def test_check_mode_after_a_download_that_was_not_made_knows_nothing(tree):
    assert upgrade.upgrade(AptGet(tree, listed=False, check=True).host)["changes"] == []


def test_without_lists_nothing_is_known_to_be_pending(tree):
    with pytest.raises(AptError, match="run hygeia.golden.package_download first"):
        upgrade.upgrade(AptGet(tree, listed=False).host)


def test_an_interrupted_dpkg_is_repaired_first(tree):
    apt = AptGet(tree)
    apt.put(STATUS, "Package: vim\nStatus: install ok half-configured\nVersion: 1\n")
    found = upgrade.upgrade(apt.host)
    assert apt.done[0][-2:] == ["--configure", "-a"]
    assert (found["repaired"], found["changed"]) == (["vim"], True)


def test_only_a_throwaway_copy_skips_the_disk(tree, tmp_path):
    apt = AptGet(tree)
    upgrade.upgrade(apt.host, throwaway=True)
    assert "Dpkg::Options::=--force-unsafe-io" in apt.done[0]
    apt.installed["openssl"] = "1"
    apt.save()
    apt.host.packages.forget()
    upgrade.upgrade(apt.host)
    assert apt.done[1] == ["--no-download", "dist-upgrade"]


def test_an_update_that_does_not_fit_is_not_begun(tree, monkeypatch):
    apt = AptGet(tree)
    apt.size = "1,500 MB"
    monkeypatch.setattr(upgrade.os, "statvfs", lambda unused_p: SimpleNamespace(f_bavail=10**9, f_frsize=1))
    with pytest.raises(PackageError, match="need 1568 MB on the disk of /usr and only 1000 MB are free"):
        upgrade.upgrade(apt.host)
    assert apt.done == []


def test_a_directory_as_a_source_needs_no_network_and_is_read_late(tree):
    apt = AptGet(tree)
    apt.put("/etc/apt/sources.list.d/a.list", "deb file:/srv/mirror stable main\n")
    upgrade.upgrade(apt.host)
    assert apt.done == [["dist-upgrade"]]


def test_the_room_for_downloads_is_looked_at_too(tree, monkeypatch):
    apt = AptGet(tree)
    apt.put("/var/cache/apt/archives/lock")
    apt.size = "500 MB"
    monkeypatch.setattr(upgrade.os, "statvfs", lambda unused_p: SimpleNamespace(f_bavail=10**9, f_frsize=1))
    with pytest.raises(PackageError, match="need 1068 MB"):
        upgrade.download(apt.host, Request("all"), [])
    assert apt.done == [["update"]]


def test_a_failure_is_reported_in_one_sentence(tree):
    apt = AptGet(tree)
    apt.trouble = CommandResult(100, "", "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n")
    with pytest.raises(AptError, match="has not been downloaded: let hygeia.golden.package_download"):
        upgrade.upgrade(apt.host)


def test_lists_past_their_day_are_reported(tree):
    release = "Suite: {}\nDate: Sat, 01 Nov 2025 10:00:00 UTC\n"
    host = tree(
        {
            "/var/lib/apt/lists/a_InRelease": "-----BEGIN PGP SIGNED MESSAGE-----\n" + release.format("stable"),
            "/var/lib/apt/lists/b_InRelease": release.format("stable-security") + "Valid-Until: Sat, 08 Nov 2025 10:00:00 UTC\n",
        }
    )
    day = datetime.datetime(2025, 11, 7, tzinfo=datetime.timezone.utc)
    assert list(Apt(host).expired(day)) == []
    assert list(Apt(host).expired(day + datetime.timedelta(2))) == [
        "the lists of stable-security were valid until 2025-11-08: fetch them anew"
    ]
