# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import format_duration, seconds
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment, written


@pytest.mark.parametrize(
    "text, wanted", [("90", 90), (90, 90), ("90s", 90), ("15m", 900), ("24h", 86400), (" 30 d ", 2592000), ("4w", 2419200), (None, None)]
)
def test_spans_are_read(text, wanted):
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "0h", "-3h", "1.5h", "24 hours", "h", "1y"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="such as 24h"):
        seconds(text)


@pytest.mark.parametrize(
    "span, words",
    [
        (0.25, "0.2 seconds"),
        (45, "45 seconds"),
        (90, "90 seconds"),
        (150, "2 minutes"),
        (86400, "24 hours"),
        (129600, "36 hours"),
        (259200, "3 days"),
        (-5, "0 seconds"),
    ],
)
def test_spans_are_formatted(span, words):
    assert format_duration(span) == words


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00.000000",
        "2026-01-01T11:00:00.000000000+01:00",
        "2026-01-01 05:00:00-0500",
        "2026-01-01 10:00",
        "1767261600",
        "1767261600.0\n",
        "2026-01-01 10:00:00 UTC",
    ],
)
def test_moments_are_read_however_they_are_written(text):
    assert moment(text) == 1767261600
    assert written(moment(text)) == "2026-01-01T10:00:00Z"


def test_decimals_count():
    assert moment("2026-01-01T10:00:00.123456789Z") == pytest.approx(1767261600.123456789)


@pytest.mark.parametrize("text", ["", "yesterday", "01.01.2026"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match="is not a time"):
        moment(text)
