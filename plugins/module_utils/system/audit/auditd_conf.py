# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration of the audit daemon, as auditd reads it (auditd.conf(5)).

Names that are not known here may be those of a newer auditd, and are not judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

# auditd passes over a longer line, and over a last one without an end, which it takes for one.
LONGEST = 158
EXEC = "exec"
_YES_NO = ("yes", "no")
_DISK = ("ignore", "syslog", "suspend", "single", "halt")
_SPACE = (*_DISK, "rotate", "email", EXEC)
_CHOICES = {
    "local_events": _YES_NO,
    "write_logs": _YES_NO,
    "verify_email": _YES_NO,
    "use_libwrap": _YES_NO,
    "enable_krb5": _YES_NO,
    "distribute_network": _YES_NO,
    "log_format": ("raw", "nolog", "enriched"),
    "flush": ("none", "incremental", "incremental_async", "data", "sync"),
    "name_format": ("none", "hostname", "fqd", "numeric", "user"),
    "max_log_file_action": ("ignore", "syslog", "suspend", "rotate", "keep_logs"),
    "space_left_action": _SPACE,
    "admin_space_left_action": _SPACE,
    "disk_full_action": (*_DISK, "rotate", EXEC),
    "disk_error_action": (*_DISK, EXEC),
    "overflow_action": _DISK,
    "transport": ("tcp", "krb5"),
}
_LARGEST = 4294967295
_NUMBERS = {
    "freq": _LARGEST,
    "max_log_file": _LARGEST,
    "priority_boost": _LARGEST,
    "tcp_client_max_idle": _LARGEST,
    "max_restarts": _LARGEST,
    "end_of_event_timeout": _LARGEST,
    "num_logs": 999,
    "q_depth": 99999,
    "tcp_listen_port": 65535,
    "tcp_listen_queue": 65535,
    "tcp_max_per_addr": 1024,
}
_SPACES = ("space_left", "admin_space_left")


@dataclass(frozen=True)
class Setting:
    """A value, with the program behind ``exec``, and the number of its line."""

    value: str
    number: int


@dataclass(frozen=True)
class Configuration:
    """The settings by their names in lower case; ``problem`` says why auditd does not start with them, in line ``number``."""

    settings: dict[str, Setting]
    number: int = 0
    problem: str = ""


def parse(text: str) -> Configuration:
    """What auditd makes of a text; the last of several settings of a name counts."""
    found: dict[str, Setting] = {}
    for number, words in _lines(text):
        problem = _problem(words)
        if problem:
            return Configuration(found, number, problem)
        found[words[0].lower()] = Setting(" ".join(words[2:]), number)
    left, least = (found.get(name, Setting("0", 0)) for name in _SPACES)
    sizes = numbers.number(left.value), numbers.number(least.value)
    if found.keys() & set(_SPACES) and sizes[0] is not None and sizes[1] is not None and sizes[0] <= sizes[1]:
        problem = f"space_left ({left.value}) must be more than admin_space_left ({least.value})"
        return Configuration(found, max(left.number, least.number), problem)
    return Configuration(found)


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """The numbers and the words of the lines that auditd reads; only blanks part them."""
    ended = lines_of(text) if text.endswith("\n") else lines_of(text)[:-1]
    parted = (
        (number, [word for word in line.split(" ") if word])
        for number, line in enumerate(ended, 1)
        if len(line.encode("utf-8", "surrogateescape")) <= LONGEST
    )
    return [(number, words) for number, words in parted if words and not words[0].startswith("#")]


def _problem(words: list[str]) -> str:
    """Why auditd does not accept a line."""
    if len(words) < 3 or words[1] != "=":
        return "it requires NAME = VALUE, separated by spaces"
    name, value = words[0].lower(), words[2].lower()
    if "\t" in name:
        return "it requires spaces, not tabs"
    if value == EXEC and EXEC in _CHOICES.get(name, ()):
        return "" if len(words) > 3 and words[3].startswith("/") else "exec requires the path of a program"
    if len(words) > 3:
        return f"nothing may follow the value of {name}"
    return _bad_value(name, value)


def _bad_value(name: str, value: str) -> str:
    if name in _CHOICES and value not in _CHOICES[name]:
        return f"{name} must be {', '.join(_CHOICES[name])}"
    if name in _NUMBERS and not (re.fullmatch("[0-9]+", value) and int(value) <= _NUMBERS[name]):
        return f"{name} must be a number of at most {_NUMBERS[name]}"
    if name in _SPACES and not re.fullmatch("[0-9]+|[0-9]{1,2}%", value):
        return f"{name} must be a number, or a percentage below 100"
    return ""
