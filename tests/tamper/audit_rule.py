# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules that come first say never; of options the last word counts."""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

FIRST = "/etc/audit/rules.d/10-vendor.rules"
LAST = "/etc/audit/rules.d/zz-vendor.rules"
OTHERS = {"-b": "64", "-e": "1", "-f": "0"}


OURS = "/etc/audit/rules.d/50-hygeia.rules"


def tamper(root, unused_name, wanted):
    if isinstance(wanted, dict):
        _leave_out(root, wanted["programs"])
        return
    line = wanted if isinstance(wanted, str) else wanted[0]
    watch = re.fullmatch(r"-w (\S+)(?: -p (\S+))?(?: -k \S+)?", " ".join(line.split()))
    if watch:
        _say(root, FIRST, f"-a never,exit -F {'dir' if watch[1].endswith('/') else 'path'}={watch[1]} -F perm={watch[2] or 'rwxa'}")
    elif line.startswith("-a"):
        _say(root, FIRST, re.sub(r"\balways\b", "never", " ".join(line.split())))
    elif line in ("-c", "--loginuid-immutable"):
        file_edits.edit(root, OURS, rf"^{line}\n", "")
    else:
        option = line.split()[0]
        _say(root, LAST, f"{option} {OTHERS[option]}")


def _leave_out(root, found):
    """A rule that comes first leaves a program out; where there is none of a list, one comes."""
    paths = ["/usr/bin/su"] if found == "privileged" else found
    there = next((path for path in paths if os.path.exists(file_edits.place(root, path))), "")
    if there:
        _say(root, FIRST, f"-a never,exit -F path={there} -F perm=x")
    else:
        file_edits.write(root, paths[0], "#!/bin/sh\n")


def _say(root, path, line):
    """One more line in a file that nobody but root reads: its mode is another control's matter."""
    file_edits.append(root, path, line)
    os.chmod(file_edits.place(root, path), 0o600)
