# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

OURS = "/etc/modprobe.d/00-hygeia.conf"
KERNEL = "/lib/modules/6.1.0-50-amd64"
SYSTEM = {
    f"{KERNEL}/modules.dep": "kernel/fs/hfs/hfs.ko: kernel/drivers/cdrom/cdrom.ko\n"
    "kernel/drivers/usb/storage/usb-storage.ko.xz:\nkernel/net/sctp/sctp.ko: kernel/lib/libcrc32c.ko\n",
    f"{KERNEL}/modules.builtin": "kernel/fs/configfs/configfs.ko\n",
    "/lib/modprobe.d/fbdev-blacklist.conf": "blacklist radeonfb\n",
}


@pytest.fixture
def system(tree):
    """A Debian system whose modprobe prints the files of modprobe.d as the real one does."""

    def make(files=None, **kwargs):
        host = tree({**SYSTEM, "/usr/sbin/modprobe": "", **(files or {})}, **kwargs)
        host.answers["modprobe"] = lambda argv, stdin: _showconfig(host) if "--showconfig" in argv else ""
        os.chmod(host.path("/usr/sbin/modprobe"), 0o755)
        return host

    return make


def _showconfig(host):
    paths = {path.rpartition("/")[2]: path for path in host.glob("/lib/modprobe.d/*") + host.glob("/etc/modprobe.d/*")}
    lines = [line for unused_name, path in sorted(paths.items()) for line in host.lines(path)]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def disabled(*names):
    return Control("modules", {"kernel_module": dict.fromkeys(names, "disabled")})


def looked(host, *names):
    return audit(host, [disabled(*names)], "live" if host.booted else "offline")[0]


def test_enforcing_writes_once_and_passes_the_audit(system):
    host = system()
    assert [change.target for change in enforce(host, [disabled("hfs", "usb-storage")]).changes] == [OURS]
    assert enforce(host, [disabled("hfs", "usb-storage")]).changes == []
    record = looked(host, "hfs", "usb-storage")
    assert record["status"] == "pass"
    assert record["message"] == ""


def test_a_module_that_nothing_disables_can_be_loaded(system):
    record = looked(system(), "hfs")
    assert record["status"] == "fail"
    assert record["observed"] == {"kernel_module: hfs": "loadable"}


def test_a_blacklist_alone_does_not_stop_loading_by_name(system):
    assert looked(system({"/etc/modprobe.d/x.conf": "blacklist hfs\n"}), "hfs")["status"] == "fail"


@pytest.mark.parametrize("line", ["install hfs /sbin/modprobe --ignore-install hfs", "install hf* /sbin/insmod x.ko"])
def test_of_two_install_commands_the_first_counts_and_is_named(system, line):
    host = system({"/etc/modprobe.d/0-site.conf": f"# site\n{line}\n"})
    enforce(host, [disabled("hfs")])
    record = looked(host, "hfs")
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/modprobe.d/0-site.conf:2"
    assert line.split(None, 2)[2] in record["message"]


def test_a_later_install_command_means_nothing(system):
    host = system({"/etc/modprobe.d/zz-site.conf": "install hfs /sbin/modprobe --ignore-install hfs\n"})
    enforce(host, [disabled("hfs")])
    assert looked(host, "hfs")["status"] == "pass"


def test_somebody_elses_file_will_do(system):
    host = system({"/etc/modprobe.d/cis.conf": "install usb_storage /bin/true\n"})
    record = looked(host, "usb-storage")
    assert (record["status"], record["read_from"]) == ("pass", "/etc/modprobe.d/cis.conf:1")


def test_a_module_that_is_built_in_cannot_be_disabled(system):
    host = system()
    enforce(host, [disabled("configfs")])
    record = looked(host, "configfs")
    assert record["status"] == "fail"
    assert record["message"] == "configfs is a part of Linux 6.1.0-50-amd64 itself"


def test_a_module_that_no_kernel_has_is_wanted_disabled_all_the_same(system):
    host = system()
    assert looked(host, "cramfs")["status"] == "fail"
    enforce(host, [disabled("cramfs")])
    record = looked(host, "cramfs")
    assert (record["status"], record["message"]) == ("pass", "no installed kernel has cramfs")


