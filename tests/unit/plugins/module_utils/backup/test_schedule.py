# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup import cron, schedule
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import BackupError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    "when, gap",
    [
        ("0 2 * * *", DAY),
        ("*/15 * * * *", 15 * 60),
        ("7 * * * *", HOUR),
        ("0 8-18/2 * * *", 14 * HOUR),
        ("0 2 * * mon-fri", 3 * DAY),
        ("30 1 * * 0", 7 * DAY),
        ("30 1 * * 7", 7 * DAY),
        ("0 2,14 * * *", 12 * HOUR),
        ("0 2 1 * *", 31 * DAY),
        ("0 2 1,15 * fri", 7 * DAY),
        ("0 2 * feb,Aug *", 154 * DAY),
        ("@daily", DAY),
        ("@weekly", 7 * DAY),
        ("@reboot", None),
        ("0 2 30 2 *", None),
    ],
)
def test_the_longest_time_between_two_starts_of_cron(when, gap):
    assert cron.longest_gap(when) == gap


@pytest.mark.parametrize(
    "path, text, when",
    [
        ("/etc/cron.d/backup", "# nightly\nMAILTO=root\n0 2 * * * root restic backup /srv\n", "0 2 * * *"),
        ("/etc/crontab", "@daily root /usr/local/sbin/restic-backup\n", "@daily"),
        ("/var/spool/cron/crontabs/root", "0 3 * * * restic backup /srv\n", "0 3 * * *"),
        ("/etc/cron.d/backup.disabled", "0 2 * * * root restic backup /srv\n", None),
        ("/etc/cron.d/other", "#0 2 * * * root restic backup /srv\n0 2 * * * root true\n", None),
    ],
)
def test_a_line_of_cron_is_found_where_cron_reads_it(tree, path, text, when):
    found = cron.find(tree({path: text}), "restic")
    assert (found and (found.when, found.read_from)) == (when and (when, path))


def test_a_script_counts_when_run_parts_runs_it(tree, tmp_path):
    host = tree({"/etc/cron.daily/backup": "#!/bin/sh\nrestic backup /srv\n"})
    assert cron.find(host, "restic") is None
    (tmp_path / "etc/cron.daily/backup").chmod(0o755)
    assert cron.find(host, "restic").when == "@daily"


def shown(**changed):
    """What systemctl shows of a good timer and its service."""
    properties = {
        "LoadState": "loaded",
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "Unit": "b.service",
        "RandomizedDelayUSec": "0",
        "TimersCalendar": "{ OnCalendar=*-*-* 02:00:00 ; next_elapse=Mon 2026-11-23 02:00:00 UTC }",
        "Result": "success",
        **changed,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


CALENDAR = """  Original form: *-*-* 02:00:00
Normalized form: *-*-* 02:00:00
    Next elapse: Mon 2026-11-23 02:00:00 UTC
       From now: 20h left
       Iter. #2: Tue 2026-11-24 02:00:00 UTC
       From now: 1 day 20h left
       Iter. #3: Wed 2026-11-25 02:00:00 UTC
"""


def analyzed(argv, unused_stdin):
    return CALENDAR if argv[1] == "calendar" else {"1h": "Original: 1h\n      μs: 3600000000\n   Human: 1h\n"}.get(argv[2], "")


def of_timer(tree, **changed):
    return schedule.of_timer(tree(answers={"systemctl": shown(**changed), "systemd-analyze": analyzed}), "b")


def test_a_timer_of_the_calendar(tree):
    assert of_timer(tree) == schedule.Schedule(DAY, "b.timer")


def test_a_delay_by_chance_counts(tree):
    assert of_timer(tree, RandomizedDelayUSec="1h").gap == DAY + HOUR


def test_a_timer_that_starts_so_long_after_the_last_run(tree):
    assert of_timer(tree, TimersCalendar="", TimersMonotonic="{ OnUnitActiveUSec=1h ; next_elapse=2h }").gap == HOUR


def test_a_timer_that_starts_only_at_boot_starts_never_again(tree):
    assert of_timer(tree, TimersCalendar="", TimersMonotonic="{ OnBootUSec=1h ; next_elapse=0 }").gap is None


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"LoadState": "not-found"}, "there is no b.timer"),
        ({"ActiveState": "inactive"}, "systemctl enable --now b.timer"),
        ({"UnitFileState": "disabled"}, "is not started at boot"),
        ({"Result": "exit-code"}, "the last run of b.service failed"),
    ],
)
def test_a_timer_that_starts_nothing_is_trouble(tree, changed, sentence):
    with pytest.raises(BackupError, match=sentence):
        of_timer(tree, **changed)


def test_cron_that_does_not_run_starts_nothing(tree):
    with pytest.raises(BackupError, match="cron does not run"):
        schedule.of_cron(tree({"/etc/crontab": "@daily root restic\n"}, answers={"systemctl": CommandResult(3, "", "")}), "restic")


def test_times_that_cron_cannot_read_are_trouble(tree):
    with pytest.raises(BackupError, match="cron cannot read"):
        schedule.of_cron(tree({"/etc/crontab": "0 2 * * someday root restic\n"}, answers={"systemctl": ""}), "restic")
