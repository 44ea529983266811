# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Debians that systemd-nspawn boots from trees of which a first boot has left the reference. They need root."""

from __future__ import annotations

import os

import pytest
from machine import Machine


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request, tmp_path_factory):
    made = Machine(tmp_path_factory.mktemp(request.param), request.param)
    try:
        made.promote()
        yield made
    finally:
        made.end()
