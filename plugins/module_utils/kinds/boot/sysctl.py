# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernel parameters, as ``{net.ipv4.ip_forward: 0}`` (sysctl.d(5)).

A name may be a pattern, ``net.ipv6.conf.*.accept_redirects``, and then stands
for every parameter that it matches.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    NOTICE,
    Change,
    DropIn,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running import abilities, network
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS_OF_SYSTEMD, lines_of_systemd, words_of

# The directories of sysctl.d(5), the first wins where two hold a file of the same name. /etc/sysctl.conf is read at
# boot only where a distribution links it into one of them.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
# ufw puts a file of its own into force when it starts, which is after systemd has applied all others.
UFW = "ufw.service"
UFW_DEFAULTS = "/etc/default/ufw"
UFW_CONF = "/etc/ufw/ufw.conf"
NOWHERE = "/etc/sysctl.d"
LOADER = "/lib/systemd/systemd-sysctl"

# Parameters with the values that take something away, and who tells whether somebody needs it.
_ASKED = (
    (re.compile(r".*(\.forwarding|\.ip_forward)"), "0", network.routed),
    (re.compile(r"net\.ipv4\.conf\..*\.rp_filter"), "1", network.asymmetric),
    (re.compile(r"net\.ipv6\.conf\..*\.(accept_ra(_\w+)?|autoconf)", re.A), "0", network.advertised),
    (re.compile(r"net\.ipv6\.conf\..*\.disable_ipv6"), "1", network.speaks_ipv6),
    (re.compile(r"kernel\.unprivileged_userns_clone|user\.max_user_namespaces"), "0", abilities.namespaced),
    (re.compile(r"kernel\.io_uring_disabled"), "[12]", abilities.rings),
    (re.compile(r"kernel\.yama\.ptrace_scope"), "[123]", abilities.traced),
)


