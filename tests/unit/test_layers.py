# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dependencies point one way, as docs/development/architecture.md draws them."""

from __future__ import annotations

import re
import subprocess
import sys
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


def test_filters_and_lookups_load_no_kinds():
    """Each task that uses one of our filters loads all of them anew, in its own process; the kinds take longer than the task.

    The lookup policy tries a site's values with them.
    """
    names = [
        f"{path.parent.name}.{path.stem}"
        for kind in ("filter", "lookup")
        for path in sorted((PLUGINS / kind).glob("*.py"))
        if path.stem != "policy"
    ]
    program = "".join(f"import ansible_collections.hygeia.golden.plugins.{name}\n" for name in names)
    program += "import sys\nprint(*(name for name in sys.modules if '.module_utils.kinds' in name))\n"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []


def test_filters_load_next_to_nothing():
    names = [path.stem for path in sorted((PLUGINS / "filter").glob("*.py"))]
    program = "".join(f"import ansible_collections.hygeia.golden.plugins.filter.{name}\n" for name in names)
    program += "import sys\nprint(*(name for name in sys.modules if name.startswith('ansible_collections.hygeia.golden.plugins.')))\n"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(names) < len(shown.stdout.split()) < len(names) + 50


def test_nothing_that_travels_knows_the_controller():
    paths = sorted((PLUGINS / "module_utils").rglob("*.py"))
    assert [
        path.name for path in paths if any(name.startswith(("plugin_utils", "action", "lookup", "filter")) for name in imported(path))
    ] == []
