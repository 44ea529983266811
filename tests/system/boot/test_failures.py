# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates that do not boot, and boots that nobody sees to the end."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from bootlab import Lab

START = """
import sys
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check as boot
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
boot.start(Session(sys.argv[1]), boot.BootRequest(accelerator="tcg", boot_limit=600))
"""


@pytest.fixture
def prepared(tmp_path, template):
    """Change the template in a session of its own, and close that."""
    made = []

    def prepare(script):
        made.append(Lab(tmp_path, template, script))
        return made[-1]

    yield prepare
    for lab in made:
        lab.session.discard()


def test_a_template_without_a_kernel_does_not_boot_and_says_so(prepared):
    lab = prepared("rm /boot/vmlinuz-* /boot/grub/grub.cfg")
    with pytest.raises(boot_check.BootError, match="^the template does not boot; its console says: grub>"):
        lab.boot(boot_check.BootRequest(boot_limit=300))
    assert wait_until(lambda: not lab.processes(), 10), lab.processes()
    assert lab.session.state == "closed"
    assert lab.digest() == lab.digests


def test_a_template_without_sudo_is_not_even_booted(prepared):
    lab = prepared("rm /usr/bin/sudo")
    with pytest.raises(boot_check.ImageError, match="install sudo in it"):
        lab.boot()
    assert lab.processes() == []


def test_a_boot_that_takes_too_long_is_ended(prepared):
    lab = prepared("true")
    with pytest.raises(boot_check.BootError, match="did not boot to an SSH login in time; its console says last: "):
        lab.boot(boot_check.BootRequest(accelerator="tcg", boot_limit=3))
    assert wait_until(lambda: not lab.processes(), 10), lab.processes()


def test_discarding_the_session_of_a_killed_run_ends_its_guest(prepared):
    lab = prepared("true")
    with subprocess.Popen([sys.executable, "-c", START, lab.directory]) as run:
        assert wait_until(lambda: (lab.session.journal or {}).get("guest"), 60)
        guard = lab.guard
        run.send_signal(signal.SIGKILL)
    assert guard.alive
    assert lab.session.discard()
    assert wait_until(lambda: not guard.alive and not lab.processes(), 10), lab.processes()
