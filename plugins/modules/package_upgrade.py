#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_upgrade
short_description: Install downloaded updates without network and keep kernels bootable
description:
  - Installs the updates that M(hygeia.golden.package_download) fetched. It never uses the network and never asks a
    question; a configuration file that the site changed is kept.
  - Before it begins it looks whether the disks have room, and finishes what an interrupted C(dpkg) left half done.
  - Afterwards each kernel in C(/boot) has an initramfs that is newer than its modules; where it has not, it is built.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
options:
  updates:
    description:
      - Which updates to install - V(all), or only those whose new version comes from a V(security) suite, with what
        they need.
    type: str
    choices: [all, security, none]
    default: all
  only:
    description:
      - Of these updates only those of these installed packages, with what they need.
      - A package that has no update is well as it is; one that is not installed or that is held is an error.
    type: list
    elements: str
    default: []
  autoremove:
    description: Also remove packages that were installed as dependencies and that nothing needs any more, old kernels too.
    type: bool
    default: false
  kernels_keep:
    description:
      - How many kernels stay, the newest first. V(0) removes none.
      - The newest kernel and the one that runs stay in any case, and so does a kernel that another package needs.
    type: int
    default: 0
  sources:
    description:
      - The O(hygeia.golden.package_download#module:sources) that the updates were downloaded with.
    type: str
    default: ""
  throwaway:
    description:
      - Says that the system is a copy which is discarded when anything fails, as in an opened image.
      - Then C(dpkg) does not wait for the disk, and each initramfs is built once at the end instead of once by the
        kernel's package and again by its trigger. This halves the time of a patch with a new kernel.
      - A running system must never be patched so, since an interruption could leave it without an initramfs.
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
  description: The configuration files of which two versions lie there now.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file that is in use.
      type: str
      sample: /etc/ssh/sshd_config
    kept:
      description: V(old) when it is the one that was there before, V(new) when the package's own took its place.
      type: str
      sample: old
    beside:
      description: Where the other one lies.
      type: str
      sample: /etc/ssh/sshd_config.dpkg-dist
repaired:
  description: Packages that an interrupted C(dpkg) had left half installed, and that were finished first.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import ALL, UPDATES, PackageError, Wish
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import upgrade


def main():
    module = AnsibleModule(
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
        module.fail_json(msg="This system is running, so it is no throwaway copy: leave throwaway out.")
    try:
        wish = Wish(options.pop("updates"), tuple(options.pop("only")))
        result = upgrade(host, wish, **options)
    except (PackageError, RuntimeError) as problem:
        module.fail_json(msg=f"Installing updates failed: {problem}.")
    module.exit_json(diff=_diff(result["changes"]), **result)


def _diff(changes):
    texts = [
        "".join(f"{change['package']} {change[side]}\n" for change in changes if change[side]) for side in ("from", "to")
    ]
    return {"before_header": "packages", "after_header": "packages", "before": texts[0], "after": texts[1]}


if __name__ == "__main__":
    main()
