# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The records of proofs, all of which are of a running host."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record


def live_record(control: str, expected: object, observed: object, read_from: str, message: str = "") -> Record:
    """A record that fails where there is a message."""
    return result.record(control, result.FAIL if message else result.PASS, "live", expected, observed, read_from, message)
