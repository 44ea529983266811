#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: efi_fallback
short_description: Put a boot loader where UEFI looks without boot entries
description:
  - Copies the boot loader of a system to C(\EFI\BOOT\BOOTX64.EFI) on its EFI system partition, where the firmware of a
    machine that has never seen the disk looks (UEFI specification, section 3.5.1.1). C(grub-install --removable) does
    the same on a mounted partition.
  - The boot loader is that of the system's own directory on the partition, or else that of the packages C(shim-signed)
    and C(grub-efi-amd64-signed), or of C(grub-efi-amd64-bin). Nothing of the system is run.
  - A disk without an EFI system partition, such as one that starts by BIOS, is left alone.
  - If a file cannot be written, the former files are put back.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - C(sfdisk) and C(mtools), for an opened template
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  session:
    description: The directory of the session of an opened template, if the module runs on its build host. The default is
      the running system, whose EFI system partition must be mounted.
    type: path
  secure_boot:
    description: Whether the boot loader must be one that firmware with Secure Boot starts. One that is not signed is
      replaced then.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.portability_info
  - name: grub-install(8)
    description: The manual page of the program that does this on a mounted partition.
    link: https://manpages.debian.org/bookworm/grub2-common/grub-install.8.en.html
"""

EXAMPLES = r"""
- name: Have an opened template start on machines without boot entries, also with Secure Boot
  hygeia.golden.efi_fallback:
    session: /var/lib/hygeia/sessions/debian-12
    secure_boot: true
  delegate_to: localhost
"""

RETURN = r"""
written:
  description: The files that were written, by their paths on the partition.
  returned: success
  type: list
  elements: str
  sample: [/EFI/BOOT/BOOTX64.EFI, /EFI/BOOT/GRUBX64.EFI]
source:
  description: Where they come from, empty if nothing was to be written.
  returned: success
  type: str
  sample: /usr/lib/shim/shimx64.efi.signed
partition:
  description: Whether there is an EFI system partition.
  returned: success
  type: bool
  sample: true
"""

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import esp, starting
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.esp import Esp, RawEsp
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.portability import fallback
from ansible_collections.hygeia.golden.plugins.module_utils.portability.fallback import Impossible
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={"session": {"type": "path"}, "secure_boot": {"type": "bool", "default": False}}, supports_check_mode=True
    )
    try:
        module.exit_json(**act(module.params, module.check_mode))
    except (ImageError, Impossible, NotUnderstood, OSError) as problem:
        module.fail_json(msg=f"The boot loader cannot be put where UEFI looks without boot entries: {problem}.")


def act(params: dict[str, Any], check: bool) -> dict[str, Any]:
    if not params["session"]:
        return _act(Host(), esp.mounted(Host()), params["secure_boot"], check)
    session = Session(params["session"])
    with session.acting("open"):
        found = starting.partitions(session.path(DISK)) or []
        return _act(Host(enter.tree(session)), RawEsp(found[0]) if found else None, params["secure_boot"], check)


def _act(host: Host, partition: Esp | None, secure: bool, check: bool) -> dict[str, Any]:
    if partition is None:
        return {"changed": False, "written": [], "source": "", "partition": False}
    files, source = fallback.missing(host, partition, secure)
    if files and not check:
        fallback.write(partition, files)
    diff = [{"before_header": path, "after_header": path, "before": "", "after": f"{source or path}\n"} for path in files]
    return {"changed": bool(files), "written": list(files), "source": source, "partition": True, "diff": diff}


if __name__ == "__main__":
    main()
