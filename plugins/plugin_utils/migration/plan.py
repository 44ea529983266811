# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole plan, and each part of it on its own: the parts that a part builds on are made first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import concerns
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import dependencies
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import not_one_to_one
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.placement import placement as placed
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.sizing import sizing as sized
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.waves import waves as scheduled

Inventory = Mapping[str, Any]


def advice(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return not_one_to_one(inventory, policy)


def waves(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return scheduled(inventory, policy, dependencies(inventory, policy), concerns(inventory, policy), advice(inventory, policy))


def sizing(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return sized(inventory, policy, advice(inventory, policy))


def placement(inventory: Inventory, policy: Policy) -> dict[str, Any]:
    return placed(inventory, policy, sizing(inventory, policy), advice(inventory, policy))
