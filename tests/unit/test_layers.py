# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dependencies point one way, as docs/development/architecture.md draws them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
IMPORT = re.compile(r"^ *from ansible_collections\.hygeia\.golden\.plugins\.([\w.]+) import", re.M)
# What each layer may know besides itself.
KNOWS = {
    "module_utils/util": set(),
    "module_utils/model": {"module_utils/util"},
    "module_utils/system": {"module_utils/util", "module_utils/model"},
}


def imported(path):
    """The layers that a file imports."""
    return {"/".join(name.split(".")[:2]) for name in IMPORT.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("layer", KNOWS)
def test_a_layer_knows_those_below_it_only(layer):
    paths = sorted((PLUGINS / layer).rglob("*.py"))
    assert paths
    upward = {str(path.relative_to(PLUGINS)): sorted(imported(path) - KNOWS[layer] - {layer}) for path in paths}
    assert {path: names for path, names in upward.items() if names} == {}


def test_no_layer_below_the_engine_knows_it():
    paths = sorted((PLUGINS / "module_utils/kinds").rglob("*.py"))
    assert [path.name for path in paths if "module_utils/engine" in imported(path)] == []


def test_nothing_that_travels_knows_the_controller():
    paths = sorted((PLUGINS / "module_utils").rglob("*.py"))
    assert [
        path.name for path in paths if any(name.startswith(("plugin_utils", "action", "lookup", "filter")) for name in imported(path))
    ] == []
