# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What makes a copy of an image a machine of its platform: its agent, cloud-init with its datasource, its name and its time."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.agents.cloud_init import CLOUD_INIT, CloudInit
from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import DetectedAgent
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, passed, unknown, unneeded
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL
from ansible_collections.hygeia.golden.plugins.module_utils.portability.platform import Platform
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

HOSTNAME = "/etc/hostname"
# Names that are nobody's (hostname(5)).
_NOBODYS = ("", "localhost", "localhost.localdomain", "(none)")
TIME_UNITS = ("chrony.service", "chronyd.service", "systemd-timesyncd.service", "ntpsec.service", "ntpd.service", "openntpd.service")
_STARTS = ("enabled", "enabled-runtime")


def agent(platform: Platform, detected: Sequence[DetectedAgent]) -> Answer:
    """One of the platform's agents, installed and started by the boot."""
    wanted = platform.get("agents", [])
    if not wanted:
        return unneeded("the platform has no agent of its own")
    found = [each for each in detected if each.agent["id"] in wanted]
    good = [each for each in found if each.starts != FAIL]
    expected, observed = {"one of": wanted}, {"one of": [each.agent["id"] for each in found]}
    read_from = "; ".join(each.evidence for each in found) or "the package database and programs"
    if good:
        return passed(expected, observed, read_from)
    return judged([_absent(found, wanted)], expected, observed, read_from, "install and enable it")


def _absent(found: Sequence[DetectedAgent], wanted: Sequence[str]) -> str:
    if found:
        return f"{found[0].unit} of {found[0].title} is {found[0].state.value}"
    return f"{' or '.join(wanted)} is not installed, so that the platform can neither freeze, shut down nor ask its machines"


def datasource(platform: Platform, cloud: CloudInit) -> Answer:
    """cloud-init must look for the place where the platform has a machine's keys, name and network."""
    wanted = platform.get("datasources", [])
    expected = {"one of": wanted}
    if not cloud.installed:
        if platform.get("cloud_init", "optional") != "required":
            return unneeded("cloud-init is not installed, and machines of the platform can do without")
        remedy = "install cloud-init"
        problem = "cloud-init is not installed, so that nothing gives a new machine its keys, its name and its network"
        return judged([problem], expected, {"one of": []}, CLOUD_INIT, remedy)
    looked, path = cloud.datasources
    if cloud.problem:
        return unknown(cloud.problem, expected)
    if looked is None:
        return passed(expected, {"one of": ["all that cloud-init knows"]}, path)
    there = [name for name in looked if name.lower() in [word.lower() for word in wanted]]
    problem = f"cloud-init looks for {', '.join(looked) or 'no datasource'} only" if not there else ""
    remedy = f"add {' or '.join(wanted)} to datasource_list in /etc/cloud/cloud.cfg.d"
    return judged(filter(None, [problem]), expected, {"one of": looked}, path, remedy)


def hostname(host: Host, cloud: CloudInit) -> Answer:
    """Every machine has a name of its own: nothing in the image stands in its way."""
    lines = [line.strip(BLANKS) for line in lines_of(host.read(HOSTNAME) or "") if line.strip(BLANKS) and not line.startswith("#")]
    name = lines[0] if lines else ""
    expected, observed = {"name of its own": False}, {"name of its own": name not in _NOBODYS}
    kept, path = cloud.settings.get("preserve_hostname", ("false", "")) if cloud.installed else ("false", "")
    if name in _NOBODYS or (cloud.installed and kept.lower() not in ("true", "yes", "on", "1")):
        return passed(expected, observed, HOSTNAME)
    why = f"{path} keeps it" if cloud.installed else "nothing gives a copy another"
    remedy = f"empty {HOSTNAME}, so that DHCP names each machine, or let cloud-init do it"
    return judged([f"every copy is called {name}, and {why}"], expected, observed, HOSTNAME, remedy)


def time(platform: Platform, host: Host) -> Answer:
    """A machine that was moved or resumed must find the time again."""
    units = Units(host, [])
    running = [unit for unit in TIME_UNITS if units.state(unit) in _STARTS]
    source = platform.get("time_source", "")
    remedy = f"enable chrony{f' with {source}, the source of the platform' if source else ''}"
    problem = "nothing sets the clock of a machine after it was moved or resumed" if not running else ""
    return judged(filter(None, [problem]), {"service": True}, {"service": running}, "the units of time services", remedy)
