# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import crontab_times

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    "when, gap",
    [
        ("0 2 * * *", DAY),
        ("*/15 * * * *", 15 * 60),
        ("7 * * * *", HOUR),
        ("0 8-18/2 * * *", 14 * HOUR),
        ("0 8,20 * * *", 12 * HOUR),
        ("0 2 * * mon-fri", 3 * DAY),
        ("30 1 * * 0", 7 * DAY),
        ("30 1 * * 7", 7 * DAY),
        ("0 2 1 * *", 31 * DAY),
        ("0 2 1,15 * fri", 7 * DAY),
        ("0 4 1 * 3", 7 * DAY),
        ("0 2 * feb,Aug *", 154 * DAY),
        ("@daily", DAY),
        ("@weekly", 7 * DAY),
        ("@yearly", 366 * DAY),
        ("@reboot", None),
        ("0 2 30 2 *", None),
        ("0 2,14 29 2 *", None),
        ("0 2 * * fri-sun", None),
    ],
)
def test_the_longest_time_between_two_starts(when, gap):
    assert crontab_times.longest_gap(when) == gap


@pytest.mark.parametrize(
    "when, what",
    [
        ("0 25 * * *", "hour"),
        ("5/10 * * * *", "minute"),
        ("0 2 * * monday", "day of week"),
        ("0 2 0 * *", "day of month"),
        ("0 2 * jan/2 *", "month"),
        ("@Daily", "time specifier"),
        ("0 2 * *", "few"),
    ],
)
def test_what_cron_does_not_understand(when, what):
    with pytest.raises(ValueError, match=what):
        crontab_times.parse(when)
