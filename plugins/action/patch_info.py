# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
from datetime import date, datetime, timezone

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hygeia.golden.plugins.modules.patch_info import CONTROLLER_SPEC
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import library
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching import ledger, plan
from ansible_collections.hygeia.golden.plugins.plugin_utils.plain import plain


class ActionModule(ActionBase):
    """The target says what it has; the feeds lie on the controller, so they are asked here."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        unused_spec, arguments = self.validate_argument_spec(CONTROLLER_SPEC)
        arguments = plain(arguments)
        today = arguments["today"] or datetime.now(timezone.utc).date().isoformat()
        try:
            date.fromisoformat(today)
        except ValueError:
            raise AnsibleActionFail(f"today is {today}, which is no day: write it as YYYY-MM-DD") from None
        try:
            # What is wrong with a feed is said before the host is troubled.
            feeds = library.opened(arguments["feeds"], os.path.expanduser(arguments["feeds_cache"]), today) if arguments["feeds"] else []
            result.update(self._execute_module(module_name="hygeia.golden.patch_info", module_args={}, task_vars=task_vars))
            if feeds and not result.get("failed"):
                self._join(result, plan.telling(feeds, result["system"]), arguments, today)
        except FeedError as problem:
            # What it comes from would be told again by newer releases of ansible-core.
            raise AnsibleActionFail(f"Planning patches failed: {problem}.") from None
        except OSError as problem:
            raise AnsibleActionFail(f"Planning patches failed: {problem.filename}: {problem.strerror}.") from None
        return result

    def _join(self, result, feeds, arguments, today):
        """Add what the feeds know to what the module found; check mode leaves the ledger as it is."""
        pending, vulnerabilities = plan.joined(result, feeds)
        result["pending"] = pending
        result["vulnerabilities"] = ledger.dated(vulnerabilities, arguments["ledger"], today, write=not self._task.check_mode)
        result["closed"] = plan.closed(result, feeds, arguments["changes"])
        result["feeds"] = [feed.result() for feed in feeds]
