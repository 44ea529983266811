#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: patch_info
short_description: List pending updates and open vulnerabilities
description:
  - Lists the updates that are available in the package lists on the system but not installed, with their suites, all
    installed packages, and the kernels with the state of their initramfs.
  - Nothing is downloaded and nothing is changed. It fails without package lists, because nothing would be known.
  - On SLES, each pending update is a needed patch of C(zypper list-patches), under its own name.
  - With O(feeds), it also lists open vulnerabilities, the update that closes each, and the reason why others stay open.
    The feeds are files on the controller, which the site mirrors. Each is read once for all hosts.
  - The module fails if a feed is missing, older than its O(feeds[].max_age), empty, truncated or damaged, or if no feed
    covers the system's release. A missing feed never makes a system look clean.
  - If several versions of a package are installed side by side, as with kernels, the newest one counts.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - python-debian and cvss, on the controller, when O(feeds) is used
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  feeds:
    description: The feeds to read, which are files or directories on the controller.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - V(debian_tracker) is the JSON file of the Debian security tracker.
          - V(debsecan) is one suite's file of debsecan; its name is that of the suite, such as C(bookworm).
          - V(osv) are records of OSV, as a zip file of JSON files, a directory of them, or a file with one on each line.
          - V(updateinfo) is the C(updateinfo.xml) of a repository of packages for rpm, compressed or not.
          - V(kev) is CISA's catalogue of known exploited vulnerabilities as JSON.
          - V(epss) are the EPSS scores as CSV, compressed or not.
        type: str
        choices: [debian_tracker, debsecan, osv, updateinfo, kev, epss]
        required: true
      path:
        description: The file, or for V(osv) also a directory.
        type: path
        required: true
      max_age:
        description: The maximum age of the feed in days.
        type: int
        default: 7
  feeds_cache:
    description:
      - The directory on the controller in which the index of each feed is kept.
    type: path
    default: ~/.cache/hygeia.golden/feeds
  changes:
    description: Updates that were just installed, as M(hygeia.golden.package_upgrade) returns them, to determine the
      vulnerabilities that they closed.
    type: list
    elements: dict
    default: []
  ledger:
    description:
      - A JSON file on the controller that records when each vulnerability was first seen on this host, and when its fix
        was. It is created if it does not exist. A recorded date is never moved to a later one.
      - Without it, open vulnerabilities count as identified today.
    type: path
  today:
    description: The date of today as C(YYYY-MM-DD). The default is the current day in UTC.
    type: str
seealso:
  - module: hygeia.golden.package_download
  - module: hygeia.golden.package_upgrade
  - plugin: hygeia.golden.deadlines
    plugin_type: filter
"""

EXAMPLES = r"""
- name: What is pending?
  hygeia.golden.patch_info:
  register: patch

- name: No security update is
  ansible.builtin.assert:
    that:
      - patch.expired | length == 0
      - patch.pending | selectattr('security') | length == 0

- name: Which vulnerabilities are open, and which updates close them?
  hygeia.golden.patch_info:
    feeds:
      - kind: debian_tracker
        path: /srv/feeds/debian-tracker.json
      - kind: kev
        path: /srv/feeds/known_exploited_vulnerabilities.json
        max_age: 3
    ledger: "/srv/evidence/{{ inventory_hostname }}/ledger.json"
  register: patch

- name: Show those that no update closes
  ansible.builtin.debug:
    msg: "{{ item.id }} in {{ item.package }}: {{ item.reason }}"
  loop: "{{ patch.vulnerabilities | rejectattr('closed_by_update') }}"
"""

RETURN = r"""
pending:
  description: The updates that are not installed.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: openssl
    from:
      description: The installed version, empty for a package that an update needs in addition.
      type: str
      sample: 3.0.17-1~deb12u1
    to:
      description: The available version.
      type: str
      sample: 3.0.17-1~deb12u3
    source:
      description: The suite that it comes from.
      type: str
      sample: Debian-Security:12/oldstable-security
    security:
      description: Whether it is a security suite.
      type: bool
      sample: true
    held:
      description: Whether a held package keeps it from being installed.
      type: bool
      sample: false
    pinned:
      description: Whether the preferences of the package manager keep it from being installed.
      type: bool
      sample: false
    source_package:
      description: The source package that it is built from.
      type: str
      sample: openssl
    source_version:
      description: The version of that source package.
      type: str
      sample: 3.0.17-1~deb12u3
    advisories:
      description: The advisories that it answers, as far as the feeds or the repository know them.
      type: list
      elements: str
      sample: [DSA-5764-1]
    closes:
      description: The vulnerabilities that it closes.
      type: list
      elements: str
      sample: [CVE-2024-6119]
installed:
  description: Everything that is installed.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: The name of the package.
      type: str
      sample: libssl3
    version:
      description: Its version.
      type: str
      sample: 3.0.17-1~deb12u1
    architecture:
      description: Its architecture.
      type: str
      sample: amd64
    source:
      description: The source package that vulnerability feeds use for it.
      type: str
      sample: openssl
    source_version:
      description: The version of that source package.
      type: str
      sample: 3.0.17-1~deb12u1
holds:
  description: The packages that are held at their version.
  returned: success
  type: list
  elements: str
  sample: []
system:
  description:
    - What system it is, with C(id), C(version), C(codename), C(names), the C(manager) of its packages, and the C(stage) of
      results about it.
  returned: success
  type: dict
  sample: {"id": "debian", "version": "12", "codename": "bookworm", "names": ["debian-12", "debian"], "manager": "dpkg", "stage": "live"}
