# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What GRUB asks for before an entry is edited, as ``{password: true}``: to be observed, never to be written.

A password that a template brought along would be known to everybody who has the template, and one that nobody wrote
down locks the console in an emergency: whoever runs the machine sets it.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

MENUS = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
# What RHEL's menu reads a password from.
SECRETS = ("/boot/grub2/user.cfg", "/boot/grub/user.cfg", "/boot/efi/EFI/redhat/user.cfg")

_SUPERUSERS = re.compile(r"^\s*set superusers=[\"']?([^\"'\n]+)", re.M | re.A)
_HASHED = re.compile(r"^\s*password_pbkdf2\s+(\S+)\s+(?:grub\.pbkdf2\.|\$\{GRUB2_PASSWORD\})", re.M | re.A)
_GIVEN = re.compile(r"^GRUB2_PASSWORD=grub\.pbkdf2\.", re.M)


class BootLoader(Observed):
    name = "boot_loader"

    def absent(self) -> str:
        return "a container is started without a boot loader" if self.host.container else ""

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if name != "password" or value is not True:
                raise BadSetting(f"boot_loader: only password: true can be asked for, not {name}: {value!r}")

    def inspect(self, wanted: Settings) -> Observations:
        menu = next((path for path in MENUS if self.host.exists(path)), None)
        if not menu:
            return unobserved(wanted, result.NOT_APPLICABLE, "GRUB does not start this host")
        return {name: self._password(menu) for name in wanted}

    def _password(self, menu: str) -> Observation:
        text = self.host.read(menu) or ""
        users = {name for names in _SUPERUSERS.findall(text) for name in re.split(r"[\s,;&|]+", names.strip(BLANKS), flags=re.A)}
        hashed = set(_HASHED.findall(text))
        if "${GRUB2_PASSWORD}" in text and not any(_GIVEN.search(self.host.read(path) or "") for path in SECRETS):
            hashed.clear()
        if users & hashed:
            return Observation(True, menu)
        return Observation(False, menu, f"whoever is at the console can change what {menu} starts, because no password is asked")
