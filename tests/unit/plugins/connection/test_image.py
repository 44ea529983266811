# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.playbook.play_context import PlayContext
from ansible_collections.hygeia.golden.plugins.connection import image


class Outer:
    """A build host's connection that remembers what it is asked and answers what the test wants."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def exec_command(self, cmd, in_data=None, sudoable=True):
        self.asked.append((cmd, in_data))
        return self.answer


@pytest.fixture
def connection():
    def make(answer=(0, b"", b""), **variables):
        made = image.Connection(PlayContext(), "/dev/null")
        made._load_name = "hygeia.golden.image"
        made.get_option = lambda name: {**DEFAULTS, **variables}[name]
        made._outer = Outer(answer)
        return made

    return make


DEFAULTS = {
    "session": None,
    "root": None,
    "network": False,
    "networks": False,
    "build_host": {},
    "become": False,
    "python": "/usr/bin/python3",
    "isolation": "reduced",
    "package_hosts": ["deb.example.org"],
    "package_proxy": "",
}


def test_a_command_in_a_session(connection):
    made = connection((3, b"out", b"err"), session="/s/my web")
    assert made.exec_command("echo 'a b'", in_data=b"input") == (3, b"out", b"err")
    assert made._outer.asked == [("'/s/my web/enter' /bin/sh -c 'echo '\"'\"'a b'\"'\"''", b"input")]


def test_network_and_sudo(connection):
    made = connection(session="/s/web", network=True, become=True)
    made.exec_command("id")
    assert made._outer.asked[0][0] == "sudo -n /s/web/enter --network /bin/sh -c id"


def test_a_command_in_a_directory_carries_what_is_needed(connection):
    made = connection(root="/srv/rootfs")
    made.exec_command("id")
    command = made._outer.asked[0][0]
    assert command.startswith("env -i /usr/bin/python3 -I -S -c ")
    assert command.endswith(""" /srv/rootfs reduced '{"hosts": ["deb.example.org"], "proxy": ""}' /bin/sh -c id""")
    assert len(command) < 100_000, "the kernel takes no longer argument than 128 KiB"


@pytest.mark.parametrize(
    "command,words",
    [
        ("/bin/sh -c '/run/hygeia/python3 && sleep 0'", "--python"),
        ("/bin/sh -c /run/hygeia/python3", "--python"),
        ("""/bin/sh -c 'A=b C='"'"'d e'"'"' /run/hygeia/python3 && sleep 0'""", "--python A=b 'C=d e'"),
    ],
)
def test_a_module_is_run_by_the_build_hosts_python(connection, command, words):
    made = connection(session="/s/web", networks=True)
    made.exec_command(command, in_data=b"the module")
    assert made._outer.asked == [(f"/s/web/enter --networks {words}", b"the module")]


@pytest.mark.parametrize(
    "command,data",
    [
        ("/bin/sh -c '/run/hygeia/python3 && sleep 0'", None),
        ("/bin/sh -c '/usr/bin/python3 && sleep 0'", b"a module"),
        ("/bin/sh -c 'evil; /run/hygeia/python3 && sleep 0'", b"data"),
        ('/bin/sh -c "', b"data"),
    ],
)
def test_any_other_command_is_the_templates(connection, command, data):
    made = connection(session="/s/web")
    made.exec_command(command, in_data=data)
    assert "/s/web/enter /bin/sh -c " in made._outer.asked[0][0]


@pytest.mark.parametrize("variables", [{}, {"session": "/s", "root": "/r"}])
def test_it_must_be_said_what_to_enter(connection, variables):
    with pytest.raises(AnsibleError, match="set either ansible_image_session or ansible_image_root"):
        connection(**variables).exec_command("id")


def test_a_session_that_cannot_be_entered_is_one_sentence(connection):
    made = connection((125, b"", b"Warning: known hosts\nhygeia.golden: the session web is closed\n"), session="/s/web")
    with pytest.raises(AnsibleError, match="^the session web is closed$"):
        made.exec_command("id")


def test_a_command_may_end_with_125_itself(connection):
    assert connection((125, b"", b"mine"), session="/s/web").exec_command("id") == (125, b"", b"mine")


def test_files_go_through_the_streams(connection, tmp_path):
    (tmp_path / "full").write_bytes(b"\0\xff")
    (tmp_path / "empty").write_bytes(b"")
    made = connection((0, b"\0\xfe", b""), session="/s/web")
    made.put_file(str(tmp_path / "full"), "/a b")
    made.put_file(str(tmp_path / "empty"), "/c")
    made.fetch_file("/d", str(tmp_path / "fetched"))
    assert (tmp_path / "fetched").read_bytes() == b"\0\xfe"
    assert [in_data for unused_command, in_data in made._outer.asked] == [b"\0\xff", None, None]
    assert "cat > " in made._outer.asked[0][0] and ": > /c" in made._outer.asked[1][0]


def test_files_that_cannot_be_copied(connection, tmp_path):
    made = connection((1, b"", b"cat: /d: No such file or directory"), session="/s/web")
    with pytest.raises(AnsibleError, match="cannot be copied to or from the template: cat: /d"):
        made.fetch_file("/d", str(tmp_path / "fetched"))
    with pytest.raises(AnsibleFileNotFound):
        made.put_file(str(tmp_path / "none"), "/d")


@pytest.mark.parametrize(
    "host,plugin",
    [({}, "local"), ({"ansible_host": "build1"}, "ssh"), ({"ansible_host": "build1", "ansible_connection": "local"}, "local")],
)
def test_the_build_hosts_own_connection_is_used(monkeypatch, connection, host, plugin):
    asked = []

    class Loaded:
        def __init__(self, name):
            self.name = name

        def set_options(self, var_options):
            asked.append((self.name, var_options))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(image.connection_loader, "get", lambda name, *unused_arguments: Loaded(name))
    made = connection(session="/s/web", build_host=host)
    made._outer = None
    made._connect()
    made._connect()
    assert asked == [(f"ansible.builtin.{plugin}", host)]


def test_root_is_needed_on_the_controller(monkeypatch, connection):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    made = connection(session="/s/web")
    made._outer = None
    with pytest.raises(AnsibleError, match="needs root on the build host: run as root, or set ansible_image_become"):
        made._connect()
