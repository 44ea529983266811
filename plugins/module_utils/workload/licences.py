# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which licence servers programs of this host ask, and which licences are bound to a host: a new address or host id ends both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

# port@host, as LM_LICENSE_FILE of FlexNet and its like have it; SERVER of a licence file; the servers of Sentinel.
_AT = re.compile(r"\b(\d{2,5})@([\w.-]+)", re.A)
_VARIABLE = re.compile(r"LICENSE|LICENCE|\bLM_|LSFORCEHOST|LSHOST", re.A)
_SERVER = re.compile(r"\s*SERVER\s+([\w.-]+)\s+([\w=-]+)(?:\s+(?:TCP:|PORT=)?(\d{2,5}))?", re.A)
_SENTINEL = re.compile(r"\s*(?:export\s+)?(?:serveraddr|LSHOST|LSFORCEHOST)\s*=\s*[\"']?([\w.-]+)", re.A | re.I)


def licence_servers(files: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Each server with its port, 0 where none is said, and its place; ``bound`` where a licence names the host id of the server."""
    return [
        {"server": server, "port": port, "bound": bound, "path": path, "line": number}
        for path, text in files
        for number, server, port, bound in dict.fromkeys(_servers(path, text))
    ]


def _servers(path: str, text: str) -> Iterator[tuple[int, str, int, bool]]:
    for number, line in enumerate(lines_of(text), 1):
        if line.lstrip(BLANKS).startswith(("#", ";")):
            continue
        if _VARIABLE.search(line):
            yield from ((number, server, int(port), False) for port, server in _AT.findall(line))
        if path.endswith(".lic"):
            found = _SERVER.match(line)
            if found:
                yield number, found[1], int(found[3] or 0), found[2].lower() != "any"
        found = _SENTINEL.match(line)
        if found:
            yield number, found[1], 0, False
