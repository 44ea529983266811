# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof over a product that is a directory, which lies in every way that one can."""

from __future__ import annotations

import os
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup import proof, restore_directory
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import Absent, Backup, BackupError, Entry, Product
from ansible_collections.hygeia.golden.plugins.module_utils.backup.proof import Objectives, Proof
from ansible_collections.hygeia.golden.plugins.module_utils.backup.restore_directory import RestoreDirectory

NOW = 1767261600
HOUR, DAY = 3600, 86400


class Directory(Product):
    """Each test says what it answers."""

    known = (Backup("old", NOW - 40 * DAY), Backup("young", NOW - HOUR))
    encrypted = (True, "AES")
    returned = None
    left = 0
    keeps_canary = False
    entries = {}

    def backups(self):
        return list(self.known)

    def encryption(self):
        return self.encrypted

    def back_up(self, path):
        self.held = self.host.path(path)
        type(self).left += 1
        return "canary"

    def restore(self, backup, path, directory):
        source = self.held if backup == "canary" else self.host.path(path)
        target = self.host.path(directory) + path
        os.makedirs(os.path.dirname(target))
        if self.returned:
            self.returned(source, target)
        else:
            shutil.copy2(source, target)
        return directory + path

    def entry(self, backup, path):
        if path not in self.entries:
            raise Absent()
        return self.entries[path]

    def forget_canaries(self):
        if self.keeps_canary:
            raise BackupError("it only takes")
        type(self).left = 0


@pytest.fixture
def prove(tree, tmp_path, monkeypatch):
    """The records of a proof, by what they prove; keywords in capitals of the first letter change the product."""
    host = tree({"/run/lock": "", "/srv/file": "a letter\n", "/proc/sys/kernel/hostname": "ward7\n"})
    place = tmp_path / "srv/file"
    os.utime(place, (NOW - DAY, NOW - DAY))

    def make(product=None, check=False, now=NOW, **wanted):
        class Changed(Directory):
            pass

        for name, value in {"entries": {"/srv/file": Entry(9, NOW - DAY)}, **(product or {})}.items():
            setattr(Changed, name, staticmethod(value) if name == "returned" else value)
        monkeypatch.setitem(proof.PRODUCTS, "directory", Changed)
        host.check = check
        wanted = {"recovery_point": DAY, "recovery_time": HOUR, "retention": 30 * DAY, "sample": ("/srv/file",), **wanted}
        found = Proof(host, {"product": "directory", "repository": "/vault"}, Objectives(**wanted), now).records()
        make.left = Changed.left
        return {record["control"].split("-", 1)[1]: record for record in found}

    make.place = place
    yield make
    assert os.listdir(tmp_path / "run") == ["lock"], "the proof left something"


def outcome(record):
    return record["status"], record["message"]


def test_everything_that_is_right_passes(prove):
    found = prove()
    assert {name: record["status"] for name, record in found.items()} == {
        **dict.fromkeys(found, "pass"),
        "schedule-configured": "not_checked",
    }
    assert prove.left == 0
    assert {record["stage"] for record in found.values()} == {"live"} and {record["read_from"] for record in found.values()} == {"/vault"}


def test_what_was_not_declared_is_not_checked_and_the_message_says_what_to_declare(prove):
    found = prove(recovery_point=None, recovery_time=None, retention=None, sample=())
    for name, word in {"recent": "recovery_point", "time": "recovery_time", "retention": "retention", "sample": "in sample"}.items():
        assert found[f"{name}-proven"]["status"] == "not_checked" and word in found[f"{name}-proven"]["message"]


def test_nothing_is_tried_in_check_mode(prove):
    found = prove(check=True)
    assert [found[name]["status"] for name in ("canary-proven", "sample-proven", "time-proven")] == ["not_checked"] * 3
    assert prove.left == 0


def test_a_backup_of_tomorrow_is_no_young_backup(prove):
    found = prove({"known": [Backup("young", NOW + DAY)]})["recent-proven"]
    assert found["status"] == "fail" and "24 hours in the future: look at the clocks" in found["message"]


@pytest.mark.parametrize("age, status", [(DAY - 1, "pass"), (DAY, "pass"), (DAY + 1, "fail")])
def test_the_recovery_point_is_held_to_the_second(prove, age, status):
    assert prove({"known": [Backup("last", NOW - age)]}, sample=())["recent-proven"]["status"] == status


@pytest.mark.parametrize("reach, status", [(30 * DAY, "pass"), (30 * DAY - 1, "fail")])
def test_the_retention_is_held_to_the_second(prove, reach, status):
    assert prove({"known": [Backup("first", NOW - reach), Backup("last", NOW)]}, sample=())["retention-proven"]["status"] == status


@pytest.mark.parametrize("age, status", [(DAY, "pass"), (DAY + 1, "fail")])
def test_a_sample_that_only_a_backup_before_the_recovery_point_has_is_not_backed_up_any_more(prove, age, status):
    def entry(backup, unused_path):
        if backup == "young":
            raise Absent()
        return Entry(9, NOW - 2 * DAY)

    os.utime(prove.place, (NOW - 2 * DAY, NOW - 2 * DAY))
    known = [Backup("old", NOW - age), Backup("young", NOW)]
    found = prove({"known": known, "entry": lambda self, backup, path: entry(backup, path)})["sample-proven"]
    assert found["status"] == status, found


def test_without_a_backup_there_is_nothing_to_restore(prove):
    found = prove({"known": []})
    assert outcome(found["recent-proven"]) == (
        "fail",
        "/vault has no backup of ward7: start one, or say in host_name how it is called there",
    )
    assert found["sample-proven"]["status"] == found["retention-proven"]["status"] == "fail"


