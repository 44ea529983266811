# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One small guest as a build host, for what the kernel of this machine may not have. It has a volume group of its own, mounted and in use."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.tests.templates import guest_host

OWN = """
vgcreate -y vg /dev/vdb && lvcreate -y -L 16m -n root vg && mkfs.ext4 -q /dev/vg/root && mount /dev/vg/root /mnt && echo own > /mnt/whose
mkdir -p /srv/templates
"""
# Everything that a session could leave.
LEFT = (
    "dmsetup ls | sort; losetup --list --noheadings --output NAME,BACK-FILE; ls -A /var/lib/hygeia/sessions 2>/dev/null;"
    " mount -t fuse; pvs --noheadings; cat /mnt/whose"
)
# A machine that is emulated takes its time.
SLOW = {"teardown_timeout": 120, "promote_timeout": 600}
DRIVER = "cd /srv/module && PYTHONPATH=. python3 -m ansible_collections.hygeia.golden.tests.templates.session_driver"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def guest(tmp_path_factory):
    with guest_host.booted(tmp_path_factory.mktemp("host")) as host:
        host.run(OWN)
        host.bring_collection("/srv/module")
        yield host


@pytest.fixture
def host(guest):
    """The guest, on which nothing of a session is there before and after."""
    lab = Lab(guest)
    before = guest.run(LEFT)
    yield lab
    lab.call("discarded")
    assert wait_until(lambda: guest.run(LEFT) == before, 20), guest.run(LEFT)


class Lab:
    """The module on the guest, without Ansible around it."""

    def __init__(self, guest):
        self.guest = guest
        self.run = guest.run

    def call(self, state, environ="", **params):
        """One call; its result, which has a msg where it failed, and nothing where it was killed."""
        params = {
            "state": state,
            "session": "web",
            "work_dir": "/var/lib/hygeia/sessions",
            "dest": "/srv/golden",
            "version": "1",
            **SLOW,
            **params,
        }
        said = self.run(f"{DRIVER.replace('python3', f'{environ} python3')} '{json.dumps(params)}' || true")
        return json.loads(said or "{}")

    def do(self, state, **params):
        result = self.call(state, **params)
        assert "msg" not in result, result["msg"]
        return result

    def enter(self, command):
        return self.run(f"/var/lib/hygeia/sessions/web/enter sh -c '{command}'")

    def copy(self, path):
        """Bring a template there; its place."""
        self.guest.copy(path, to="/srv/templates/")
        return f"/srv/templates/{path.name}"
