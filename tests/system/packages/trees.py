# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells two trees apart, path by path."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict


def differences(one, other, excepted):
    """Sentences about all that is not the same below two directories, but for paths that match one of the patterns."""
    ignored = re.compile("|".join(excepted))
    first, second = ({path: entry for path, entry in read(tree).items() if not ignored.fullmatch(path)} for tree in (one, other))
    for path in sorted(first.keys() | second.keys()):
        if path not in first or path not in second:
            yield f"{path} is only in {(one if path in first else other).name}"
            continue
        for name in sorted(first[path].keys() | second[path].keys()):
            if first[path].get(name) != second[path].get(name):
                yield f"{path}: {name} is {first[path].get(name)} and {second[path].get(name)}"


def read(tree):
    """All that a filesystem keeps of each path, but for times."""
    found, groups = {}, defaultdict(list)
    for directory, directories, files in os.walk(os.fsencode(tree)):
        for name in [*directories, *files]:
            path = os.path.join(directory, name)
            inside = "/" + os.fsdecode(os.path.relpath(path, os.fsencode(tree)))
            status = os.lstat(path)
            found[inside] = _entry(path, status)
            if not stat.S_ISDIR(status.st_mode):
                groups[status.st_ino].append(inside)
    for paths in groups.values():
        for path in paths:
            found[path]["hard links"] = sorted(paths)
    return found


def _entry(path, status):
    entry = {
        "type": stat.filemode(status.st_mode)[0],
        "mode": oct(stat.S_IMODE(status.st_mode)),
        "owner": (status.st_uid, status.st_gid),
        "attributes": {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in os.listxattr(path, follow_symlinks=False)},
    }
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as stream:
            entry["content"] = hashlib.sha256(stream.read()).hexdigest()
    elif stat.S_ISLNK(status.st_mode):
        entry["target"] = os.fsdecode(os.readlink(path))
    elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        entry["device"] = (os.major(status.st_rdev), os.minor(status.st_rdev))
    return entry
