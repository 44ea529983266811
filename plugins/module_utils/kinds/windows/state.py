# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is found by looking at many things of a system, as ``{unquoted_service_paths: []}``: a list names what is tolerated.

- ``unquoted_service_paths``: services that run a program whose path has blanks and no quotes, so that another could run instead.
- ``stored_task_passwords``: scheduled tasks that run with a password that is stored.
- ``foreign_system_tasks``: scheduled tasks outside of ``\\Microsoft`` that run as SYSTEM.
- ``machine_certificates``: the thumbprints of certificates in the machine's own store (MY).
- ``added_roots``: the thumbprints of root authorities that a site or a policy added.
- ``left_unclean``: sentences on a system that was not shut down cleanly or is hibernated, so that not all of it could be read.
- ``answer_passwords``: answer files of Setup (unattend.xml) that still hold a password.
- ``stored_secrets``: the names of secrets that were stored, such as ``DefaultPassword`` or ``_SC_`` and a service.
- ``cached_logons``: cached logins of a domain's users, by the names of their values.
- ``user_profiles``: the users that have a profile; ``saved_credentials``: files with credentials that users saved;
  ``command_histories``: what users typed into PowerShell.
- ``build``: the build with its revision, such as ``20348.2227``, which ``at_least`` compares number by number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import Found
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS
from ansible_collections.hygeia.golden.plugins.module_utils.windows import certificates, generalized, services, tasks
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import VERSION

BUILD = "build"
_BUILD = re.compile(r"[0-9]{4,6}\.[0-9]{1,6}")


class WindowsState(WindowsKind):
    name = "windows_state"
    names = (
        "unquoted_service_paths",
        "stored_task_passwords",
        "foreign_system_tasks",
        "machine_certificates",
        "added_roots",
        "left_unclean",
        "answer_passwords",
        "stored_secrets",
        "cached_logons",
        "user_profiles",
        "saved_credentials",
        "command_histories",
        BUILD,
    )

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        if name != BUILD:
            return super().check(name, value)
        if not isinstance(value, dict) or set(value) != {"at_least"} or not _BUILD.fullmatch(str(value["at_least"])):
            raise BadSetting(f"{cls.name}: {name} is at_least a build with its revision in quotes, such as '20348.2227', not {value!r}")
        return value

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        if name == BUILD:
            return self._build(str(wanted["at_least"]))
        found, place = self._lookers()[name]()
        return evaluated(wanted, found, place, f"the list of {name.replace('_', ' ')}")

    def _lookers(self) -> dict[str, Callable[[], tuple[Found, str]]]:
        registry, volume = self.system.registry, self.system.volume
        return {
            "unquoted_service_paths": lambda: (_unquoted(services.each(registry)), services.SERVICES),
            "stored_task_passwords": lambda: ([task.path for task in tasks.read(volume) if task.password], tasks.DIRECTORY),
            "foreign_system_tasks": lambda: ([task.path for task in tasks.read(volume) if task.system and task.foreign], tasks.DIRECTORY),
            "machine_certificates": lambda: (certificates.thumbprints(registry, "MY"), certificates.place("MY")),
            "left_unclean": lambda: (list(self.system.remarks), volume.name),
            "answer_passwords": lambda: (generalized.answer_passwords(volume), generalized.ANSWERS[1]),
            "stored_secrets": lambda: (generalized.stored_secrets(registry), generalized.SECRETS),
            "cached_logons": lambda: (generalized.cached_logons(registry), generalized.CACHE),
            "user_profiles": lambda: (generalized.user_profiles(volume), generalized.USERS),
            "saved_credentials": lambda: (generalized.saved_credentials(volume), generalized.USERS),
            "command_histories": lambda: (generalized.command_histories(volume), generalized.USERS),
            "added_roots": lambda: (certificates.added_roots(registry), certificates.place("ROOT")),
        }

    def _build(self, least: str) -> Observation:
        have = (self.system.build, self.system.revision)
        build, revision = map(int, least.split("."))
        shown = f"{have[0]}.{have[1]}"
        if have[0] != build:
            return Observation(shown, VERSION, f"the build is {have[0]} and not {build}", result.NOT_APPLICABLE)
        wrong = f"the build {shown} is older than {least}" if have[1] < revision else ""
        return Observation(shown, VERSION, wrong, result.FAIL if wrong else result.PASS)


def _unquoted(found: Any) -> list[str]:
    """Services that run a program by a path with a blank before the name of the program, without quotes."""
    return [service.name for service in found if not service.driver and _is_unquoted(service.command)]


def _is_unquoted(command: str) -> bool:
    path, exe, unused_rest = command.lower().partition(".exe")
    return bool(exe) and not command.lstrip(BLANKS).startswith('"') and " " in path.strip(BLANKS)
