# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Definitions of guests: archive is bounded and separated in every way, workbench in none."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import parse

DEFINITIONS = Path(__file__).parent / "definitions"


@pytest.fixture(scope="session")
def written():
    """The XML of both by their names."""
    return {path.stem: path.read_text(encoding="utf-8") for path in DEFINITIONS.glob("*.xml")}


@pytest.fixture(scope="session")
def archive(written):
    return parse(written["archive"], "archive.xml")


@pytest.fixture(scope="session")
def workbench(written):
    return parse(written["workbench"], "workbench.xml")
