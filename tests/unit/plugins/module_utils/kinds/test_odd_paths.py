# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One odd path is one finding: whatever stands where a file is expected, the audit ends and the rest is as it was.

The paths are those that the kinds really read of a tree with something of everything; each is replaced in turn.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from dataclasses import dataclass, field

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine import audit as engine
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import presentable
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.conftest import TreeHost
from ansible_collections.hygeia.golden.tests.unit.platforms.systems import files

CONTROLS = [Control.load(control) for control in Catalogue().controls.values()]
PROFILE = [Control.load(control) for control in Catalogue().resolve("strict")]
# What a server of Debian has when more is installed, so that more is read.
MORE = {
    "/etc/aide/aide.conf": "database_in=file:/var/lib/aide/aide.db\n",
    "/etc/apparmor.d/usr.bin.man": "profile man /usr/bin/man {\n}\n",
    "/etc/apt/apt.conf.d/50site": "",
    "/etc/audit/auditd.conf": "log_format = ENRICHED\n",
    "/etc/audit/rules.d/50-site.rules": "-w /etc/passwd -p wa -k identity\n",
    "/etc/chrony/chrony.conf": "pool pool.ntp.org\n",
    "/etc/default/grub.d/50-site.cfg": "",
    "/etc/nftables.conf": "flush ruleset\n",
    "/etc/pam.d/su": "auth sufficient pam_rootok.so\n",
    "/etc/rsyslog.conf": "$IncludeConfig /etc/rsyslog.d/*.conf\n",
    "/etc/rsyslog.d/50-site.conf": "",
    "/etc/security/limits.d/50-site.conf": "",
    "/etc/sudoers.d/site": "",
    "/etc/sysctl.d/50-site.conf": "kernel.kptr_restrict = 1\n",
    "/etc/systemd/journald.conf": "[Journal]\n",
    "/etc/systemd/journald.conf.d/50-site.conf": "[Journal]\nStorage=persistent\n",
    "/etc/ufw/sysctl.conf": "",
    "/usr/sbin/auditd": "",
    "/usr/sbin/rsyslogd": "",
    "/var/lib/dpkg/info/bash.md5sums": "",
}
INSTALLED = ("aide", "aide-common", "auditd", "chrony", "nftables", "rsyslog", "ufw")


def _socket(place):
    directory = os.getcwd()
    os.chdir(place.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(place.name)
    finally:
        os.chdir(directory)


def _sparse(place):
    with open(place, "wb") as stream:
        stream.truncate(1 << 40)


def _circle(place):
    place.symlink_to(f"{place.name}.second")
    place.with_name(f"{place.name}.second").symlink_to(place.name)


# What can stand in place of a file, made from its text.
ODD = {
    "pipe": lambda place, text: os.mkfifo(place),
    "socket": lambda place, text: _socket(place),
    "directory": lambda place, text: place.mkdir(),
    "link to itself": lambda place, text: place.symlink_to(place.name),
    "circle of links": lambda place, text: _circle(place),
    "link to nothing": lambda place, text: place.symlink_to("/nowhere/at/all"),
    "link to the kernel": lambda place, text: place.symlink_to("/proc/self/environ"),
    "sparse file": lambda place, text: _sparse(place),
    "no permission": lambda place, text: (place.write_bytes(text), place.chmod(0)),
    "latin-1": lambda place, text: place.write_bytes(b"# J\xfcrgen\n" + text + b"# \xe9\n"),
    "NUL bytes": lambda place, text: place.write_bytes(b"\0\n" + text + b"\0"),
    "empty": lambda place, text: place.write_bytes(b""),
    "no last end": lambda place, text: place.write_bytes(text.rstrip(b"\n")),
    "CRLF": lambda place, text: place.write_bytes(text.replace(b"\n", b"\r\n")),
    "byte order mark": lambda place, text: place.write_bytes(b"\xef\xbb\xbf" + text),
    "one long line": lambda place, text: place.write_bytes(text + b"x" * (3 << 20)),
}
if os.getuid() == 0:
    ODD["device"] = lambda place, text: os.mknod(place, 0o020600, os.makedev(1, 5))  # /dev/zero
# Files whose text means the same, whatever the rest of these bytes.
UNHARMED = ("latin-1", "no last end")
# The kinds that look at everything there is, a device in the wrong place among it.
EVERYTHING = {"file", "filesystem"}
# Files in which a comment is no comment, but a line that programs read in different ways.
WITHOUT_COMMENTS = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow")
# What tells who the system is and what is installed; every control may need it.
IDENTITY = ("/etc/os-release", "/var/lib/dpkg/status")


class Reader(TreeHost):
    """A tree that notes what is read of it, and by which kind."""

    by = None
    read_by = {}

    def head(self, path, size):
        self.read_by.setdefault(path, set()).add(self.by)
        return super().head(path, size)


@dataclass
class Untouched:
    """A tree, what an audit of it says, and which kinds read which file."""

    root: object
    records: dict
    read_by: dict = field(default_factory=dict)


def audited(root):
    return {record["control"]: record for record in engine.audit(TreeHost(root), CONTROLS, "offline")}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    there = {**files("debian-12"), **MORE}
    there["/var/lib/dpkg/status"] += "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1.0\n\n" for name in INSTALLED)
    for path, text in there.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    host = Reader(root)
    host.read_by = {}
    for name in KINDS:
        host.by = name
        engine.audit(host, [control for control in CONTROLS if name in control.settings], "offline")
    return Untouched(root, audited(root), host.read_by)


