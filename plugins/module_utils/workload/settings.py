# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of one line, such as ``name = value`` or ``name value``, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked_text
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

_SETTING = re.compile(r"\s*([\w.-]+)(?:\s*=\s*|\s+)([^\s{].*)", re.A)


def settings(host: Host, patterns: Sequence[str], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Each setting of one of these names, in small letters, in the files that match."""
    for path in dict.fromkeys(path for pattern in patterns for path in host.regular(pattern)):
        for number, line in enumerate(host.lines(path), 1):
            found = _SETTING.match(line)
            if found and found[1].lower() in names:
                yield {"setting": found[1].lower(), "value": masked_text(found[2].strip(BLANKS)), "path": path, "line": number}
