# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""dnf's side of patching, with what dnf answers as data; tests/system/dnf has the real one."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.errors import sentence
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

FILES = {
    "/etc/os-release": "ID=rhel\nVERSION_ID=9.4\n",
    "/var/lib/rpm/rpmdb.sqlite": "",
    "/var/cache/dnf/baseos-1234/repodata/repomd.xml": "<repomd/>",
    "/usr/bin/dnf": "#!/usr/libexec/platform-python -s\n",
}
ADVISORY = {"id": "RHSA-2026:0001", "security": True, "severity": "Important", "cves": ["CVE-2026-1", "CVE-2026-2"]}
FREE = {"locked": False, "excluded": False, "held": False}
OPENSSL = {
    "name": "openssl",
    "arch": "x86_64",
    "from": "1:3.0.7-1.el9",
    "to": "1:3.0.7-2.el9",
    "nevra": "openssl-1:3.0.7-2.el9.x86_64",
    "repository": "baseos",
    "source": "openssl-3.0.7-2.el9.src.rpm",
    "advisories": [ADVISORY],
    **FREE,
}
BASH = {**OPENSSL, "name": "bash", "nevra": "bash-5.1-2.el9.x86_64", "source": "bash-5.1-2.el9.src.rpm", "advisories": []}
SUDO = {**BASH, "name": "sudo", "nevra": "sudo-1.9-2.el9.x86_64", "locked": True, "held": True}
REPOSITORY = {
    "id": "baseos",
    "name": "BaseOS",
    "address": "https://mirror.example.org/baseos",
    "made": 0,
    "expires_in": 3600,
    "updateinfo": True,
    "repomd": "/var/cache/dnf/baseos-1234/repodata/repomd.xml",
}


class Answers:
    """A host on which dnf and its Python answer from data; ``asked`` has the questions and ``done`` the commands."""

    def __init__(self, tree, *updates, repository=None, names=("openssl", "bash", "sudo"), known=(), **kwargs):
        self.asked, self.done, self.says = [], [], ""
        repository = repository or REPOSITORY
        self._answers = {
            "updates": {"updates": list(updates), "locked": ["sudo"], "repositories": [repository]},
            "fetched": {"repositories": [repository]},
            "known": {"known": list(known)},
            "duplicates": {"duplicates": ["bash"]},
        }
        self._names = names
        self.host = tree(FILES, answers={"/usr/libexec/platform-python": self._ask, "dnf": self._do, "rpm": self._rpm}, **kwargs)
        os.chmod(self.host.path("/usr/bin/dnf"), 0o755)
        self.dnf = Dnf(self.host)

    def _ask(self, argv, stdin):
        assert argv[1:3] == ["-s", "-"] and "import hawkey" in stdin
        question = json.loads(argv[3])
        self.asked.append(question["ask"])
        names = question["with"].get("names")
        plan = {
            "installs": [update for update in self._answers["updates"]["updates"] if names is None or update["nevra"] in names],
            "removes": [{"name": "old", "from": "1-1"}],
            "download": 10,
            "growth": 20,
        }
        return "a plugin says hello\n" + json.dumps(self._answers.get(question["ask"], plan)) + "\n"

    def _do(self, argv, unused_stdin):
        self.done.append([word for word in argv[1:] if not word.startswith("--setopt=")])
        return self.says

    def _rpm(self, argv, unused_stdin):
        return "".join(
            argv[3].replace("%{NAME}", name).replace("%{EVR}", "1-1").replace("%{ARCH}", "x86_64").replace("\\n", "\n")
            for name in self._names
        )


def test_pending_updates_have_what_the_repository_says_of_them(tree):
    found = {update["package"]: update for update in Answers(tree, OPENSSL, SUDO).dnf.pending()}
    assert found["openssl"] == {
        "package": "openssl",
        "from": "1:3.0.7-1.el9",
        "to": "1:3.0.7-2.el9",
        "source": "baseos",
        "security": True,
        "held": False,
        "pinned": False,
        "advisories": ["RHSA-2026:0001"],
        "closes": ["CVE-2026-1", "CVE-2026-2"],
    }
    assert (found["sudo"]["held"], found["sudo"]["pinned"]) == (True, False)


