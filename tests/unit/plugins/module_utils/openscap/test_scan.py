# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import io
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.openscap import scan
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import ScapError

LDD = """    linux-vdso.so.1 (0x00007f60a7ce5000)
    libopenscap.so.25 => /lib/libopenscap.so.25.5 (0x00007f60a7b61000)
    libc.so.6 => /lib/libc.so.6 (0x00007f60a7907000)
    /lib64/ld-linux-x86-64.so.2 (0x00007f60a7ce7000)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put programs, as texts of shell scripts, where they are found first."""

    def make(name, text):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return str(path)

    return make


def test_oscap_that_is_not_there_is_reported(monkeypatch):
    monkeypatch.setattr(scan, "which", lambda unused_name: None)
    with pytest.raises(ScapError, match="oscap is not installed where it is to run: install the package openscap-scanner there"):
        scan.program()


def test_the_libraries_come_along_by_the_names_that_they_are_called_by(program):
    program("ldd", f"cat <<'END'\n{LDD}END")
    assert scan.closure("/usr/bin/oscap") == (
        {
            "libopenscap.so.25": "/lib/libopenscap.so.25.5",
            "libc.so.6": "/lib/libc.so.6",
            "ld-linux-x86-64.so.2": "/lib64/ld-linux-x86-64.so.2",
        },
        "ld-linux-x86-64.so.2",
    )


def test_a_library_that_is_missing_is_reported(program):
    program("ldd", "echo '  libpcre.so.3 => not found'")
    with pytest.raises(ScapError, match=r"oscap cannot run on its own machine \(libpcre.so.3\): install it again"):
        scan.closure("/usr/bin/oscap")


def test_a_program_without_a_loader_is_reported(program):
    program("ldd", "echo '  libc.so.6 => /lib/libc.so.6 (0x1)'")
    with pytest.raises(ScapError, match=r"oscap cannot run on its own machine .*: install it again"):
        scan.closure("/usr/bin/oscap")


def test_results_of_a_running_system_are_taken_also_when_rules_fail(program, content):
    results = io.BytesIO()
    scan.live(program("oscap", 'echo "$@" >results.xml; exit 2'), content, "p", 10, results)
    assert results.getvalue().decode() == f"xccdf eval --profile p --skip-validation --results results.xml {content.datastream}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "echo Title; echo 'OpenSCAP Error: Bad content. [x.c:1]'; echo last; exit 1",
            r"without results: OpenSCAP Error: Bad content. \[x.c:1\]",
        ),
        ("exit 139", "without results: exit code 139"),
        ("sleep 5", "did not end within 1 s: set a longer timeout, or choose a smaller profile"),
    ],
)
def test_oscap_that_does_not_come_to_its_end_is_reported_in_a_sentence(program, content, text, message):
    with pytest.raises(ScapError, match=message):
        scan.live(program("oscap", text), content, "p", 1, io.BytesIO())


def test_a_session_that_is_not_open_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ScapError, match="there is no session .* on the build host: open the template first"):
        scan.into(session=str(tmp_path))


def test_entering_needs_root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ScapError, match="entering a template needs root on the build host: set become"):
        scan.into(root="/srv/tree")