@pytest.mark.parametrize("encryption, status", [((False, "none"), "fail"), ((None, "no command tells"), "not_checked")])
def test_what_is_not_known_to_be_encrypted_does_not_pass(prove, encryption, status):
    assert prove({"encrypted": encryption})["encrypted-configured"]["status"] == status


def test_a_canary_that_comes_back_changed_fails(prove):
    def returned(source, target):
        with open(source, "rb") as before, open(target, "wb") as after:
            after.write(before.read()[:-1] + b"?")

    assert "the canary came back changed" in prove({"returned": returned}, sample=())["canary-proven"]["message"]


def test_a_canary_that_cannot_be_taken_out_passes_and_says_so(prove):
    found = prove({"keeps_canary": True})["canary-proven"]
    assert outcome(found) == ("pass", "the canary stays in the repository until a run may take it out (it only takes)")


def test_a_link_in_a_backup_leads_nowhere(prove):
    def returned(source, target):
        os.symlink(source, target)

    found = prove({"returned": returned})
    assert "did not come back as a file" in found["canary-proven"]["message"]
    assert "/srv/file: it did not come back as a file" in found["sample-proven"]["message"]


def test_a_directory_that_is_a_link_leads_nowhere_either(prove):
    def returned(source, target):
        os.rmdir(os.path.dirname(target))
        os.symlink(os.path.dirname(source), os.path.dirname(target))

    assert "did not come back as a file" in prove({"returned": returned})["sample-proven"]["message"]


def test_a_sample_with_other_content_fails(prove):
    prove.place.write_text("A letter\n", encoding="utf-8")
    os.utime(prove.place, (NOW - DAY, NOW - DAY))

    def returned(unused_source, target):
        with open(target, "w", encoding="utf-8") as stream:
            stream.write("a letter\n")

    assert "other content than the file has, which was not changed since" in prove({"returned": returned})["sample-proven"]["message"]


def test_a_sample_of_another_size_fails(prove):
    assert (
        "came back with 9 bytes, and the backup lists 10"
        in prove({"entries": {"/srv/file": Entry(10, NOW - DAY)}})["sample-proven"]["message"]
    )


def test_a_sample_that_was_changed_since_is_held_against_what_the_backup_lists(prove):
    prove.place.write_text("a letter, and more\n", encoding="utf-8")

    def returned(unused_source, target):
        with open(target, "w", encoding="utf-8") as stream:
            stream.write("a letter\n")
        os.utime(target, (NOW - DAY, NOW - DAY))

    found = prove({"returned": returned})["sample-proven"]
    assert found["status"] == "pass" and "compared with the size and the time that the backup lists" in found["message"]
    found = prove({"returned": returned, "entries": {"/srv/file": Entry(9, NOW - 2 * DAY)}})["sample-proven"]
    assert found["status"] == "fail" and "another time than the backup lists" in found["message"]


def test_a_changed_sample_of_a_product_that_lists_nothing_is_not_checked(prove):
    os.utime(prove.place, (NOW, NOW))
    found = prove({"entries": {"/srv/file": None}})["sample-proven"]
    assert found["status"] == "not_checked" and "name a file that stays as it is" in found["message"]


def test_a_sample_that_no_backup_has_fails(prove):
    assert "no recent backup has it" in prove({"entries": {}})["sample-proven"]["message"]


def test_a_sample_that_only_an_old_backup_has_shows_a_job_that_stopped(prove):
    class Jobs(dict):
        def __contains__(self, path):
            self.asked = getattr(self, "asked", 0) + 1
            return self.asked > 1

    found = prove({"entries": Jobs({"/srv/file": Entry(9, NOW - DAY)})})["sample-proven"]
    assert found["status"] == "fail" and "the last backup that has it is 40 days old, though others are younger" in found["message"]


def test_a_sample_without_room_is_not_checked(prove):
    found = prove({"entries": {"/srv/file": Entry(10**18, NOW - DAY)}})["sample-proven"]
    assert found["status"] == "not_checked" and "say another directory in directory" in found["message"]


def test_a_directory_that_is_not_there_is_reported(prove):
    found = prove(directory="/nowhere")
    assert [found[name]["status"] for name in ("canary-proven", "sample-proven")] == ["not_checked"] * 2
    assert "/nowhere cannot take what is restored" in found["canary-proven"]["message"]


def test_a_restore_that_takes_too_long_fails(prove):
    found = prove(recovery_time=1e-9)["time-proven"]
    assert found["status"] == "fail" and "and all may take" in found["message"] and found["observed"]["bytes"] in (9, 65536)


def test_directories_of_runs_that_are_gone_are_swept_and_others_stay(tree, tmp_path):
    host = tree({"/run/lock": ""})
    for name in (".hygeia-backup-gone", ".hygeia-backup-new", "other"):
        (tmp_path / "run" / name).mkdir()
    for name in (".hygeia-backup-gone", "other"):
        os.utime(tmp_path / "run" / name, (NOW, NOW))
    with RestoreDirectory(host, "/run", lambda: None) as first:
        os.utime(host.path(first), (NOW, NOW))
        with RestoreDirectory(host, "/run", lambda: None):
            assert os.path.isdir(host.path(first)), "somebody works in it"
    assert sorted(os.listdir(tmp_path / "run")) == [".hygeia-backup-new", "lock", "other"]
    assert restore_directory.PREFIX == ".hygeia-backup-"
