# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hypervisor may do in a guest through QEMU's agent: the agent itself says which calls its configuration leaves."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES, Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

UNIT = "qemu-guest-agent.service"
CONFIGURATION = "/etc/qemu/qemu-ga.conf"
_SETTING = re.compile(r"^\s*(ExecStart|EnvironmentFile|Environment)\s*=\s*(.*?)\s*$", re.M | re.A)


class Unasked(Exception):
    """Why the agent did not say it, as the end of a sentence."""


def masked(host: Host) -> bool:
    return Units(host, []).state(UNIT) == "masked"


def calls(host: Host) -> tuple[list[str] | None, str]:
    """The calls that the agent would answer, as its unit starts it, and that start; without an agent None."""
    program = host.which("qemu-ga")
    if not program:
        return None, ""
    argv, environment = _started(host)
    argv = argv or [program]
    if os.path.basename(argv[0]) != "qemu-ga":
        raise Unasked(f"{UNIT} starts {argv[0]} instead of qemu-ga, which is not run to ask it")
    effective = _ask(host, ["env", *environment, *argv, "--dump-conf"])
    settings = dict(re.findall(r"^([\w-]+)=(.*)$", effective, re.M | re.A))
    blocked, allowed = (_names(settings, *keys) for keys in (("block-rpcs", "blacklist"), ("allow-rpcs",)))
    known = _known(host, program)
    return [call for call in known if call not in blocked and (not allowed or call in allowed)], f"{' '.join(argv)} --dump-conf"


def _known(host: Host, program: str) -> list[str]:
    """Every call that there is; older versions have another name for the option."""
    try:
        return words_of(_ask(host, [program, "--block-rpcs=help"]))
    except Unasked:
        return words_of(_ask(host, [program, "--blacklist=?"]))


def _ask(host: Host, argv: Sequence[str]) -> str:
    ran = host.run(argv, timeout=30)
    if not ran.ok:
        raise Unasked(f"qemu-ga does not say what it would do: {ran.error}")
    return ran.out


def _names(settings: dict[str, str], *keys: str) -> set[str]:
    """The agent parts names at commas alone; what it does not know blocks nothing."""
    return {name for key in keys for name in settings.get(key, "").split(",") if name}


# -- how the unit starts it -------------------------------------------------------


def _started(host: Host) -> tuple[list[str], list[str]]:
    """The words of the unit's last ExecStart, with its environment filled in, and of that what the agent itself reads."""
    start = ""
    environment: dict[str, str] = {}
    for name, value in (found for text in _texts(host) for found in _SETTING.findall(text.replace("\\\n", " "))):
        if name == "ExecStart":
            start = value
        elif name == "Environment":
            environment.update(dict(word.split("=", 1) for word in shlex.split(value) if "=" in word))
        else:
            environment.update(_file(host, value.lstrip("-")))
    filled = re.sub(r"\$\{?(\w+)\}?", lambda found: environment.get(found[1], ""), start.lstrip("-@:+!"), flags=re.A)
    return shlex.split(filled), [f"QGA_CONF={environment['QGA_CONF']}"] if "QGA_CONF" in environment else []


def _texts(host: Host) -> list[str]:
    """The unit's file and then its drop-ins, in the order in which they count."""
    unit = next((f"{directory}/{UNIT}" for directory in DIRECTORIES if host.exists(f"{directory}/{UNIT}")), None)
    drop_ins = {
        os.path.basename(path): path for directory in reversed(DIRECTORIES) for path in host.regular(f"{directory}/{UNIT}.d/*.conf")
    }
    return [host.read(path) or "" for path in [*filter(None, [unit]), *(drop_ins[name] for name in sorted(drop_ins))]]


def _file(host: Host, path: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in host.lines(path) if "=" in line and not line.lstrip(BLANKS).startswith(("#", ";")))
    return {name.strip(BLANKS): value.strip(BLANKS).strip("\"'") for name, value in pairs}
