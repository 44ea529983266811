# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The build host's own Python inside a template: what Ansible's modules read there is read by trusted code.

This process is that Python. It was started outside, so that no file of the template had a say in what it is (ld.so.preload,
sitecustomize, the libraries). What it imports later, inside, comes from the build host's directories, which it keeps open; and no
other process inside can read or write its memory, because it began outside of their user namespace and is not dumpable.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import traceback

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import kernel
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import PYTHON, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Modules with libraries of their own behind them, which would be looked for inside if they were loaded there.
_WITH_LIBRARIES = ("_ssl", "_hashlib", "_ctypes", "_bz2", "_lzma", "zlib", "_uuid", "_sqlite3", "pyexpat", "_decimal")
_PRIVATE = "/run/hygeia"


class Python:
    """Made outside; ``run`` is called inside."""

    def __init__(self, owner: int) -> None:
        for name in _WITH_LIBRARIES:
            with contextlib.suppress(ImportError):
                __import__(name)
        os.makedirs(_PRIVATE, mode=0o700, exist_ok=True)
        self._scratch = tempfile.mkdtemp(dir=_PRIVATE, prefix="python-")
        os.chown(self._scratch, owner, owner)
        self._finders = list(sys.meta_path)
        self._directories = [path for path in sys.path if os.path.isdir(path)]
        self._imports = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in self._directories]
        self._payload = os.open(self._scratch, os.O_RDONLY | os.O_DIRECTORY)
        self.handles = (*self._imports, self._payload)

    def remove(self) -> None:
        """Outside again, when it has ended."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, environment: Mapping[str, str]) -> int:
        """Run standard input as Python runs it; the exit code."""
        kernel.answer_names_from_files()
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = [f"/proc/self/fd/{handle}" for handle in self._imports]
        sys.path_importer_cache.clear()
        _look_in(dict(zip(self._directories, sys.path)))
        sys.meta_path[:] = self._finders
        _forget(__name__.partition(".")[0])
        sys.executable = PYTHON
        sys.argv = ["-"]
        _keep_payloads(f"/proc/self/fd/{self._payload}")
        source = sys.stdin.buffer.read()
        main = type(sys)("__main__")
        sys.modules["__main__"] = main
        try:
            exec(compile(source, "<stdin>", "exec"), main.__dict__)
            code = 0
        except SystemExit as ending:
            code = _exit_code(ending)
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        return code


def _look_in(places: Mapping[str, str]) -> None:
    """Packages that are loaded by now look for the rest of theirs in the build host's directories, too, by what leads there now."""
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if spec is None or spec.submodule_search_locations is None:
            continue
        found = [_moved(path, places) for path in spec.submodule_search_locations]
        module.__path__ = spec.submodule_search_locations = [path for path in found if path]


def _moved(path: Any, places: Mapping[str, str]) -> Any:
    """A path below one of the directories, as it is reached inside; nothing for any other, which would be the template's."""
    base = max((place for place in places if path.startswith(place + "/")), key=len, default=None)
    return base and places[base] + path[len(base) :]


def _forget(package: str) -> None:
    """A module brings the collection along, whole; what of it this program was made of is not in its way."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def _keep_payloads(directory: str) -> None:
    """Unpack Ansible's modules where no other process has a way to; every other temporary file is the template's.

    Its path is that of a descriptor, which would mean nothing here once it was resolved.
    """
    everywhere, resolved = tempfile.mkdtemp, os.path.realpath

    def mkdtemp(suffix: Any = None, prefix: Any = None, dir: Any = None) -> Any:
        payload = prefix is not None and prefix.startswith("ansible_") and prefix.endswith("_payload_")
        return everywhere(suffix, prefix, directory if payload and dir is None else dir)

    def realpath(path: str, **options: Any) -> Any:
        return path if os.fsencode(path).startswith(os.fsencode(directory)) else resolved(path, **options)

    vars(tempfile).update(mkdtemp=mkdtemp)
    vars(os.path).update(realpath=realpath)


def _exit_code(ending: SystemExit) -> int:
    if ending.code is None:
        return 0
    if isinstance(ending.code, int):
        return ending.code
    sys.stderr.write(f"{ending.code}\n")
    return 1
