# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which line of login.defs is in force is what shadow's own programs take: useradd makes an account by each generated file."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_defs import LoginDefs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

debian = pytest.mark.skipif(
    platform.freedesktop_os_release().get("VERSION_ID") not in ("12", "13"),
    reason="the programs of Debian 12 and 13 are what is compared with",
)

USERADD = shutil.which("useradd", path="/usr/sbin:/sbin")
NAMES = ("PASS_MIN_DAYS", "PASS_MAX_DAYS", "PASS_WARN_AGE")
DEFAULT = {"PASS_MIN_DAYS": "-1", "PASS_MAX_DAYS": "-1", "PASS_WARN_AGE": "-1"}
WANTED = {"PASS_MIN_DAYS": 5, "PASS_MAX_DAYS": 60, "PASS_WARN_AGE": 14}
# 1 is as strict as a password's longest life can be, 90 as the other two can.
VALUES = st.sampled_from(["0", "1", "7", "30", "60", "90", "99999", "-1", "010", "0x10", '"30"', "30 # why", "soon", '" 30 "', "30\t"])
LINES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", " ", "\t", "#"]),
    st.sampled_from(NAMES),
    st.sampled_from([" ", "\t", " \t"]),
    VALUES,
    st.sampled_from(["\n", "\r\n", " \n", "\n\n# PASS_MAX_DAYS 1\n", "\n\x0c\n"]),
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not USERADD, reason="useradd changes files of root's alone")


@functools.cache
def version():
    """That of the programs of this machine."""
    return subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", "passwd"], capture_output=True, text=True, check=True).stdout


def accounts_by(directory, text):
    """What useradd makes of the names, by the account that it adds."""
    (directory / "etc").mkdir(exist_ok=True)
    for name in ("passwd", "shadow", "group", "gshadow"):
        (directory / "etc" / name).write_bytes(b"")
    (directory / "etc/login.defs").write_bytes(text.encode())
    subprocess.run([USERADD, "--prefix", directory, "--no-create-home", "--no-log-init", "x"], check=True, capture_output=True)
    return dict(zip(NAMES, [field or "-1" for field in (directory / "etc/shadow").read_text().split(":")[3:6]]))


@debian
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=6), ended=st.booleans())
@example(lines=["PASS_MAX_DAYS 99999\n", "PASS_MAX_DAYS 30\n"], ended=True)
@example(lines=["PASS_MAX_DAYS 30\r\n", "PASS_MIN_DAYS 7\r\n"], ended=True)
@example(lines=["PASS_MAX_DAYS 30\n", "PASS_MAX_DAYS 99999"], ended=True)
def test_the_verdict_is_that_of_useradd_and_nothing_strict_is_loosened(tree, tmp_path, lines, ended):
    text = "".join(lines)
    text = text if ended else text[:-1]
    host = tree({"/etc/login.defs": text, "/var/lib/dpkg/status": f"Package: passwd\nStatus: install ok installed\nVersion: {version()}\n"})
    kind = LoginDefs(host)
    before = accounts_by(tmp_path, text)
    for name, seen in kind.observe(WANTED).items():
        met = kind.satisfies(name, WANTED[name], seen.value)
        assert met == (before[name] != DEFAULT[name] and kind.satisfies(name, WANTED[name], before[name])), (name, text)
    for change in kind.plan(WANTED).changes:
        change.apply()
    after = accounts_by(tmp_path, host.read_bytes("/etc/login.defs").decode())
    for name in NAMES:
        kept = before[name] != DEFAULT[name] and kind.satisfies(name, WANTED[name], before[name])
        assert after[name] == (before[name] if kept else str(WANTED[name])), (name, text)
    assert kind.plan(WANTED).changes == []
