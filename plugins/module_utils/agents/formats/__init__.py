# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The readers of configuration files by the names that the catalogue of agents uses.

Each takes a text and gives ``(key, value, line)``, or raises NotUnderstood. A text has an end, and so have its entries:
what nobody configures an agent with could fill the memory of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.braces import bacula, syslog_ng
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.environment import environment
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.json_text import json_text
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.pairs import ini, pairs, sections, words
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.toml_text import toml
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.xml_text import xml_text
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.yaml_text import yaml_text

LARGEST = 2 * 2**20
_MOST, _MOST_TEXT = 100_000, 32 * 2**20
Reader = Callable[[str], Iterable[Assignment]]
_READERS: dict[str, Reader] = {
    "bacula": bacula,
    "environment": environment,
    "ini": ini,
    "json": json_text,
    "pairs": pairs,
    "sections": sections,
    "syslog_ng": syslog_ng,
    "toml": toml,
    "words": words,
    "xml": xml_text,
    "yaml": yaml_text,
}


def _bounded(reader: Reader) -> Callable[[str], Iterator[Assignment]]:
    def read(text: str) -> Iterator[Assignment]:
        if len(text) > LARGEST:
            raise NotUnderstood
        size = 0
        try:
            for number, (key, value, line) in enumerate(reader(text)):
                size += len(key) + len(value)
                if number >= _MOST or size > _MOST_TEXT:
                    raise NotUnderstood(line)
                yield key, value, line
        except RecursionError:
            raise NotUnderstood from None

    return read


FORMATS = {name: _bounded(reader) for name, reader in _READERS.items()}
