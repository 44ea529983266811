# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stacks of Enterprise Linux, which authselect(8) writes from a profile and its features.

What it would write is asked and judged before a feature is enabled. Features
that leave the hygeia profile stay, because nobody can tell who chose them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam.modules import HASHES, MODULES
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files, PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# Every login meets one of these two.
STACKS = ("system-auth", "password-auth")
CONF = "/etc/authselect/authselect.conf"
FEATURES = {"faillock": "with-faillock", "pwhistory": "with-pwhistory", "unix": "without-nullok"}
# What no feature can bring about, by module.
_UNABLE = {
    "umask": "the profile of authselect gives sessions the umask that login.defs says",
    "pwquality": "the profile of authselect has no pam_pwquality",
    "unix.hash": "the profile of authselect stores passwords as {found}, and only a profile of the site's own changes that",
}

_FILE = re.compile(r"^File (?P<path>/\S+):\n(?P<text>.*?)\n\n(?=File /|\Z)", re.M | re.S | re.A)


def serves(host: Host) -> bool:
    """Does this system have the stacks of Enterprise Linux?"""
    return host.exists(f"{pam_stack.DIRECTORY}/system-auth") and not host.exists(f"{pam_stack.DIRECTORY}/common-auth")


def plan(host: Host, asked: Mapping[str, dict[str, str]]) -> tuple[list[Change], dict[str, str]]:
    """The changes that bring the asked modules into force, and why some cannot be, as ``(changes, {module: why})``."""
    idle = [module for module in asked if not _in_force(PendingFiles(host, {}), module, asked[module])]
    refused = {module: _UNABLE[module].format(found=_hash(PendingFiles(host, {}))) for module in idle if module in _UNABLE}
    idle = [module for module in idle if module in FEATURES]
    if not idle:
        return [], refused
    current, problem = _current(host)
    features = [FEATURES[module] for module in idle]
    problem = problem or _unsafe(host, [*current, *features], {module: asked[module] for module in idle})
    if problem:
        return [], {**refused, **dict.fromkeys(idle, problem)}
    return [_change(host, current, module) for module in idle], refused


def _change(host: Host, current: list[str], module: str) -> Change:
    def apply() -> None:
        ran = host.run(["authselect", "enable-feature", FEATURES[module], "--quiet"])
        if not ran.ok:
            raise RuntimeError(f"authselect did not enable {FEATURES[module]}: {ran.error}")

    before = " ".join(current)
    return Change(CONF, f"{before}\n", f"{before} {FEATURES[module]}\n", frozenset([module]), apply)


def _current(host: Host) -> tuple[list[str], str]:
    """The profile with its features, and why they must not be touched or an empty string."""
    ran = host.run(["authselect", "current", "--raw"])
    if not ran.ok:
        return [], "authselect has not written the login stacks; where what they say may be lost, run authselect select PROFILE --force"
    if not host.run(["authselect", "check"]).ok:
        return [], "somebody has edited what authselect wrote; where that may be lost, run authselect apply-changes or select with --force"
    return words_of(ran.out), ""


def _unsafe(host: Host, words: list[str], asked: Mapping[str, dict[str, str]]) -> str:
    """Why the stacks that authselect would write must not be installed, in one sentence; else an empty string."""
    ran = host.run(["authselect", "test", *words])
    texts = {f"{pam_stack.DIRECTORY}/{found['path'].rpartition('/')[2]}": found["text"] for found in _FILE.finditer(ran.out)}
    if not ran.ok or any(f"{pam_stack.DIRECTORY}/{name}" not in texts for name in STACKS):
        return f"authselect does not say what it would write: {ran.error}"
    seen = PendingFiles(host, texts)
    for name in STACKS:
        for phase in ("auth", "account", "password"):
            if not pam_stack.lets_in(pam_stack.stack(seen, name, phase)):
                return f"authselect would make an /etc/pam.d/{name} that lets nobody in"
    idle = [module for module in asked if not _in_force(seen, module, asked[module])]
    return f"the profile {words[0]} of authselect has nothing for {FEATURES[idle[0]]}" if idle else ""


def _in_force(seen: Files, module: str, options: Mapping[str, str]) -> bool:
    if module == "unix.hash":
        return _hash(seen) == options["hash"]
    stacks = [pam_stack.stack(seen, name, MODULES[module].phase) for name in STACKS]
    if module == "unix":
        return not any(rule.argument("nullok") for rules in stacks for rule in rules if rule.module == "pam_unix.so")
    return all(MODULES[module].in_force(rules) for rules in stacks)


def _hash(seen: Files) -> str | None:
    """The hash that both stacks store passwords with, of two the first; None when none says any."""
    words = (
        word
        for name in STACKS
        for rule in pam_stack.stack(seen, name, "password")
        if rule.module == "pam_unix.so"
        for word in rule.arguments
    )
    return next((word for word in words if word in HASHES), None)
