# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux


@pytest.mark.parametrize(
    "text,policy",
    [
        ("SELINUX=enforcing\nSELINUXTYPE=targeted\n", "targeted"),
        ("SELINUX=permissive\nSELINUXTYPE=mls\n", "mls"),
        ("SELINUX=disabled\nSELINUXTYPE=targeted\n", ""),
        ("SELINUX=enforcing\nSELINUX=disabled\nSELINUXTYPE=targeted\n", ""),
        ("SELINUX=enforcing\nSELINUXTYPE=../../etc\n", ""),
        ("# SELINUX=enforcing\n", ""),
    ],
)
def test_the_policy_that_the_next_boot_loads(tree, text, policy):
    assert selinux.policy(tree({selinux.CONFIG: text})) == policy


@pytest.mark.parametrize(
    "text,is_label",
    [
        ("system_u:object_r:shadow_t:s0", True),
        ("system_u:object_r:NetworkManager_etc_rw_t:s0", True),
        ("system_u:object_r:etc_t", True),
        ("unconfined_u:object_r:user_home_t:s0-s0:c0.c1023", True),
        ("system_u:object_r:svirt_image_t:s0:c1,c2", True),
        ("<<none>>", False),
        ("", False),
        ("etc_t", False),
        ("system_u:object_r:etc_t:s0\n", False),
        ("system_u:object_r:etc_t; reboot", False),
        ("system_u:object_r:" + "x" * 250, False),
    ],
)
def test_what_a_label_looks_like(text, is_label):
    assert selinux.is_label(text) == is_label


def test_the_types_that_stay(tree):
    files = {
        selinux.CONFIG: "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
        "/etc/selinux/targeted/contexts/customizable_types": "public_content_t\nswapfile_t\n",
    }
    assert selinux.customizable(tree(files)) == {"public_content_t", "swapfile_t"}
