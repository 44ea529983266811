# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fixtures for looking at real configuration trees without touching the machine."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host


def pytest_configure(config):
    config.addinivalue_line("markers", "many: tries many variants of one input, for which one release of ansible-core is enough")


class TreeHost(Host):
    """A host whose files are a directory and whose commands answer from a script.

    ``answers`` maps a program's name, or its whole command line, to what it
    prints (a string) or to a ``CommandResult``; ``ran`` keeps every command line.
    """

    def __init__(self, root, answers=None, booted=False, container=False, **kwargs):
        super().__init__(str(root), **kwargs)
        self.answers = answers or {}
        self.booted = booted
        self.container = container
        self.ran = []

    def run(self, argv, stdin=None, timeout=300):
        self.ran.append(list(argv))
        answer = self.answers.get(" ".join(argv), self.answers.get(argv[0]))
        if callable(answer):
            answer = answer(argv, stdin)
        if answer is None:
            return CommandResult(127, "", f"{argv[0]} is not installed")
        return answer if isinstance(answer, CommandResult) else CommandResult(0, answer, "")

    @property
    def kernel(self):
        return self.booted and not self.container


@pytest.fixture
def tree(tmp_path):
    """Make a host from ``{path: text}``: ``tree({"/etc/hosts": "..."}, booted=True)``."""

    def make(files=None, **kwargs):
        for path, text in (files or {}).items():
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return TreeHost(tmp_path, **kwargs)

    return make


def dpkg_status(*names):
    """A dpkg status file in which these packages are installed."""
    return "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1.0-1\n\n" for name in names)


def pytest_make_parametrize_id(config, val, argname):
    """Bytes are called by their argument: packed ones hold the time at which they were packed, and no two runs would agree."""
    return argname if isinstance(val, bytes) else None
