# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules of this collection as one program, since a build host has nothing of the collection installed: an archive that Python runs."""

from __future__ import annotations

import importlib.util
import io
import marshal
import zipfile
from collections.abc import Collection
from types import ModuleType
from typing import Any

# What a program does whose argument is a plan as JSON.
_MAIN = """\
import json, sys
from {module} import main
main(json.loads(sys.argv[1]))
"""


def program(module: ModuleType, parts: Collection[ModuleType]) -> bytes:
    """The archive that runs ``module.main(plan)``, where the plan is its argument as JSON; ``parts`` are all that the module needs."""
    return archive(dict.fromkeys([module, *parts]), _MAIN.format(module=module.__name__))


def archive(parts: Collection[ModuleType], main: str = "", sources: bool = False) -> bytes:
    """The modules as a ZIP archive that runs ``main``: compiled for this very Python, or as ``sources`` for any."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if sources else zipfile.ZIP_STORED) as packed:
        for package in _packages(parts):
            packed.writestr(f"{package}/__init__.py", "")
        for part in parts:
            loader: Any = part.__spec__ and part.__spec__.loader
            source = loader.get_source(part.__name__)
            path = part.__name__.replace(".", "/")
            if sources:
                packed.writestr(f"{path}.py", source)
            else:
                packed.writestr(f"{path}.pyc", _compiled(source, f"{path}.py"))
        if main:
            packed.writestr("__main__.py", main)
    return buffer.getvalue()


def _packages(parts: Collection[ModuleType]) -> dict[str, None]:
    """The directories of all parts, and those above them."""
    found: dict[str, None] = {}
    for part in parts:
        words = part.__name__.split(".")[:-1]
        found.update(dict.fromkeys("/".join(words[:depth]) for depth in range(1, len(words) + 1)))
    return found


def _compiled(source: str, path: str) -> bytes:
    """The content of a .pyc file that belongs to no source."""
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, path, "exec", dont_inherit=True))
