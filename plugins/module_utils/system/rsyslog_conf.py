# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration of rsyslogd, statement by statement, in its old and its new language (rsyslog.conf(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

MAIN = "/etc/rsyslog.conf"
DEEPEST = 10
# Without a word of the configuration, files are made with this mode.
DEFAULT_MODE = "0644"

_STATEMENT = re.compile(
    r"""(?P<comment>\#[^\n]*|/\*.*?\*/)
    |^[ \t]*\$(?P<directive>\w+)[ \t]+(?P<value>[^\n]*)
    |\b(?P<object>(?i:action|global|include|input|module))[ \t\n]*\((?P<parameters>(?:"(?:\\.|[^"\\])*"|[^")])*)\)
    |^[ \t]*(?:[^\s$#][^\n]*?[ \t]|[\w*,]+\.[!=\w*]+(?:;[\w*,]+\.[!=\w*]+)*)(?P<target>-?/\S+|@@?\S+|\?\S+)[ \t]*(?=\n|\Z|\#)""",
    re.M | re.S | re.X | re.A,
)
_PARAMETER = re.compile(r'([\w.]+)\s*=\s*"((?:\\.|[^"\\])*)"', re.A)
_FORWARDING = ("omfwd", "omrelp")
_SELECTOR_TARGET = re.compile(r"@@?(?:\([^)]*\))?(?P<host>\[[^]]+\]|[^:;]+)")


@dataclass(frozen=True)
class Statement:
    """One statement: a ``name`` such as action or $FileCreateMode, with its parameters, all names in lower case."""

    place: str
    name: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def destination(self) -> str:
        """The machine that this action sends records to, if it does."""
        if self.name == "target":
            found = _SELECTOR_TARGET.match(self.parameters["target"])
            return found["host"].strip("[]") if found else ""
        forwards = self.name == "action" and self.parameters.get("type") in _FORWARDING
        return self.parameters.get("target", "") if forwards else ""

    @property
    def writes_file(self) -> bool:
        if self.name == "target":
            return self.parameters["target"].startswith(("/", "-/", "?"))
        return self.name == "action" and self.parameters.get("type") == "omfile"


def statements(host: Host, path: str = MAIN, depth: int = 0, without: str = "") -> Iterator[Statement]:
    """Every statement in the order in which rsyslogd reads them, those of included files where they are included.

    ``without`` is a file that is left out, as if it were not there.
    """
    text = host.read(path) or ""
    for match in _STATEMENT.finditer(text):
        found = _statement(f"{path}:{text.count(chr(10), 0, match.start() + len(match[0]) - len(match[0].lstrip(BLANKS))) + 1}", match)
        if not found:
            continue
        pattern = found.parameters.get("file" if found.name == "include" else "value", "")
        if found.name not in ("include", "$includeconfig"):
            yield found
        elif depth < DEEPEST and pattern:
            for included in host.regular(f"{pattern}*" if pattern.endswith("/") else pattern):
                if included != without:
                    yield from statements(host, included, depth + 1, without)


def _statement(place: str, match: re.Match[str]) -> Statement | None:
    if match["directive"]:
        return Statement(place, f"${match['directive'].lower()}", {"value": match["value"].partition("#")[0].strip(BLANKS)})
    if match["object"]:
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(match["parameters"])}
        return Statement(place, match["object"].lower(), parameters)
    return Statement(place, "target", {"target": match["target"]}) if match["target"] else None


def file_modes(found: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    """The mode with which each action makes its files, as ``(mode, where it comes from)``."""
    old = new = (DEFAULT_MODE, "rsyslogd's own default")
    for each in found:
        if each.name == "$filecreatemode":
            old = (each.parameters["value"], each.place)
        elif each.name == "module" and each.parameters.get("load", "").endswith("omfile") and "filecreatemode" in each.parameters:
            new = (each.parameters["filecreatemode"], each.place)
        elif each.writes_file and "filecreatemode" in each.parameters:
            yield each.parameters["filecreatemode"], each.place
        elif each.writes_file:
            mode, place = new if each.name == "action" else old
            yield mode, f"{place}, at {each.place}"


def receivers(found: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    """The modules and inputs that take records from other machines, as ``(name, place)``."""
    for each in found:
        name = each.parameters.get({"module": "load", "input": "type", "$modload": "value"}.get(each.name, ""), "")
        if re.fullmatch(r"im(udp|p?tcp|relp|gssapi|3195|dtls)(\.so)?", name):
            yield name, each.place
        elif re.fullmatch(r"\$(udpserverrun|inputp?tcpserverrun|inputrelpserverrun|inputgsslistenportfilerun)", each.name):
            yield each.name, each.place


def encrypted(each: Statement, found: list[Statement]) -> bool:
    """Does a forwarding action go through TLS, by its own words or by what was said for all?"""
    if each.name == "action" and each.parameters.get("type") == "omrelp":
        return each.parameters.get("tls") == "on"
    words = {other.name: other.parameters.get("value", "") for other in found}
    drivers = [other.parameters["defaultnetstreamdriver"] for other in found if "defaultnetstreamdriver" in other.parameters]
    driver = each.parameters.get("streamdriver") or words.get("$defaultnetstreamdriver") or (drivers or [""])[-1]
    mode = each.parameters.get("streamdrivermode") if each.name == "action" else words.get("$actionsendstreamdrivermode")
    over_tcp = each.parameters.get("protocol") == "tcp" if each.name == "action" else each.parameters["target"].startswith("@@")
    return over_tcp and driver in ("gtls", "ossl") and mode == "1"
