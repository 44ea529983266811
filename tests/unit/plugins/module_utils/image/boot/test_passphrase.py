# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import qemu
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.passphrase import Typist
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


@pytest.fixture
def keyboard(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "keyboard"))
        server.listen()
        server.settimeout(5)
        yield server


def typed(server):
    server.setblocking(False)
    try:
        connection, unused_address = server.accept()
    except BlockingIOError:
        return None
    with connection:
        connection.setblocking(True)
        return connection.recv(100)


@pytest.mark.parametrize(
    "prompt",
    [
        "Please unlock disk vda3_crypt: ",
        "\x1b[0;1;39m🔐 Please enter passphrase for disk vg-root (luks-1234): (press TAB for no echo) ",
        "Enter passphrase for hd0,gpt2 (1234): ",
        "Enter passphrase for /dev/vda3: ",
    ],
)
def test_whoever_asks_is_answered_once_for_each_time(tmp_path, keyboard, prompt):
    console = tmp_path / "console.log"
    typist = Typist(b"secret words", str(console), str(tmp_path / "keyboard"))
    typist.look()
    console.write_text("[    1.0] Linux\r\n")
    typist.look()
    assert typed(keyboard) is None
    console.write_text(f"[    1.0] Linux\r\n{prompt}")
    typist.look()
    typist.look()
    assert [typed(keyboard), typed(keyboard)] == [b"secret words\n", None]
    console.write_text(f"[    1.0] Linux\r\n{prompt}\r\nNo key available\r\n{prompt}")
    typist.look()
    assert typed(keyboard) == b"secret words\n"
    console.write_text(f"{prompt}\r\n" * 9)
    typist.look()
    assert typed(keyboard) is None


def test_what_is_no_question_is_no_answer_either(tmp_path, keyboard):
    console = tmp_path / "console.log"
    console.write_text("Started Forward Password Requests\r\nweb login: \r\nPassword: \r\ncryptsetup: vda3_crypt set up successfully\r\n")
    Typist(b"secret", str(console), str(tmp_path / "keyboard")).look()
    assert typed(keyboard) is None


@pytest.mark.parametrize("key", [b"\x00\xff", b"two\nlines", b""])
def test_a_key_that_nobody_can_type(key):
    with pytest.raises(ImageError, match="is not one line of printable characters"):
        Typist(key, "", "")


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs qemu")
def test_qemu_has_such_a_keyboard_and_logs_what_it_says(tmp_path):
    """A machine without a disk, whose firmware gets no input; it is only started."""
    arguments = qemu._serial(str(tmp_path / "a,b.log"), str(tmp_path / "keyboard"))
    machine = subprocess.Popen(["qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-accel", "tcg", *arguments])
    try:
        assert wait_until(lambda: (tmp_path / "keyboard").exists() and (tmp_path / "a,b.log").exists(), 30)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "keyboard"))
    finally:
        machine.kill()
        machine.wait()
    assert qemu._serial("a,b.log", "") == ["-serial", "file:a,,b.log"]
