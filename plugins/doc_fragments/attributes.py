# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module of the collection says about check mode, diff mode and being run twice."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change, without changing anything.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), in diff mode.
  idempotent:
    description: When run twice in a row, with the same arguments, the second run changes nothing.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: It changes nothing in any mode.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
"""

    WRITES = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""
