#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: openscap_info
short_description: Scan a system with OpenSCAP and return the results
description:
  - Runs an installed C(oscap) with a SCAP source data stream and a profile, and returns one result per rule in the
    format of M(hygeia.golden.audit_info), marked with its origin.
  - On a running system, C(oscap) and the data stream must be on that system.
  - An opened template or a root filesystem is scanned from its build host, with the build host's C(oscap) and data
    stream. They are provided in memory inside the namespaces of the template for the duration of the scan. Nothing in
    the template is installed or changed, and scripts of the data stream are not run.
  - A rule that depends on a running system, such as one about kernel values, mounts or services, is V(not_checked) on a
    system that is not running, whatever C(oscap) reports.
  - Nothing is remediated, and nothing is downloaded.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - oscap 1.3 or later where it runs, which is in the package C(openscap-scanner) of Debian and of RHEL
  - root, to enter a template and to read all of a running system
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  datastream:
    description: A SCAP source data stream, such as C(ssg-debian12-ds.xml), on the machine where C(oscap) runs.
    type: path
    required: true
  profile:
    description: One of its profiles, by its full id or its suffix, such as V(cis_level2_server).
    type: str
    required: true
  tailoring:
    description: An XCCDF tailoring file for it, on the same machine. A profile of the tailoring can be named too.
    type: path
  session:
    description: The directory of the session in which the template is open, as M(hygeia.golden.image_session) returns it.
    type: path
  root:
    description: The directory of a root filesystem to scan.
    type: path
  timeout:
    description: The timeout in seconds for C(oscap).
    type: int
    default: 1800
seealso:
  - module: hygeia.golden.audit_info
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at this host with the profile of the CIS benchmark
  hygeia.golden.openscap_info:
    datastream: /usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml
    profile: cis_level2_server
  become: true
  register: scan

- name: Look at an opened template from its build host
  hygeia.golden.openscap_info:
    datastream: /usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml
    profile: cis_level2_server
    session: /var/lib/hygeia/sessions/debian-12
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One result a rule that the profile selects, in the order of the data stream.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: The id of the rule after C(openscap:).
      returned: always
      type: str
      sample: openscap:xccdf_org.ssgproject.content_rule_sshd_disable_root_login
    title:
      description: The title of the rule.
      returned: always
      type: str
      sample: Disable SSH Root Login
    severity:
      description: V(low), V(medium) or V(high). A rule that nobody rated is V(medium).
      returned: always
      type: str
      choices: [low, medium, high]
      sample: medium
    status:
      description:
        - V(pass) for C(pass) and C(fixed), V(fail), V(error) for C(error) and C(unknown), V(not_applicable), or
          V(not_checked) for C(notchecked), C(informational) and what only a running system could tell.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: pass
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: offline
    read_from:
      description: The version of oscap, the data stream and the profile.
      returned: always
      type: str
      sample: oscap 1.3.7, ssg-debian12-ds.xml, cis_level2_server
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
    references:
      description: What the data stream cites for the rule, to be shown. The coverage of a framework never counts it.
      returned: always
      type: dict
      sample: {"CIS benchmark": ["5.1.20"]}
    origin:
      description: Always V(openscap).
      returned: always
      type: str
      choices: [openscap]
      sample: openscap
    expected:
      description: Null, because rules do not state it.
      returned: always
      type: raw
    observed:
      description: Null, because rules do not state it.
      returned: always
      type: raw
profile:
  description: The full id of the profile.
  returned: success
  type: str
  sample: xccdf_org.ssgproject.content_profile_cis_level2_server
"""

import os
import tempfile
from typing import Any
from xml.etree import ElementTree

from ansible_collections.hygeia.golden.plugins.module_utils.openscap import scan
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import Content, ScapError
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.results import records
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "datastream": {"type": "path", "required": True},
            "profile": {"type": "str", "required": True},
            "tailoring": {"type": "path"},
            "session": {"type": "path"},
            "root": {"type": "path"},
            "timeout": {"type": "int", "default": 1800},
        },
        mutually_exclusive=[("session", "root")],
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **found(module.params))
    except ScapError as problem:
        module.fail_json(msg=f"OpenSCAP found nothing: {problem}.")


def found(params: dict[str, Any]) -> dict[str, Any]:
    oscap = scan.program()
    content = Content(params["datastream"], params["tailoring"])
    profile = content.profile(params["profile"])
    template = params["session"] or params["root"]
    with tempfile.TemporaryFile() as results:
        if template:
            scan.inside(oscap, content, profile, params["timeout"], results, scan.into(params["session"], params["root"]))
        else:
            scan.live(oscap, content, profile, params["timeout"], results)
        results.seek(0)
        stage = "live" if not template and Host().booted else "offline"
        read_from = f"oscap {scan.version(oscap)}, {os.path.basename(content.datastream)}, {profile.rpartition('_profile_')[2]}"
        try:
            return {"results": records(results, stage, read_from, content.asks), "profile": profile}
        except ElementTree.ParseError as problem:
            raise ScapError(f"oscap wrote results that cannot be read ({problem})") from problem


if __name__ == "__main__":
    main()
