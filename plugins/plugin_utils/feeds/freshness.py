# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a feed is too old to say what is open."""

from __future__ import annotations

from datetime import date

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError


def require_fresh(day: str, max_age: int, today: str) -> None:
    """Refuse a feed of this day when it is older than ``max_age`` days, or of a day that is yet to come."""
    age = (date.fromisoformat(today) - date.fromisoformat(day)).days
    if age > max_age:
        raise FeedError(f"is of {day}, which is {age} days ago and more than the {max_age} days of its max_age: download it again")
    # The day may have begun elsewhere.
    if age < -1:
        raise FeedError(f"is of {day}, which is yet to come: set this machine's clock, or download it again")
