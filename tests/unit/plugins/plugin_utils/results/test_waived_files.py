# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined

KEY = "residue-private-key"
HASHES = {"/a": "a" * 32, "/b": "b" * 32}


def waiver(path, digest=None, until="2027-01-01", **changed):
    whole = {"control": KEY, "hosts": "web-*", "reason": "a demonstration key", "approver": "ciso", "until": until}
    return {**whole, "path": path, "hash": digest or HASHES[path], **changed}


def record(waivers, paths=("/a", "/b"), host="web-1", more=0):
    """The record of a scan that found these files."""
    catalogue = Catalogue()
    catalogue.add_waivers_of_play(waivers)
    files = [{"path": path, "offset": 0, "count": 1, "hash": HASHES[path]} for path in paths]
    observed = {"files": files, **({"more": more} if more else {})}
    result = {"control": KEY, "status": "fail", "stage": "offline", "expected": {"files": []}, "observed": observed}
    (found,) = joined([{**result, "read_from": "files", "message": "found"}], checks.covered(catalogue, host, "2026-06-01"), host)
    return found


def test_a_find_is_waived_when_each_of_its_files_is():
    found = record([waiver("/a", until="2026-12-31"), waiver("/b")])
    assert (found["status"], found["waiver"]["until"]) == ("waived", "2026-12-31")
    assert [file["waived_until"] for file in found["observed"]["files"]] == ["2026-12-31", "2027-01-01"]


@pytest.mark.parametrize(
    ("waivers", "options", "said"),
    [
        ([waiver("/a")], {}, "found; 1 of 2 are waived"),
        ([waiver("/a", "c" * 32), waiver("/b")], {}, "found; 1 of 2 are waived"),
        ([waiver("/a", until="2026-05-31"), waiver("/b")], {}, "1 of 2 are waived; the waiver of /a by ciso ended on 2026-05-31"),
        ([waiver("/a"), waiver("/b")], {"more": 3}, "found"),
        ([waiver("/a"), waiver("/b")], {"host": "pacs-1"}, "found"),
    ],
)
def test_one_file_that_nobody_accepted_is_a_failure(waivers, options, said):
    found = record(waivers, **options)
    assert found["status"] == "fail" and said in found["message"]


def test_a_waiver_of_a_file_does_not_waive_the_whole_rule():
    assert record([waiver("/a")], ["/b"])["status"] == "fail"
    assert record([{name: value for name, value in waiver("/a").items() if name not in ("path", "hash")}], ["/b"])["status"] == "waived"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"control": "ssh-root-login"}, "path and hash are those of a find of the residue scan; leave them out"),
        ({"hash": "9"}, "hash is '9'; write the hash of what it found there"),
    ],
)
def test_a_waiver_that_means_no_find_is_a_mistake(changed, said):
    with pytest.raises(PolicyError, match=said):
        Catalogue().add_waivers_of_play([waiver("/a", **changed)])
