# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policy directories, written from texts."""

from __future__ import annotations

import textwrap

import pytest

FRAMEWORKS = """
    id: hipaa
    title: HIPAA Security Rule
    source: 45 CFR Part 164 Subpart C
    citations:
      164.312(b): {title: Audit controls, label: standard}
      164.314(a)(2)(i): {title: Business associate contracts, out_of_reach: contracts cannot be read from a host}
"""
CONTROLS = """
    - id: network-forwarding
      title: The system does not forward packets
      severity: medium
      level: 1
      rationale: A server that forwards packets joins networks that were meant to be apart.
      impact: No noticeable effect on applications.
      settings:
        sysctl: {net.ipv4.ip_forward: 0, net.ipv6.conf.all.forwarding: 0}
      references: {hipaa: ["164.312(b)"]}
    - id: network-redirects
      title: The system takes no redirects
      severity: high
      level: 1
      rationale: A neighbour could draw the traffic to itself.
      impact: No noticeable effect on applications.
      settings:
        sysctl: {net.ipv4.conf.all.accept_redirects: 0}
      references: {hipaa: ["164.312(b)"]}
"""
PROFILE = """
    id: base
    title: Base
    description: All of it.
    controls: ["network-*"]
"""


@pytest.fixture
def directory(tmp_path):
    """Make a policy directory from ``{path: text}``; its path is returned."""

    def make(name, files):
        for path, text in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return str(tmp_path / name)

    return make


@pytest.fixture
def baseline(directory):
    """A small policy in the place of the collection's own."""
    return directory("baseline", {"frameworks/hipaa.yml": FRAMEWORKS, "controls/network.yml": CONTROLS, "profiles/base.yml": PROFILE})
