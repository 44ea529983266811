# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who answers this host's questions for names, behind a local stub too (resolv.conf(5), resolved.conf(5))."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.resolvers import RESOLV_CONF
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of
from ansible_collections.hygeia.golden.plugins.module_utils.workload.settings import settings

# The servers that systemd-resolved and dnsmasq ask in turn, which are not in the first file where that names a stub.
_RESOLV_CONFS = (RESOLV_CONF, "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf")
_RESOLVED = ("/etc/systemd/resolved.conf", "/etc/systemd/resolved.conf.d/*.conf")


def resolvers(host: Host) -> dict[str, list[dict[str, Any]]]:
    """``servers`` and ``domains``, each with its file."""
    found = [*settings(host, _RESOLV_CONFS, ("nameserver", "search", "domain")), *settings(host, _RESOLVED, ("dns", "domains"))]
    return {"servers": _words(found, ("nameserver", "dns")), "domains": _words(found, ("search", "domain", "domains"))}


def _words(found: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    words = [(word, each["path"]) for each in found if each["setting"] in names for word in words_of(each["value"])]
    return [{"value": word, "path": path} for word, path in dict.fromkeys(words)]
