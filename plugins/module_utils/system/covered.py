# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an opened template shows its own directories that a session has covered, such as ``/run``."""

from __future__ import annotations

COVERED = "/run/hygeia/beneath"
