# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Feeds as files, and opened."""

from __future__ import annotations

import os
from datetime import datetime, timezone

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import loader
from small_feeds import NAMES, TODAY, WRITTEN


@pytest.fixture
def feed(tmp_path):
    """Write feeds, one of each kind by default: ``feed(kind)`` or ``feed(kind, data)`` gives what the module is given of it."""

    def make(kind, data=None, name=None, max_age=7):
        path = tmp_path / (name or NAMES[kind])
        path.write_bytes(WRITTEN[kind]() if data is None else data)
        noon = datetime.fromisoformat(f"{TODAY}T12:00:00").replace(tzinfo=timezone.utc).timestamp()
        os.utime(path, (noon, noon))
        return {"kind": kind, "path": str(path), "max_age": max_age}

    return make


@pytest.fixture
def opened(feed, tmp_path):
    """Open feeds by their kinds, or by what the module is given of them."""

    def open_(*wanted, today=TODAY):
        return loader.opened([feed(entry) if isinstance(entry, str) else entry for entry in wanted], str(tmp_path / "cache"), today)

    return open_
