# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.procfs import process

FSTAB = "/etc/fstab"
FSTAB_TEXT = """\
# /etc/fstab: static file system information.
UUID=4ea3164e-74e5-49be-8905-294900b8b5f2 /               ext4    errors=remount-ro 0       1
UUID=7d1c3a10-0000-4000-8000-000000000000 /home           xfs     defaults,nofail   0       2
/dev/sdb1\t/srv/with\\040blank\text4\tdefaults\t0\t0
"""
SAFE = ["nodev", "nosuid", "noexec"]
TMP_UNIT = "[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\nOptions=mode=1777,strictatime,nosuid,nodev,size=50%%\n"
TRIXIE = {"/usr/lib/systemd/system/tmp.mount": TMP_UNIT, "/usr/lib/systemd/system/local-fs.target.wants/tmp.mount": TMP_UNIT}
DROP_IN = "/etc/systemd/system/tmp.mount.d/zz-hygeia.conf"


def mount(where, options=("nodev", "nosuid"), **more):
    return Control("c", {"mount": {where: {"options": list(options), **more}}})


def looked(host, control):
    return audit(host, [control], "live" if host.booted else "offline")[0]


# -- fstab -----------------------------------------------------------------------------


def test_options_are_added_to_a_line_and_nothing_else_changes(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    assert [change.target for change in enforce(host, [mount("/home")]).changes] == [FSTAB]
    assert host.read(FSTAB) == FSTAB_TEXT.replace("defaults,nofail ", "defaults,nofail,nodev,nosuid ")
    assert enforce(host, [mount("/home")]).changes == []
    assert looked(host, mount("/home"))["status"] == "pass"


def test_shared_memory_gets_a_line(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    assert looked(host, mount("/dev/shm", SAFE))["message"] == "the service manager mounts /dev/shm without noexec"
    enforce(host, [mount("/dev/shm", SAFE)])
    assert host.read(FSTAB) == FSTAB_TEXT + "tmpfs /dev/shm tmpfs defaults,nodev,nosuid,noexec 0 0\n"
    assert enforce(host, [mount("/dev/shm", SAFE)]).changes == []
    record = looked(host, mount("/dev/shm", SAFE))
    assert (record["status"], record["read_from"]) == ("pass", "/etc/fstab:5")


def test_shared_memory_without_devices_needs_no_line(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    assert enforce(host, [mount("/dev/shm")]).changes == []
    assert looked(host, mount("/dev/shm"))["status"] == "pass"


def test_a_line_that_says_the_opposite_is_turned_round(tree):
    host = tree({FSTAB: "tmpfs /dev/shm tmpfs rw,exec,suid,size=1g 0 0\n"})
    enforce(host, [mount("/dev/shm", SAFE)])
    assert host.read(FSTAB) == "tmpfs /dev/shm tmpfs rw,size=1g,nodev,nosuid,noexec 0 0\n"


@pytest.mark.parametrize(
    "options, status",
    [
        ("defaults,nodev,nosuid", "pass"),
        ("nodev,nosuid,defaults", "fail"),
        ("nodev,nosuid,dev", "fail"),
        ("users,rw", "pass"),
        ("users,suid", "fail"),
    ],
)
def test_the_last_word_on_an_option_counts(tree, options, status):
    host = tree({FSTAB: f"/dev/sdb1 /home ext4 {options} 0 2\n"})
    assert looked(host, mount("/home"))["status"] == status
    enforce(host, [mount("/home")])
    assert looked(host, mount("/home"))["status"] == "pass"


def test_a_last_line_without_an_end_is_not_run_together(tree):
    host = tree({FSTAB: "/dev/vda1 / ext4 defaults 0 1"})
    enforce(host, [mount("/dev/shm", SAFE)])
    assert host.lines(FSTAB)[0] == "/dev/vda1 / ext4 defaults 0 1"
    assert len(host.lines(FSTAB)) == 2


def test_blanks_in_a_mount_point(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    enforce(host, [mount("/srv/with blank")])
    assert host.lines(FSTAB)[3] == "/dev/sdb1\t/srv/with\\040blank\text4\tdefaults,nodev,nosuid\t0\t0"


def test_the_files_mode_stays(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    os.chmod(host.path(FSTAB), 0o600)
    enforce(host, [mount("/home")])
    assert os.stat(host.path(FSTAB)).st_mode & 0o777 == 0o600


def test_check_mode_writes_nothing(tree):
    host = tree({FSTAB: FSTAB_TEXT}, check=True)
    assert enforce(host, [mount("/home")]).outcomes[0]["outcome"] == "changed"
    assert host.read(FSTAB) == FSTAB_TEXT


# -- what is no filesystem of its own ---------------------------------------------------


def test_the_disk_layout_decides(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    assert enforce(host, [mount("/var/log")]).changes == []
    record = looked(host, mount("/var/log"))
    assert record["status"] == "not_applicable"
    assert "disk layout" in record["message"]


def test_a_tmpfs_is_made_when_it_is_asked_for(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    control = mount("/tmp", type="tmpfs")
    assert looked(host, control)["status"] == "fail"
    enforce(host, [control])
    assert host.lines(FSTAB)[-1] == "tmpfs /tmp tmpfs defaults,nodev,nosuid,mode=1777 0 0"
    assert enforce(host, [control]).changes == []
    assert looked(host, control)["status"] == "pass"


# -- mount units -------------------------------------------------------------------------


def test_a_mount_unit_gets_a_drop_in_with_all_options(tree):
    host = tree(TRIXIE)
    assert looked(host, mount("/tmp", SAFE))["read_from"] == "/usr/lib/systemd/system/tmp.mount"
    assert [change.target for change in enforce(host, [mount("/tmp", SAFE)]).changes] == [DROP_IN]
    assert host.lines(DROP_IN)[-1] == "Options=mode=1777,strictatime,nosuid,nodev,size=50%%,noexec"
    assert enforce(host, [mount("/tmp", SAFE)]).changes == []
    record = looked(host, mount("/tmp", SAFE))
    assert (record["status"], record["read_from"]) == ("pass", DROP_IN)


def test_a_later_drop_in_is_the_culprit(tree):
    host = tree({**TRIXIE, "/etc/systemd/system/tmp.mount.d/zzz.conf": "[Mount]\nOptions=size=1G\n"})
    enforce(host, [mount("/tmp", SAFE)])
    record = looked(host, mount("/tmp", SAFE))
    assert record["status"] == "fail"
    assert record["message"].startswith("/etc/systemd/system/tmp.mount.d/zzz.conf mounts /tmp without nodev")


def test_fstab_counts_for_more_than_a_vendors_unit_and_less_than_the_hosts(tree):
    fstab = "tmpfs /tmp tmpfs nodev,nosuid 0 0\n"
    assert looked(tree({**TRIXIE, FSTAB: fstab}), mount("/tmp"))["read_from"] == "/etc/fstab:1"
    host = tree({"/etc/systemd/system/tmp.mount": "[Mount]\nOptions=size=1G\n"})
    record = looked(host, mount("/tmp"))
    assert (record["status"], record["read_from"]) == ("fail", "/etc/systemd/system/tmp.mount")


def test_a_unit_that_nothing_wants_or_that_is_masked_mounts_nothing(tree, tmp_path):
    host = tree({"/usr/lib/systemd/system/tmp.mount": TMP_UNIT})
    assert looked(host, mount("/tmp", SAFE))["status"] == "not_applicable"
    host = tree({**TRIXIE, "/etc/systemd/system/x": ""})
    os.symlink("/dev/null", tmp_path / "etc/systemd/system/tmp.mount")
    assert looked(host, mount("/tmp", SAFE))["status"] == "not_applicable"


def test_a_units_name_is_the_escaped_path(tree):
    host = tree(
        {
            "/etc/systemd/system/srv-pacs\\x2darchive.mount": "[Mount]\nOptions=nodev,nosuid\n",
            "/etc/systemd/system/local-fs.target.requires/srv-pacs\\x2darchive.mount": "",
        }
    )
    assert looked(host, mount("/srv/pacs-archive"))["status"] == "pass"


# -- running hosts --------------------------------------------------------------------------


def mountinfo(options, where="/dev/shm"):
    return f"25 1 0:22 / {where} rw,{options} shared:3 - tmpfs tmpfs rw,size=1024k\n"


def test_what_is_mounted_must_have_the_options_too(tree):
    files = {FSTAB: "tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0\n", "/proc/self/mountinfo": mountinfo("nosuid,nodev")}
    record = looked(tree(files, booted=True), mount("/dev/shm", SAFE))
    assert record["status"] == "fail"
    assert record["read_from"] == "/proc/self/mountinfo"
    assert record["observed"] == {"mount: /dev/shm": {"options": ["rw", "nosuid", "nodev", "rw", "size=1024k"]}}


def test_the_mount_on_top_counts(tree):
    files = {
        FSTAB: "tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0\n",
        "/proc/self/mountinfo": mountinfo("nosuid,nodev") + mountinfo("nosuid,nodev,noexec"),
    }
    assert looked(tree(files, booted=True), mount("/dev/shm", SAFE))["status"] == "pass"


@pytest.mark.parametrize("container, status", [(False, "fail"), (True, "not_applicable")])
def test_what_somebody_mounted_by_hand_is_not_there_after_a_boot(tree, container, status):
    files = {"/proc/self/mountinfo": mountinfo("nosuid,nodev,noexec", "/tmp")}
    assert looked(tree(files, booted=True, container=container), mount("/tmp", SAFE))["status"] == status


def test_what_is_mounted_gets_its_options_at_once(tree):
    host = tree({"/proc/self/mountinfo": mountinfo("nosuid,nodev")}, booted=True, answers={"mount": "", "systemctl": ""})
    enforce(host, [mount("/dev/shm", SAFE)])
    assert ["mount", "-o", "remount,defaults,nodev,nosuid,noexec", "/dev/shm"] in host.ran


def test_options_that_were_taken_away_are_given_back(tree):
    files = {FSTAB: "tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0\n", "/proc/self/mountinfo": mountinfo("nosuid,nodev")}
    host = tree(files, booted=True, answers={"mount": "", "systemctl": ""})
    assert [change.target for change in enforce(host, [mount("/dev/shm", SAFE)]).changes] == ["mount /dev/shm"]
    assert ["mount", "-o", "remount,nodev,nosuid,noexec", "/dev/shm"] in host.ran


def test_nothing_is_mounted_over_a_directory_in_use(tree):
    host = tree({"/proc/self/mountinfo": mountinfo("relatime", "/")}, booted=True, answers={"systemctl": ""})
    control = mount("/tmp", type="tmpfs")
    assert enforce(host, [control]).outcomes[0]["outcome"] == "changed"
    assert not [argv for argv in host.ran if argv[0] == "mount"]
    record = looked(host, control)
    assert record["status"] == "fail"
    assert "/tmp is not mounted before the next boot" in record["message"]


def test_a_mount_that_does_not_take_its_options_is_a_failure(tree):
    answers = {"systemctl": "", "mount": CommandResult(32, "", "mount: /dev/shm: permission denied.\n")}
    host = tree({"/proc/self/mountinfo": mountinfo("nosuid,nodev")}, booted=True, answers=answers)
    outcome = enforce(host, [mount("/dev/shm", SAFE)]).outcomes[0]
    assert (outcome["outcome"], "permission denied" in outcome["message"]) == ("failed", True)


@pytest.mark.parametrize("value", ["nodev", {"options": "nodev"}, {"options": ["nodev", "x y"]}])
def test_what_would_break_fstab_is_not_written(tree, value):
    host = tree({FSTAB: FSTAB_TEXT})
    assert enforce(host, [Control("c", {"mount": {"/home": value}})]).outcomes[0]["outcome"] == "failed"
    assert host.read(FSTAB) == FSTAB_TEXT


# -- several filesystems, and none --------------------------------------------------------


def test_a_pattern_and_a_type_mean_every_line_that_they_fit(tree):
    more = "/dev/sr0 /media/cdrom udf ro,user,exec 0 0\npacs:/studies /srv/studies nfs4 defaults,nodev 0 0\n"
    host = tree({FSTAB: FSTAB_TEXT + more})
    wanted = [mount("/media/*", SAFE), mount("type nfs*", ["nodev", "nosuid"])]
    assert [looked(host, control)["status"] for control in wanted] == ["fail", "fail"]
    enforce(host, wanted)
    assert host.lines(FSTAB)[-1] == "pacs:/studies /srv/studies nfs4 defaults,nodev,nosuid 0 0"
    assert [looked(host, control)["status"] for control in wanted] == ["pass", "pass"]
    assert enforce(host, wanted).changes == []


def test_a_pattern_that_no_line_fits_does_not_apply(tree):
    host = tree({FSTAB: FSTAB_TEXT})
    assert enforce(host, [mount("/media/*")]).changes == []
    assert looked(host, mount("/media/*"))["status"] == "not_applicable"


@pytest.mark.parametrize(("where", "status"), [("/home", "pass"), ("/var", "fail"), ("/tmp", "pass")])
def test_a_disk_layout_is_observed_and_never_written(tree, where, status):
    host = tree({FSTAB: FSTAB_TEXT, **TRIXIE})
    control = Control("c", {"mount": {f"separate {where}": True}})
    assert enforce(host, [control]).changes == []
    record = looked(host, control)
    assert record["status"] == status
    assert status == "pass" or record["message"] == "/var is on the same filesystem as the directory that it is in"


def test_a_container_has_no_disk_layout_of_its_own(tree):
    host = tree({FSTAB: ""}, booted=True, container=True)
    assert looked(host, Control("c", {"mount": {"separate /var": True}}))["status"] == "not_applicable"


def test_a_layout_that_nobody_can_want_is_reported(tree):
    outcome = enforce(tree({FSTAB: FSTAB_TEXT}), [Control("c", {"mount": {"separate /var": False}})]).outcomes[0]
    assert (outcome["outcome"], outcome["message"]) == ("failed", "mount: separate /var can only be true, not False")


# -- what fstab really says -------------------------------------------------------------


def separate(where):
    return Control("c", {"mount": {f"separate {where}": True}})


ROOT = "UUID=4ea3164e / ext4 errors=remount-ro 0 1\n"


def test_three_fields_are_a_filesystem_with_default_options(tree):
    text = ROOT + "UUID=aaaa-01 /home ext4\n/dev/vdb1 /var\txfs \n"
    host = tree({FSTAB: text})
    assert [looked(host, separate(where))["status"] for where in ("/home", "/var", "/tmp")] == ["pass", "pass", "fail"]
    assert looked(host, mount("/home"))["message"] == "/etc/fstab:2 mounts /home without nodev, nosuid"
    enforce(host, [mount("/home"), mount("/var", ["nodev"])])
    assert host.read(FSTAB) == ROOT + "UUID=aaaa-01 /home ext4 defaults,nodev,nosuid\n/dev/vdb1 /var\txfs defaults,nodev \n"
    assert enforce(host, [mount("/home"), mount("/var", ["nodev"])]).changes == []


def test_a_tmpfs_of_three_fields_gets_its_options_in_place(tree):
    host = tree({FSTAB: "tmpfs /tmp tmpfs"})
    enforce(host, [mount("/tmp", SAFE, type="tmpfs")])
    assert host.read(FSTAB) == "tmpfs /tmp tmpfs defaults,nodev,nosuid,noexec"


@pytest.mark.parametrize(
    ("options", "status"), [("noauto", "fail"), ("noauto,auto", "pass"), ("auto,noauto", "fail"), ("noauto,x-systemd.automount", "pass")]
)
def test_what_no_boot_mounts_is_not_separate(tree, options, status):
    record = looked(tree({FSTAB: f"{ROOT}/dev/vdb1 /var ext4 nodev,{options} 0 2\n"}), separate("/var"))
    assert record["status"] == status
    assert status == "pass" or "mounted by hand only" in record["message"]


def test_a_tmpfs_that_no_boot_mounts_is_mounted_from_now_on(tree):
    host = tree({FSTAB: "tmpfs /tmp tmpfs noauto,nodev,nosuid 0 0\n"})
    control = mount("/tmp", type="tmpfs")
    assert looked(host, control)["status"] == "fail"
    enforce(host, [control])
    assert host.read(FSTAB) == "tmpfs /tmp tmpfs nodev,nosuid 0 0\n"
    assert looked(host, control)["status"] == "pass"


def test_options_of_what_no_boot_mounts_decide_nothing(tree):
    record = looked(tree({FSTAB: "/dev/vdb1 /home ext4 noauto,nodev,nosuid 0 0\n"}), mount("/home"))
    assert (record["status"], "mounted by hand only" in record["message"]) == ("not_applicable", True)
    pattern = Control("c", {"mount": {"/media/*": {"options": ["nodev"]}}})
    assert looked(tree({FSTAB: "/dev/sr0 /media/cd udf noauto,nodev 0 0\n"}), pattern)["status"] == "pass"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("/srv/var /var none bind 0 0\n", "fail"),
        ("/srv/var /var none rbind,nodev 0 0\n", "fail"),
        ("/dev/vdb1 /srv ext4 defaults 0 2\n/srv/var /var none bind 0 0\n", "pass"),
        ("/dev/vdb1 /srv ext4 noauto 0 2\n/srv/var /var none bind 0 0\n", "fail"),
        ("UUID=4ea3164e /var ext4 defaults 0 2\n", "fail"),
        ("UUID=4ea3164e /var btrfs subvol=@var 0 2\n", "pass"),
        ("/var /var none bind 0 0\n", "fail"),
        ("/dev/vdb1 /var/ ext4 defaults 0 2\n", "pass"),
        ("/dev/vdb1 /v\\141r ext4 defaults 0 2\n", "pass"),
    ],
)
def test_a_directory_of_the_same_filesystem_is_not_separate(tree, lines, status):
    assert looked(tree({FSTAB: ROOT + lines}), separate("/var"))["status"] == status


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("30 1 254:1 /srv/var /var rw - ext4 /dev/vda1 rw", "fail"),
        ("30 1 254:2 / /var rw - ext4 /dev/vdb1 rw", "pass"),
        ("30 1 254:2 /var /var rw - ext4 /dev/vdb1 rw", "pass"),
        ("30 1 254:1 /@var /var rw - btrfs /dev/vda1 rw,subvol=/@var", "pass"),
    ],
)
def test_a_running_host_shows_what_is_bound(tree, line, status):
    files = {FSTAB: ROOT, "/proc/self/mountinfo": f"25 1 254:1 / / rw - ext4 /dev/vda1 rw\n{line}\n"}
    assert looked(tree(files, booted=True), separate("/var"))["status"] == status


# -- what is asked first on a running host ----------------------------------------------


def asked(tree, options="rw", answers=(), where="/tmp", force=(), number=90, **process_kwargs):
    files = {FSTAB: f"tmpfs {where} tmpfs defaults 0 0\n", "/proc/self/mountinfo": mountinfo(options, where)}
    host = tree({**files, "/tmp/agent.sh": "#!/bin/sh\n"}, booted=True, answers={"mount": "", "systemctl": "", "find": "", **dict(answers)})
    os.chmod(host.path("/tmp/agent.sh"), 0o755)
    if process_kwargs:
        process(host, number, **process_kwargs)
    outcome = enforce(host, [mount(where, SAFE)], force=force).outcomes[0]
    return host, outcome["outcome"], outcome["message"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ({"program": "/tmp/viewer/bin/view"}, "/tmp is in use, view (process 90 of 0) executes /tmp/viewer/bin/view: move it elsewhere"),
        ({"program": "/usr/bin/java", "maps": ["r-xp 0 fe:01 9 /tmp/jna-1/jna.so"]}, "java (process 90 of 0) executes /tmp/jna-1/jna.so"),
        ({"program": "/usr/bin/less", "words": ["less", "/tmp/agent.sh"]}, ""),
        ({"program": "/usr/bin/bash", "words": ["/bin/bash", "/tmp/agent.sh"]}, "bash (process 90 of 0) executes /tmp/agent.sh"),
    ],
)
def test_noexec_is_refused_where_a_program_runs(tree, program, words):
    host, outcome, message = asked(tree, **program)
    assert (outcome, words in message) == (("refused" if words else "changed"), True)
    assert bool(words) == (host.read(FSTAB) == "tmpfs /tmp tmpfs defaults 0 0\n")


def test_a_program_of_elsewhere_and_data_of_here_need_nothing(tree):
    assert asked(tree, program="/tmpfiles/x", maps=["rw-p 0 fe:01 9 /tmp/data.mmap"])[1] == "changed"


def test_the_run_itself_needs_nothing_of_the_directory_that_its_module_was_put_into(tree):
    assert asked(tree, number=os.getpid(), program="/usr/bin/python3.11", words=["python3", "/tmp/agent.sh"])[1] == "changed"


def test_only_options_that_are_new_are_asked_about(tree):
    host, outcome, unused = asked(tree, "noexec,nosuid,nodev", program="/tmp/x")
    assert outcome == "changed"
    assert [argv for argv in host.ran if argv[0] == "find"] == []


@pytest.mark.parametrize(
    ("sought", "found", "words"),
    [("/6000", "/tmp/pkexec", "/tmp/pkexec would run without its set-user-ID bit"), ("b", "/tmp/jail/dev/sda", "would be no device")],
)
def test_set_user_id_programs_and_devices_are_found(tree, sought, found, words):
    answers = {"find": lambda argv, stdin: f"{found}\n" if sought in argv else ""}
    assert asked(tree, answers=answers)[1] == "refused"
    assert words in asked(tree, answers=answers)[2]
    assert asked(tree, answers=answers, force=["c"])[1] == "changed"
