# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates, hosts and controls keep the order that their owner gave them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
# Ansible's filters over sets: their order is the hash's, which is another one in each run.
UNORDERED = re.compile(r"\|\s*(?:ansible\.builtin\.)?(difference|intersect|symmetric_difference|union)\b")
DIRECTORIES = ("playbooks", "roles", "molecule", "docs")
PATHS = [
    path for directory in DIRECTORIES for path in sorted((PROJECT / directory).rglob("*")) if path.suffix in (".yml", ".yaml", ".j2", ".md")
]


def unordered(text):
    """The filters in a text that keep no order."""
    return UNORDERED.findall(text)


@pytest.mark.parametrize("name", ["difference", "intersect", "symmetric_difference", "union"])
def test_a_set_filter_is_seen_however_it_is_written(name):
    assert unordered("{{ all | %s(some) }}" % name) == [name]  # noqa: UP031
    assert unordered("{{ all |\n   ansible.builtin.%s(some) }}" % name) == [name]  # noqa: UP031


def test_a_word_that_is_no_filter_is_none():
    assert unordered("{{ a | hygeia.golden.differences(b) }} the difference, a union") == []


def test_no_filter_over_sets_decides_an_order():
    assert len(PATHS) > 100
    assert {os.path.relpath(path, PROJECT): found for path in PATHS if (found := unordered(path.read_text(encoding="utf-8")))} == {}