def test_dnf_is_asked_once_for_one_report(tree):
    answers = Answers(tree, OPENSSL, SUDO)
    updates = answers.dnf.pending()
    assert answers.dnf.origins(updates)[("openssl", "1:3.0.7-2.el9")] == ("openssl", "3.0.7-2.el9")
    assert (answers.dnf.holds(), list(answers.dnf.expired(None)), len(answers.dnf.sources())) == (["sudo"], [], 1)
    assert answers.asked == ["updates"]


def test_what_is_wished_for_is_named_exactly(tree):
    dnf = Answers(tree, OPENSSL, BASH).dnf
    assert dnf.choose(Request("none")) is None
    assert dnf.choose(Request()).arguments == ("upgrade",)
    for request in (
        Request("security"),
        Request("all", ("openssl",)),
        Request("all", ("RHSA-2026:0001",)),
        Request("all", ("CVE-2026-2",)),
    ):
        assert dnf.choose(request).arguments == ("upgrade", OPENSSL["nevra"])
    plan = dnf.choose(Request("security"))
    assert ([step.package for step in plan.simulation.installs], plan.needs.growth) == (["openssl"], 20)
    assert [step.package for step in plan.simulation.removes] == ["old"]


def test_a_held_or_unknown_name_is_refused(tree):
    dnf = Answers(tree, OPENSSL, SUDO, known=("nmap", "CVE-2020-1")).dnf
    for name, message in (
        ("sudo", "sudo is held at its version: release it with dnf versionlock delete sudo"),
        ("nmap", "nmap is not installed, so it has no update"),
        ("nosuch", "no repository of dnf has a package nosuch"),
        ("RHSA-2026:9999", "no repository of dnf has an advisory RHSA-2026:9999"),
    ):
        with pytest.raises(PackageError, match=message):
            dnf.choose(Request("all", (name,)))
    # An advisory that nothing needs here any more, and an installed package without an update, are well as they are.
    assert dnf.choose(Request("all", ("CVE-2020-1", "bash"))) is None


def test_nothing_is_for_security_where_nobody_says_what_is(tree):
    dnf = Answers(tree, BASH, repository={**REPOSITORY, "updateinfo": False, "expires_in": -90000}).dnf
    with pytest.raises(PackageError, match="no repository of dnf has an updateinfo"):
        dnf.choose(Request("security"))
    problems = list(dnf.expired(None))
    assert problems[0] == "the metadata of the repository baseos expired 1 day ago: download it again" and len(problems) == 2


def test_it_downloads_apart_and_installs_without_network(tree):
    answers = Answers(tree, OPENSSL)
    plan = answers.dnf.choose(Request("security"))
    answers.dnf.refresh()
    answers.dnf.fetch(plan)
    answers.dnf.carry_out(plan)
    assert answers.done == [
        ["-y", "--refresh", "makecache"],
        ["-y", "--downloadonly", "upgrade", OPENSSL["nevra"]],
        ["-y", "--cacheonly", "upgrade", OPENSSL["nevra"]],
    ]


def test_a_script_that_failed_is_an_error_although_dnf_calls_it_none(tree):
    answers = Answers(tree, OPENSSL)
    answers.says = "warning: %post(openssl-3.0.7-2.el9.x86_64) scriptlet failed, exit status 1\nComplete!\n"
    with pytest.raises(PackageError, match=r"the script %post of openssl-3.0.7-2.el9.x86_64 failed \(exit status 1\)"):
        answers.dnf.carry_out(answers.dnf.choose(Request("security")))


def test_only_what_can_be_there_once_is_there_twice(tree):
    assert Answers(tree).dnf.repair() == []
    with pytest.raises(PackageError, match="an interrupted transaction left bash in two versions"):
        Answers(tree, names=("bash", "bash")).dnf.repair()


def test_without_metadata_nothing_is_known(tree):
    dnf = Answers(tree).dnf
    os.unlink(dnf.host.path("/var/cache/dnf/baseos-1234/repodata/repomd.xml"))
    with pytest.raises(PackageError, match="it is not known what is pending"):
        dnf.pending()


def test_another_dnf_than_4_is_refused(tree):
    answers = Answers(tree)
    answers.host.write("/usr/bin/dnf", "\x7fELF", 0o755)
    with pytest.raises(PackageError, match="this is dnf 5, and only dnf 4"):
        answers.dnf.pending()