def _turns(read_by):
    """Each path with some of what can stand there, so that everything odd stands at many paths; a pipe at each."""
    forms = list(ODD)[1:]
    for number, path in enumerate(sorted(read_by)):
        yield path, ["pipe", *(forms[(2 * number + step) % len(forms)] for step in range(2))]


def test_something_of_most_kinds_is_read(untouched):
    assert len(untouched.read_by) > 50
    assert len(set().union(*untouched.read_by.values())) > 15


@pytest.mark.many
@pytest.mark.timeout(300)
def test_one_odd_path_is_one_finding(untouched):
    wrong = []
    for path, forms in _turns(untouched.read_by):
        place = untouched.root / path.lstrip("/")
        if place.is_symlink() or not place.is_file():
            continue
        kept, mode = place.read_bytes(), place.stat().st_mode
        for form in forms:
            place.unlink()
            ODD[form](place, kept)
            start = time.monotonic()
            records = audited(untouched.root)
            took = time.monotonic() - start
            wrong += [f"{path} as {form}: {problem}" for problem in _wrong(untouched, path, form, records, took)]
            _removed(place)
            place.write_bytes(kept)
            place.chmod(mode & 0o7777)
    assert not wrong, "\n".join(wrong)


def _removed(place):
    shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    place.with_name(f"{place.name}.second").unlink(missing_ok=True)


def _wrong(untouched, path, form, records, took):
    """What is not as it should be with one path being odd."""
    if took > 15:
        yield f"took {took:.0f} s"
    json.dumps(presentable(list(records.values())), ensure_ascii=False).encode("utf-8")
    changed = [name for name, record in records.items() if record["status"] != untouched.records[name]["status"]]
    if form in UNHARMED and changed and path not in WITHOUT_COMMENTS:
        yield f"changed {changed[:3]}: {records[changed[0]]['message']}"
    if path in IDENTITY:
        return
    readers = untouched.read_by[path]
    for control in CONTROLS:
        name, record = control.id, records[control.id]
        settings = control.fitted(TreeHost(untouched.root)).settings
        if name in changed and not (readers | EVERYTHING) & settings.keys():
            yield f"{name}, which does not read it, is {record['status']}: {record['message']}"
        if name in changed and record["status"] == "error" and path not in record["message"]:
            yield f"{name} does not name it: {record['message']}"
        if "Errno" in record["message"] or "Traceback" in record["message"]:
            yield f"{name} says {record['message']}"


@pytest.fixture(scope="module")
def planned(untouched):
    return {outcome["control"]: outcome["outcome"] for outcome in enforce(TreeHost(untouched.root, check=True), PROFILE).outcomes}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", ["/etc/fstab", "/etc/login.defs", "/etc/sysctl.d/50-site.conf"])
def test_what_has_nothing_to_do_with_an_odd_path_is_enforced_all_the_same(untouched, planned, path):
    host = TreeHost(untouched.root, check=True)
    place = untouched.root / path.lstrip("/")
    kept = place.read_bytes()
    place.unlink()
    os.mkfifo(place)
    try:
        after = {outcome["control"]: outcome for outcome in enforce(host, PROFILE).outcomes}
    finally:
        place.unlink()
        place.write_bytes(kept)
    readers = untouched.read_by[path] | EVERYTHING
    elsewhere = [control.id for control in PROFILE if not readers & control.settings.keys()]
    assert {name: after[name]["outcome"] for name in elsewhere} == {name: planned[name] for name in elsewhere}
    failed = {name: outcome["message"] for name, outcome in after.items() if outcome["outcome"] == "failed" != planned[name]}
    assert all(path in message for message in failed.values()), failed
