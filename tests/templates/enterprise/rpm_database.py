# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dpkg knows of a tree, as the spec of packages for rpm by the names of Enterprise Linux, with the files of each.

rpmbuild makes them from the tree itself, and ``rpm --install --justdb`` writes them into a database.
"""

from __future__ import annotations

import collections
import os
import re
import sys
from pathlib import Path

# The names of Enterprise Linux; what is not here has the same name there, or none.
NAMES = {
    "aide-common": "aide",
    "auditd": "audit",
    "bsdutils": "util-linux",
    "cracklib-runtime": "cracklib-dicts",
    "cron": "cronie",
    "dbus": "dbus-daemon",
    "dracut-core": "dracut",
    "gpgv": "gnupg2",
    "grub-common": "grub2-common",
    "grub-pc-bin": "grub2-pc-modules",
    "libc6": "glibc",
    "libpam-modules": "pam",
    "libpam-pwquality": "libpwquality",
    "libpam-runtime": "pam",
    "libpwquality1": "libpwquality",
    "libselinux1": "libselinux",
    "network-manager": "NetworkManager",
    "openssh-client": "openssh-clients",
    "selinux-policy-default": "selinux-policy-targeted",
    "systemd-sysv": "systemd",
    "udev": "systemd-udev",
}
# What only dpkg needs.
LEFT_OUT = {"apt", "debian-archive-keyring", "dpkg", "libapt-pkg7.0"}
KERNEL = re.compile(r"linux-image-\d")
HEADER = """\
Name: stand-in
Version: 1
Release: 1
Summary: What Debian's packages are called on Enterprise Linux
License: GPL-3.0-or-later
AutoReqProv: no
%description
It has no files.
"""
PACKAGE = """\
%package -n {name}
Version: {version}
Release: {release}
Summary: {summary}
AutoReqProv: no
%description -n {name}
{summary}
%files -n {name} -f {files}
"""


def main(tree, directory):
    """Write the spec and the lists of files into a directory of the tree."""
    place = Path(tree, directory.lstrip("/"))
    place.mkdir(parents=True)
    spec = HEADER
    lists = collections.defaultdict(list)
    heads = {}
    for entry in (entry for entry in status(tree) if entry["Package"] not in LEFT_OUT):
        name = called(entry["Package"])
        lists[name] += files(tree, entry)
        heads.setdefault(name, entry)
    for name, entry in sorted(heads.items()):
        path = f"{directory}/{name}.files"
        Path(tree, path.lstrip("/")).write_text("".join(sorted(set(lists[name]))), encoding="utf-8")
        version, release = numbers(entry["Version"])
        summary = entry["Description"].split("\n")[0].replace("%", "%%")
        spec += PACKAGE.format(name=name, version=version, release=release, summary=summary, files=path)
    (place / "stand-in.spec").write_text(spec, encoding="utf-8")


def status(tree):
    """Each package that dpkg has installed, by the names of its fields."""
    text = Path(tree, "var/lib/dpkg/status").read_text(encoding="utf-8")
    for paragraph in filter(None, text.split("\n\n")):
        entry = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", paragraph, re.M))
        if entry["Status"].endswith(" installed"):
            yield entry


def called(name):
    return "kernel-core" if KERNEL.match(name) else NAMES.get(name, name)


def numbers(version):
    """The version and the release, without an epoch and without what rpm does not allow."""
    upstream, unused_dash, revision = version.partition(":")[2].rpartition("-") if ":" in version else version.rpartition("-")
    return [re.sub(r"[^\w.+~^]", ".", part) for part in (upstream or revision, revision if upstream else "1")]


def files(tree, entry):
    """The lines of a list for rpmbuild: the files of a package that are there, in the place that they really have."""
    base, root = Path(tree, "var/lib/dpkg/info"), os.path.realpath(tree)
    name = next(path for path in (entry["Package"], f"{entry['Package']}:{entry['Architecture']}") if (base / f"{path}.list").exists())
    settings = {line.split()[0] for line in entry.get("Conffiles", "").split("\n") if line.strip()}
    users, groups = names(tree, "passwd"), names(tree, "group")
    for path in (base / f"{name}.list").read_text(encoding="utf-8").splitlines():
        place = os.path.realpath(tree + os.path.dirname(path)) + "/" + os.path.basename(path)
        if place.startswith(root + "/") and os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place)):
            found = os.lstat(place)
            kind = "%config(noreplace) " if path in settings else ""
            inside = place[len(root) :].replace("%", "%%")
            yield f'{kind}%attr(-, {users[found.st_uid]}, {groups[found.st_gid]}) "{inside}"\n'


def names(tree, database):
    """The names of the accounts or the groups of a tree, by number."""
    entries = (line.split(":") for line in Path(tree, "etc", database).read_text(encoding="utf-8").splitlines())
    return {int(entry[2]): entry[0] for entry in entries}


if __name__ == "__main__":
    main(*sys.argv[1:])
