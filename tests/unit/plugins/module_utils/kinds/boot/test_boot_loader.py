# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

MENU = "/boot/grub/grub.cfg"
REDHAT = "/boot/grub2/grub.cfg"
USERS = 'set superusers="admin"\nexport superusers\n'
HASH = "password_pbkdf2 admin grub.pbkdf2.sha512.10000.AB.CD\n"
FROM_FILE = 'set superusers="root"\npassword_pbkdf2 root ${GRUB2_PASSWORD}\n'
WANTED = Control("c", {"boot_loader": {"password": True}})


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({MENU: USERS + HASH}, "pass"),
        ({MENU: USERS}, "fail"),
        ({MENU: HASH}, "fail"),
        ({MENU: USERS + HASH.replace("admin", "other")}, "fail"),
        ({MENU: f"# {USERS}# {HASH}"}, "fail"),
        ({MENU: USERS + "password admin secret\n"}, "fail"),
        ({REDHAT: FROM_FILE}, "fail"),
        ({REDHAT: FROM_FILE, "/boot/grub2/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.AB.CD\n"}, "pass"),
        ({}, "not_applicable"),
    ],
)
def test_a_password_counts_when_the_menu_asks_for_it(tree, files, status):
    record = audit(tree(files), [WANTED], "offline")[0]
    assert record["status"] == status
    assert "AB.CD" not in str(record)


def test_nothing_is_ever_written(tree):
    assert enforce(tree({MENU: ""}), [WANTED]).changes == []


def test_only_a_password_can_be_asked_for(tree):
    outcome = enforce(tree({MENU: ""}), [Control("c", {"boot_loader": {"password": "secret"}})]).outcomes[0]
    assert outcome["outcome"] == "failed"
