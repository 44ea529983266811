# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.boot_entries import BootEntries
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.tests.tamper.boot_entries import ENTRY, MACHINE

CONTROL = Control("entries", {"boot_entries": {"machine_id": []}})
NOBODY = "f" * 32
ENTRIES = "/boot/loader/entries"
ONE = f"{ENTRIES}/{MACHINE}-6.12.0.conf"
RESCUE = f"linux /vmlinuz-0-rescue-{MACHINE}\ninitrd /initramfs-0-rescue-{MACHINE}.img\noptions root=/dev/sda ro\n"
SYSTEM = {
    ONE: ENTRY,
    f"{ENTRIES}/{MACHINE}-0-rescue.conf": RESCUE,
    f"/boot/vmlinuz-0-rescue-{MACHINE}": "kernel\n",
    f"/boot/initramfs-0-rescue-{MACHINE}.img": "initramfs\n",
    "/boot/grub2/grubenv": f"# GRUB Environment Block\nsaved_entry={MACHINE}-6.12.0\n{'#' * 300}",
}


def record(host, control=CONTROL):
    return audit(host, [control], "offline")[0]


def files(host):
    return sorted(host.outside(f"{directory}/{name}") for directory, _, names in os.walk(host.path("/boot")) for name in names)


def test_an_entry_of_one_machine_is_found(tree):
    found = record(tree(SYSTEM))
    assert found["status"] == "fail" and found["message"].endswith(f"{ONE} are named after a machine-id")


def test_entries_the_rescue_kernel_and_the_saved_choice_get_another_name_together(tree):
    host = tree(SYSTEM)
    assert {outcome["outcome"] for outcome in enforce(host, [CONTROL]).outcomes} == {"changed"}
    assert files(host) == sorted(path.replace(MACHINE, NOBODY) for path in SYSTEM)
    assert {path: host.read(path) for path in files(host)} == {
        path.replace(MACHINE, NOBODY): text.replace(MACHINE, NOBODY) for path, text in SYSTEM.items()
    }
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL]).changes == []


@pytest.mark.parametrize("name", [f"{NOBODY}-6.12.0.conf", "linux.conf", f"{MACHINE.upper()}-6.12.0.conf", f"{MACHINE}-6.12.0.conf.bak"])
def test_what_no_machine_is_named_in_stays(tree, name):
    host = tree({f"{ENTRIES}/{name}": ENTRY})
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL]).changes == []


def test_a_name_that_is_taken_is_left_to_whoever_knows_which_kernel_shall_start(tree):
    host = tree({**SYSTEM, ONE.replace(MACHINE, NOBODY): ENTRY})
    (outcome,) = enforce(host, [CONTROL]).outcomes
    assert outcome["outcome"] == "refused" and "is there already" in outcome["message"]
    assert files(host) == sorted([*SYSTEM, ONE.replace(MACHINE, NOBODY)])


def test_an_entry_that_the_site_names_may_keep_its_name(tree):
    control = Control("entries", {"boot_entries": {"machine_id": [ONE]}})
    assert record(tree({ONE: ENTRY}), control)["status"] == "pass"


@pytest.mark.parametrize("wanted", [{"machine": []}, {"machine_id": True}, {"machine_id": ["linux.conf"]}])
def test_what_means_nothing_is_refused(tree, wanted):
    with pytest.raises(BadSetting):
        BootEntries(tree({})).plan(wanted)
