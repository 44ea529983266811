# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of Windows. They only observe, and travel with the module that audits Windows alone."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.account_policy import WindowsAccountPolicy
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.accounts import WindowsAccounts
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.audit_policy import WindowsAuditPolicy
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.feature import WindowsFeature
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.file import WindowsFile
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.firewall import WindowsFirewall
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.program import WindowsProgram
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.registry import WindowsRegistry
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.service import WindowsService
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.state import WindowsState
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.user_right import WindowsUserRight

WINDOWS_KINDS: dict[str, type[WindowsKind]] = {
    kind.name: kind
    for kind in (
        WindowsRegistry,
        WindowsService,
        WindowsAuditPolicy,
        WindowsUserRight,
        WindowsAccountPolicy,
        WindowsAccounts,
        WindowsFirewall,
        WindowsProgram,
        WindowsFeature,
        WindowsFile,
        WindowsState,
    )
}
