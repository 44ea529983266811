#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_download
short_description: Download updates and packages without installing them
description:
  - Downloads the package lists of apt, or the metadata of dnf, and then every package that the updates and the named
    packages need, into the package manager's own cache.
  - This is the only step of patching that needs the network. The downloaded packages are installed without network by
    M(hygeia.golden.package_upgrade) and M(hygeia.golden.enforce).
  - In check mode nothing is downloaded, and the packages are taken from the lists that are on the system.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.writes
options:
  updates:
    description:
      - Which updates of installed packages to download - V(all), only those from a V(security) suite with their
        dependencies, or V(none).
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
  sources:
    description:
      - Sources to take packages from instead of the system's own, such as a local mirror or a snapshot of a day, written
        as C(sources.list(5)) has it, by preference in the deb822 format. For C(dnf) it is the text of a C(.repo) file.
      - They apply to this run only. They and their lists are kept in C(/run), so that they never become part of a
        template. Without this option, those of an earlier run are removed.
      - Each must name its key in C(Signed-By), as a file of the system or inline. A snapshot is older than its validity
        period, so it needs C(Check-Valid-Until) V(no), which the result then reports.
    type: str
    default: ""
  names:
    description:
      - Additional packages to download with their dependencies, if they are not installed yet.
      - V(chrony | systemd-timesyncd) selects one of several, the first if none is installed.
    type: list
    elements: str
    default: []
  controls:
    description:
      - Controls whose packages are downloaded too, if the controls apply to the system.
      - Takes what the filter P(hygeia.golden.settings#filter) returns.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The identifier of the control.
        type: str
        required: true
      settings:
        description: The expected values of each kind of setting, by name.
        type: dict
        required: true
      variants:
        description: The kinds of setting that differ, for each system that differs.
        type: dict
        default: {}
      applies_to:
        description: The systems to which the control applies.
        type: dict
        default: {}
      stages:
        description: The stages at which the control can be observed.
        type: list
        elements: str
        choices: [offline, boot, live]
        default: [offline, boot, live]
seealso:
  - module: hygeia.golden.package_upgrade
  - module: ansible.builtin.apt
"""

EXAMPLES = r"""
- name: Fetch all updates and the packages of the baseline
  hygeia.golden.package_download:
    names: [auditd, chrony | systemd-timesyncd]
  vars:
    ansible_image_network: true # only this task enters the image with network
"""

RETURN = r"""
packages:
  description: The packages that are needed and not installed, whether they were downloaded now or were in the cache.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: openssl
    from:
      description: The installed version, empty when it is not installed.
      type: str
      sample: 3.0.17-1~deb12u1
    to:
      description: The fetched version.
      type: str
      sample: 3.0.17-1~deb12u3
    source:
      description: The suite that it comes from.
      type: str
      sample: Debian-Security:12/oldstable-security
sources:
  description: The origin of the package lists, which identifies the state of the archive that was installed.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address of the archive.
      type: str
      sample: http://deb.debian.org/debian/
    suite:
      description: The suite.
      type: str
      sample: bookworm
    origin:
      description: What the archive calls itself.
      type: str
      sample: Debian
    date:
      description: When the archive signed its lists.
      type: str
      sample: Sat, 06 Sep 2025 10:12:18 UTC
    valid_until:
      description: The end of their validity, empty if it is not stated.
      type: str
      sample: ""
    checks_validity:
      description: Whether that date was checked; V(false) if the source sets C(Check-Valid-Until) to V(no).
      type: bool
      sample: true
    sha256:
      description: The digest of the file that the archive signed.
      type: str
bytes:
  description: The size of the download in bytes, without the lists.
  returned: success
  type: int
  sample: 92100000
"""

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import CONTROLS_SPEC, Control
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import ALL, UPDATES, PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import download
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def wanted(host: Host, controls: list[Control]) -> list[str]:
    """The packages that controls want installed on a system, each once."""
    meant = [control.on(host.systems) for control in controls if control.meant_for(host.systems)]
    packages = [control.settings.get("package", {}) for control in meant]
    return list(dict.fromkeys(name for values in packages for name, value in values.items() if value == "present"))


def main() -> None:
    module = Module(
        argument_spec={
            "updates": {"type": "str", "choices": list(UPDATES), "default": ALL},
            "only": {"type": "list", "elements": "str", "default": []},
            "names": {"type": "list", "elements": "str", "default": []},
            "sources": {"type": "str", "default": ""},
            "controls": {**CONTROLS_SPEC, "required": False, "default": []},
        },
        supports_check_mode=True,
    )
    host = Host(check=module.check_mode)
    names = module.params["names"] + wanted(host, [Control.load(control) for control in module.params["controls"]])
    try:
        request = Request(module.params["updates"], tuple(module.params["only"]))
        result = download(host, request, names, module.params["sources"])
    except (PackageError, RuntimeError) as problem:
        module.fail_json(msg=f"Downloading packages failed: {problem}.")
    after = "".join(f"{entry['package']} {entry['to']}\n" for entry in result["packages"]) if result["changed"] else ""
    module.exit_json(diff={"before_header": "downloaded", "after_header": "downloaded", "before": "", "after": after}, **result)


if __name__ == "__main__":
    main()
