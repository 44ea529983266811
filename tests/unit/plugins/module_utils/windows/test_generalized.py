# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What clones must not share is found by its name, and its value is nowhere."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.windows import generalized
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry
from ansible_collections.hygeia.golden.tests.windows import systems, volumes
from ansible_collections.hygeia.golden.tests.windows.making import ANSWER

DOMAIN = "<unattend><Credentials><Domain>hospital</Domain><Username>join</Username><Password>{}</Password></Credentials></unattend>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ANSWER.format("aHVudGVyMg=="), True),
        (ANSWER.format("*SENSITIVE*DATA*DELETED*"), False),
        (ANSWER.format(""), False),
        (DOMAIN.format("secret"), True),
        (DOMAIN.format(""), False),
        ("<unattend><PasswordAge>9</PasswordAge></unattend>", False),
        ("this is no XML, so nobody knows", True),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', True),
    ],
)
@pytest.mark.parametrize(
    "path", ["unattend.xml", "Windows\\Panther\\Unattend\\Autounattend.xml", "Windows\\System32\\Sysprep\\unattend.xml"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_answer_file_with_a_password_is_named(text, found, path, encoding):
    data = text.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding)
    assert generalized.answer_passwords(volumes.Files({path: data, "Windows\\Panther\\setup.xml": data})) == ([path] if found else [])


def registry(keys):
    system = systems.System()
    for path, values in keys.items():
        for name, value in values.items():
            system.put(path, name, value)
    return Registry(volumes.Files(system.content()))


def test_secrets_that_windows_makes_itself_are_none_of_a_site():
    names = ["NL$KM", "DPAPI_SYSTEM", "_SC_VendorService", "DefaultPassword", "$MACHINE.ACC"]
    found = generalized.stored_secrets(registry({f"{generalized.SECRETS}\\{name}\\CurrVal": {"": b"sealed"} for name in names}))
    assert found == ["$MACHINE.ACC", "DefaultPassword", "_SC_VendorService"]
    assert generalized.stored_secrets(registry({})) == []


def test_a_place_for_a_cached_login_that_is_empty_holds_none():
    values = {"NL$Control": b"\x04\0\x01\0", "NL$1": b"\1" * 168, "NL$2": bytes(168), "NL$IterationCount": 10}
    assert generalized.cached_logons(registry({generalized.CACHE: values})) == ["NL$1"]


def test_profiles_of_windows_itself_are_no_users():
    own = {f"Users\\{name}\\desktop.ini": b"" for name in ("Public", "Default", "defaultuser0")}
    volume = volumes.Files({**own, "Users\\desktop.ini": b"", "Users\\Jörg\\AppData\\Local\\Microsoft\\Credentials\\AB12": b"x"})
    assert generalized.user_profiles(volume) == ["Jörg"]
    assert generalized.saved_credentials(volume) == ["Users\\Jörg\\AppData\\Local\\Microsoft\\Credentials\\AB12"]
    assert generalized.command_histories(volume) == []
