# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What should be gone is installed, what should be there is gone: dpkg's own notes say so."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

STATUS = "/var/lib/dpkg/status"
STANZA = """\
Package: {name}
Status: install ok installed
Priority: optional
Section: net
Maintainer: A vendor <vendor@example.org>
Architecture: all
Version: 1.0-1
Description: brought along by something else
"""


def tamper(root, name, wanted):
    if wanted == "absent":
        file_edits.append(root, STATUS, STANZA.format(name=name))
        return
    text = file_edits.read(root, STATUS)
    for package in name.split("|"):
        pattern = rf"(^Package: {re.escape(package.strip())}\nStatus: ).*"
        text = re.sub(pattern, r"\1deinstall ok config-files", text, flags=re.M)
    file_edits.write(root, STATUS, text)


def alone(unused_name, wanted):
    """Controls that apply where a package is installed say nothing once it is gone."""
    return wanted == "present"
