# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Can a kind express a setting at all? The kinds themselves are asked, on an empty system on which nothing can be run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting


class _OnlySoftwareKnows(Exception):
    """A kind got as far as asking a program: what it can tell by itself was right."""


class _Blank(Host):
    """A system with no files and no programs."""

    def __init__(self, root: str) -> None:
        super().__init__(root, check=True, environ={})

    def run(self, argv: Sequence[str], stdin: str | None = None, timeout: float = 300, pass_fds: Collection[int] = ()) -> NoReturn:
        raise _OnlySoftwareKnows(argv[0])


def error(kind: str, name: str, value: Any) -> str:
    """Why a kind cannot express this setting, in one sentence; else an empty string.

    What only the software of a host can tell, such as whether its sshd knows a
    keyword, is not found here.
    """
    if kind in WINDOWS_KINDS:
        return _error_on_windows(kind, name, value)
    with tempfile.TemporaryDirectory() as root:
        asked = KINDS[kind](_Blank(root))
        try:
            asked.plan({name: value}, partial=True)
            asked.observe({name: value})
        except BadSetting as problem:
            return str(problem)
        except (_OnlySoftwareKnows, OSError):
            return ""
        except Exception as problem:
            return f"{kind} {name} cannot be {value!r} ({problem})"
        finally:
            os.chmod(root, 0o700)
    return ""


def _error_on_windows(kind: str, name: str, value: Any) -> str:
    try:
        WINDOWS_KINDS[kind].check(name, value)
    except BadSetting as problem:
        return str(problem)
    except Exception as problem:
        return f"{kind} {name} cannot be {value!r} ({problem})"
    return ""
