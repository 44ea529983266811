# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernel modules that nothing can load, as ``{cramfs: disabled}`` (modprobe.d(5)).

An initramfs keeps the copy of modprobe.d that it was built with. It is not
built anew for this: that takes longer than everything else together, and it
loads by itself only what the devices that are present at boot ask for. Should
it load a disabled module all the same, the live audit finds it loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

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
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_mounts
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_mounts import Use
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.modules import Loaded, loaded, user
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import mounted
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

# The directories of modprobe.d(5), the first wins where two hold a file of the same name.
DIRECTORIES = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
DISABLED = "disabled"
NOTHING = ("/bin/false", "/usr/bin/false", "/bin/true", "/usr/bin/true")

_INSTALL = re.compile(r"[ \t]*install[ \t]+(?P<pattern>[^ \t]+)[ \t]+(?P<command>[^ \t].*)", re.S)
_LINE = re.compile(r"(?:\\.|[^\\\n]|\\\Z)+", re.S)


@dataclass(frozen=True)
class _Install:
    """What modprobe runs instead of loading the modules that a pattern matches."""

    pattern: str
    command: str

    def __str__(self) -> str:
        return f"install {self.pattern} {self.command}"


class KernelModule(DropIn):
    name = "kernel_module"
    # Of two install commands for a module modprobe runs the first that it reads, so this file sorts before others.
    path = "/etc/modprobe.d/00-hygeia.conf"

    def absent(self) -> str:
        if self.host.container:
            return "a container loads no modules into the kernel that it shares"
        if not self.host.which("modprobe"):
            return "kmod is not installed, so nothing here loads a kernel module by its name"
        return ""

    def parse(self, text: str) -> dict[str, str]:
        words = (words_of(line) for line in lines_of(text))
        return {word[1]: DISABLED for word in words if word[:1] == ["install"]}

    def render(self, settings: Mapping[str, str]) -> str:
        # The blacklist line keeps what the kernel asks for by an alias quiet; the install line stops every name.
        return NOTICE + "".join(f"blacklist {name}\ninstall {name} /bin/false\n" for name in sorted(settings))

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        for name, value in wanted.items():
            if value != DISABLED or not re.fullmatch("[A-Za-z0-9_-]+", name):
                raise BadSetting(f"{self.name}: {name} can only be {DISABLED}, not {value}")
        refusals = [Refusal(frozenset([name]), why) for name in sorted(wanted) for why in [self._harm(name)] if why]
        refused = {name for refusal in refusals for name in refusal.names}
        plan = super().plan({name: value for name, value in wanted.items() if name not in refused}, partial)
        return Plan(plan.changes, plan.refusals + refusals)

    def _harm(self, name: str) -> str:
        """Why the system would not boot as it does now, in one sentence; else an empty string."""
        needed = {_plain(name), *self._dependents(_plain(name))}
        use = next((use for use in self._uses if any(use.needs(module) for module in needed)), None)
        if not use:
            return ""
        how = "" if "auto" not in use.types else ", whose type is open"
        return f"{use.place} has {use.where} mounted with {name}{how}, which no boot could do then: take it out of there first"

    @cached_property
    def _uses(self) -> list[Use]:
        """What boots mount; what is mounted already has the type that it has."""
        types = {mount.where: mount.type for mount in mounted(self.host)} if self.host.kernel else {}
        uses = list(boot_mounts.uses(self.host))
        return [replace(use, types=(types[use.where],)) if "auto" in use.types and use.where in types else use for use in uses]

    def _dependents(self, module: str) -> Iterator[str]:
        """The modules that cannot be loaded without another."""
        for release in self._releases():
            for line in self.host.lines(f"/lib/modules/{release}/modules.dep"):
                path, unused_colon, needed = line.partition(":")
                if module.replace("_", "-") in needed.replace("_", "-") and module in _names(words_of(needed)):
                    yield from _names([path])

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """A module that is used is not disabled without a question, for what uses it would not come back after a boot."""
        modules = loaded(self.host) if self.host.kernel else {}
        for name in due if self.host.kernel else ():
            used = user(self.host, modules, _plain(name))
            if used:
                yield Refusal(frozenset([name]), f"{name} is in use, it {used}: end that, and harden again", IN_USE)

    def reload(self, changes: list[Change]) -> None:
        """Unload what is disabled and used by nobody; what is in use stays until the next boot."""
        modules = loaded(self.host)
        ours = {_plain(name) for name in self.parse(self.host.read(self.path) or "")}
        idle = sorted(name for name in ours & modules.keys() if not user(self.host, modules, name))
        if idle:
            self.host.run(["modprobe", "--remove", "--quiet"] + idle)

    def observe(self, wanted: Settings) -> Observations:
        installs = self._installs()
        places = self._places()
        kernels = {release: self._modules(release) for release in self._releases()}
        running = loaded(self.host) if self.host.kernel else {}
        return {name: self._observation(name, installs, places, kernels, running) for name in wanted}

    def _observation(
        self,
        name: str,
        installs: list[_Install],
        places: Mapping[_Install, str],
        kernels: Mapping[str, tuple[set[str], set[str]]],
        running: Mapping[str, Loaded],
    ) -> Observation:
        module = _plain(name)
        first = next((install for install in installs if fnmatchcase(module, install.pattern)), None)
        builtin = [release for release, (unused_loadable, builtin) in kernels.items() if module in builtin]
        if builtin:
            return Observation("built in", f"/lib/modules/{builtin[0]}", f"{name} is a part of Linux {builtin[0]} itself")
        if first is None:
            return Observation("loadable", "modprobe --showconfig", f"nothing keeps modprobe from loading {name}")
        place = places.get(first, "modprobe --showconfig")
        if first.command not in NOTHING:
            return Observation("loadable", place, f"{place} makes modprobe run {first.command} for {name}")
        if module in running:
            return Observation("loaded", "/proc/modules", f"{name} was loaded before and is in use; it is gone after a boot")
        present = any(module in loadable for loadable, unused_builtin in kernels.values())
        return Observation(DISABLED, place, "" if present else f"no installed kernel has {name}")

    # -- what modprobe does ------------------------------------------------------

    def _installs(self) -> list[_Install]:
        """Every install command in modprobe's own order; without a kernel it leaves out that kernel's aliases."""
        ran = self.host.run(["modprobe", "--showconfig", "--set-version=none"])
        if not ran.ok:
            raise RuntimeError(f"modprobe --showconfig failed: {ran.error}")
        return [install for unused_number, install in _installs(enumerate(lines_of(ran.out), 1))]

    def _places(self) -> dict[_Install, str]:
        """The file and line of each install command."""
        found: dict[_Install, str] = {}
        for path in self._files():
            for number, install in _installs(_logical(self.host.read(path) or "")):
                found.setdefault(install, f"{path}:{number}")
        return found

    def _files(self) -> list[str]:
        """Every file of modprobe.d in the order in which modprobe reads them."""
        by_name: dict[str, str] = {}
        for directory in DIRECTORIES:
            for path in self.host.files(directory + "/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        return [path for unused_name, path in sorted(by_name.items())]

    def barrier(self, name: str) -> str:
        """The line of modprobe.d that keeps a module from being loaded, by its name or by what asks for it; else nothing."""
        module = _plain(name)
        for path in self._files():
            for number, line in _logical(self.host.read(path) or ""):
                words = words_of(line)
                nothing = [install for unused_number, install in _installs([(number, line)]) if install.command in NOTHING]
                barred = words[:1] == ["blacklist"] and [_plain(word) for word in words[1:2]] == [module]
                if barred or any(fnmatchcase(module, install.pattern) for install in nothing):
                    return f"{path}:{number}"
        return ""

    # -- what there is to load -----------------------------------------------------

    def _releases(self) -> list[str]:
        return [path.split("/")[3] for path in self.host.glob("/lib/modules/*/modules.builtin")]

    def _modules(self, release: str) -> tuple[set[str], set[str]]:
        """The names of a kernel's modules: those that can be loaded, and those that are built in."""
        directory = f"/lib/modules/{release}"
        loadable = (line.partition(":")[0] for line in self.host.lines(f"{directory}/modules.dep"))
        return _names(loadable), _names(self.host.lines(f"{directory}/modules.builtin"))


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Each line as libkmod reads it, with the number of the first one of the file: a backslash takes a line's end away, and goes itself."""
    for found in _LINE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, re.sub(r"\\(.?)", lambda sign: sign[1].strip("\n"), found[0], flags=re.S)


def _installs(found: Iterable[tuple[int, str]]) -> Iterator[tuple[int, _Install]]:
    """Each install command among numbered lines; blanks and tabs alone part words."""
    for number, line in found:
        words = _INSTALL.match(line)
        if words:
            yield number, _Install(_plain(words["pattern"]), " ".join(words_of(words["command"])))


def _names(paths: Iterable[str]) -> set[str]:
    return {_plain(os.path.basename(path).partition(".")[0]) for path in paths}


def _plain(name: str) -> str:
    """A module's name with the one spelling that the kernel gives it."""
    return name.replace("-", "_")
