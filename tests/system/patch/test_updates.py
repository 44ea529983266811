# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Updates that are installed by real apt and dpkg: which ones, what is reported, and what nobody is asked."""

from __future__ import annotations

import datetime
import operator
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages import upgrade
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.manager import Apt
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from archive import SECURITY, SUITE, served

MONTH_AGO = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)
ASKS = {
    "templates": "Template: asks/hang\nType: boolean\nDescription: Shall this hang?\n",
    "config": "#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_fset asks/hang seen false\ndb_input critical asks/hang || true\ndb_go\n",
}
# Makes an initramfs in no time.
INITRAMFS = """#!/bin/sh
for word; do version=$word; done
case " $* " in *" -d "*) rm -f /boot/initrd.img-$version ;; *) echo made > /boot/initrd.img-$version ;; esac
"""
UCF = "#!/bin/sh\nset -e\nucf /usr/share/asks/ucf.conf /etc/asks-ucf.conf\n"


@pytest.fixture
def patched(archive, system):
    """Patch from the archive; what both modules returned."""

    def patch(request=Request(), **options):
        archive.publish()
        with served(archive.place) as address:
            sources = archive.sources(address)
            fetched = upgrade.download(system.host, request, sources=sources)
            return fetched, upgrade.upgrade(system.host, request, sources=sources, **options)

    return patch


def names(entries):
    return {entry["package"] for entry in entries}


def entry(result, package):
    return next(found for found in result["pending"] if found["package"] == package)


def test_security_then_one_by_name_then_all(archive, system, patched):
    system.install(*(archive.add(f"which-{name}", "1") for name in ("flaw", "named", "other")))
    archive.add("which-flaw", "2", suite=SECURITY)
    archive.add("which-named", "2", Depends="which-needed")
    archive.add("which-needed", "1")
    archive.add("which-other", "2")
    done = patched(Request("security"))[1]
    assert names(done["changes"]) == {"which-flaw"}
    assert {"which-named", "which-other"} <= names(done["pending"])
    fetched, done = patched(Request(only=("which-named",)))
    assert names(fetched["packages"]) == names(done["changes"]) == {"which-named", "which-needed"}
    done = patched()[1]
    assert names(done["changes"]) == {"which-other"}
    assert patched()[1]["changed"] is False


def test_holds_and_pins_are_honoured_and_reported(archive, system, patched):
    system.install(archive.add("still-held", "1"), archive.add("still-pinned", "1"), archive.add("still-needs", "1"))
    archive.add("still-held", "2", suite=SECURITY)
    archive.add("still-pinned", "2", suite=SECURITY)
    archive.add("still-needs", "2", Depends="still-held (>= 2)")
    system.run("apt-mark", "hold", "still-held")
    system.put("/etc/apt/preferences.d/tests", "Package: still-pinned\nPin: version 1\nPin-Priority: 1001\n")
    try:
        done = patched()[1]
        assert [system.version(f"still-{name}") for name in ("held", "pinned", "needs")] == ["1", "1", "1"]
        flags = {
            name: (entry(done, f"still-{name}")["held"], entry(done, f"still-{name}")["pinned"]) for name in ("held", "pinned", "needs")
        }
        assert flags == {"held": (True, False), "pinned": (False, True), "needs": (True, False)}
        assert entry(done, "still-held")["security"] is True
        with pytest.raises(PackageError, match="still-held is held at its version: release it with apt-mark unhold still-held"):
            patched(Request(only=("still-held",)))
        with pytest.raises(PackageError, match="still-held"):
            patched(Request(only=("still-needs",)))
        assert patched(Request(only=("still-pinned",)))[1]["changed"] is False
    finally:
        system.run("apt-mark", "unhold", "still-held")
        (system.root / "etc/apt/preferences.d/tests").unlink()


def test_what_is_pending_is_what_apt_simulates(archive, any_system):
    """The plan asks apt for less than a simulation, and must come to the same."""
    any_system.install(*(archive.add(f"seen-{name}", "1") for name in ("flaw", "both", "heir", "kept", "gone")))
    archive.add("seen-flaw", "2", suite=SECURITY)
    archive.add("seen-both", "2", suite=f"{SUITE} {SECURITY}")
    archive.add("seen-heir", "1:2~rc1", Depends="seen-needed", Conflicts="seen-gone", Replaces="seen-gone")
    archive.add("seen-needed", "1")
    archive.add("seen-kept", "2", Depends="seen-nowhere")
    archive.publish()
    apt = Apt(any_system.host)
    with served(archive.place) as address:
        apt.use(archive.sources(address))
        try:
            apt.refresh()
            simulated, found = apt.simulate("dist-upgrade"), apt.pending()
        finally:
            apt.use("")
    assert {"seen-flaw", "seen-both", "seen-heir", "seen-needed"} <= {step.package for step in simulated.installs}
    key = operator.itemgetter("package")
    assert sorted(found, key=key) == sorted((step.pending() for step in simulated.installs), key=key)


