# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How isolated a guest is from its neighbours and its hypervisor, as result records."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.isolation import guest_agent, sharing
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.forwarding import forwarding
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.system_state import SystemState
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    NOT_CHECKED,
    PASS,
    Record,
    record,
)
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


def detect(host: Host, allowed: dict[str, Any], stage: str | None = None) -> list[Record]:
    """One result for each way in; ``allowed`` is what the site lets be."""
    stage = stage or ("live" if host.booted else "offline")
    ways = (
        ("listeners", "listeners", _listeners),
        ("shared-directories", "shared_directories", _directories),
        ("agents", "agents", _agents),
        ("guest-rpcs", "guest_rpcs", _guest_rpcs),
        ("forwarding", "forwarding", _forwarding),
    )
    results = []
    for name, field, look in ways:
        status, observed, read_from, message = look(host, allowed[field])
        results.append(record(f"isolation-{name}", status, stage, {field: allowed[field]}, {field: observed}, read_from, message))
    return results


def _status(message: object) -> str:
    return FAIL if message else PASS


def _listeners(host: Host, allowed: list[str]) -> tuple[str, list[str] | None, str, str]:
    """Whoever another machine, or the hypervisor by its own sockets, can talk to."""
    if not host.booted:
        return (
            NOT_CHECKED,
            None,
            "",
            "what listens is known only when the system runs; audit the boot of the template, or a host made from it",
        )
    found = SystemState(host).observe({"listening_ports": allowed})["listening_ports"]
    if found.status == ERROR:
        return ERROR, None, found.read_from, found.message
    beside = _vsock(host)
    problems = [
        f"{program or 'the kernel'} listens on {port} for the hypervisor" for port, program in beside.items() if port not in allowed
    ]
    message = "; ".join(filter(None, [found.message, *problems]))
    return (
        _status(message),
        [*found.value, *beside],
        "ss -H -tulpn and ss -H -lp --vsock",
        message and f"{message}: stop it, or allow it under listeners",
    )


def _vsock(host: Host) -> dict[str, str]:
    """Sockets by which the hypervisor reaches a guest without any network (vsock(7)), as {port: program}."""
    lines = lines_of(host.run(["ss", "-H", "-l", "-p", "--vsock"]).out)
    ends = ((re.search(r"[:.](\d+)\s", line, re.A), re.search(r'"([^"]+)",pid=', line)) for line in lines if line.startswith("v_"))
    return {f"{port[1]}/vsock": program[1] if program else "" for port, program in ends if port}


def _directories(host: Host, allowed: list[str]) -> tuple[str, list[str], str, str]:
    found = sharing.directories(host)
    problems = [f"{where} is a directory of the hypervisor ({place})" for where, place in found.items() if where not in allowed]
    message = f"{'; '.join(problems)}: unmount it, or allow it under shared_directories" if problems else ""
    return _status(problems), sorted(found), "/etc/fstab, mount units and mounts", message


def _agents(host: Host, allowed: list[str]) -> tuple[str, list[str], str, str]:
    found = sharing.agents(host)
    problems = [sentence for name, sentence in found.items() if name not in allowed]
    return _status(problems), sorted(found), "programs and units", "; ".join(problems)


def _guest_rpcs(host: Host, allowed: list[str]) -> tuple[str, list[str] | None, str, str]:
    if guest_agent.masked(host):
        return NOT_APPLICABLE, None, guest_agent.UNIT, f"{guest_agent.UNIT} is masked"
    try:
        left, read_from = guest_agent.calls(host)
    except guest_agent.Unasked as problem:
        return ERROR, None, guest_agent.UNIT, str(problem)
    if left is None:
        return NOT_APPLICABLE, None, "", "qemu-ga is not installed"
    many = [call for call in left if not any(fnmatch.fnmatchcase(call, pattern) for pattern in allowed)]
    message = f"the hypervisor may call {', '.join(many)}: list what it must not call under block-rpcs of {guest_agent.CONFIGURATION}, separated by commas"
    return _status(many), left, read_from, message if many else ""


def _forwarding(host: Host, allowed: bool) -> tuple[str, bool, str, str]:
    found = forwarding(host)
    return _status(found and not allowed), bool(found), "/proc/sys" if host.booted else "sysctl.d", "" if allowed else "; ".join(found)
