# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a filter is given: an inventory and a part of a policy, as templating hands them over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy, complete
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native


def analysed(
    analyse: Callable[[Mapping[str, Any], Policy], dict[str, Any]], inventory: Mapping[str, Any], policy: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What an analysis finds in an inventory."""
    known = to_native(inventory)
    if not isinstance(known, dict) or "machines" not in known:
        raise AnsibleFilterError("this is no inventory of a migration; give what the lookup hygeia.golden.migration_inventory returned")
    try:
        return analyse(known, complete(to_native(policy or {}), "policy"))
    except PolicyError as problem:
        raise AnsibleFilterError(str(problem)) from problem
