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
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    NOTICE,
    BadSetting,
    DropIn,
    Observation,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.running.modules import loaded, types, user

# The folders of modprobe.d(5), the first wins where two hold a file of the same name.
FOLDERS = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
DISABLED = "disabled"
NOTHING = ("/bin/false", "/usr/bin/false", "/bin/true", "/usr/bin/true")


@dataclass(frozen=True)
class _Install:
    """What modprobe runs instead of loading the modules that a pattern matches."""

    pattern: str
    command: str

    def __str__(self):
        return f"install {self.pattern} {self.command}"


class KernelModule(DropIn):
    name = "kernel_module"
    # Of two install commands for a module modprobe runs the first that it reads, so this file sorts before others.
    path = "/etc/modprobe.d/00-hygeia.conf"

    def absent(self):
        if self.host.container:
            return "a container loads no modules into the kernel that it shares"
        if not self.host.which("modprobe"):
            return "kmod is not installed, so nothing here loads a kernel module by its name"
        return ""

    def parse(self, text):
        words = (line.split() for line in text.splitlines())
        return {word[1]: DISABLED for word in words if word[:1] == ["install"]}

    def render(self, settings):
        # The blacklist line keeps what the kernel asks for by an alias quiet; the install line stops every name.
        return NOTICE + "".join(f"blacklist {name}\ninstall {name} /bin/false\n" for name in sorted(settings))

    def plan(self, wanted, partial=False):
        for name, value in wanted.items():
            if value != DISABLED or not name.replace("-", "").replace("_", "").isalnum():
                raise BadSetting(f"{self.name}: {name} can only be {DISABLED}, not {value}")
        refusals = [Refusal(frozenset([name]), why) for name in sorted(wanted) for why in [self._harm(name)] if why]
        refused = {name for refusal in refusals for name in refusal.names}
        plan = super().plan({name: value for name, value in wanted.items() if name not in refused}, partial)
        return Plan(plan.changes, plan.refusals + refusals)

    def _harm(self, name):
        """Why the system would not boot as it does now, in one sentence; else an empty string."""
        lines = [line.split() for line in self.host.lines("/etc/fstab") if not line.lstrip().startswith("#")]
        lines = [words for words in lines if len(words) > 3 and "noauto" not in words[3].split(",")]
        where = next((words[1] for words in lines if words[2] in types(_plain(name))), "")
        return f"/etc/fstab has {where} mounted with {name}, which no boot could do then: take it out of there first" if where else ""

    def asks(self, due):
        """A module that is used is not disabled without a question, for what uses it would not come back after a boot."""
        modules = loaded(self.host) if self.host.kernel else {}
        for name in due if self.host.kernel else ():
            used = user(self.host, modules, _plain(name))
            if used:
                yield Refusal(frozenset([name]), f"{name} is in use, it {used}: end that, and harden again", IN_USE)

    def reload(self, changes):
        """Unload what is disabled and used by nobody; what is in use stays until the next boot."""
        modules = loaded(self.host)
        ours = {_plain(name) for name in self.parse(self.host.read(self.path) or "")}
        idle = sorted(name for name in ours & modules.keys() if not user(self.host, modules, name))
        if idle:
            self.host.run(["modprobe", "--remove", "--quiet"] + idle)

    def observe(self, wanted):
        installs = self._installs()
        places = self._places()
        kernels = {release: self._modules(release) for release in self._releases()}
        running = loaded(self.host) if self.host.kernel else {}
        return {name: self._observation(name, installs, places, kernels, running) for name in wanted}

    def _observation(self, name, installs, places, kernels, running):
        module = _plain(name)
        first = next((install for install in installs if fnmatchcase(module, install.pattern)), None)
        place = places.get(first, "modprobe --showconfig")
        builtin = [release for release, (unused_loadable, builtin) in kernels.items() if module in builtin]
        if builtin:
            return Observation("built in", f"/lib/modules/{builtin[0]}", f"{name} is a part of Linux {builtin[0]} itself")
        if first is None:
            return Observation("loadable", "modprobe --showconfig", f"nothing keeps modprobe from loading {name}")
        if first.command not in NOTHING:
            return Observation("loadable", place, f"{place} makes modprobe run {first.command} for {name}")
        if module in running:
            return Observation("loaded", "/proc/modules", f"{name} was loaded before and is in use; it is gone after a boot")
        present = any(module in loadable for loadable, unused_builtin in kernels.values())
        return Observation(DISABLED, place, "" if present else f"no installed kernel has {name}")

    # -- what modprobe does ------------------------------------------------------

    def _installs(self):
        """Every install command in modprobe's own order; without a kernel it leaves out that kernel's aliases."""
        ran = self.host.run(["modprobe", "--showconfig", "--set-version=none"])
        if not ran.ok:
            raise RuntimeError(f"modprobe --showconfig failed: {ran.complaint}")
        return list(_install_lines(ran.out))

    def _places(self):
        """The file and line of each install command."""
        by_name = {}
        for folder in FOLDERS:
            for path in self.host.glob(folder + "/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        found = {}
        for unused_name, path in sorted(by_name.items()):
            for number, line in enumerate(self.host.lines(path), 1):
                for install in _install_lines(line):
                    found.setdefault(install, f"{path}:{number}")
        return found

    # -- what there is to load -----------------------------------------------------

    def _releases(self):
        return [path.split("/")[3] for path in self.host.glob("/lib/modules/*/modules.builtin")]

    def _modules(self, release):
        """The names of a kernel's modules: those that can be loaded, and those that are built in."""
        folder = f"/lib/modules/{release}"
        loadable = (line.partition(":")[0] for line in self.host.lines(f"{folder}/modules.dep"))
        return _names(loadable), _names(self.host.lines(f"{folder}/modules.builtin"))


def _install_lines(text):
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split(None, 2)
        if len(words) == 3 and words[0] == "install":
            yield _Install(_plain(words[1]), " ".join(words[2].split()))


def _names(paths):
    return {_plain(os.path.basename(path).partition(".")[0]) for path in paths}


def _plain(name):
    """A module's name with the one spelling that the kernel gives it."""
    return name.replace("-", "_")