def test_a_loaded_module_fails_until_it_is_gone(system):
    host = system({"/proc/modules": "sctp 400 2 - Live 0x0\n"}, booted=True)
    enforce(host, [disabled("sctp", "hfs")], force=["modules"])
    record = looked(host, "sctp", "hfs")
    assert record["observed"] == {"kernel_module: sctp": "loaded"}


def test_only_what_nobody_uses_is_unloaded(system):
    host = system({"/proc/modules": "sctp 400 2 - Live 0x0\nusb_storage 81 0 - Live 0x0\next4 9 0 - Live 0x0\n"}, booted=True)
    enforce(host, [disabled("sctp", "usb-storage")])
    assert host.ran == [["modprobe", "--remove", "--quiet", "usb_storage"]]


def test_a_container_loads_no_modules(system):
    assert looked(system(booted=True, container=True), "hfs")["status"] == "not_applicable"


def test_without_kmod_nothing_loads_modules(tree):
    record = looked(tree(SYSTEM), "hfs")
    assert (record["status"], record["message"].split(",")[0]) == ("not_applicable", "kmod is not installed")


def test_modprobe_that_fails_is_an_error_and_no_pass(system):
    host = system()
    host.answers["modprobe"] = CommandResult(1, "", "modprobe: FATAL: no\n")
    assert looked(host, "hfs")["status"] == "error"


@pytest.mark.parametrize("settings", [{"hfs": "enabled"}, {"hfs /bin/sh": "disabled"}])
def test_only_disabling_can_be_expressed(system, settings):
    outcome = enforce(system(), [Control("c", {"kernel_module": settings})]).outcomes[0]
    assert outcome["outcome"] == "failed"


# -- what is asked first -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "files", "link", "why"),
    [
        (
            "squashfs",
            {"/proc/mounts": "/dev/loop0 /snap/core squashfs ro 0 0\n"},
            "",
            "squashfs is in use, it mounts /dev/loop0 on /snap/core",
        ),
        ("sctp", {"/proc/modules": "sctp 4096 3 - Live 0x0\n"}, "", "sctp is in use, it has 3 users, such as open sockets"),
        ("hfs", {"/proc/modules": "hfs 4096 1 hfsplus, Live 0x0\n"}, "", "hfs is in use, it serves the module hfsplus"),
        (
            "usb-storage",
            {"/proc/modules": "usb_storage 4096 0 - Live 0x0\n"},
            "1-1:1.0",
            "usb-storage is in use, it drives the device 1-1:1.0",
        ),
    ],
)
def test_a_module_that_is_used_is_refused_with_its_user_and_not_unloaded(system, module, files, link, why):
    host = system(files, booted=True)
    driver = host.path(f"/sys/module/{module.replace('-', '_')}/drivers/usb:x")
    os.makedirs(driver)
    os.symlink("../../../../module/x", f"{driver}/module")
    if link:
        os.symlink("../../../../devices/x", f"{driver}/{link}")
    done = enforce(host, [disabled(module), Control("b", {"kernel_module": {"cramfs": "disabled"}})])
    assert [each["outcome"] for each in done.outcomes] == ["refused", "changed"]
    assert done.outcomes[0]["message"] == f"{why}: end that, and harden again"
    assert host.read(OURS).count("install") == 1
    done = enforce(host, [disabled(module)], force=["modules"])
    assert done.outcomes[0]["outcome"] == "changed"
    assert [argv for argv in host.ran if "--remove" in argv] == []


@pytest.mark.parametrize("booted", [False, True])
def test_a_module_that_a_boot_needs_is_refused_in_a_template_too(system, booted):
    lines = (
        "# x y vfat z",
        "UUID=1 / ext4 defaults 0 1",
        "UUID=2 /boot/efi vfat umask=0077 0 1",
        "/dev/sr0 /media/cdrom0 udf user,noauto 0 0",
    )
    host = system({"/etc/fstab": "".join(f"{line}\n" for line in lines)}, booted=booted)
    outcome = enforce(host, [disabled("vfat")], force=["modules"]).outcomes[0]
    assert (outcome["outcome"], "/etc/fstab:3 has /boot/efi mounted with vfat" in outcome["message"]) == ("refused", True)
    assert enforce(host, [disabled("udf")]).outcomes[0]["outcome"] == "changed"


