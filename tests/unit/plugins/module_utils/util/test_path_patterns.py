# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patterns for paths, held against what they say in words."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util.path_patterns import covering, matcher
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("/etc/hosts", "/etc/hosts", True),
        ("/etc/hosts", "/etc/hosts.allow", False),
        ("/etc/*.conf", "/etc/a.conf", True),
        ("/etc/*.conf", "/etc/a/b.conf", False),
        ("/var/log/**", "/var/log/a/b", True),
        ("/var/log/**", "/var/log", False),
        ("/**/__pycache__/**", "/usr/lib/python3/x/__pycache__/y.pyc", True),
        ("udp * 68", "udp 0.0.0.0 68", True),
        ("net.ipv4.conf.en*", "net.ipv4.conf.ens3.rp_filter", True),
        ("/etc/ssh_?", "/etc/ssh_1", True),
        ("/etc/ssh_?", "/etc/ssh_/", False),
        ("a.b", "axb", False),
        ("/x/**", "/x/line\nend", True),
    ],
)
def test_what_a_pattern_means(pattern, name, expected):
    assert matcher([pattern])(name) is expected


def test_no_pattern_means_nothing():
    assert not matcher([])("") and not covering([])("/var/log")


def test_a_directory_is_covered_when_all_that_may_lie_in_it_is():
    covered = covering(["/var/log/**", "/etc/*.d/*", "/opt/*/cache/**"])
    assert covered("/var/log") and covered("/opt/a/cache") and not covered("/etc/x.d") and not covered("/var")


@given(st.text(min_size=1))
def test_a_name_without_signs_means_itself_alone(name):
    plain = name.replace("*", "a").replace("?", "b")
    assert matcher([plain])(plain) and not matcher([plain])(plain + "x")


@given(st.text(alphabet="a/.*"), st.text(alphabet="a/."))
def test_what_lies_in_a_covered_directory_is_meant(directory, name):
    if covering([f"{directory}/**"])(directory):
        assert matcher([f"{directory}/**"])(f"{directory}/{name}")
