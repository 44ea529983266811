# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.advised import advised

PENDING = [
    {"package": "openssl", "advisories": ["DSA-5764-1"], "closes": ["CVE-2024-6119"]},
    {"package": "libssl3", "advisories": ["DSA-5764-1"], "closes": ["CVE-2024-6119"]},
    {"package": "tzdata", "advisories": [], "closes": []},
]


@pytest.mark.parametrize("asked", [["DSA-5764-1"], ["DSA-5764"], ["CVE-2024-6119"], ["CVE-2024-6119", "DSA-5764"]])
def test_packages_are_named_once(asked):
    assert advised(PENDING, asked) == ["openssl", "libssl3"]


def test_a_part_of_a_number_names_nothing():
    with pytest.raises(AnsibleFilterError, match="no pending update answers DSA-576: correct its name"):
        advised(PENDING, ["DSA-576"])


def test_what_has_no_fix_is_reported():
    vulnerabilities = [{"id": "CVE-2025-1", "package": "glibc", "advisories": []}]
    with pytest.raises(AnsibleFilterError, match="CVE-2025-1 is open in glibc, and no update that is there closes it"):
        advised(PENDING, ["CVE-2025-1"], vulnerabilities)


def test_what_need_not_apply_is_left_out():
    assert advised(PENDING, ["CVE-2025-1"], must_apply=False) == []
