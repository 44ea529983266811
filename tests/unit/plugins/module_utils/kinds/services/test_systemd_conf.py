# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system import systemd_values

# A program lists the options that it knows; what it does not know it ignores.
PROGRAMS = {
    "/usr/lib/systemd/systemd-journald": "\0Journal.Storage\0Journal.Compress\0",
    "/usr/lib/systemd/systemd-logind": "\0Login.StopIdleSessionSec\0",
    "/usr/lib/systemd/systemd-timesyncd": "\0Time.NTP\0",
    "/usr/lib/systemd/systemd": "\0DefaultLimitCORE\0",
}
OURS = "/etc/systemd/journald.conf.d/zz-hygeia.conf"


def control(**settings):
    return Control("journal", {"systemd_conf": {name.replace("_", "."): value for name, value in settings.items()}})


def record(host, wanted):
    return audit(host, [wanted], "offline")[0]


def test_enforcing_writes_one_file_a_program_and_passes_the_audit(tree):
    host = tree({**PROGRAMS, "/etc/systemd/journald.conf": "[Journal]\n#Storage=auto\nCompress=no\n"})
    wanted = control(journald_Storage="persistent", journald_Compress=True, logind_StopIdleSessionSec="15min")
    assert record(host, wanted)["status"] == "fail"
    assert [change.target for change in enforce(host, [wanted]).changes] == [OURS, "/etc/systemd/logind.conf.d/zz-hygeia.conf"]
    assert host.read(OURS).endswith("[Journal]\nCompress=yes\nStorage=persistent\n")
    assert enforce(host, [wanted]).changes == []
    assert record(host, wanted)["status"] == "pass"


def test_a_drop_in_that_is_read_later_is_named_as_the_culprit(tree):
    host = tree({**PROGRAMS, "/usr/lib/systemd/journald.conf.d/zzz-site.conf": "# site\n[Journal]\nStorage=volatile\n"})
    enforce(host, [control(journald_Storage="persistent")])
    found = record(host, control(journald_Storage="persistent"))
    assert (found["status"], found["read_from"]) == ("fail", "/usr/lib/systemd/journald.conf.d/zzz-site.conf:3")
    assert "zzz-site.conf:3 sets Storage=volatile and is read after " + OURS in found["message"]


def test_a_main_file_is_read_before_every_drop_in_and_is_not_said_to_come_after(tree):
    host = tree({**PROGRAMS, "/etc/systemd/journald.conf": "[Journal]\nStorage=volatile\n", OURS: "[Journal]\nCompress=yes\n"})
    found = record(host, control(journald_Storage="persistent"))
    assert (found["status"], found["message"]) == ("fail", "/etc/systemd/journald.conf:2 sets Storage=volatile")


def test_drop_ins_count_by_their_names_and_not_by_their_directories(tree):
    host = tree(
        {
            **PROGRAMS,
            "/usr/lib/systemd/journald.conf.d/90-vendor.conf": "[Journal]\nStorage=volatile\n",
            "/etc/systemd/journald.conf.d/10-site.conf": "[Journal]\nStorage=persistent\n",
        }
    )
    assert record(host, control(journald_Storage="persistent"))["observed"] == {"systemd_conf: journald.Storage": "volatile"}


def test_a_file_in_etc_replaces_and_a_null_link_masks_the_vendor_s(tree, tmp_path):
    host = tree(
        {
            **PROGRAMS,
            "/usr/lib/systemd/journald.conf.d/a.conf": "[Journal]\nStorage=none\n",
            "/usr/lib/systemd/journald.conf.d/b.conf": "[Journal]\nCompress=no\n",
            "/etc/systemd/journald.conf.d/a.conf": "[Journal]\nStorage=persistent\n",
        }
    )
    (tmp_path / "etc/systemd/journald.conf.d/b.conf").symlink_to("/dev/null")
    found = record(host, control(journald_Storage="persistent", journald_Compress="no"))
    assert found["message"] == "nothing sets Compress of journald, so its own default holds"


def test_lists_add_up_unless_they_are_taken_back(tree):
    host = tree({**PROGRAMS, "/etc/systemd/timesyncd.conf": "[Time]\nNTP=one\n"})
    wanted = control(timesyncd_NTP=["two", "three"])
    enforce(host, [wanted])
    assert "NTP=\nNTP=two three\n" in host.read("/etc/systemd/timesyncd.conf.d/zz-hygeia.conf")
    assert record(host, wanted)["status"] == "pass"
    host.write("/etc/systemd/timesyncd.conf.d/zzz.conf", "[Time]\nNTP=four\n")
    assert record(host, wanted)["observed"] == {"systemd_conf: timesyncd.NTP": "two three four"}


