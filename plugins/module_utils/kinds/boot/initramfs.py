# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernel modules in the initramfs of each installed kernel, as ``{modules: [ahci, vmw_pvscsi]}``.

initramfs-tools(7) and dracut.conf(5) have drop-ins for it, which keep the modules for every initramfs that is built later. One
that lacks some of them is built anew, and read afterwards as the audit reads it: what its own builder says of itself counts for
nothing. When that fails the former initramfs and drop-ins are back. What fits more platforms than are asked for does no harm, so
nothing is taken back for want of a control. What a kernel does not have at all, or has as a part of
itself, is not missing here; the kind ``kernel_drivers`` is about that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.module_names import listed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.system import initramfs, kernel_drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM
from ansible_collections.hygeia.golden.plugins.module_utils.system.initramfs import NotRead
from ansible_collections.hygeia.golden.plugins.module_utils.util import replacing

INITRAMFS_TOOLS = "/etc/initramfs-tools"
# Read after initramfs.conf: with MODULES=dep an initramfs has the drivers of the machine that it was built on.
MOST = f"{INITRAMFS_TOOLS}/conf.d/zz-hygeia"
HOOK = f"{INITRAMFS_TOOLS}/hooks/hygeia"
DRACUT = "/etc/dracut.conf.d/zz-hygeia.conf"
_MOST = f"{NOTICE}MODULES=most\n"
# A hook puts modules into the archive without loading them all: what a machine needs udev loads, by what the devices say.
_HOOK = """\
#!/bin/sh
{notice}case "$1" in
prereqs) exit 0 ;;
esac
. /usr/share/initramfs-tools/hook-functions
manual_add_modules {modules}
"""
_DRACUT = '{notice}hostonly="no"\nadd_drivers+=" {modules} "\n'
_LIMIT = 1800


class Initramfs(Kind):
    name = "initramfs"

    def absent(self) -> str:
        if self.host.container:
            return "a container does not start the kernel that it shares"
        return "" if kernels.versions(self.host) else "no kernel is installed in /boot"

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        modules = [module for name, value in wanted.items() for module in listed(self.name, name, value)]
        if not modules:
            return Plan()
        command, files = self._builder(modules)
        if not command:
            return Plan(refusals=[Refusal(frozenset(wanted), "neither initramfs-tools nor dracut is installed, which build an initramfs")])
        changes = [change for path, (text, mode) in files.items() for change in self.install(path, text, wanted, mode)]
        missing = self._missing(modules)
        built = [self._build(release, missing[release], command, modules, changes, frozenset(wanted)) for release in missing]
        return Plan(changes + built)

    def _builder(self, modules: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, int]]]:
        """The command that builds an initramfs, and the files of ours that it reads, with their modes."""
        words = " ".join(modules)
        if self.host.exists(f"{INITRAMFS_TOOLS}/initramfs.conf") and self.host.which("mkinitramfs"):
            return ["update-initramfs", "-u", "-k"], {MOST: (_MOST, 0o644), HOOK: (_HOOK.format(notice=NOTICE, modules=words), 0o755)}
        if self.host.which("dracut"):
            return ["dracut", "--force"], {DRACUT: (_DRACUT.format(notice=NOTICE, modules=words), 0o644)}
        return [], {}

    def _build(
        self,
        release: str,
        missing: Sequence[str],
        command: list[str],
        modules: Sequence[str],
        files: Sequence[Change],
        names: frozenset[str],
    ) -> Change:
        place = kernels.initramfs(self.host, release)
        words = [*command, release] if command[0] == "update-initramfs" else [*command, place, release]
        after = "".join(f"{module}\n" for module in missing)
        return Change(place, "", after, names, lambda: self._built(place, words, modules, release, files))

    def _built(self, place: str, command: Sequence[str], modules: Sequence[str], release: str, files: Sequence[Change]) -> None:
        """Build one; the former one and the former files of ours are back when it lacks something all the same."""
        before = self.host.read_bytes(place, PROGRAM)
        mode = stat.S_IMODE(os.stat(self.host.path(place)).st_mode) if before is not None else 0o600
        ran = self.host.run(command, timeout=_LIMIT)
        why = "" if ran.ok else ran.error
        if not why:
            try:
                lacks = self._missing(modules).get(release, [])
                why = f"it lacks {', '.join(lacks)} all the same" if lacks else ""
            except NotRead as problem:
                why = str(problem)
        if not why:
            return
        if before is not None:
            replacing.replace(self.host.path(place), before, mode)
        for change in files:
            self._take_back(change)
        raise RuntimeError(f"the initramfs of {release} could not be built, and the former one is back: {why}")

    def _take_back(self, change: Change) -> None:
        if change.before:
            self.host.edit(change.target, change.before)
        else:
            self.host.remove(change.target)

    # -- observing ---------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        return {name: self._observation(listed(self.name, name, value)) for name, value in wanted.items()}

    def _observation(self, modules: Sequence[str]) -> Observation:
        releases = kernels.versions(self.host)
        read_from = ", ".join(kernels.initramfs(self.host, release) for release in releases)
        try:
            missing = self._missing(modules)
        except NotRead as problem:
            return Observation(None, read_from, str(problem), result.NOT_CHECKED)
        lost = {module for lacking in missing.values() for module in lacking}
        there = [module for module in modules if module not in lost]
        if missing:
            return Observation(
                there, read_from, "; ".join(f"that of {release} lacks {', '.join(each)}" for release, each in missing.items())
            )
        place = self._forgotten(modules)
        return Observation([] if place else there, place or read_from, f"{place} does not keep them for a later kernel" if place else "")

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value == listed(self.name, name, wanted)

    def _missing(self, modules: Sequence[str]) -> Mapping[str, list[str]]:
        """The modules, and what these need, that a kernel has as files and its initramfs has not."""
        missing = {}
        for release in kernels.versions(self.host):
            place = kernels.initramfs(self.host, release)
            drivers = kernel_drivers.of(self.host, release)
            needed = {module for module in drivers.all_of(filter(drivers.has, modules)) if drivers.has(module)}
            lacking = needed - self._inside(place, release) if self.host.exists(place) else needed
            if lacking:
                missing[release] = sorted(lacking)
        return missing

    def _inside(self, place: str, release: str) -> set[str]:
        try:
            return kernel_drivers.inside(release, initramfs.names(self.host, place))
        except (OSError, NotRead) as problem:
            raise NotRead(f"{place}: {problem}") from problem

    def _forgotten(self, modules: Sequence[str]) -> str:
        """The file that should keep the modules for every later initramfs, when it does not; else an empty string."""
        unused_command, files = self._builder(modules)
        return next((path for path, (text, unused_mode) in files.items() if self.host.read(path) != text), "")
