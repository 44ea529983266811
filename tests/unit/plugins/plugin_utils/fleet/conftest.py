# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A store of made-up runs, and the page that the action makes of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.hygeia.golden.plugins.action import fleet as action
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.figures import Limits, figures
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import engine, reading
from ansible_collections.hygeia.golden.tests.unit.plugins.plugin_utils.store.conftest import Site, make_record

TODAY = "2026-11-30"


class Fleet(Site):
    def figures(self, **limits):
        known = Limits(TODAY, **limits)
        with engine.connected(threads=1) as database:
            reading.attached(database, str(self.store), known.before(known.forget))
            return figures(database, known)

    def write(self, check_mode=False, **more):
        """The result of the action."""
        arguments = {"store": str(self.store), "dest": str(self.evidence.parent / "page"), "day": TODAY, **more}
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="fleet", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        return action.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None).run(task_vars={})


@pytest.fixture
def site(tmp_path):
    return Fleet(tmp_path)


@pytest.fixture
def record():
    return make_record
