# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

FILES = {"/etc/os-release": "ID=rhel\nVERSION_ID=9.4\n", "/var/lib/rpm/rpmdb.sqlite": "", "/etc/dnf/protected.d/sudo.conf": "sudo\n"}


class Dnf:
    """Answers as rpm and dnf do for a few packages."""

    def __init__(self, tree, installed, available=(), needs=None, **kwargs):
        self.installed, self.available, self.needs = list(installed), available, needs or {}
        self.done = []
        self.host = tree(FILES, answers={"rpm": self.rpm, "dnf": self.dnf}, **kwargs)

    def rpm(self, argv, unused_stdin):
        if argv[1] == "-qa":
            return "".join(f"{name} 1.0-1.el9\n" for name in self.installed)
        names = argv[3:]
        broken = [
            f"\t{name} is needed by (installed) {other}-1.0-1.el9.x86_64\n"
            for name in names
            for other in self.needs.get(name, ())
            if other not in names
        ]
        return CommandResult(1, "", "error: Failed dependencies:\n" + "".join(broken)) if broken else ""

    def dnf(self, argv, unused_stdin):
        words = [word for word in argv[1:] if not word.startswith("-")]
        if words[0] == "repoquery":
            return "".join(f"{name} 2.0-1.el9\n" for name in words[2:] if name in self.available)
        self.done.append([word for word in argv[1:] if not word.startswith("--setopt")])
        if words[0] == "remove":
            self.installed = [name for name in self.installed if name not in words]
        else:
            self.installed += [name for name in words[1:] if name != "broken"]
        return ""


def control(identifier="c", **packages):
    return Control(identifier, {"package": packages})


def outcomes(host, *controls):
    return {outcome["control"]: (outcome["outcome"], outcome["message"]) for outcome in enforce(host, controls).outcomes}


def test_one_call_removes_and_one_installs(tree):
    dnf = Dnf(tree, ["telnet", "talk"], ["audit", "aide"])
    wanted = control(telnet="absent", talk="absent", audit="present", aide="present")
    assert outcomes(dnf.host, wanted)["c"] == ("changed", "")
    assert [words[2:4] for words in dnf.done] == [["--cacheonly", "remove"], ["--cacheonly", "install"]]
    assert enforce(dnf.host, [wanted]).changes == []
    record = audit(dnf.host, [wanted], "offline")[0]
    assert (record["status"], record["read_from"]) == ("pass", "rpm -qa")


def test_a_removal_that_takes_others_away_is_refused_and_the_rest_is_done(tree):
    dnf = Dnf(tree, ["xorg-x11-server-common", "gdm", "telnet"], needs={"xorg-x11-server-common": ["gdm"]})
    found = outcomes(dnf.host, Control("x", {"package": {"xorg-x11-server-common": "absent"}}), control("t", telnet="absent"))
    assert found["x"][0] == "refused" and "would also remove gdm" in found["x"][1]
    assert found["t"] == ("changed", "")
    assert "gdm" in dnf.installed and "telnet" not in dnf.installed


def test_what_is_listed_may_go_together(tree):
    dnf = Dnf(tree, ["xserver", "gdm"], needs={"xserver": ["gdm"]})
    assert outcomes(dnf.host, control(xserver="absent", gdm="absent"))["c"] == ("changed", "")


def test_the_system_keeps_what_it_needs(tree):
    dnf = Dnf(tree, ["sudo", "kernel-core", "dnf"])
    found = outcomes(dnf.host, *(Control(name, {"package": {name: "absent"}}) for name in dnf.installed))
    assert {name: outcome for name, (outcome, unused_message) in found.items()} == dict.fromkeys(dnf.installed, "refused")
    assert dnf.done == []


def test_a_package_that_no_repository_has_fails_alone(tree):
    dnf = Dnf(tree, [], ["audit"])
    found = outcomes(dnf.host, control("a", audit="present"), control("b", nosuch="present"))
    assert found == {"a": ("changed", ""), "b": ("failed", "no repository of dnf has a package nosuch")}


def test_a_package_that_dnf_left_out_has_not_been_installed(tree):
    dnf = Dnf(tree, [], ["broken", "audit"])
    found = outcomes(dnf.host, control("a", audit="present"), control("b", broken="present"))
    assert found["a"] == ("changed", "")
    assert found["b"] == ("failed", "package broken: broken cannot be had")


def test_check_mode_without_metadata_says_what_it_would_install(tree):
    dnf = Dnf(tree, [], check=True)
    later = Control("later", {"sysctl": {"kernel.kptr_restrict": 2}}, {"package": "audit"})
    assert [outcome["outcome"] for outcome in enforce(dnf.host, [control(audit="present"), later]).outcomes] == ["changed", "changed"]
    assert dnf.done == []


def test_a_running_host_may_download(tree):
    dnf = Dnf(tree, [], ["audit"], booted=True)
    outcomes(dnf.host, control(audit="present"))
    assert dnf.done == [["-y", "-q", "install", "audit"]]


def test_names_of_debian_are_understood(tree):
    dnf = Dnf(tree, ["telnet-server", "ypbind", "telnet"], ["audit"])
    wanted = control(
        telnetd="absent", auditd="present", **{"ypbind-mt": "absent", "nis": "absent", "inetutils-telnet": "absent", "telnet": "absent"}
    )
    assert outcomes(dnf.host, wanted)["c"] == ("changed", "")
    assert sorted(dnf.installed) == ["audit"]
    assert audit(dnf.host, [wanted], "offline")[0]["status"] == "pass"
    assert Control("c", {"file": {}}, {"package": "auditd"}).irrelevant(dnf.host) == ""
