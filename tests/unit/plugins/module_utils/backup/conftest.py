# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host whose backup product answers from a script."""

from __future__ import annotations

import pytest


@pytest.fixture
def answering(tree):
    """``answering(answer)``: a host where ``answer(words)`` gets a command without what ends it in time."""

    def make(answer, files=None, **kwargs):
        def behind_timeout(argv, unused_stdin):
            return answer(argv[4:])

        # Words of the host itself, such as systemctl, come as they are.
        answers = {"timeout": behind_timeout, **kwargs.pop("answers", {})}
        return tree({"/proc/sys/kernel/hostname": "ward7\n", **(files or {})}, answers=answers, environ={}, **kwargs)

    return make
