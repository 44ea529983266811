# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A repository of a vendor says otherwise for itself, or the main section does where only that can."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

REPOSITORY = "[vendor]\nname=A vendor\nbaseurl=https://example.org/\nenabled=1\n{name}={value}\n"
OF_REPOSITORIES = ("gpgcheck", "repo_gpgcheck", "sslverify")


def tamper(root, name, wanted):
    value = int(not wanted)
    if name in OF_REPOSITORIES:
        file_edits.write(root, "/etc/yum.repos.d/vendor.repo", REPOSITORY.format(name=name, value=value))
    else:
        text = file_edits.read(root, "/etc/dnf/dnf.conf")
        lines = [line for line in text.splitlines() if not line.startswith(f"{name}=")]
        lines.insert(lines.index("[main]") + 1, f"{name}={value}")
        file_edits.write(root, "/etc/dnf/dnf.conf", "\n".join(lines) + "\n")
