# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where our reader finds a default is where sudo's own parser has read it, whatever stands around it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

CVTSUDOERS = shutil.which("cvtsudoers", path="/usr/bin:/usr/sbin")

GAPS = st.sampled_from([" ", "\t", "  ", " \\\n", " \\ \t\n ", "\\\n\t"])
ENDS = st.sampled_from(
    ["\n", "\r\n", " \n", " # why\n", "#why\n", " # path is C:\\\\tools\\\n", "\n# C:\\tools\\\n", "\n\n", "\n  #include\n"]
)
SCOPES = st.sampled_from(
    [
        "",
        "",
        "",
        ":alice",
        ":alice,!bob",
        ": %ops , #1000",
        ':"dom user"',
        "@web01",
        ">root",
        "!/usr/bin/vi",
        "!/bin/a\\,b",
        ":%#12,+net,%:dom",
    ]
)
OTHERS = st.sampled_from(
    [
        "use_pty",
        "!use_pty",
        "! use_pty",
        "!!use_pty",
        "insults",
        'badpass_message="no, # \\"no\\""',
        "badpass_message=no\\,\\ no",
        'logfile="/var/log/a"',
        'env_keep += "A B"',
        "env_keep-=A",
        "lecture = always",
        'badpass_message="on \\\n two lines"',
    ]
)
RULES = st.sampled_from(
    [
        "alice ALL = (ALL) NOPASSWD: ALL",
        "#1000 ALL = ALL",
        "Cmnd_Alias X = /bin/a, \\\n /bin/b",
        "User_Alias A = x : B = y",
        "%ops ALL = /bin/a \\#b",
        "# a comment \\",
        "",
        "#",
        "bob ALL = sudoedit /etc/x",
    ]
)


@st.composite
def texts(draw):
    """Lines of which each default is numbered, so that it is known again."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            found.append(draw(RULES) + draw(ENDS))
            continue
        options = [*draw(st.lists(OTHERS, max_size=2)), f"passwd_tries={number + 1}", *draw(st.lists(OTHERS, max_size=2))]
        gap = draw(GAPS)
        comma = draw(st.sampled_from([", ", ",", " , "]))
        found.append(f"{draw(st.sampled_from(['', ' ']))}Defaults{draw(SCOPES)}{gap}{comma.join(options)}{draw(ENDS)}")
    return "".join(found)


def asked(path):
    """Each assignment that sudo's parser tells, as (name, value); None when it does not accept the file."""
    ran = subprocess.run([CVTSUDOERS, "-f", "json", path], capture_output=True, text=True, check=False)
    if ran.returncode:
        return None
    options = (option for entry in json.loads(ran.stdout or "{}").get("Defaults", []) for option in entry["Options"])
    return [(name, value) for option in options for name, value in option.items() if name != "operation"]


@pytest.mark.skipif(not CVTSUDOERS, reason="sudo is not installed on this machine")
@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts())
@example(text="# Created by hand, path is C:\\\\tools\\\nDefaults !use_pty\nDefaults passwd_tries=9\n")
@example(text="Defaults passwd_tries=1 # said \\\nDefaults passwd_tries=2")
def test_a_default_is_found_where_sudo_has_read_it(tmp_path, text):
    path = tmp_path / "sudoers"
    path.write_bytes(text.encode())
    read = asked(path)
    if read is None:
        return
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc/sudoers").write_bytes(text.encode())
    seen = PendingFiles(Host(str(root)), {"/etc/sudoers": text})
    found = list(sudoers.defaults(seen))
    assert [default.name for default in found] == [name for name, unused_value in read]
    extents = {line.first: "\n".join(lines_of(text)[line.first - 1 : line.last]) for line in sudoers.logical(text)}
    for default, (name, value) in zip(found, read):
        if name == "passwd_tries":
            assert f"passwd_tries={value}" in extents[int(default.place.rpartition(":")[2])]


INCLUDES = st.lists(
    st.sampled_from(
        [
            "@include {0}/etc/more",
            "#include {0}/etc/more",
            '@include "{0}/etc/with blank"',
            "@include {0}/etc/with\\ blank",
            "@include more # why",
            "@includedir {0}/etc/more.d",
            "#includedir more.d",
            "# @include {0}/etc/more",
            "#includes {0}/etc/more",
            "@include {0}/etc/none",
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)


@pytest.mark.skipif(not CVTSUDOERS or os.geteuid() != 0, reason="sudo's parser is asked in a root of its own")
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(includes=INCLUDES)
def test_a_copy_of_the_configuration_says_what_the_original_says(tmp_path, includes):
    etc = tmp_path / "etc"
    (etc / "more.d").mkdir(parents=True, exist_ok=True)
    (tmp_path / "run").mkdir(exist_ok=True)
    for number, name in enumerate(["more", "with blank", "more.d/a", "more.d/b.c", "more.d/z~", "more.d/z"], 1):
        (etc / name).write_text(f"Defaults passwd_tries={number}\n", encoding="ascii")
    text = "".join(f"{line.format(tmp_path)}\nDefaults passwd_tries={number}\n" for number, line in enumerate(includes, 20))
    (etc / "sudoers").write_text(text, encoding="ascii")
    # The original has the paths of this machine, and the copy is made from a root in which they are shorter.
    inside = {f"/etc/{path.relative_to(etc)}": path.read_text() for path in etc.rglob("*") if path.is_file()}
    inside["/etc/sudoers"] = text.replace(str(tmp_path), "")
    host = Host(str(tmp_path))
    with Scratch(host) as scratch:
        copies = sudoers.stage(PendingFiles(host, inside), scratch)
        for copy in copies:
            place = tmp_path / copy.lstrip("/")
            place.write_text(place.read_text().replace(scratch.path, f"{tmp_path}{scratch.path}"), encoding="ascii")
        assert asked(tmp_path / next(iter(copies)).lstrip("/")) == asked(etc / "sudoers")


@pytest.mark.parametrize("name", ["base", "template", "any.where"])
def test_a_file_for_a_host_of_any_name_is_read_where_the_name_is_not_known_yet(system, name):
    host = system(
        {
            "/etc/sudoers": "Defaults use_pty\n@include /etc/sudoers.%h\n",
            f"/etc/sudoers.{name}": "Defaults !use_pty\nada ALL = (ALL) NOPASSWD: ALL\n",
        },
        "cvtsudoers",
    )
    assert [option for entry in sudoers.parsed(host)["Defaults"] for option in entry["Options"]] == [{"use_pty": True}, {"use_pty": False}]
    assert [default.place for default in sudoers.defaults(PendingFiles(host, {}))] == ["/etc/sudoers:1", f"/etc/sudoers.{name}:1"]
    assert sudoers.parsed(host)["User_Specs"]
