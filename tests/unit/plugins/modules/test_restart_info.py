# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.modules import restart_info


def test_units_that_had_failed_before_are_not_held_against_the_update(run_module, monkeypatch, tree):
    host = tree({}, booted=True, answers={"systemctl": "old.service loaded failed\nnew.service loaded failed\n"})
    monkeypatch.setattr(restart_info, "Host", lambda **unused_options: host)
    result = run_module(restart_info, {"failed_before": ["old.service"]})
    units = next(record for record in result["results"] if record["control"] == "patch-units-kept")
    assert (result["failed_units"], units["observed"]) == (["new.service", "old.service"], ["new.service"])
