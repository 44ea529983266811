# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hypervisor may do in a guest through QEMU's agent: the agent itself says which calls its configuration leaves."""

from __future__ import annotations

import os
import re
import shlex

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import FOLDERS, Units

UNIT = "qemu-guest-agent.service"
CONFIGURATION = "/etc/qemu/qemu-ga.conf"
_SETTING = re.compile(r"^\s*(ExecStart|EnvironmentFile|Environment)\s*=\s*(.*?)\s*$", re.M)


class Unasked(Exception):
    """Why the agent did not say it, as the end of a sentence."""


def masked(host):
    return Units(host, []).state(UNIT) == "masked"


def calls(host):
    """The calls that the agent would answer, as its unit starts it, and that start; without an agent None."""
    program = host.which("qemu-ga")
    if not program:
        return None, ""
    argv, environment = _started(host)
    argv = argv or [program]
    if os.path.basename(argv[0]) != "qemu-ga":
        raise Unasked(f"{UNIT} starts {argv[0]} instead of qemu-ga, which is not run to ask it")
    effective = _ask(host, ["env", *environment, *argv, "--dump-conf"])
    settings = dict(re.findall(r"^([\w-]+)=(.*)$", effective, re.M))
    blocked, allowed = (_names(settings, *keys) for keys in (("block-rpcs", "blacklist"), ("allow-rpcs",)))
    known = _known(host, program)
    return [call for call in known if call not in blocked and (not allowed or call in allowed)], f"{' '.join(argv)} --dump-conf"


def _known(host, program):
    """Every call that there is; older versions have another name for the option."""
    try:
        return _ask(host, [program, "--block-rpcs=help"]).split()
    except Unasked:
        return _ask(host, [program, "--blacklist=?"]).split()


def _ask(host, argv):
    ran = host.run(argv, timeout=30)
    if not ran.ok:
        raise Unasked(f"qemu-ga does not say what it would do: {ran.complaint}")
    return ran.out


def _names(settings, *keys):
    """The agent parts names at commas alone; what it does not know blocks nothing."""
    return {name for key in keys for name in settings.get(key, "").split(",") if name}


# -- how the unit starts it -------------------------------------------------------


def _started(host):
    """The words of the unit's last ExecStart, with its environment filled in, and of that what the agent itself reads."""
    start, environment = "", {}
    for name, value in (found for text in _texts(host) for found in _SETTING.findall(text.replace("\\\n", " "))):
        if name == "ExecStart":
            start = value
        elif name == "Environment":
            environment.update(word.split("=", 1) for word in shlex.split(value) if "=" in word)
        else:
            environment.update(_file(host, value.lstrip("-")))
    filled = re.sub(r"\$\{?(\w+)\}?", lambda found: environment.get(found[1], ""), start.lstrip("-@:+!"))
    return shlex.split(filled), [f"QGA_CONF={environment['QGA_CONF']}"] if "QGA_CONF" in environment else []


def _texts(host):
    """The unit's file and then its drop-ins, in the order in which they count."""
    unit = next((f"{folder}/{UNIT}" for folder in FOLDERS if host.exists(f"{folder}/{UNIT}")), None)
    drop_ins = {os.path.basename(path): path for folder in reversed(FOLDERS) for path in host.glob(f"{folder}/{UNIT}.d/*.conf")}
    return [host.read(path) or "" for path in [*filter(None, [unit]), *(drop_ins[name] for name in sorted(drop_ins))]]


def _file(host, path):
    pairs = (line.split("=", 1) for line in host.lines(path) if "=" in line and not line.lstrip().startswith(("#", ";")))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}
