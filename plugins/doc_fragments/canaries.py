# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option that takes canaries."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  canaries:
    description: What M(hygeia.golden.log_canary) returned. For messages that were not sent, the result states why.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The path over which it was sent.
        type: str
        required: true
      token:
        description: The token, which the message contains without the hyphen.
        type: str
        required: true
      state:
        description: Whether it was sent.
        type: str
        required: true
      reason:
        description: Why it was not sent.
        type: str
        default: ""
"""
