# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter_program
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process

DEAD = {"pid": 1, "start": "0", "boot": "an earlier one"}


def test_the_script_of_a_session_whose_sandbox_is_gone(tmp_path):
    directory = tmp_path / "my session"
    directory.mkdir()
    enter_program.write_open(str(directory), Process(**DEAD), namespaces={}, groups=[], owner=0, network={}, tree="/nowhere")
    ran = subprocess.run([str(directory / "enter"), "id"], capture_output=True, text=True, check=False)
    assert ran.returncode == 125
    assert ran.stderr == "hygeia.golden: the session my session is not open any more: its sandbox ended, open the template again\n"


def test_the_script_of_a_closed_session(tmp_path):
    enter_program.write_closed(str(tmp_path))
    ran = subprocess.run([str(tmp_path / "enter"), "--network", "id"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (125, "")
    assert "is closed: nothing can run in it until it is promoted or discarded" in ran.stderr
