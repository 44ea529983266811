# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who tells this host the time (chrony.conf(5), ntp.conf(5), timesyncd.conf(5)), as its files and DHCP say."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of
from ansible_collections.hygeia.golden.plugins.module_utils.workload.settings import settings

_CLASSIC = (
    *("/etc/chrony/chrony.conf", "/etc/chrony.conf", "/etc/chrony/conf.d/*.conf", "/etc/chrony.d/*.conf"),
    *("/etc/chrony/sources.d/*.sources", "/run/chrony-dhcp/*.sources", "/etc/ntp.conf", "/etc/ntpsec/ntp.conf"),
)
_TIMESYNCD = ("/etc/systemd/timesyncd.conf", "/etc/systemd/timesyncd.conf.d/*.conf", "/run/systemd/timesyncd.conf.d/*.conf")


def time_servers(host: Host) -> list[dict[str, Any]]:
    found = [(words_of(each["value"])[:1], each["path"]) for each in settings(host, _CLASSIC, ("server", "pool", "peer"))]
    found += [(words_of(each["value"]), each["path"]) for each in settings(host, _TIMESYNCD, ("ntp", "fallbackntp"))]
    return [{"value": word, "path": path} for word, path in dict.fromkeys((word, path) for words, path in found for word in words)]
