# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.unmatched import unmatched
from ansible_collections.hygeia.golden.plugins.module_utils.util import patterns


def test_what_a_pattern_means_as_a_whole_is_left_out():
    assert unmatched(["cron.service", "ssh.service", "ssh"], ["ssh.+", "x"]) == ["cron.service", "ssh"]
    assert not unmatched([], ["("])


@pytest.mark.parametrize(("pattern", "said"), [("(a+)+$", "takes too long"), ("(", "is not a valid regular expression")])
def test_a_pattern_that_cannot_be_tried_is_an_error(monkeypatch, pattern, said):
    monkeypatch.setattr(patterns, "LIMIT", 1)
    with pytest.raises(AnsibleFilterError, match=said):
        unmatched(["a" * 60 + "!"], [pattern])
