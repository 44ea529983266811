# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real run with this output, on a terminal and without one."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.callback.progress import messages

PLAY = """
- name: Try two hosts
  hosts: all
  gather_facts: false
  tasks:
    - name: Take a while
      ansible.builtin.import_role: {name: slow}
    - name: Never done
      ansible.builtin.command: "false"
      when: false
    - name: Print
      ansible.builtin.debug: {msg: "red \\e[31m of {{ inventory_hostname }}"}
    - name: Write
      ansible.builtin.copy: {content: "new\\n", dest: "{{ scratch }}/{{ inventory_hostname }}", mode: "0600"}
    - name: Stop
      ansible.builtin.command: ls /nowhere/to/be/found
      when: inventory_hostname == "two"
"""
ROLE = """
- name: Sleep
  ansible.builtin.command: sleep 1.2
  changed_when: false
"""


@pytest.fixture
def command(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    (tmp_path / "roles/slow/tasks").mkdir(parents=True)
    (tmp_path / "roles/slow/tasks/main.yml").write_text(ROLE, encoding="utf-8")
    inventory = ["-i", "one,two", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-e", f"scratch={tmp_path}"]
    return ["ansible-playbook", str(tmp_path / "play.yml"), *inventory]


@pytest.fixture
def environment():
    given = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CI")) or name == "ANSIBLE_COLLECTIONS_PATH"
    }
    return {
        **given,
        "ANSIBLE_STDOUT_CALLBACK": "hygeia.golden.progress",
        "ANSIBLE_NOCOLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "100",
        "LINES": "30",
    }


def on_terminal(command, environment):
    """All that a run writes to a terminal."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        written = b""
        while True:
            try:
                written += os.read(controller, 65536)
            except OSError:  # the last one that held the terminal has closed it
                break
    os.close(controller)
    return process.returncode, written.decode().replace("\r\n", "\n")


def screens(written):
    """What is on the screen each time that lines are taken away, and at the end; other sequences than these do not appear."""
    shown = [""]
    for text, up in re.findall(r"([^\x1b]*)(?:\x1b\[(\d+)A\x1b\[J)?", written):
        *whole, last = text.split("\n")
        for line in whole:
            shown[-1] += line
            shown.append("")
        shown[-1] += last
        yield list(shown)
        if up:
            del shown[len(shown) - 1 - int(up) :]
            shown.append("")


def without_times(lines):
    return [re.sub(r"\d:\d\d", "0:00", line) for line in lines if line]


FINAL = [
    "one: red \N{REPLACEMENT CHARACTER}[31m of one",
    "two: red \N{REPLACEMENT CHARACTER}[31m of two",
    "two failed at Stop:",
    "  ls: cannot access '/nowhere/to/be/found': No such file or directory",
    "host  outcome         changed  elapsed  longest steps",
    "one   ok                    1     0:00  slow 0:00",
    "two   failed in Stop        1     0:00  slow 0:00",
]


def test_a_terminal_has_one_line_per_host_and_keeps_only_what_happened(command, environment):
    code, written = on_terminal(command, environment)
    assert code == 2
    frames = [without_times(frame) for frame in screens(written)]
    assert ["Try two hosts", "  one  slow   0:00  Sleep", "  two  slow   0:00  Sleep"] in frames
    assert sorted(frames[-1]) == sorted(["Try two hosts", *FINAL])
    assert frames[-1][-3:] == FINAL[-3:]


def test_a_pipeline_has_a_line_per_step(command, environment):
    run = subprocess.run([*command, "--diff"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 2
    printed = without_times(run.stdout.splitlines())
    assert printed[0] == "Try two hosts"
    assert {"  one: slow 0:00", "  two: slow 0:00", "one changes at Write:", "  +new", *FINAL} <= set(printed)
    assert "\x1b" not in run.stdout
    assert "Never done" not in run.stdout


def test_it_can_be_turned_off(command, environment):
    run = subprocess.run(
        command,
        env={**environment, "HYGEIA_GOLDEN_PROGRESS": "false"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "PLAY RECAP" in run.stdout
    assert "TASK [slow : Sleep]" in run.stdout


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"msg": "one\ntwo"}, ["one", "two"]),
        ({"msg": ["one", 2]}, ["one", "2"]),
        ({"msg": "All assertions passed"}, []),
        ({"msg": "One or more items failed", "results": [{"failed": True, "msg": "why"}, {"msg": "fine"}]}, ["why"]),
        ({"msg": "non-zero return code", "stderr": "first\nlast\n", "stdout": "x"}, ["last"]),
        ({"rc": 1, "stdout": "only this"}, ["only this"]),
        ({}, []),
    ],
)
def test_what_a_result_says(result, said):
    assert messages(result) == said
