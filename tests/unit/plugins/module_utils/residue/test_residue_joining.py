# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What files and disks have is one result for each rule."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.residue.joining import joined


def record(status, *files, control="residue-hl7", message="", **observed):
    return result.record(control, status, "offline", {"files": []}, {"files": list(files), **observed}, "files", message)


@pytest.mark.parametrize(
    ("files", "disks", "status"),
    [
        ("pass", "pass", "pass"),
        ("pass", "fail", "fail"),
        ("fail", "pass", "fail"),
        ("pass", "not_checked", "not_checked"),
        ("not_checked", "fail", "fail"),
    ],
)
def test_the_worse_of_both_counts(files, disks, status):
    (found,) = joined([record(files)], [record(disks)])
    assert (found["status"], found["read_from"]) == (status, "files; files")


def test_what_both_found_is_listed_once_each_and_to_a_limit():
    (found,) = joined(
        [record("fail", *[{"path": f"/{number}"} for number in range(199)], message="in files")],
        [record("fail", {"path": "disk 1"}, {"path": "disk 2"}, more=3, message="on disks")],
    )
    assert [file["path"] for file in found["observed"]["files"]][-2:] == ["/198", "disk 1"]
    assert (found["observed"]["more"], found["message"]) == (4, "in files; on disks")


def test_a_rule_that_only_one_of_them_has_stays_as_it_is():
    in_files, on_disk = record("pass", control="residue-history"), record("fail", {"path": "disk 1"}, control="residue-swap")
    assert joined([in_files], [on_disk]) == [in_files, on_disk]