def test_questions_are_answered_and_both_files_are_reported(archive, system, patched):
    files = {"/etc/asks.conf": "theirs 1\n", "/usr/share/asks/ucf.conf": "theirs 1\n"}
    system.install(archive.add("asks", "1", files=files, conffiles=["/etc/asks.conf"], scripts={"postinst": UCF}))
    system.put("/etc/asks.conf", "ours\n")
    system.put("/etc/asks-ucf.conf", "ours\n")
    files = {"/etc/asks.conf": "theirs 2\n", "/usr/share/asks/ucf.conf": "theirs 2\n"}
    archive.add(
        "asks", "2", files=files, conffiles=["/etc/asks.conf"], scripts={**ASKS, "postinst": f"{UCF}\n. /usr/share/debconf/confmodule\n"}
    )
    done = patched(Request(only=("asks",)))[1]
    assert done["configuration"] == [
        {"path": "/etc/asks-ucf.conf", "kept": "old", "beside": "/etc/asks-ucf.conf.ucf-dist"},
        {"path": "/etc/asks.conf", "kept": "old", "beside": "/etc/asks.conf.dpkg-dist"},
    ]
    for kept in done["configuration"]:
        assert (system.root / kept["path"][1:]).read_text() == "ours\n"
        assert (system.root / kept["beside"][1:]).read_text() == "theirs 2\n"
    assert patched(Request(only=("asks",)))[1]["configuration"] == []


def test_what_dpkg_left_half_done_is_finished(archive, system, patched):
    broken = archive.add("half", "1", scripts={"postinst": "#!/bin/sh\ntest -e /etc/half-can\n"})
    with pytest.raises(Exception, match="dpkg"):
        system.install(broken)
    assert "half" in system.host.packages.unfinished
    system.put("/etc/half-can", "")
    done = patched(Request("none"))[1]
    assert (done["repaired"], system.version("half")) == (["half"], "1")


def test_a_dependency_stays_one(archive, system, patched):
    system.install(archive.add("drawn", "1"))
    system.run("apt-mark", "auto", "drawn")
    archive.add("drawn", "2")
    patched(Request(only=("drawn",)))
    assert "drawn" in system.run("apt-mark", "showauto").split() and system.version("drawn") == "2"


def test_sources_of_one_run_are_used_alone_reported_and_never_left(archive, system):
    system.install(archive.add("mirrored", "1"))
    archive.add("mirrored", "2")
    archive.add("mirrored-other", "1", suite=SECURITY)
    archive.publish(made=MONTH_AGO)
    system.put("/etc/apt/sources.list.d/own.list", "deb [trusted=yes] http://127.0.0.1:9 stable main\n")
    before = sorted(os.listdir(system.root / "etc/apt/sources.list.d")), sorted(os.listdir(system.root / "var/lib/apt/lists"))
    with served(archive.place) as address:
        sources = archive.sources(address, "Check-Valid-Until: no")
        fetched = upgrade.download(system.host, Request(only=("mirrored",)), sources=sources)
        upgrade.upgrade(system.host, Request(only=("mirrored",)), sources=sources)
    (system.root / "etc/apt/sources.list.d/own.list").unlink()
    used = {(source["suite"], source["checks_validity"], source["date"][:16]) for source in fetched["sources"]}
    assert used == {(suite, False, MONTH_AGO.strftime("%a, %d %b %Y")) for suite in ("stable", SECURITY)}
    assert all(len(source["sha256"]) == 64 and source["address"].startswith(address) for source in fetched["sources"])
    assert system.version("mirrored") == "2"
    assert before == (["own.list"], sorted(os.listdir(system.root / "var/lib/apt/lists")))
    assert Apt(system.host).listed()
    Apt(system.host).use("")
    assert not Apt(system.host).listed() and not (system.root / "run/hygeia-apt").exists()


def test_old_kernels_go_by_policy(archive, system, patched):
    system.put("/usr/sbin/update-initramfs", INITRAMFS)
    there = sorted(path.name for path in (system.root / "boot").glob("vmlinuz-*"))
    packages = [
        archive.add(f"linux-image-5.10.0-{number}-amd64", "1", files={f"/boot/vmlinuz-5.10.0-{number}-amd64": "kernel\n"})
        for number in (7, 8, 9)
    ]
    system.install(*packages, archive.add("needs-a-kernel", "1", Depends="linux-image-5.10.0-7-amd64"))
    done = patched(Request("none"), kernels_keep=len(there) + 1, throwaway=True)[1]
    assert names(done["changes"]) == set()  # one of the old ones is needed, so all stay
    system.run("dpkg", "--purge", "needs-a-kernel")
    done = patched(Request("none"), kernels_keep=len(there) + 1, throwaway=True)[1]
    assert names(done["changes"]) == {"linux-image-5.10.0-7-amd64", "linux-image-5.10.0-8-amd64"}
    assert [kernel["version"] for kernel in done["kernels"]] == ["5.10.0-9-amd64", *(name.partition("-")[2] for name in there)]
    patched(Request("none"), kernels_keep=1, throwaway=True)
    assert sorted(path.name for path in (system.root / "boot").glob("vmlinuz-*")) == there[-1:]
