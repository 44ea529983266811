# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The readers of configuration files by the names that the catalogue of agents uses.

Each takes a text and gives ``(key, value, line)``, or raises NotUnderstood.
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.braces import bacula, syslog_ng
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.environment import environment
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.json_text import json_text
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.pairs import ini, pairs, sections, words
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.toml_text import toml
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.xml_text import xml_text
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats.yaml_text import yaml_text

FORMATS = {
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
