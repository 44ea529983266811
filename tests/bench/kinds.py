# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The script that times each kind inside a template, made of the collection as it is, and the table of what it found."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path, PurePosixPath

REPO = Path(__file__).resolve().parents[2]
PACKAGE = PurePosixPath("ansible_collections/hygeia/golden")
STEPS = ("enforce first", "enforce second", "audit")

# Nothing is written to the template: what is sent lies in its temporary /run.
SCRIPT = """\
import base64, io, runpy, sys
with open("/run/bench.zip", "wb") as stream:
    stream.write(base64.b64decode("{archive}"))
sys.path.insert(0, "/run/bench.zip")
sys.stdin = io.StringIO({given!r})
runpy.run_path("/run/bench.zip", run_name="__main__")
"""


def script(controls):
    """What a template's Python runs; it prints JSON."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(REPO / "tests/bench/inside.py", "__main__.py")
        modules = {path: PACKAGE / path.relative_to(REPO) for path in REPO.glob("plugins/module_utils/**/*.py")}
        for path, name in modules.items():
            archive.write(path, str(name))
        for directory in {parent for name in modules.values() for parent in name.parents if parent.name}:
            if directory / "__init__.py" not in modules.values():
                archive.writestr(f"{directory}/__init__.py", "")
    return SCRIPT.format(archive=base64.b64encode(buffer.getvalue()).decode(), given=json.dumps({"controls": controls}))


def packages(controls):
    """The same controls with nothing but their packages."""
    return [
        {"id": control["id"], "applies_to": control["applies_to"], "variants": {}, "settings": {"package": control["settings"]["package"]}}
        for control in controls
        if "package" in control["settings"]
    ]


def table(found):
    """Lines that say what each kind costs, the dearest first."""
    yield f"{found['controls']} controls, in ms{'settings':>24}" + "".join(f"{step:>16}" for step in STEPS)
    rows = {kind: [found["kinds"][step].get(kind, 0) for step in STEPS] for kind in found["settings"]}
    for kind in sorted(rows, key=lambda kind: -sum(rows[kind])):
        yield f"  {kind:32}{found['settings'][kind]:8}" + "".join(f"{seconds * 1000:16.1f}" for seconds in rows[kind])
    yield f"  {'all, with the engine':40}" + "".join(f"{found['total'][step] * 1000:16.1f}" for step in STEPS)
    small, large = found["synthetic"]["250"], found["synthetic"]["500"]
    yield f"  {'250 synthetic controls':40}" + "".join(f"{small[step] * 1000:16.1f}" for step in STEPS)
    yield f"  {'500 synthetic controls':40}" + "".join(f"{large[step] * 1000:16.1f}" for step in STEPS)
    yield f"  {'500 / 250':40}" + "".join(f"{large[step] / small[step]:14.2f} x" for step in STEPS)
