# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``apt-get --verbose-versions`` would install, and from ``apt-cache policy`` where that comes from.

A simulation tells both, but to put the packages in order it looks at the whole
archive once for each of them.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Simulation, step
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

INSTALLED = ("NEW packages will be installed", "packages will be upgraded", "packages will be DOWNGRADED")
REMOVED = ("packages will be REMOVED",)
KEPT_BACK = "packages have been kept back"

_SECTION = re.compile(r"^The following (?P<what>.+):\n(?P<lines>(?: +\S.*\n)+)", re.M | re.A)
#    openssl (3.0.20-1 => 3.0.22-1), and with one version what is new or goes; a purged one has an asterisk
_PACKAGE = re.compile(r"^ +(?P<name>[^\s*]+)\*? \((?:(?P<old>\S+) => )?(?P<version>\S+)\)$", re.M | re.A)
#  *** 3.0.20-1 500, of one package
_VERSION = re.compile(r"^(?: \*\*\*|    ) (\S+) -?\d+", re.A)
#  500 http://deb.debian.org/debian bookworm/main amd64 Packages, of one file or of one version
_FILE = re.compile(r"^ +-?\d+ (.+)$", re.A)
_STATUS = "/var/lib/dpkg/status"
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_DOWNLOAD = re.compile(r"^Need to get ([\d.,]+) (\w+)(?:/[\d.,]+ \w+)? of archives\.$", re.M | re.A)
_GROWTH = re.compile(r"^After this operation, ([\d.,]+) (\w+) of additional disk space will be used\.$", re.M | re.A)


def read(text: str, origins: dict[tuple[str, str], str]) -> Simulation:
    """What would be done; ``origins`` maps each package and version to where it comes from."""
    return Simulation(
        tuple(
            step(found["name"], found["old"], found["version"], origins.get((found["name"], found["version"])))
            for found in _under(text, INSTALLED)
        ),
        tuple(step(found["name"], found["version"], "") for found in _under(text, REMOVED)),
        any(section["what"] == KEPT_BACK for section in _SECTION.finditer(text)),
    )


def names(text: str) -> list[str]:
    """The packages that would be installed."""
    return [found["name"] for found in _under(text, INSTALLED)]


def _under(text: str, headings: tuple[str, ...]) -> list[re.Match[str]]:
    """The packages that stand under these headings."""
    return [found for section in _SECTION.finditer(text) if section["what"] in headings for found in _PACKAGE.finditer(section["lines"])]


def needs(text: str) -> tuple[int, int]:
    """The bytes that are downloaded, and those that the disk has less afterwards."""
    return _bytes(_DOWNLOAD.search(text)), _bytes(_GROWTH.search(text))


def _bytes(found: re.Match[str] | None) -> int:
    return int(float(found[1].replace(",", "")) * _UNITS.get(found[2], 1)) if found else 0


def origins(files: str, versions: str) -> dict[tuple[str, str], str]:
    """Where each version of each package comes from, from ``apt-cache policy`` of nothing and of these packages."""
    sources = _sources(files)
    found: dict[tuple[str, str], list[str]] = {}
    package = version = ""
    for line in lines_of(versions):
        if not line.startswith(" "):
            package = line.rstrip(":")
        elif known := _VERSION.match(line):
            version = known[1]
        elif version and (file := _FILE.match(line)) and file[1] != _STATUS:
            names = found.setdefault((package, version), [])
            source = sources.get(file[1], "")
            names += [source] if source and source not in names else []
    return {key: ", ".join(names) for key, names in found.items()}


def _sources(files: str) -> dict[str, str]:
    """Each file of an archive as a simulation calls it: by label, version and suite, or by the machine that has it."""
    found: dict[str, str] = {}
    release: dict[str, str] = {}
    name = ""
    for line in lines_of(files):
        words = words_of(line)
        if file := _FILE.match(line):
            name, release = file[1], {}
        elif words[:1] == ["release"]:
            release = dict(field.split("=", 1) for field in re.split(r",(?=[a-z]=)", line.strip(BLANKS)[len("release ") :]) if "=" in field)
        elif words[:1] == ["origin"] and name:
            suite = "/".join(release[key] for key in ("v", "a") if release.get(key)) if release.get("a") else words[1]
            found[name] = f"{release['l']}:{suite}" if release.get("l") else suite
    return found
