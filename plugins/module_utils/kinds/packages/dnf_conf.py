# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of dnf, as ``{gpgcheck: true, localpkg_gpgcheck: true}`` (dnf.conf(5)).

The main section of one file holds for every repository that does not say
otherwise itself. The main section is edited; a repository that says otherwise
belongs to the site, so it is named and left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

PATH = "/etc/dnf/dnf.conf"
MAIN = "main"
# Where repositories are described, unless the main section says otherwise (reposdir).
REPOSITORIES = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d")
# What a repository may set for itself.
OF_REPOSITORIES = ("gpgcheck", "repo_gpgcheck", "sslverify", "skip_if_unavailable")
# dnf's own defaults, of those options that controls ask for.
DEFAULTS = {
    "best": "0",
    "clean_requirements_on_remove": "1",
    "gpgcheck": "0",
    "install_weak_deps": "1",
    "localpkg_gpgcheck": "0",
    "repo_gpgcheck": "0",
    "skip_if_unavailable": "0",
    "sslverify": "1",
}
_TRUE = ("1", "yes", "true", "on")
_FALSE = ("0", "no", "false", "off")
_SECTION = re.compile(r"\s*\[([^\]]+)\]\s*$", re.A)


class DnfConf(Kind):
    name = "dnf_conf"

    def absent(self) -> str:
        return "" if self.host.which("dnf") or self.host.exists(PATH) else "dnf is not installed"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        text = before = self.host.read(PATH) or ""
        for name, value in wanted.items():
            written = _expressed(name, value)
            main = _values(text).get((MAIN, name), (0, DEFAULTS.get(name)))[1]
            if not self.satisfies(name, value, main):
                text = _put(text, name, written)
        plan = Plan([] if text == before else self.edit(PATH, text, wanted))
        for name, value in wanted.items():
            wrong = [f"{section} ({place})" for place, section, found in self._repositories(name) if not self.satisfies(name, value, found)]
            if wrong:
                why = f"the repository {', '.join(wrong)} sets {name} otherwise; correct it there or waive this"
                plan.refusals.append(Refusal(frozenset([name]), why))
        return plan

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        values = _values(self.host.read(PATH) or "")
        return {name: self._observation(name, value, values.get((MAIN, name))) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: bool, found: tuple[int, str] | None) -> Observation:
        """The main section's value, or that of the first repository that is looser."""
        _expressed(name, wanted)
        for place, section, value in self._repositories(name):
            if not self.satisfies(name, wanted, value):
                return Observation(value, place, f"the repository {section} sets {name}={value}")
        if found:
            return Observation(found[1], f"{PATH}:{found[0]}")
        default = DEFAULTS.get(name)
        return Observation(default, PATH, f"{PATH} does not set {name}, so dnf's own default {default or 'is not known here and'} holds")

    def _repositories(self, name: str) -> Iterator[tuple[str, str, str]]:
        """What repositories that are in use say of an option themselves, as ``(place, repository, value)``."""
        if name not in OF_REPOSITORIES:
            return
        for path in self._files():
            values = _values(self.host.read(path) or "")
            for (section, option), (number, value) in values.items():
                enabled = values.get((section, "enabled"), (0, "1"))[1].lower() not in _FALSE
                if option == name and section != MAIN and enabled:
                    yield f"{path}:{number}", section, value

    def _files(self) -> list[str]:
        main = _values(self.host.read(PATH) or "").get((MAIN, "reposdir"))
        directories = re.split(r"[\s,]+", main[1], flags=re.A) if main else REPOSITORIES
        return [PATH, *(path for directory in directories for path in self.host.files(f"{directory}/*.repo"))]

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and _boolean(self.plain(wanted)) == _boolean(value)


def _expressed(name: str, value: int) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or isinstance(value, (dict, list)) or "\n" in str(value):
        raise BadSetting(f"dnf_conf {name}: a name of dnf.conf(5) and one line of text are expected")
    return str(int(value)) if isinstance(value, bool) else str(value)


def _boolean(value: str) -> bool | str:
    """One spelling for the words that dnf takes for true and false; other values are themselves."""
    word = value.strip(BLANKS).lower()
    return True if word in _TRUE else False if word in _FALSE else value.strip(BLANKS)


def _values(text: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Every option by section and name, with the number of the line that has the last word.

    A line that begins with a blank goes on with the value before it; dnf passes over a truth value that is none then.
    """
    found: dict[tuple[str, str], tuple[int, str]] = {}
    section, last = "", ("", "")
    for number, line in enumerate(lines_of(text), 1):
        head = _SECTION.match(line)
        section = head[1] if head else section
        name, sign, value = line.partition("=")
        if line.startswith((" ", "\t")) and line.strip(BLANKS) and last in found:
            found[last] = (found[last][0], f"{found[last][1]}\n{line.strip(BLANKS)}")
        elif sign and not head and not line.startswith(("#", ";", " ", "\t")):
            last = (section, name.strip(BLANKS))
            found[last] = (number, value.strip(BLANKS))
        elif head:
            last = ("", "")
    return {key: seen for key, seen in found.items() if key[1] not in DEFAULTS or isinstance(_boolean(seen[1]), bool)}


def _put(text: str, name: str, value: str) -> str:
    """The text in which the main section alone sets an option once."""
    done, section, placed, leaving = [], "", False, False
    for line in lines_of(text):
        head = _SECTION.match(line)
        goes_on = line.startswith((" ", "\t"))
        leaving = leaving if goes_on else section == MAIN and not head and line.partition("=")[0].strip(BLANKS) == name
        if leaving:
            continue
        done.append(line)
        section = head[1] if head else section
        if head and section == MAIN and not placed:
            done.append(f"{name}={value}")
            placed = True
    return "\n".join(done if placed else [f"[{MAIN}]", f"{name}={value}", *done]) + "\n"
