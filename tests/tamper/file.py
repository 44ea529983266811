# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A mode is loosened, an owner changed, a text altered; what should be gone or empty is there again."""

from __future__ import annotations

import glob
import os
import re
import stat

from ansible_collections.hygeia.golden.tests.tamper import file_edits

# The first of these that a mode does not allow is what it is loosened by.
BITS = (0o004, 0o040, 0o020, 0o001, 0o010, 0o002)


def tamper(root, name, wanted):
    if wanted.get("state") in ("absent", "empty"):
        _put_back(root, name, wanted["state"])
    elif "mode" in wanted:
        _loosen(_there(root, name), int(wanted["mode"], 8))
    elif "owner" in wanted or "group" in wanted:
        os.chown(_there(root, name), 65534 if "owner" in wanted else -1, 65534 if "group" in wanted else -1)
    elif "content" in wanted:
        file_edits.append(root, name, "# altered")
    else:
        os.unlink(_there(root, name))


def _put_back(root, name, state):
    """Something at a path, or in a directory that must be empty."""
    path = _path(root, name)
    if os.path.islink(f"{root}{path}"):
        file_edits.remove(root, path)
        os.mkdir(f"{root}{path}")
    target = file_edits.place(root, path)
    if state == "empty" and (os.path.isdir(target) or (not os.path.exists(target) and "*" not in name)):
        path = f"{path}/left-behind"
    file_edits.write(root, path, "left behind\n")


def _loosen(target, limit):
    bit = next(bit for bit in BITS if not limit & bit)
    os.chmod(target, stat.S_IMODE(os.stat(target).st_mode) | bit)


def _there(root, name):
    """What a path or a pattern names; it is made when there is nothing."""
    found = sorted(glob.glob(root + name)) if re.search(r"[*?[]", name) else []
    path = found[0][len(root) :] if found else _path(root, name)
    target = file_edits.place(root, path)
    if not os.path.exists(target):
        file_edits.write(root, path, "")
    return target


def _path(root, name):
    """A path that a pattern matches, in a directory that is there if any is."""
    directory, unused_slash, file = name.rpartition("/")
    there = sorted(glob.glob(root + directory)) if "*" in directory and "**" not in directory else []
    return f"{there[0][len(root) :]}/{_example(file)}" if there else _example(name)


def _example(name):
    """A path that a pattern matches."""
    return re.sub(r"\[(.)[^]]*\]", r"\1", name).replace("**", "left").replace("*", "left").replace("?", "x")
