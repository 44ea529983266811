# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.kernels import Deferred

NAMES = ("6.1.0-9-amd64", "6.1.0-50-amd64")
MENU = "/boot/grub/grub.cfg"


def made(tree, tmp_path, *built, files=None, **kwargs):
    """Two kernels, and the initramfs of those that are ``built``; each newer than its kernel's modules."""
    names = [f"/boot/vmlinuz-{name}" for name in NAMES] + [f"/boot/initrd.img-{name}" for name in built]
    modules = [f"/lib/modules/{name}/modules.dep" for name in NAMES]
    programs = ["/usr/sbin/update-initramfs", "/usr/sbin/update-grub"]
    host = tree({**dict.fromkeys([*names, *modules, *programs], "#!/bin/sh\n"), **(files or {})}, **kwargs)
    for program in programs:
        os.chmod(tmp_path / program[1:], 0o755)
    for path in modules:
        os.utime(tmp_path / path[1:], (1, 1))
    return host


def test_the_newest_kernel_is_the_last(tree, tmp_path):
    assert kernels.versions(made(tree, tmp_path)) == list(NAMES)


def test_states(tree, tmp_path):
    host = made(tree, tmp_path, NAMES[1])
    os.utime(tmp_path / f"lib/modules/{NAMES[1]}/modules.dep", (2**33, 2**33))
    assert kernels.states(host) == [{"version": NAMES[0], "initramfs": "missing"}, {"version": NAMES[1], "initramfs": "stale"}]


def test_what_is_missing_is_built_and_put_into_the_boot_menu(tree, tmp_path):
    host = made(tree, tmp_path, NAMES[0], files={MENU: ""}, answers={"update-initramfs": "", "update-grub": ""})
    assert kernels.bring_in_step(host) == [NAMES[1]]
    assert host.ran == [["update-initramfs", "-c", "-k", NAMES[1]], ["update-grub"]]


def test_what_is_in_step_is_left_alone(tree, tmp_path):
    host = made(tree, tmp_path, *NAMES)
    assert kernels.bring_in_step(host) == []
    assert host.ran == []


def test_a_kernel_that_the_boot_menu_does_not_name_is_put_there(tree, tmp_path):
    host = made(tree, tmp_path, *NAMES, files={MENU: f"linux /boot/vmlinuz-{NAMES[0]}\n"}, answers={"update-grub": ""})
    assert kernels.bring_in_step(host) == []
    assert host.ran == [["update-grub"]]
    tree({MENU: f"linux /boot/vmlinuz-{NAMES[1]}\n"})
    kernels.bring_in_step(host)
    assert host.ran == [["update-grub"]]


def test_the_newest_and_the_running_kernel_always_stay(tree, tmp_path):
    more = {f"/boot/vmlinuz-6.1.0-{number}-amd64": "" for number in (10, 20)}
    host = made(tree, tmp_path, files={**more, "/proc/sys/kernel/osrelease": "6.1.0-10-amd64\n"}, booted=True)
    assert kernels.surplus(host, 1) == ["6.1.0-9-amd64", "6.1.0-20-amd64"]
    assert kernels.surplus(host, 3) == ["6.1.0-9-amd64"]
    assert kernels.surplus(host, 9) == []


def test_what_was_asked_for_is_built_again(tree, tmp_path):
    host = made(tree, tmp_path, *NAMES, answers={"update-initramfs": ""})
    assert kernels.bring_in_step(host, {NAMES[1]}) == [NAMES[1]]
    assert host.ran == [["update-initramfs", "-u", "-k", NAMES[1]]]


def test_a_system_that_builds_none_is_left_alone(tree, tmp_path):
    host = made(tree, tmp_path)
    (tmp_path / "usr/sbin/update-initramfs").unlink()
    assert kernels.bring_in_step(host) == []


def deferred(host, tmp_path, *questions):
    """What is left to do after package scripts put these questions to the stand-in."""
    with Deferred(host) as pending:
        directory = pending.options[0].partition("=")[2].split(":")[0]
        stand_in = tmp_path / directory[1:] / "update-initramfs"
        # A script would run inside the system; here its paths lead there.
        stand_in.write_text(
            stand_in.read_text().replace(directory, str(tmp_path / directory[1:])).replace("/usr/sbin/", f"{tmp_path}/usr/sbin/")
        )
        for question in questions:
            subprocess.run([str(stand_in), *question.split()], check=True)
        found = pending.asked
    assert not os.path.exists(tmp_path / directory[1:])
    return found


def test_each_initramfs_is_built_once_however_often_it_is_asked_for(tree, tmp_path):
    host = made(tree, tmp_path)
    (tmp_path / "run").mkdir()
    assert deferred(host, tmp_path, f"-c -k {NAMES[1]} -b /boot", "-u") == {NAMES[1]}
    assert deferred(host, tmp_path, "-u -k all") == set(NAMES)
    assert deferred(host, tmp_path, f"-u -k {NAMES[0]}", "-u") == set(NAMES)
    assert deferred(host, tmp_path, "-u -k 5.10.0-1-amd64") == set()
    assert deferred(host, tmp_path) == set()


def test_removing_an_initramfs_is_not_deferred(tree, tmp_path):
    host = made(tree, tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "usr/sbin/update-initramfs").write_text(f"#!/bin/sh\necho $@ > {tmp_path}/done\n")
    assert deferred(host, tmp_path, f"-d -k {NAMES[0]}") == set()
    assert (tmp_path / "done").read_text() == f"-d -k {NAMES[0]}\n"


def test_without_a_builder_nothing_is_deferred(tree, tmp_path):
    host = made(tree, tmp_path)
    (tmp_path / "usr/sbin/update-initramfs").unlink()
    with Deferred(host) as pending:
        assert (pending.options, pending.asked) == ((), set())