def test_kernels_of_the_family_have_their_own_names(tree):
    host = tree(
        {
            **FILES,
            "/boot/vmlinuz-5.14.0-1.el9.x86_64": "",
            "/boot/vmlinuz-0-rescue-1234": "",
            "/boot/initramfs-5.14.0-1.el9.x86_64.img": "",
            "/boot/vmlinuz-5.14.0-2.el9.x86_64": "",
            "/usr/sbin/dracut": "",
        },
        answers={"dracut": ""},
    )
    os.chmod(host.path("/usr/sbin/dracut"), 0o755)
    assert [(entry["version"], entry["initramfs"]) for entry in kernels.states(host)] == [
        ("5.14.0-1.el9.x86_64", "ok"),
        ("5.14.0-2.el9.x86_64", "missing"),
    ]
    kernels.bring_in_step(host)
    assert host.ran == [["dracut", "--force", "/boot/initramfs-5.14.0-2.el9.x86_64.img", "5.14.0-2.el9.x86_64"]]


def test_old_kernels_are_named_with_their_version(tree):
    output = (
        "kernel-core 5.14.0-1.el9.x86_64\nkernel-core 5.14.0-2.el9.x86_64\nkernel-modules 5.14.0-1.el9.x86_64\nbash 5.14.0-1.el9.x86_64\n"
    )
    dnf = Dnf(tree(FILES, answers={"rpm": output}))
    assert dnf.kernel_packages(["5.14.0-1.el9.x86_64"]) == ["kernel-core-5.14.0-1.el9.x86_64", "kernel-modules-5.14.0-1.el9.x86_64"]


def test_a_reboot_that_the_plugin_asks_for_is_reported(tree):
    output = CommandResult(
        1, "Core libraries or services have been updated since boot-up:\n  * glibc\n  * systemd\n\nReboot is required\n", ""
    )
    found = Dnf(tree(FILES, answers={"dnf": output}, booted=True)).restarts()
    assert found.reboot[-1] == "glibc, systemd changed since the system was booted"


# What dnf 4.14 and rpm 4.18 print, and what of it is reported.
@pytest.mark.parametrize(
    "text, message",
    [
        (
            "Errors during downloading metadata for repository 'u':\n  - Status code: 404 for http://m/u/repodata/repomd.xml (IP: 127.0.0.1)\n"
            "Error: Failed to download metadata for repo 'u': Cannot download repomd.xml: All mirrors were tried\n",
            "http://m/u/repodata/repomd.xml could not be fetched (404): the repository has moved on",
        ),
        (
            "  - Curl error (6): Couldn't resolve host name for http://m.invalid/u/repodata/repomd.xml [Could not resolve host: m.invalid]\n",
            "http://m.invalid/u/repodata/repomd.xml cannot be found, there is no network or no name service",
        ),
        (
            "  - Curl error (7): Couldn't connect to server for http://m/u [Failed to connect]\n",
            "http://m/u does not answer (Couldn't connect to server): check the network",
        ),
        (
            "Error: Failed to download metadata for repo 'u': repomd.xml GPG signature verification error: Bad GPG signature\n",
            "the signature of the repository u is bad or its key is not known (Bad GPG signature)",
        ),
        (
            "Error: Transaction test error:\n  file /opt/a from install of a-2-1.noarch conflicts with file from package b-1-1.noarch\n",
            "a-2-1.noarch cannot be installed beside b-1-1.noarch, because both have the file /opt/a",
        ),
        (
            "Error: Transaction test error:\n  installing package a-2-1.noarch needs 12MB more space on the / filesystem\n\n"
            "Error Summary\n-------------\nDisk Requirements:\n   At least 12MB more space needed on the / filesystem.\n",
            "there is no space left on the disk 12MB /: enlarge it",
        ),
        (
            "Error: \n Problem: cannot install the best update candidate for package a-1-1.noarch\n  - nothing provides b >= 2 needed by a-2-1.noarch\n",
            "nothing provides b >= 2 needed by a-2-1.noarch: hold that package",
        ),
        ("Error: Failed to obtain the transaction lock (logged in as: root).\n", "another dnf or rpm is at work"),
        (
            "error: cannot open Packages database in /var/lib/rpm\n",
            "the database of rpm is damaged: keep a copy of it, run rpm --rebuilddb",
        ),
        ("Error: something that nobody has seen yet.\n", "dnf failed: something that nobody has seen yet"),
        ("", "dnf failed: no reason given"),
    ],
)
def test_each_failure_is_one_sentence(text, message):
    assert sentence(text).startswith(message)
