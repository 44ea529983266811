# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a reader of one category raises when it cannot read it here."""

from __future__ import annotations


class Unread(Exception):
    """Why nothing can be said, as the end of a sentence."""
