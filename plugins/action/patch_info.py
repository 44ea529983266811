# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable
from ansible_collections.hygeia.golden.plugins.modules.patch_info import CONTROLLER_SPEC
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.action import AskingAction
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import loader
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching import ledger, patch_plan
from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.loader import Feed


class ActionModule(AskingAction):
    """The target says what it has; the feeds lie on the controller, so they are asked here."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(CONTROLLER_SPEC)
        arguments = to_native(arguments)
        today = arguments["today"] or datetime.now(timezone.utc).date().isoformat()
        try:
            date.fromisoformat(today)
        except ValueError:
            raise AnsibleActionFail(f"today is {today}, which is not a date: write it as YYYY-MM-DD") from None
        try:
            # What is wrong with a feed is said before the host is troubled.
            feeds = loader.opened(arguments["feeds"], os.path.expanduser(arguments["feeds_cache"]), today) if arguments["feeds"] else []
            result.update(self.asked("hygeia.golden.patch_info", {}, task_vars))
            if feeds and not result.get("failed"):
                self._join(result, patch_plan.telling(feeds, result["system"]), arguments, today)
        except FeedError as problem:
            # The cause would be repeated in the message by newer releases of ansible-core.
            raise AnsibleActionFail(f"Planning patches failed: {problem}.") from None
        except (AttributeError, LookupError, TypeError) as problem:
            result.update(
                failed=True, msg=f"Planning patches failed: what the host says of its packages is incomplete ({readable(repr(problem))})."
            )
        except OSError as problem:
            raise AnsibleActionFail(f"Planning patches failed: {problem.filename}: {problem.strerror}.") from None
        return result

    def _join(self, result: dict[str, Any], feeds: Sequence[Feed], arguments: dict[str, Any], today: str) -> None:
        """Add what the feeds know to what the module found; check mode leaves the ledger as it is."""
        pending, vulnerabilities = patch_plan.joined(result, feeds)
        result["pending"] = pending
        result["vulnerabilities"] = ledger.dated(vulnerabilities, arguments["ledger"], today, write=not self._task.check_mode)
        result["closed"] = patch_plan.closed(result, feeds, arguments["changes"])
        result["feeds"] = [feed.result() for feed in feeds]
