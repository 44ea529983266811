# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""borgmatic, which drives borg: its own configuration says which repository, which passphrase and which borg."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.borg import Borg
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import BackupError

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

CONFIGURATION = "/etc/borgmatic/config.yaml"
# borgmatic reads it for us, with its includes, in whatever Python it was installed into.
_READ = (
    "import json, sys; from borgmatic.config.load import load_configuration; found = load_configuration(sys.argv[1]); "
    "print(json.dumps(found[0] if isinstance(found, tuple) else found, default=str))"
)
_SECTIONS = ("location", "storage", "retention", "consistency", "output", "hooks")
_ENVIRON = {
    "encryption_passcommand": "BORG_PASSCOMMAND",
    "encryption_passphrase": "BORG_PASSPHRASE",
    "ssh_command": "BORG_RSH",
    "remote_path": "BORG_REMOTE_PATH",
    "borg_base_directory": "BORG_BASE_DIR",
    "borg_cache_directory": "BORG_CACHE_DIR",
    "borg_config_directory": "BORG_CONFIG_DIR",
    "borg_security_directory": "BORG_SECURITY_DIR",
    "borg_keys_directory": "BORG_KEYS_DIR",
}


class Borgmatic(Borg):
    NAME = "borg"

    def __init__(self, host: Host, declared: dict[str, Any]) -> None:
        settings = _settings(host, declared.get("configuration") or CONFIGURATION)
        found = {name: settings[option] for option, name in _ENVIRON.items() if settings.get(option)}
        host.environ = {**found, **host.environ}
        super().__init__(
            host,
            {**declared, "repository": _repository(settings, declared), "program": declared.get("program") or settings.get("local_path")},
        )


def _settings(host: Host, path: str) -> dict[str, Any]:
    """The options of the file; before borgmatic 1.8 they stood in sections."""
    program = host.which("borgmatic") or "/usr/local/bin/borgmatic"
    first = next(iter(host.lines(program)), "")
    if not first.startswith("#!"):
        raise BackupError("borgmatic is not installed: install it, or declare the product borg with its repository")
    ran = host.run([*shlex.split(first[2:]), "-c", _READ, path])
    if not ran.ok:
        raise BackupError(f"borgmatic cannot read {path} ({ran.error}): look at it with 'borgmatic config validate'")
    found = json.loads(ran.out)
    if not isinstance(found, dict):
        raise BackupError(f"{path} is not a configuration of borgmatic: say in configuration where that is")
    flat = {name: value for name, value in found.items() if name not in _SECTIONS}
    for section in _SECTIONS:
        flat.update(found.get(section) or {})
    return flat


def _repository(settings: dict[str, Any], declared: dict[str, Any]) -> str:
    """The path of the repository that was declared by its path or its label, or of the only one."""
    listed = [entry if isinstance(entry, dict) else {"path": entry} for entry in settings.get("repositories") or []]
    wanted = declared.get("repository")
    chosen = [entry for entry in listed if wanted in (None, entry["path"], entry.get("label"))]
    if len(chosen) != 1:
        known = ", ".join(entry.get("label") or entry["path"] for entry in listed) or "none"
        raise BackupError(f"borgmatic is configured for these repositories: {known}; say in repository which of them is to be proven")
    return chosen[0]["path"]
