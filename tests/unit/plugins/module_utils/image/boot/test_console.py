# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import console as boot_console


@pytest.fixture
def console(tmp_path):
    def write(text):
        path = tmp_path / "console.log"
        path.write_bytes(text.encode())
        return str(path)

    return write


def test_colours_and_cursor_movements_are_taken_out(console):
    path = console("\x1b[H\x1b[J\x1b[1;1H[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh.service\x1b[0m.\r\n\r\n\x1b[0m")
    assert boot_console.last(path) == "[  OK  ] Started ssh.service."


@pytest.mark.parametrize("text", ["", "\n\n", "\x1b[2J\n"])
def test_a_silent_console_has_no_last_line(console, text):
    assert boot_console.last(console(text)) is None


def test_a_console_that_is_not_there_yet_is_silent(tmp_path):
    assert boot_console.last(str(tmp_path / "console.log")) is None


@pytest.mark.parametrize(
    "line",
    [
        "[    2.001341] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "You are in emergency mode. After logging in, type journalctl -xb",
        "ALERT!  UUID=5476616f-8882-4751-bdf7-9bdbb8acf9d5 does not exist.  Dropping to a shell!",
        "(initramfs) ",
        "grub rescue> ",
        "grub> ",
        "No bootable device.",
        'BdsDxe: failed to load Boot0001 "UEFI Misc Device": Not Found',
    ],
)
def test_a_dead_end_is_seen_whatever_comes_after_it(console, line):
    assert boot_console.end(console(f"Booting ...\n{line}\nand more\n")) == line.strip()


def test_a_boot_loader_that_asks_for_a_password_is_a_dead_end_with_a_cure(console):
    said = boot_console.end(console("GRUB loading..\nWelcome to GRUB!\n\nEnter username:\n "))
    assert said == "Enter username: (the boot loader starts nothing without a password: mark its ordinary entries --unrestricted)"


def test_a_boot_under_way_has_come_to_no_end(console):
    text = "GRUB loading..\nWelcome to GRUB!\n[    0.0] Command line: root=UUID=1 panic=-1\n         Starting emergency.target.wants\n"
    assert boot_console.end(console(text)) is None


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("Debian GNU/Linux 12 template ttyS0\n\ntemplate login: ", True),
        ("template login: \n[   31.3] kvm: Nested Virtualization enabled\n", False),
        ("Starting user login: done, going on\n", False),
    ],
)
def test_the_login_prompt_is_the_last_thing_said(console, text, there):
    assert boot_console.at_prompt(console(text)) is there


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("root password: Xyz123!", "root password: [masked]"),
        ("ADMIN_PASSWORD=hunter2 next", "ADMIN_PASSWORD=[masked]"),
        ('{"api_key": "abc", "host": "web"}', '{"api_key": [masked], "host": "web"}'),
        ("db-token = t0ps3cret", "db-token = [masked]"),
        ("Starting keyboard-setup.service", "Starting keyboard-setup.service"),
    ],
)
def test_secrets_are_not_shown(line, shown):
    assert boot_console.masked(line) == shown


def test_a_line_has_an_end():
    assert len(boot_console.masked("x" * 5000)) == 200


def test_the_tail_is_for_somebody_who_has_to_find_out_more(console):
    path = console("".join(f"line {number}\n" for number in range(60)) + "token=abc\n")
    assert boot_console.tail(path, 2) == ["line 59", "token=[masked]"]
