# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.procfs import process

STATUS = "/var/lib/dpkg/status"
LISTS = {"/var/lib/apt/lists/deb_Packages": ""}


class AptGet:
    """Answers as apt-get does for a few packages, and writes dpkg's status as it would."""

    def __init__(self, tree, installed, available=(), needs=None):
        self.states = dict.fromkeys(installed, "installed") if not isinstance(installed, dict) else installed
        self.available = available
        self.needs = needs or {}
        self.done = []
        self.host = tree({**LISTS, STATUS: ""}, answers={"env": self.apt, "dpkg": self.dpkg})
        self.save()

    def save(self):
        self.host.write(
            STATUS,
            "".join(
                f"Package: {name}\n{'Essential: yes' if name == 'bash' else 'Priority: optional'}\n"
                f"Status: install ok {state}\nVersion: 1.0\n\n"
                for name, state in self.states.items()
            ),
        )

    def apt(self, argv, unused_stdin):
        words = argv[argv.index("apt-get") + 1 :]
        words = [word for word, before in zip(words, [""] + words) if word != "-o" and before != "-o"]
        verb = next(word for word in words if not word.startswith("-"))
        names = words[words.index(verb) + 1 :]
        if "-s" not in words:
            self.done.append([word for word in words if word != "-y"])
        unknown = [name for name in names if verb == "install" and name not in self.available]
        if unknown:
            return CommandResult(100, "", f"E: Unable to locate package {unknown[0]}\n")
        closure = sorted({*names, *(other for name in names for other in self.needs.get(name, ()))})
        if "-s" in words:
            return "".join(
                f"Inst {name} (2.0 Debian:12/stable [amd64])\n" if verb == "install" else f"Remv {name} [1.0]\n" for name in closure
            )
        for name in closure:
            self.states[name] = "installed" if verb == "install" else "config-files"
        self.save()
        return ""

    def dpkg(self, argv, unused_stdin):
        self.done.append(argv)
        self.states = dict.fromkeys(self.states, "installed")
        self.save()
        return ""


def control(identifier="c", **packages):
    return Control(identifier, {"package": {name.replace("_", "-"): state for name, state in packages.items()}})


def status(host, wanted):
    host.packages.forget()
    return audit(host, [wanted], "offline")[0]["status"]


def test_one_call_removes_and_one_installs(tree):
    apt = AptGet(tree, ["telnet", "talk", "libc6"], ["auditd", "apparmor"], {"auditd": ["libauparse0"]})
    wanted = control(telnet="absent", talk="absent", auditd="present", apparmor="present")
    assert status(apt.host, wanted) == "fail"
    targets = [change.target for change in enforce(apt.host, [wanted]).changes]
    assert targets == [f"package {name}" for name in ("talk", "telnet", "apparmor", "auditd", "libauparse0")]
    assert [(words[0], sorted(words[1:])) for words in (apt.done[0][1:], apt.done[1][2:])] == [
        ("remove", ["talk", "telnet"]),
        ("install", ["apparmor", "auditd"]),
    ]
    assert all("--no-download" in words for words in apt.done)
    assert enforce(apt.host, [wanted]).changes == []
    assert status(apt.host, wanted) == "pass"


def test_a_package_whose_configuration_is_left_is_absent(tree):
    apt = AptGet(tree, {"telnet": "config-files"})
    assert status(apt.host, control(telnet="absent")) == "pass"
    assert enforce(apt.host, [control(telnet="absent")]).changes == []


def test_a_package_that_is_only_unpacked_is_neither_absent_nor_present_and_is_repaired(tree):
    apt = AptGet(tree, {"auditd": "unpacked"}, ["auditd"])
    assert status(apt.host, control(auditd="absent")) == "fail"
    assert status(apt.host, control(auditd="present")) == "fail"
    enforce(apt.host, [control(auditd="present")])
    assert apt.done[0][-2:] == ["--configure", "-a"]
    assert status(apt.host, control(auditd="present")) == "pass"


def test_a_removal_that_takes_others_away_is_refused_and_the_rest_is_done(tree):
    apt = AptGet(tree, ["xserver", "gdm", "telnet"], needs={"xserver": ["gdm"]})
    outcomes = enforce(apt.host, [control("x", xserver="absent"), control("t", telnet="absent")]).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["refused", "changed"]
    assert "would also remove gdm" in outcomes[0]["message"]
    assert status(apt.host, control(telnet="absent", gdm="present")) == "pass"


def test_what_is_listed_may_go_together(tree):
    apt = AptGet(tree, ["xserver", "gdm"], needs={"xserver": ["gdm"]})
    assert enforce(apt.host, [control(xserver="absent", gdm="absent")]).outcomes[0]["outcome"] == "changed"


