# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``apt-get --verbose-versions`` would install, and from ``apt-cache policy`` where that comes from.

A simulation tells both, but to put the packages in order it looks at the whole
archive once for each of them.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.packages.simulation import Simulation, step

INSTALLED = ("NEW packages will be installed", "packages will be upgraded", "packages will be DOWNGRADED")
REMOVED = ("packages will be REMOVED",)
KEPT_BACK = "packages have been kept back"

_SECTION = re.compile(r"^The following (?P<what>.+):\n(?P<lines>(?: +\S.*\n)+)", re.M)
#    openssl (3.0.20-1 => 3.0.22-1), and with one version what is new or goes; a purged one has an asterisk
_PACKAGE = re.compile(r"^ +(?P<name>[^\s*]+)\*? \((?:(?P<old>\S+) => )?(?P<version>\S+)\)$", re.M)
#  *** 3.0.20-1 500, of one package
_VERSION = re.compile(r"^(?: \*\*\*|    ) (\S+) -?\d+")
#  500 http://deb.debian.org/debian bookworm/main amd64 Packages, of one file or of one version
_FILE = re.compile(r"^ +-?\d+ (.+)$")
_STATUS = "/var/lib/dpkg/status"
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_DOWNLOAD = re.compile(r"^Need to get ([\d.,]+) (\w+)(?:/[\d.,]+ \w+)? of archives\.$", re.M)
_GROWTH = re.compile(r"^After this operation, ([\d.,]+) (\w+) of additional disk space will be used\.$", re.M)


def read(text, origins):
    """What would be done; ``origins`` maps each package and version to where it comes from."""
    return Simulation(
        tuple(step(found["name"], found["old"], found["version"], origins.get((found["name"], found["version"]))) for found in _under(text, INSTALLED)),
        tuple(step(found["name"], found["version"], "") for found in _under(text, REMOVED)),
        any(section["what"] == KEPT_BACK for section in _SECTION.finditer(text)),
    )


def names(text):
    """The packages that would be installed."""
    return [found["name"] for found in _under(text, INSTALLED)]


def _under(text, headings):
    """The packages that stand under these headings."""
    return [found for section in _SECTION.finditer(text) if section["what"] in headings for found in _PACKAGE.finditer(section["lines"])]


def needs(text):
    """The bytes that are downloaded, and those that the disk has less afterwards."""
    return _bytes(_DOWNLOAD.search(text)), _bytes(_GROWTH.search(text))


def _bytes(found):
    return int(float(found[1].replace(",", "")) * _UNITS.get(found[2], 1)) if found else 0


def origins(files, versions):
    """Where each version of each package comes from, from ``apt-cache policy`` of nothing and of these packages."""
    sources = _sources(files)
    found, package, version = {}, "", ""
    for line in versions.splitlines():
        if not line.startswith(" "):
            package = line.rstrip(":")
        elif _VERSION.match(line):
            version = _VERSION.match(line)[1]
        elif version and _FILE.match(line) and _FILE.match(line)[1] != _STATUS:
            told = found.setdefault((package, version), [])
            source = sources.get(_FILE.match(line)[1], "")
            told += [source] if source and source not in told else []
    return {key: ", ".join(told) for key, told in found.items()}


def _sources(files):
    """Each file of an archive as a simulation calls it: by label, version and suite, or by the machine that has it."""
    found, name, release = {}, "", {}
    for line in files.splitlines():
        words = line.split()
        if _FILE.match(line):
            name, release = _FILE.match(line)[1], {}
        elif words[:1] == ["release"]:
            release = dict(field.split("=", 1) for field in re.split(r",(?=[a-z]=)", line.strip()[len("release "):]) if "=" in field)
        elif words[:1] == ["origin"] and name:
            suite = "/".join(release[key] for key in ("v", "a") if release.get(key)) if release.get("a") else words[1]
            found[name] = f"{release['l']}:{suite}" if release.get("l") else suite
    return found