vulnerabilities:
  description: The open vulnerabilities, if O(feeds) are given; otherwise nothing is known and the list is empty.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The CVE, or the name that the feed has for a vulnerability that has none.
      type: str
      sample: CVE-2024-6119
    package:
      description: The source package.
      type: str
      sample: openssl
    installed:
      description: The installed version of the source package; the oldest that is open, where several are installed.
      type: str
      sample: 3.0.13-1~deb12u1
    packages:
      description: The installed packages that are affected.
      type: list
      elements: str
      sample: [libssl3, openssl]
    severity:
      description: The highest severity in any feed, V(low), V(medium), V(high), V(critical) or V(unknown).
      type: str
      sample: high
    kev:
      description: Whether it is in CISA's catalogue of known exploited vulnerabilities.
      type: bool
      sample: false
    kev_added:
      description: The date on which CISA added it to that catalogue, or null.
      type: str
      sample: null
    epss:
      description: The probability by EPSS that it is exploited within 30 days, or null.
      type: float
      sample: 0.00043
    fixed:
      description: The version in which it is fixed, or null.
      type: str
      sample: 3.0.14-1~deb12u2
    fix_available:
      description: The day on which the fix was published, else that on which it was first seen here, or null.
      type: str
      sample: "2024-09-03"
    published:
      description: The day on which the vulnerability was published, or null.
      type: str
      sample: "2024-09-03"
    identified:
      description: The day on which it was first seen on this host.
      type: str
      sample: "2024-09-05"
    advisories:
      description: The advisories about it.
      type: list
      elements: str
      sample: [DSA-5764-1]
    closed_by_update:
      description: Whether a pending update that is not held closes it.
      type: bool
      sample: true
    state:
      description: V(fixable), V(no_fix), or V(held) if the package with the fix is held.
      type: str
      sample: fixable
    reason:
      description: Why it is open, in one sentence.
      type: str
      sample: The pending update of openssl to 3.0.14-1~deb12u2 closes it.
    feeds:
      description: The feeds that list it.
      type: list
      elements: str
      sample: [debian_tracker]
closed:
  description:
    - The vulnerabilities that O(changes) closed, with C(id), C(package), C(installed), C(packages), C(severity), C(kev),
      C(kev_added), C(epss), C(fixed), C(fix_available), C(published), C(advisories) and C(feeds) as in
      RV(vulnerabilities).
  returned: success
  type: list
  elements: dict
feeds:
  description: The feeds that were read and that cover this system.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the file.
      type: str
      sample: debian-tracker.json
    kind:
      description: Its kind.
      type: str
      sample: debian_tracker
    path:
      description: Its path on the controller.
      type: str
      sample: /srv/feeds/debian-tracker.json
    sha256:
      description: The digest of its content.
      type: str
    date:
      description: The date of the feed.
      type: str
      sample: "2024-09-05"
    dated_by:
      description: V(content) if the feed states its own date, otherwise V(file), the modification time of the file.
      type: str
      sample: file
    entries:
      description: The number of its entries.
      type: int
      sample: 3521
    parsed:
      description: Whether it was parsed for this host; otherwise an existing index was used.
      type: bool
      sample: false
expired:
  description: A sentence for each package list that is too old to show what is pending today.
  returned: success
  type: list
  elements: str
  sample: []
kernels:
  description: The kernels in C(/boot), the newest last, as M(hygeia.golden.package_upgrade) returns them.
  returned: success
  type: list
  elements: dict
"""

import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Update
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.rpm import RpmError, serves
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Manager

# The feeds are files on the controller, where the action plugin of this name asks them.
CONTROLLER_SPEC = {
    "feeds": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "kind": {"type": "str", "required": True, "choices": ["debian_tracker", "debsecan", "osv", "updateinfo", "kev", "epss"]},
            "path": {"type": "path", "required": True},
            "max_age": {"type": "int", "default": 7},
        },
    },
    "feeds_cache": {"type": "path", "default": "~/.cache/hygeia.golden/feeds"},
    "changes": {"type": "list", "elements": "dict", "default": []},
    "ledger": {"type": "path"},
    "today": {"type": "str"},
}


def main() -> None:
    module = Module(argument_spec=CONTROLLER_SPEC, supports_check_mode=True)
    host = Host(check=True)
    try:
        manager = manager_of(host)
        found = _with_origins(manager, manager.pending())
        installed, holds = host.packages.listing(), sorted(manager.holds())
    except (PackageError, RpmError) as problem:
        module.fail_json(msg=f"Looking for updates failed: {problem}.")
    old = list(manager.expired(datetime.datetime.now(datetime.timezone.utc)))
    for remark in old:
        module.warn(f"What is pending may be out of date: {remark}.")
    module.exit_json(
        changed=False,
        pending=found,
        installed=installed,
        holds=holds,
        system=_system(host),
        vulnerabilities=[],
        closed=[],
        feeds=[],
        expired=old,
        kernels=kernels.states(host),
    )


def _with_origins(manager: Manager, updates: list[Update]) -> list[Update]:
    """The updates with the source packages that vulnerabilities are reported for."""
    origins = manager.origins(updates)
    for update in updates:
        unknown = (update["package"], update["to"])
        source, version = origins.get((update["package"].split(":")[0], update["to"]), unknown)
        update.update(source_package=source, source_version=version)
    return updates


def _system(host: Host) -> dict[str, Any]:
    release = host.os_release
    return {
        "id": release.get("ID", "linux"),
        "version": release.get("VERSION_ID", ""),
        "codename": release.get("VERSION_CODENAME", ""),
        "names": host.systems,
        "manager": "rpm" if serves(host) else "dpkg",
        "stage": "live" if host.booted else "offline",
    }


if __name__ == "__main__":
    main()
