# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file of the package gets a few bytes more."""

from __future__ import annotations

import glob
import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

# What may be left out of an image is not looked at.
DOCUMENTATION = re.compile(r"usr/share/(doc|man|locale|info|lintian)/")


def tamper(root, name, unused_wanted):
    lists = glob.glob(f"{root}/var/lib/dpkg/info/{name}.md5sums") + glob.glob(f"{root}/var/lib/dpkg/info/{name}:*.md5sums")
    with open(lists[0], encoding="utf-8") as stream:
        paths = [line.split(None, 1)[1].strip() for line in stream]
    file_edits.append(root, "/" + next(path for path in paths if not DOCUMENTATION.match(path)), "#")