def test_an_empty_value_takes_back_what_was_said(tree):
    host = tree({**PROGRAMS, "/etc/systemd/journald.conf.d/zzz.conf": "[Journal]\nStorage=\n"})
    enforce(host, [control(journald_Storage="persistent")])
    assert record(host, control(journald_Storage="persistent"))["status"] == "fail"


def test_an_option_that_this_release_would_ignore_is_never_a_pass(tree):
    host = tree({**PROGRAMS, "/usr/lib/systemd/systemd-logind": "\0Login.KillUserProcesses\0"})
    wanted = control(logind_StopIdleSessionSec="15min")
    assert enforce(host, [wanted]).outcomes[0]["outcome"] == "refused"
    host.write("/etc/systemd/logind.conf", "[Login]\nStopIdleSessionSec=15min\n")
    found = record(host, wanted)
    assert found["status"] == "fail"
    assert "has no option StopIdleSessionSec" in found["message"]


def test_a_program_that_is_not_installed_has_no_options(tree):
    assert record(tree(PROGRAMS), control(coredump_Storage="none"))["status"] == "not_applicable"


def test_check_mode_counts_on_a_program_whose_package_will_be_installed(tree):
    host = tree(check=True)
    host.packages.plan("systemd-timesyncd", True)
    assert enforce(host, [control(timesyncd_NTP="10.0.0.1")]).outcomes[0]["outcome"] == "changed"
    assert enforce(tree(check=True), [control(timesyncd_NTP="10.0.0.1")]).outcomes[0]["outcome"] == "refused"


def test_what_left_the_profile_leaves_the_system(tree):
    host = tree(PROGRAMS)
    enforce(host, [control(journald_Storage="persistent", logind_StopIdleSessionSec="15min")])
    enforce(host, [control(logind_StopIdleSessionSec="15min")])
    assert host.read(OURS) is None
    enforce(host, [control(journald_Storage="persistent")], partial=True)
    assert host.exists("/etc/systemd/logind.conf.d/zz-hygeia.conf")


def test_a_running_logind_reads_its_file_and_is_not_restarted(tree):
    host = tree(PROGRAMS, booted=True, answers={"systemctl": ""})
    enforce(host, [control(journald_Storage="persistent", logind_StopIdleSessionSec="15min", system_DefaultLimitCORE=0)])
    assert host.ran == [
        ["systemctl", "restart", "systemd-journald.service"],
        ["systemctl", "kill", "--signal=HUP", "systemd-logind.service"],
        ["systemctl", "daemon-reload"],
    ]


@pytest.mark.parametrize("name", ["journal.Storage", "journald", "journald.storage", "journald.Sto rage"])
def test_a_name_that_means_nothing_is_reported(tree, name):
    outcome = enforce(tree(PROGRAMS), [Control("c", {"systemd_conf": {name: "x"}})]).outcomes[0]
    assert (outcome["outcome"], name in outcome["message"]) == ("failed", True)


@pytest.mark.parametrize(
    "one, other, equal",
    [
        ("15min", "900", True),
        ("15min", "0.25h", True),
        ("1h 30min", "90min", True),
        ("1G", "1024M", True),
        ("yes", "on", True),
        ("no", "yes", False),
        ("15min", "15h", False),
        ("infinity", "0", False),
    ],
)
def test_the_same_value_has_many_spellings(one, other, equal):
    assert systemd_values.same(one, other) is equal


def test_what_takes_an_option_back_is_named(tree):
    host = tree({**PROGRAMS, "/etc/systemd/journald.conf.d/zzz.conf": "[Journal]\nStorage=\n"})
    control = Control("c", {"systemd_conf": {"journald.Storage": "persistent"}})
    enforce(host, [control])
    record = audit(host, [control], "offline")[0]
    assert (record["status"], record["read_from"]) == ("fail", "/etc/systemd/journald.conf.d/zzz.conf:2")
    assert record["message"].startswith("/etc/systemd/journald.conf.d/zzz.conf:2 takes back what was said of Storage")
