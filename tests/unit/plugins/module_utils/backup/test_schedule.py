# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup import schedule
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import BackupError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    "path, text, gap",
    [
        ("/etc/cron.d/backup", "# nightly\nMAILTO=root\n0 2 * * * root restic backup /srv\n", DAY),
        ("/etc/crontab", "@weekly root /usr/local/sbin/restic-backup\n", 7 * DAY),
        ("/var/spool/cron/crontabs/root", "0 3 * * mon-fri restic backup /srv\n", 3 * DAY),
    ],
)
def test_a_line_of_cron(tree, path, text, gap):
    assert schedule.of_cron(tree({path: text}, answers={"systemctl": ""}), "restic") == schedule.Schedule(gap, path)


def test_a_script_that_run_parts_runs(tree, tmp_path):
    host = tree({"/etc/cron.daily/backup": "#!/bin/sh\nrestic backup /srv\n"}, answers={"systemctl": ""})
    with pytest.raises(BackupError, match="no line of cron has the text restic"):
        schedule.of_cron(host, "restic")
    (tmp_path / "etc/cron.daily/backup").chmod(0o755)
    assert schedule.of_cron(host, "restic") == schedule.Schedule(DAY, "/etc/cron.daily/backup")


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


@pytest.mark.parametrize(
    "text, why",
    [
        ("0 2 * * someday root restic\n", "line 1 has a bad day of week"),
        ("MAILTO=root\n0 2/4 * * * root true\n0 2 * * * root restic\n", "line 2 has a bad hour"),
        ("0 2 * * * root restic", "its last line does not end"),
    ],
)
def test_a_table_that_cron_ignores_is_trouble(tree, text, why):
    with pytest.raises(BackupError, match=f"cron ignores all of /etc/cron.d/backup, because {why}"):
        schedule.of_cron(tree({"/etc/cron.d/backup": text}, answers={"systemctl": ""}), "restic")
