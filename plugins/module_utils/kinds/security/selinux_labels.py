# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The labels of the files, as ``{files: labelled}``: a file without one is denied to every program that SELinux confines.

Who writes files from outside must label them: a session does (image/session/labels.py), and elsewhere nobody but the
system's own setfiles(8), or its next boot where ``/.autorelabel`` is there.
"""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened

LABELLED, AT_BOOT, UNLABELLED = "labelled", "labelled at the next boot", "unlabelled"
# Where the policy gives no labels, for it cannot know what is there.
LEFT_OPEN = ("/tmp", "/var/tmp", "/mnt", "/media")
_SHOWN = 3


class SelinuxLabels(Observed):
    name = "selinux_labels"
    names = ("files",)

    def absent(self) -> str:
        if self.host.container:
            return "a container has the SELinux of its host"
        return "" if selinux.policy(self.host) else "SELinux is off or not installed, so files need no labels"

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        if wanted.get("files", LABELLED) != LABELLED:
            raise BadSetting(f"selinux_labels: files can only be {LABELLED}, not {wanted['files']}")

    def inspect(self, wanted: Settings) -> Observations:
        return {name: self._observation() for name in wanted}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value in (LABELLED, AT_BOOT)

    def _observation(self) -> Observation:
        if self.host.exists(selinux.RELABEL):
            return Observation(AT_BOOT, selinux.RELABEL, f"{selinux.RELABEL} is there, so the next boot labels every file")
        if not self.host.kernel and os.path.isdir(selinux.KERNEL):
            why = "the kernel of this machine enforces a policy of its own, and does not show labels that only the template knows"
            return Observation(status=result.NOT_CHECKED, read_from="the local filesystems", message=why)
        found, walk = self._unlabelled()
        if not found and (walk.ended or walk.unread):
            why = (
                f"{shortened(walk.unread[0])} cannot be looked into; look as root" if walk.unread else "there are too many files to look at"
            )
            return Observation(status=result.NOT_CHECKED, read_from="the local filesystems", message=why)
        if not found:
            return Observation(LABELLED, "the local filesystems")
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        named = f"{', '.join(map(shortened, found[:_SHOWN]))}{more} {'have' if len(found) > 1 else 'has'} no label"
        return Observation(UNLABELLED, "the local filesystems", f"{named}; run setfiles on the system, or touch {selinux.RELABEL}")

    def _unlabelled(self) -> tuple[list[str], Walk]:
        walk = Walk(self.host, lambda directory: directory in LEFT_OPEN)
        found = [
            met.whole for met in walk if selinux.label(f"/proc/self/fd/{met.directory}/{met.name}") == "" and not self._mounted_here(met)
        ]
        return [path for path in found if path not in LEFT_OPEN], walk

    def _mounted_here(self, met: Met) -> bool:
        """Is this something that a session has mounted over a template's own file or directory, such as resolv.conf and /run?"""
        return not self.host.kernel and met.found.st_dev != os.fstat(met.directory).st_dev
