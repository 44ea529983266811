# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers in files that anybody may have written."""

from __future__ import annotations

import re


def number(text: str) -> int | None:
    """The number that a text is, as programs in C read one, or None: no sign, no digits of other scripts, none without end."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else None
