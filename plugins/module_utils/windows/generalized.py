# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a template has that no two of its clones may share: passwords, secrets, credentials and profiles of users; names only, no value."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.index import Entry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

SECRETS = "HKLM\\SECURITY\\Policy\\Secrets"
CACHE = "HKLM\\SECURITY\\Cache"
USERS = "Users"
# Where Windows Setup looks for an answer file, and keeps a copy of it.
ANSWERS = ("", "Windows\\Panther", "Windows\\Panther\\Unattend", "Windows\\System32\\Sysprep", "Windows\\System32\\Sysprep\\Panther")
_NAMES = ("unattend.xml", "autounattend.xml", "unattend-original.xml", "sysprep.xml")
_PASSWORDS = ("password", "administratorpassword", "domainaccountdata", "unsecurejoin")
# What Setup leaves in the place of a password that it has used.
_DELETED = "*sensitive*data*deleted*"
# Secrets that a system makes for itself, again at its next start.
_OWN_SECRETS = ("nl$km", "dpapi_system", "l$_rasconnectioncredentials#0")
# Profiles that every Windows has.
_OWN_PROFILES = ("default", "default user", "public", "all users", "defaultuser0")
_CREDENTIALS = ("AppData\\Local\\Microsoft\\Credentials", "AppData\\Roaming\\Microsoft\\Credentials", "AppData\\Local\\Microsoft\\Vault")
_HISTORY = "AppData\\Roaming\\Microsoft\\Windows\\PowerShell\\PSReadLine\\ConsoleHost_history.txt"
_LARGEST = 4 << 20


def answer_passwords(volume: Volume) -> list[str]:
    """Answer files of Setup that still hold a password, or cannot be understood."""
    found = []
    for directory in ANSWERS:
        for entry in volume.listed(directory):
            if not entry.directory and entry.name.lower() in _NAMES:
                path = f"{directory}\\{entry.name}".lstrip("\\")
                if _has_password(volume.read(path, _LARGEST)):
                    found.append(path)
    return found


def _has_password(data: bytes | None) -> bool:
    try:
        return any(_is_password(element) for element in tree(data or b"").iter())
    except BadXml:
        return True


def _is_password(element: Element) -> bool:
    """A password stands in an element Value, or directly in one that is named after it."""
    if str(element.tag).rpartition("}")[2].lower() not in _PASSWORDS:
        return False
    texts = [(child.text or "").strip() for child in element if str(child.tag).rpartition("}")[2].lower() in ("value", "password")]
    texts = texts or [(element.text or "").strip()]
    return any(text and text.lower() != _DELETED for text in texts)


def stored_secrets(registry: Registry) -> list[str]:
    """The names of secrets that somebody stored, such as the password of a service or of the automatic login."""
    key = registry.key(SECRETS)
    return [each.name for each in key.subkeys() if each.name.lower() not in _OWN_SECRETS] if key else []


def cached_logons(registry: Registry) -> list[str]:
    """The places in which the login of a domain's user is kept, for when the domain cannot be reached."""
    key = registry.key(CACHE)
    named = [value for value in key.values() if value.name.upper().startswith("NL$") and value.name[3:].isdigit()] if key else []
    return [value.name for value in named if any(value.raw)]


def user_profiles(volume: Volume) -> list[str]:
    """The names of users that have logged in and left a profile."""
    return [entry.name for entry in _profiles(volume)]


def saved_credentials(volume: Volume) -> list[str]:
    """Files with the credentials that a user saved, for Remote Desktop and shares."""
    found = []
    for profile in _profiles(volume):
        for below in _CREDENTIALS:
            path = f"{USERS}\\{profile.name}\\{below}"
            found += [f"{path}\\{entry.name}" for entry in volume.listed(path) if not entry.directory]
    return found


def command_histories(volume: Volume) -> list[str]:
    """The commands that users typed into PowerShell."""
    paths = (f"{USERS}\\{profile.name}\\{_HISTORY}" for profile in _profiles(volume))
    return [path for path in paths if volume.find(path)]


def _profiles(volume: Volume) -> Iterator[Entry]:
    return (entry for entry in volume.listed(USERS) if entry.directory and not entry.reparse and entry.name.lower() not in _OWN_PROFILES)
