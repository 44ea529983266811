# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The places where cloud-init looks for a machine's keys, name and network, as ``{datasources: [NoCloud, Azure]}``.

The last list of its files replaces all earlier ones, so a drop-in that is read after the others has what they say, and then what
is missing. Without any list cloud-init looks for all that it knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.agents.cloud_init import CONFIGURATION, CloudInit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

PATH = "/etc/cloud/cloud.cfg.d/zz-hygeia.cfg"
NAME = "datasources"
# What is taken when nothing else is found: a machine without any data starts all the same.
_LAST = "None"
_DATASOURCE = re.compile(r"[A-Za-z][A-Za-z0-9]{1,30}")


class CloudInitSources(Kind):
    name = "cloud_init"

    def absent(self) -> str:
        return "" if CloudInit(self.host).installed else "cloud-init is not installed, or it is disabled"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        names = [source for name, value in wanted.items() for source in _listed(name, value)]
        if not wanted:
            return Plan()
        others = CloudInit(self.host, besides=PATH)
        there, unused_path = others.datasources
        if others.problem:
            return Plan(refusals=[Refusal(frozenset(wanted), others.problem)])
        if there is None or not _missing(names, there):
            return Plan(self.uninstall(PATH, wanted))
        listed = [source for source in [*there, *_missing(names, there)] if source != _LAST]
        return Plan(self.install(PATH, f"{NOTICE}datasource_list: [{', '.join([*listed, _LAST])}]\n", wanted))

    def observe(self, wanted: Settings) -> Observations:
        cloud = CloudInit(self.host)
        there, path = cloud.datasources
        if cloud.problem:
            return {name: Observation(None, "", cloud.problem, result.NOT_CHECKED) for name in wanted}
        return {name: _observation(_listed(name, value), there, path) for name, value in wanted.items()}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return not _missing(_listed(name, wanted), value)


def _observation(wanted: Sequence[str], there: Sequence[str] | None, path: str) -> Observation:
    if there is None:
        return Observation(list(wanted), CONFIGURATION[0], "no file lists datasources, so cloud-init looks for all that it knows")
    missing = _missing(wanted, there)
    return Observation(list(there), path, f"cloud-init does not look for {', '.join(missing)}" if missing else "")


def _missing(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    known = {source.lower() for source in there}
    return [source for source in wanted if source.lower() not in known]


def _listed(name: str, value: Value) -> list[str]:
    """The wanted datasources; BadSetting for what means nothing."""
    if name != NAME:
        raise BadSetting(f"cloud_init: there is no {name}; known is {NAME}")
    if not isinstance(value, list) or not all(isinstance(source, str) and _DATASOURCE.fullmatch(source) for source in value):
        raise BadSetting(f"cloud_init: {NAME} is a list of datasources, such as [NoCloud, Azure], not {value!r}")
    return list(value)
