# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way out leads nowhere, whichever wall there is; in a plain chroot the same program is out at once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import Walls
from arming import OWN_NETWORKS

WALLS = ["strong", "reduced"]


def entering(root, isolation, *options):
    return [*program.once_command(program.python(), str(root), isolation, {"hosts": [], "proxy": ""}), *options]


def test_the_program_finds_its_way_out_of_a_chroot(target, tree):
    """Else it would prove nothing."""
    namespaces = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"',
        str(tree),
    ]
    reached = target.reached(namespaces)
    assert {
        "chroot_and_back",
        "another_root",
        "processes_that_are_seen",
        "environments",
        "mounting",
        "new_namespaces",
        "device_nodes",
        "tracing",
        "capabilities",
        "the_build_hosts_loopback",
        "abstract_sockets",
        "descriptors_of_others",
        "keyring",
        "copies_of_mounts",
        "mounting_by_descriptors",
        "other_namespaces",
        "the_clock",
        "core_pattern",
    } <= set(reached), reached


@pytest.mark.parametrize("isolation", WALLS)
def test_a_template_reaches_nothing(target, tree, isolation):
    assert target.reached(entering(tree, isolation)) == {}


@pytest.mark.parametrize("isolation", WALLS)
def test_not_even_by_the_way_to_its_package_sources(target, tree, isolation):
    assert target.reached(entering(tree, isolation, "--network")) == {}


@pytest.mark.parametrize("isolation", WALLS)
def test_one_that_rules_networks_rules_its_own_only(target, tree, isolation):
    reached = target.reached(entering(tree, isolation, "--networks"))
    assert set(reached) <= OWN_NETWORKS, reached
    assert reached["new_namespaces"] == "['net']"


@pytest.fixture(params=WALLS)
def session(request, disk, tmp_path):
    """The attacker's disk, opened as the main job opens it; how a command is led in."""
    opened = Session(str(tmp_path / "sessions/hostile"), walls=Walls(request.param))
    opened.open(str(disk))
    yield [opened.path("enter")]
    opened.discard()


@pytest.mark.parametrize("options", [(), ("--network",)])
def test_an_opened_template_reaches_nothing(target, session, options):
    assert target.reached([*session, *options]) == {}


def test_nothing_that_was_left_running_is_there_for_the_next_command(session):
    """A program that would wait for the audit, to change files while they are read."""
    script = "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' >/dev/null 2>&1 &); echo begun"
    done = subprocess.run([*session, "sh", "-c", script], capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.returncode) == ("begun\n", 0)
    seen = subprocess.run([*session, "sh", "-c", "echo /proc/[0-9]*"], capture_output=True, text=True, check=False).stdout
    assert len(seen.split()) == 1, seen


FORGED = """
import os, sys
sys.stdout.write('{"changed": false, "forged": true}')
sys.stdout.flush()
os._exit(0)
"""


def test_the_templates_python_has_no_say_in_what_a_module_answers(session):
    """Neither by sitecustomize, nor by a library for every program, nor by a module of the standard library, nor by names."""
    attack = f"""
mkdir -p /usr/lib/python3/dist-packages /usr/local/lib/python3.11/dist-packages
for place in /usr/lib/python3/dist-packages /usr/lib/python3.11 /run/tmp /; do
    cat >$place/sitecustomize.py <<'END'
{FORGED}
END
    cp $place/sitecustomize.py $place/json.py; cp $place/sitecustomize.py $place/selectors.py
done
mkdir -p /usr/lib/python3.11/encodings
cp /run/tmp/sitecustomize.py /usr/lib/python3.11/encodings/cp437.py
echo /usr/lib/there-is-none.so >/etc/ld.so.preload
echo 'passwd: forged' >/etc/nsswitch.conf
"""
    subprocess.run([*session, "sh", "-c", attack], check=True, timeout=30)
    module = "import json, pwd, selectors, sys\n'x'.encode('cp437')\nprint(json.dumps({'user': pwd.getpwuid(0).pw_name, 'python': sys.version_info[:2]}))\n"
    done = subprocess.run([*session, "--python"], input=module, capture_output=True, text=True, check=False, timeout=30)
    assert json.loads(done.stdout) == {"user": "root", "python": list(sys.version_info[:2])}, done
    assert "forged" not in done.stdout and not done.stderr
