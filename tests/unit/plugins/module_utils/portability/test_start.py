# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firmware, console, command line and modules."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_module import KernelModule
from ansible_collections.hygeia.golden.plugins.module_utils.portability import kernels, start
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu

GRUB = "/boot/grub/grub.cfg"
BLS = "/boot/loader/entries/a.conf"
UDF = {"modules": {"udf": "the medium is UDF"}}


def menu(tree, *lines, path=GRUB):
    return boot_menu.starts(tree({path: "".join(f"linux /boot/vmlinuz-{number} {line}\n" for number, line in enumerate(lines))}))


@pytest.mark.parametrize(
    "wanted,found,status,message",
    [
        (["bios", "uefi"], Starting(True, False, False, False), "pass", "it starts by bios only: there is no EFI system partition"),
        (["bios", "uefi"], Starting(True, True, True, False), "pass", ""),
        (["uefi"], Starting(True, False, False, False), "fail", "no EFI system partition"),
        (["uefi"], Starting(True, True, False, False), "fail", "/EFI/BOOT/BOOTX64.EFI is missing"),
        (["secure_boot"], Starting(False, True, True, False), "fail", "not signed"),
        (["secure_boot"], Starting(False, True, True, True), "pass", ""),
        (["bios"], Starting(False, True, True, True), "fail", "no boot code"),
        (["bios"], None, "not_checked", "not seen from here"),
    ],
)
def test_the_disk_starts_without_boot_entries(wanted, found, status, message):
    answer = start.firmware({"firmware": wanted}, found)
    assert (answer.status, message in answer.message) == (status, True)


@pytest.mark.parametrize(
    "lines,status",
    [
        (["root=UUID=1 console=tty0 console=ttyS0,115200"], "pass"),
        (["root=UUID=1 console=ttyS0", "root=UUID=1"], "fail"),
        (["root=UUID=1 console=ttyS01"], "fail"),
        (["root=UUID=1", "single"], "fail"),
        (["console=ttyS0", "single"], "pass"),
        ([], "not_checked"),
    ],
)
def test_every_entry_talks_on_the_console(tree, lines, status):
    assert start.console({"console": "ttyS0"}, menu(tree, *lines)).status == status


def test_a_platform_with_a_screen_asks_for_no_console(tree):
    assert start.console({}, menu(tree, "root=UUID=1")).status == "not_applicable"


@pytest.mark.parametrize(
    "line,message",
    [
        ("rootdelay=300 earlyprintk=ttyS0", ""),
        ("rootdelay=300", "without earlyprintk=ttyS0"),
        ("rootdelay=30 earlyprintk=ttyS0", "without rootdelay=300"),
        ("rootdelay=300 earlyprintk=ttyS0 quiet", "with quiet"),
        ("rootdelay=30 rootdelay=300 earlyprintk=ttyS0", ""),
    ],
)
def test_the_words_that_a_platform_asks_for(tree, line, message):
    wanted = {"command_line": {"rootdelay": "300", "earlyprintk": "ttyS0", "quiet": False}}
    answer = start.command_line(wanted, menu(tree, line))
    assert (answer.status, message in answer.message) == ("fail" if message else "pass", True)


def test_entries_of_the_boot_loader_specification_are_read_with_their_variables(tree):
    host = tree(
        {
            BLS: "title A\nlinux /vmlinuz-a\noptions $kernelopts quiet\n",
            "/boot/loader/entries/x-0-rescue.conf": "linux /vmlinuz-0-rescue-x\noptions none\n",
            "/boot/grub2/grubenv": "# GRUB Environment Block\nkernelopts=root=UUID=1 console=ttyS0\n",
        }
    )
    assert [entry.words for entry in boot_menu.starts(host)] == [("root=UUID=1", "console=ttyS0", "quiet")]
    assert start.console({"console": "ttyS0"}, boot_menu.starts(host)).status == "pass"
    assert start.command_line({"command_line": {"quiet": False}}, boot_menu.starts(host)).status == "fail"


@pytest.mark.parametrize(
    "conf,kernel,status,message",
    [
        ("", {"loadable": ["udf"]}, "pass", ""),
        (
            "install udf /bin/false\n",
            {"loadable": ["udf"]},
            "fail",
            "/etc/modprobe.d/a.conf:1 keeps udf from being loaded (the medium is UDF)",
        ),
        ("# one\nblacklist udf\n", {"loadable": ["udf"]}, "fail", "a.conf:2 keeps"),
        ("install ud* /usr/bin/true\n", {"loadable": ["udf"]}, "fail", "a.conf:1 keeps"),
        ("install udf /sbin/modprobe --ignore-install udf\n", {"loadable": ["udf"]}, "pass", ""),
        ("install udf /bin/false\n", {"builtin": ["udf"]}, "pass", ""),
        ("", {"loadable": ["cifs"]}, "fail", "has no udf"),
    ],
)
def test_a_module_that_the_platform_needs_later(tree, conf, kernel, status, message):
    host = tree({"/etc/modprobe.d/a.conf": conf}, kernels={"a": kernel})
    answer = start.modules(UDF, kernels.of(host), KernelModule(host).barrier)
    assert (answer.status, message in answer.message) == (status, True)
