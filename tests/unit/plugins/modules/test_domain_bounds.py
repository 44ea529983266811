# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import re

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.modules import domain_bounds

XML = """<domain><name>pacs</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory>
<cputune><shares>{shares}</shares></cputune><devices/></domain>"""
UUID = "0b9a3a1c-1111-4222-8333-444455556666"
REQUEST = {"guest": "pacs", "processors": {"shares": 512}}


class Libvirt:
    """A virsh with one guest, whose processor shares are all that it knows."""

    def __init__(self, state="running", persistent="yes", obeys=True, name="pacs"):
        self.shares = {"live": 1024, "config": 1024}
        self.info = (
            f"Id:             1\nName:           {name}\nUUID:           {UUID}\nState:          {state}\nPersistent:     {persistent}\n"
        )
        self.obeys = obeys
        self.commands = []

    def __call__(self, argv, unused_stdin):
        words = [word for word in argv[4:] if word != "--readonly"]
        if words[0] == "dominfo":
            return self.info
        if words[0] == "dumpxml":
            return XML.format(uuid=UUID, shares=self.shares["config" if "--inactive" in words else "live"])
        if self.obeys is None:
            return CommandResult(1, "", "error: Requested operation is not valid: cgroup CPU controller is not mounted\n")
        self.commands.append(words)
        if self.obeys:
            self.shares[words[-1][2:]] = int(re.search("cpu_shares=([0-9]+)", " ".join(words))[1])
        return ""


@pytest.fixture
def bound(run_module, monkeypatch, tree):
    def call(libvirt, **arguments):
        monkeypatch.setattr(domain_bounds, "Host", lambda: tree(answers={"virsh": libvirt}))
        return run_module(domain_bounds, {**REQUEST, **arguments})

    return call


def test_a_guest_that_runs_is_changed_as_it_runs_and_as_it_will_start(bound):
    libvirt = Libvirt()
    first, second = bound(libvirt), bound(libvirt)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["live"] == first["config"] == {"processors shares": 512}
    assert [words[-1] for words in libvirt.commands] == ["--live", "--config"]
    assert '"processors shares": 1024' in first["diff"][0]["before"] and '"processors shares": 512' in first["diff"][0]["after"]


@pytest.mark.parametrize(("state", "persistent", "changed"), [("shut off", "yes", ["--config"]), ("paused", "no", ["--live"])])
def test_only_what_a_guest_has_is_changed(bound, state, persistent, changed):
    libvirt = Libvirt(state, persistent)
    assert bound(libvirt)["changed"]
    assert [words[-1] for words in libvirt.commands] == changed


def test_check_mode_changes_nothing(bound):
    libvirt = Libvirt()
    assert bound(libvirt, _ansible_check_mode=True)["changed"]
    assert libvirt.commands == []


@pytest.mark.parametrize(
    ("libvirt", "sentence"),
    [
        (
            Libvirt(obeys=None),
            "virsh --connect qemu:///system schedinfo: Requested operation is not valid: cgroup CPU controller is not mounted",
        ),
        (Libvirt(obeys=False), "libvirt accepted processors shares of 512 and has 1024 instead"),
        (Libvirt(name="worklist"), "virsh takes pacs for the guest worklist; give the UUID of the guest"),
    ],
)
def test_what_libvirt_does_not_do_is_reported(bound, libvirt, sentence):
    result = bound(libvirt)
    assert result["failed"] and result["msg"] == f"The guest pacs is not bounded: {sentence}."


def test_nothing_is_changed_where_the_guest_would_starve(bound):
    libvirt = Libvirt()
    assert "it would have 512 processor shares, and it needs 600" in bound(libvirt, minimum={"shares": 600})["msg"]
    assert libvirt.commands == []