def test_the_system_keeps_what_it_needs(tree):
    apt = AptGet(tree, ["bash", "linux-image-6.1.0-9-amd64", "openssh-server"])
    apt.host.booted = True
    apt.host.environ = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    wanted = [control(name, **{name: "absent"}) for name in ("bash", "linux-image-6.1.0-9-amd64", "openssh-server")]
    assert [outcome["outcome"] for outcome in enforce(apt.host, wanted).outcomes] == ["refused"] * 3
    assert apt.done == []


def test_a_package_that_no_source_has_fails_alone(tree):
    apt = AptGet(tree, [], ["auditd"])
    outcomes = enforce(apt.host, [control("a", auditd="present"), control("b", nosuch="present")]).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["changed", "failed"]
    assert outcomes[1]["message"].startswith("no source of apt has a package nosuch")


def test_one_of_several_packages_is_enough(tree):
    wanted = Control("time", {"package": {"chrony | systemd-timesyncd": "present"}})
    apt = AptGet(tree, ["systemd-timesyncd"])
    assert status(apt.host, wanted) == "pass"
    apt = AptGet(tree, [], ["chrony"])
    assert enforce(apt.host, [wanted]).outcomes[0]["changed"] == ["package chrony"]
    assert status(apt.host, wanted) == "pass"


def test_a_later_control_counts_on_a_package_that_check_mode_would_install(tree):
    apt = AptGet(tree, [], ["auditd"])
    apt.host.check = True
    later = Control("rules", {"sysctl": {"kernel.kptr_restrict": 2}}, {"package": "auditd"})
    outcomes = enforce(apt.host, [control(auditd="present"), later]).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["changed", "changed"]
    assert apt.done == []


def test_check_mode_without_lists_says_what_it_would_install(tree, tmp_path):
    apt = AptGet(tree, [])
    (tmp_path / "var/lib/apt/lists/deb_Packages").unlink()
    apt.host.check = True
    assert enforce(apt.host, [control(auditd="present")]).outcomes[0]["changed"] == ["package auditd"]


def test_a_running_host_may_download(tree):
    apt = AptGet(tree, [], ["auditd"])
    apt.host.booted = True
    enforce(apt.host, [control(auditd="present")])
    assert "--no-download" not in apt.done[0]


def test_a_system_without_dpkg_has_no_packages(tree):
    assert audit(tree(), [control(telnet="absent")], "offline")[0]["status"] == "not_applicable"


# -- what is asked first on a running host ----------------------------------------------


def running(tree, *installed):
    apt = AptGet(tree, installed)
    apt.host.booted = True
    return apt


def test_a_package_whose_program_runs_is_refused_and_the_others_are_removed(tree):
    apt = running(tree, "rsync", "talk")
    apt.host.write("/var/lib/dpkg/info/rsync.list", "/.\n/usr\n/usr/bin/rsync\n")
    apt.host.write("/etc/passwd", "backup:x:34:34::/var/backups:/bin/sh\n")
    process(apt.host, 812, "/bin/rsync", user=34)
    done = enforce(apt.host, [control("a", rsync="absent"), control("b", talk="absent")])
    assert [(each["outcome"], each["message"]) for each in done.outcomes] == [
        ("refused", "rsync is in use, it runs as rsync (process 812 of backup): end that, and harden again"),
        ("changed", ""),
    ]
    assert apt.done == [["--no-download", "remove", "talk"]]
    assert enforce(apt.host, [control("a", rsync="absent")], force=["a"]).outcomes[0]["outcome"] == "changed"


def test_a_package_that_mounts_or_lends_what_is_in_use_is_refused(tree):
    apt = running(tree, "nfs-common", "nfs-kernel-server")
    apt.host.write("/var/lib/dpkg/info/nfs-common.list", "/sbin/mount.nfs\n/sbin/mount.nfs4\n")
    apt.host.write("/var/lib/dpkg/info/nfs-kernel-server.list", "/lib/systemd/system/nfs-server.service\n")
    apt.host.write("/var/lib/nfs/etab", "/srv/images\t10.0.0.0/8(rw)\n")
    apt.host.write("/proc/fs/nfsd/threads", "8\n")
    apt.host.write("/proc/mounts", "pacs:/images /srv/pacs nfs4 rw 0 0\n")
    done = enforce(apt.host, [control("a", nfs_common="absent"), control("b", nfs_kernel_server="absent")])
    assert ["mounts pacs:/images on /srv/pacs" in done.outcomes[0]["message"], "lends /srv/images" in done.outcomes[1]["message"]] == [
        True
    ] * 2
    assert apt.done == []


def test_check_mode_counts_what_is_refused_as_installed(tree):
    apt = running(tree, "rsync")
    apt.host.write("/var/lib/dpkg/info/rsync:amd64.list", "/usr/bin/rsync\n")
    process(apt.host, 812, "/usr/bin/rsync")
    apt.host.check = True
    assert enforce(apt.host, [control("a", rsync="absent")]).outcomes[0]["outcome"] == "refused"
    assert apt.host.packages.installed("rsync")
