# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A list of kernel modules as the value of a setting."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import plain
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

NAME = "modules"
_MODULE = re.compile(r"[\w-]{1,60}", re.A)


def listed(kind: str, name: str, value: Value) -> list[str]:
    """The modules by the names that the kernel gives them, each once; BadSetting for what means nothing."""
    if name != NAME:
        raise BadSetting(f"{kind}: there is no {name}; known is {NAME}")
    if not isinstance(value, list) or not all(isinstance(module, str) and _MODULE.fullmatch(module) for module in value):
        raise BadSetting(f"{kind}: {NAME} is a list of kernel modules, such as [ahci, nvme], not {value!r}")
    return list(dict.fromkeys(map(plain, value)))
