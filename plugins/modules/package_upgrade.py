#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_upgrade
short_description: Install downloaded updates without network and keep kernels bootable
description:
  - Installs the updates that M(hygeia.golden.package_download) downloaded. It never uses the network and never prompts;
    a configuration file that the site changed is kept.
  - Before it starts, it checks the free disk space and completes an interrupted run of C(dpkg).
  - Afterwards it rebuilds the initramfs of each kernel in C(/boot) that is missing or older than the kernel's modules.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
options:
  updates:
    description:
      - Which updates to install - V(all), or only those whose new version comes from a V(security) suite, with their
        dependencies.
    type: str
    choices: [all, security, none]
    default: all
  only:
    description:
      - Limit the updates to these installed packages and their dependencies.
      - A package without an update is skipped; one that is not installed or that is held is an error.
    type: list
    elements: str
    default: []
  autoremove:
    description: Also remove packages that were installed as dependencies and are no longer needed, including old
      kernels.
    type: bool
    default: false
  kernels_keep:
    description:
      - How many kernels to keep, the newest first. V(0) removes none.
      - The newest kernel, the running kernel and a kernel that another package needs are always kept.
    type: int
    default: 0
  sources:
    description:
      - The O(hygeia.golden.package_download#module:sources) that the updates were downloaded with.
    type: str
    default: ""
  throwaway:
    description:
      - Whether the system is a copy that is discarded if anything fails, such as an opened image.
      - C(dpkg) then does not sync to disk, and each initramfs is built only once at the end. This halves the time of
        patching with a new kernel.
      - Never use it on a running system, since an interruption could leave it without an initramfs.
    type: bool
    default: false
seealso:
  - module: hygeia.golden.package_download
  - module: hygeia.golden.patch_info
"""

EXAMPLES = r"""
- name: Install what was downloaded
  hygeia.golden.package_upgrade:
    updates: security
  register: patch

- name: Every kernel can boot
  ansible.builtin.assert:
    that: patch.kernels | rejectattr('initramfs', 'equalto', 'ok') | length == 0
"""

RETURN = r"""
changes:
  description: What was installed, updated or removed.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: openssl
    from:
      description: The version before, empty when it was not installed.
      type: str
      sample: 3.0.17-1~deb12u1
    to:
      description: The version after, empty when it was removed.
      type: str
      sample: 3.0.17-1~deb12u3
    source:
      description: The suite that the new version comes from.
      type: str
      sample: Debian-Security:12/oldstable-security
pending:
  description: The updates that remain, as M(hygeia.golden.patch_info) returns them; in check mode those of now.
  returned: success
  type: list
  elements: dict
kernels:
  description: The kernels in C(/boot), the newest last.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: The version of the kernel.
      type: str
      sample: 6.1.0-40-amd64
    initramfs:
      description: V(ok), V(missing), or V(stale) when the kernel's modules are newer.
      type: str
      sample: ok
configuration:
  description: The configuration files that now exist in two versions.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file that is in use.
      type: str
      sample: /etc/ssh/sshd_config
    kept:
      description: V(old) if the previous file was kept, V(new) if the package's own file replaced it.
      type: str
      sample: old
    beside:
      description: The path of the other version.
      type: str
      sample: /etc/ssh/sshd_config.dpkg-dist
repaired:
  description: Packages that an interrupted run of C(dpkg) had left half installed, and that were completed first.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import ALL, UPDATES, PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import upgrade
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "updates": {"type": "str", "choices": list(UPDATES), "default": ALL},
            "only": {"type": "list", "elements": "str", "default": []},
            "autoremove": {"type": "bool", "default": False},
            "kernels_keep": {"type": "int", "default": 0},
            "sources": {"type": "str", "default": ""},
            "throwaway": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    host, options = Host(check=module.check_mode), dict(module.params)
    if module.params["throwaway"] and host.booted:
        module.fail_json(msg="This system is running, so it is not a throwaway copy: leave throwaway out.")
    try:
        request = Request(options.pop("updates"), tuple(options.pop("only")))
        result = upgrade(host, request, **options)
    except (PackageError, RuntimeError) as problem:
        module.fail_json(msg=f"Installing updates failed: {problem}.")
    module.exit_json(diff=_diff(result["changes"]), **result)


def _diff(changes: list[dict[str, str]]) -> dict[str, str]:
    texts = ["".join(f"{change['package']} {change[side]}\n" for change in changes if change[side]) for side in ("from", "to")]
    return {"before_header": "packages", "after_header": "packages", "before": texts[0], "after": texts[1]}


if __name__ == "__main__":
    main()
