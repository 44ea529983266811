# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong in more than one layer."""

from __future__ import annotations


class BadSetting(Exception):
    """A wanted value that cannot be expressed; the sentence names the setting."""