class Sysctl(DropIn):
    name = "sysctl"
    # Files apply in the order of their names and the last one wins.
    path = "/etc/sysctl.d/zz-hygeia.conf"

    def parse(self, text: str) -> dict[str, str]:
        settings = {name: value or "" for unused_place, name, value in _assignments(self.path, text)}
        used = self._used(settings)  # what the file had is not put into force again behind the back of who needs it
        return {name: value for name, value in settings.items() if name not in used}

    def render(self, settings: Mapping[str, str]) -> str:
        # Forwarding comes first, because changing it resets other parameters of the interfaces.
        names = sorted(settings, key=lambda name: ("forward" not in name, name))
        return NOTICE + "".join(f"{name} = {settings[name]}\n" for name in names)

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        for name, value in wanted.items():
            if not re.fullmatch(r"\S+[./]\S+", name, re.A) or isinstance(value, (list, dict)) or "\n" in self.plain(value):
                raise BadSetting(f"sysctl: {name} cannot be written as {value!r}")
        plan = super().plan(wanted, partial)
        for name, value in wanted.items() if self.host.kernel else ():
            for where, live in self._own(_slashed(name)).items():
                if not self.satisfies(name, value, live):
                    change = Change(f"/proc/sys ({where})", live, self.plain(value), frozenset([name]), self.by_reload)
                    plan.changes.append(change)
        return plan

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """What the running kernel does for somebody is not taken away without a question."""
        for name, why in self._used(due).items():
            yield Refusal(frozenset([name]), f"{name} cannot become {self.plain(due[name])} yet, because {why}", IN_USE)

    def _used(self, wanted: Settings) -> dict[str, str]:
        """The settings that the running kernel does not have and that would take something away, with who needs it."""
        found: dict[str, str] = {}
        answers: dict[Callable[[Host], str], str] = {}
        for name, value in wanted.items() if self.host.kernel else ():
            plain, value = _dotted(_slashed(name)), self.plain(value)
            needed = next((look for names, taking, look in _ASKED if names.fullmatch(plain) and re.fullmatch(taking, value)), None)
            if needed and not all(self.satisfies(name, value, live) for live in self._own(_slashed(name)).values()):
                answers[needed] = answers[needed] if needed in answers else needed(self.host)
                found.update({name: answers[needed]} if answers[needed] else {})
        return found

    def reload(self, changes: list[Change]) -> None:
        if not self.host.kernel or not self.host.exists(self.path):
            return  # a container does not own its kernel's parameters; what is taken back lasts until the next boot
        ran = self.host.run([LOADER, self.path])
        if not ran.ok:
            raise RuntimeError(f"the kernel did not take every parameter: {ran.error}")

    def observe(self, wanted: Settings) -> Observations:
        configured = self._configured()
        return {name: self._observation(name, wanted[name], configured) for name in wanted}

    def _observation(self, name: str, wanted: Value, configured: Mapping[str, tuple[str, str | None]]) -> Observation:
        """What boots set, and on a running kernel what is set now: both must be right to be right."""
        key = _slashed(name)
        running = self._everywhere(key) if self.host.kernel else {}
        if self.host.kernel and not running:
            return Observation(None, f"/proc/sys/{key}", f"the running kernel has no {name}", result.NOT_APPLICABLE)

        deciding = _deciding(key, configured) or [(NOWHERE, None)]
        right = [self.satisfies(name, wanted, value) for unused_place, value in deciding]
        if not all(right):
            place, value = deciding[right.index(False)]
            return Observation(value, place, self._blame(name, place, value))
        place, value = deciding[-1]
        if self.host.container:
            message = "the kernel, and with it what is in force, belongs to the machine under this container"
            return Observation(value, place, message, result.NOT_CHECKED)
        for where, live in running.items():
            if not self.satisfies(name, wanted, live):
                message = f"{place} sets {value}, but in the running kernel {where} comes to {live}"
                return Observation(live, f"/proc/sys and {place}", message)
        return Observation(value, f"/proc/sys and {place}" if running else place)

    def _blame(self, name: str, place: str, value: Value) -> str:
        if value is None and place != NOWHERE:
            return (
                f"{place} keeps patterns from setting {'some of ' if _is_pattern(name) else ''}{name}, and no file sets it by its own name"
            )
        if value is None:
            return f"no file sets {name} at boot"
        if place.startswith(self.path):
            return f"{place} sets {name} to {value}"
        return f"{place} sets {name} to {value} and has the last word"

    # -- what boots set --------------------------------------------------------

    def _configured(self) -> dict[str, tuple[str, str | None]]:
        """Every parameter and pattern as ``{key: (place, value)}``, in the order in which they are applied."""
        found: dict[str, tuple[str, str | None]] = {}
        for path in [*self._files(), *self._ufw()]:
            for place, name, value in _assignments(path, self.host.read(path) or ""):
                found.pop(_slashed(name), None)
                found[_slashed(name)] = (place, value)
        return found

    def _files(self) -> list[str]:
        by_name: dict[str, str] = {}
        for directory in DIRECTORIES:
            for path in self.host.regular(directory + "/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        return [by_name[name] for name in sorted(by_name)]

    def _ufw(self) -> list[str]:
        """The file that ufw applies, when ufw is on."""
        if _shell_value(self.host.read(UFW_CONF), "ENABLED").lower() != "yes":
            return []
        path = _shell_value(self.host.read(UFW_DEFAULTS), "IPT_SYSCTL")
        return [path] if path and self.host.exists(path) and Units(self.host, []).state(UFW) == "enabled" else []

    # -- what is in force ------------------------------------------------------

    def _running(self, key: str) -> str:
        return " ".join(words_of(self.host.read(f"/proc/sys/{key}") or ""))

    def _own(self, key: str) -> dict[str, str]:
        """The value of a parameter, or of every one that a pattern matches, as ``{name: value}``."""
        keys = [path[len("/proc/sys/") :] for path in self.host.glob(f"/proc/sys/{key}")]
        return {_dotted(found): self._running(found) for found in keys}

    def _everywhere(self, key: str) -> dict[str, str]:
        """The same, and what each interface makes of a parameter for all of them."""
        values = self._own(key)
        parts = key.split("/")
        if values and parts[:1] + parts[2:4] == ["net", "conf", "all"]:
            for name, own in self._own(key.replace("/all/", "/*/")).items():
                interface = _slashed(name).split("/")[3]
                if interface not in ("all", "default", "lo"):
                    values[f"{parts[4]} on {interface}"] = _joined(parts[1], parts[4], self._running(key), own)
        return values


def _shell_value(text: str | None, name: str) -> str:
    """What a file that a shell reads sets a variable to, in one word; the last line counts."""
    found = re.findall(rf"^[ \t]*(?:export[ \t]+)?{name}=([\"']?)([^\s\"'#;]*)\1", text or "", re.M | re.A)
    return found[-1][1] if found else ""


def _joined(family: str, parameter: str, everywhere: str, own: str) -> str:
    """What an interface does, from the value for all and its own (IN_DEV_*CONF of the kernel's inetdevice.h).

    IPv6 does not look at the value for all, and only source routing needs both.
    """
    if parameter == "accept_source_route":
        return min(everywhere, own, key=int)
    return own if family == "ipv6" else max(everywhere, own, key=int)


def _deciding(key: str, configured: Mapping[str, tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """The assignments that decide about a key or a pattern: a plain name counts for more than any pattern."""
    plain = [found for other, found in configured.items() if not _is_pattern(other) and _matches(other, key)]
    if plain and not _is_pattern(key):
        return plain
    patterns = [
        (place, value)
        for other, (place, value) in configured.items()
        if _is_pattern(other) and value is not None and (_matches(key, other) or _matches(other, key))
    ]
    return patterns[-1:] + plain


def _is_pattern(key: str) -> bool:
    return any(character in key for character in "*?[")


def _matches(key: str, pattern: str) -> bool:
    parts, patterns = key.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _slashed(name: str) -> str:
    """A parameter's path under /proc/sys; the first separator of a name says what the others mean (sysctl.d(5))."""
    dot, slash = name.find("."), name.find("/")
    if dot >= 0 and (slash < 0 or dot < slash):
        name = _dotted(name)
    return name.strip("/")


def _dotted(key: str) -> str:
    return key.translate(str.maketrans("./", "/."))


def _assignments(path: str, text: str) -> Iterator[tuple[str, str, str | None]]:
    """Each (place, name, value) of a file; a name that patterns must leave alone has the value None."""
    for number, line in enumerate(lines_of_systemd(text), 1):
        name, separator, value = line.strip(BLANKS_OF_SYSTEMD).partition("=")
        if name.startswith(("#", ";")) or not (separator or name.startswith("-")):
            continue
        name = name[1:] if name.startswith("-") else name
        yield f"{path}:{number}", name.strip(BLANKS_OF_SYSTEMD), " ".join(words_of(value)) if separator else None
