# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SELinux as the files of a system describe it, and the labels of its files (selinux(8), xattr(7))."""

from __future__ import annotations

import errno
import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

CONFIG = "/etc/selinux/config"
# The next boot labels every file where this one is there (selinux(8)).
RELABEL = "/.autorelabel"
# Where a kernel says that it enforces a policy; nothing is there when it does not.
KERNEL = "/sys/fs/selinux"
ATTRIBUTE = "security.selinux"
# The types by which the kernel shows a file without a label, or with one that its policy does not know.
NO_TYPES = ("unlabeled_t", "file_t")
# user:role:type, and a range where the policy has levels.
_LABEL = re.compile(r"[A-Za-z][\w.-]*:[A-Za-z][\w.-]*:[A-Za-z][\w.-]*(:s[0-9][s0-9c:,.-]*)?", re.ASCII)
_LONGEST = 255


def configured(host: Host, key: str) -> tuple[int, str]:
    """The line of the configuration that has the last word about a key, with its value; line 0 where none says anything."""
    found = logical_lines.active(host.read(CONFIG) or "", key, "=")
    number, value = found[-1] if found else (0, "")
    return number, value.strip("\"'").lower()


def policy(host: Host) -> str:
    """The name of the policy that the next boot loads, or an empty string where SELinux is off or not there."""
    if configured(host, "SELINUX")[1] not in ("permissive", "enforcing"):
        return ""
    name = configured(host, "SELINUXTYPE")[1]
    return name if re.fullmatch(r"[a-z][a-z0-9_-]*", name) else ""


def customizable(host: Host) -> frozenset[str]:
    """The types that an administrator gives to files, and that relabelling leaves alone (customizable_types(5))."""
    return frozenset(words_of(host.read(f"/etc/selinux/{policy(host)}/contexts/customizable_types") or ""))


def is_label(text: str) -> bool:
    return len(text) <= _LONGEST and bool(_LABEL.fullmatch(text))


def type_of(label: str) -> str:
    return label.split(":")[2] if label.count(":") > 1 else ""


def label(path: str) -> str | None:
    """The label of a file, empty where it has none, or None where its filesystem has no labels; a link is not followed."""
    try:
        value = os.getxattr(path, ATTRIBUTE, follow_symlinks=False)
    except OSError as problem:
        return "" if problem.errno == errno.ENODATA else None
    text = value.rstrip(b"\0").decode("ascii", "replace")
    return "" if type_of(text) in NO_TYPES else text
