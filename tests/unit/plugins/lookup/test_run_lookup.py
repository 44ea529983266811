# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.lookup import run
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import processes
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process


def test_the_run_is_found_again_on_its_own_machine_alone(monkeypatch):
    me = Process.of(os.getpid())
    monkeypatch.setattr(run, "owner", lambda: me)
    [process] = run.LookupModule().run([])
    assert processes.here(process) == me
    assert processes.here({**process, "boot": "another machine's"}) is None
    assert processes.here({**process, "space": "pid:[1]"}) is None


def test_nobody_is_returned_as_nothing(monkeypatch):
    monkeypatch.setattr(run, "owner", lambda: None)
    assert run.LookupModule().run([]) == [{}]
    assert processes.here({}) is None
