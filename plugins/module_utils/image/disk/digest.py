# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The digest of a disk's files, taken while something else goes on."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


class Digest(threading.Thread):
    """Reads the files from now on; whoever wants the digest waits for its end."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._paths = paths
        self._result: str | OSError = ""
        self.start()

    def run(self) -> None:
        try:
            self._result = inspection.sha256_of_all(self._paths)
        except OSError as problem:
            self._result = problem

    def result(self) -> str:
        self.join()
        if isinstance(self._result, OSError):
            raise ImageError(f"{self._result.filename or self._paths[0]} cannot be read: {self._result.strerror}")
        return self._result