UNIT = "/etc/systemd/system/srv-cd.mount"
WANTS = "/etc/systemd/system/multi-user.target.wants"
UNIT_TEXT = "[Mount]\nWhat=/dev/vdb1\nWhere=/srv/cd\nType = udf\n"
MAP = {"/usr/sbin/automount": "", "/etc/auto.master": "/misc /etc/auto.misc\n"}


@pytest.mark.parametrize(
    ("module", "files", "place"),
    [
        ("udf", {"/etc/fstab": "UUID=a / ext4\n/dev/vdb1 /srv/cd udf\n"}, "/etc/fstab:2"),
        ("udf", {"/etc/fstab": "/dev/vdd1 /srv/two udf,iso9660 ro 0 0\n"}, "/etc/fstab:1"),
        ("isofs", {"/etc/fstab": "  /dev/vdd1\t/srv/two\tudf,iso9660\n"}, "/etc/fstab:1"),
        ("udf", {"/etc/fstab": "/dev/vdd1 /srv/two auto\n"}, "/etc/fstab:1"),
        ("udf", {"/etc/fstab": "/dev/vdd1 /srv/two auto nofail\n"}, ""),
        ("udf", {"/etc/fstab": "pacs:/two /srv/two auto\n"}, ""),
        ("nfs", {"/etc/fstab": "pacs:/two /srv/two auto\n"}, "/etc/fstab:1"),
        ("udf", {"/etc/fstab": "/dev/vdd1 /srv/two udf noauto\n"}, ""),
        ("udf", {"/etc/fstab": "/dev/vdd1 /srv/two udf noauto,x-systemd.automount\n"}, "/etc/fstab:1"),
        ("udf", {"/etc/fstab": "#/dev/vdd1 /srv/two udf\n"}, ""),
        ("loop", {"/etc/fstab": "/srv/disc.img /srv/two ext4 loop,ro\n"}, "/etc/fstab:1"),
        ("usb-storage", {"/etc/fstab": "/dev/disk/by-id/usb-Stick-0:0 /srv/two ext4\n"}, "/etc/fstab:1"),
        ("cdrom", {"/etc/fstab": "/dev/vdd1 /srv/two hfs\n"}, "/etc/fstab:1"),
        ("fuse", {"/etc/fstab": "pacs:/two /srv/two fuse.sshfs\n"}, "/etc/fstab:1"),
        ("udf", {UNIT: UNIT_TEXT, f"{WANTS}/srv-cd.mount": ""}, UNIT),
        ("udf", {UNIT: UNIT_TEXT, f"{WANTS}/srv-cd.automount": ""}, UNIT),
        ("udf", {UNIT: UNIT_TEXT}, ""),
        ("udf", {**MAP, "/etc/auto.misc": "cd -fstype=udf,ro,nosuid :/dev/sr0\n"}, "/etc/auto.misc:1"),
        ("nfs", {**MAP, "/etc/auto.misc": "studies -rw pacs:/studies\n"}, "/etc/auto.misc:1"),
        ("udf", {"/etc/auto.misc": "cd -fstype=udf,ro,nosuid :/dev/sr0\n"}, ""),
        ("dm-crypt", {"/etc/crypttab": "# x\ndata UUID=1 none luks\n"}, "/etc/crypttab:2"),
        ("dm-crypt", {"/etc/crypttab": "data UUID=1 none luks,noauto\n"}, ""),
    ],
)
def test_whatever_mounts_with_a_module_keeps_it(system, module, files, place):
    host = system(files)
    if MAP.keys() <= files.keys():
        os.chmod(host.path("/usr/sbin/automount"), 0o755)
    outcome = enforce(host, [disabled(module)], force=["modules"]).outcomes[0]
    assert (outcome["outcome"], outcome["message"].partition(" has ")[0]) == (("refused", place) if place else ("changed", ""))


def test_an_open_type_that_is_mounted_is_known(system):
    files = {"/etc/fstab": "/dev/vdb1 /mnt auto defaults 0 0\n", "/proc/mounts": "/dev/vdb1 /mnt ext4 rw 0 0\n"}
    assert enforce(system(files, booted=True), [disabled("udf")]).outcomes[0]["outcome"] == "changed"
    assert enforce(system(files, booted=True), [disabled("ext4")]).outcomes[0]["outcome"] == "refused"
