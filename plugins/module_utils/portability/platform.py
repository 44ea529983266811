# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A platform as policy data describes it (roles/baseline/files/schema/platform.json)."""

from __future__ import annotations

from typing import Any

Platform = dict[str, Any]
