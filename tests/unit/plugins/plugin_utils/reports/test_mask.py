# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.mask import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("db_password=hunter2", "db_password=[masked]"),
        ("curl --password=hunter2 x", "curl --password=[masked] x"),
        ('"api_key": "abc"', '"api_key": [masked]'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [masked]"),
        ("root:$y$j9T$salt$hash:19000:0:99999", "root:[masked]:19000:0:99999"),
        ("https://me:pw@host/x", "https://me:[masked]@host/x"),
        ("password_pbkdf2 root grub.pbkdf2.sha512.10000.AB.CD", "password_pbkdf2 root [masked]"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----",
         "-----BEGIN OPENSSH PRIVATE KEY----- [masked] -----END OPENSSH PRIVATE KEY-----"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text, shown):
    assert masked({"a": [text]}) == {"a": [shown]}


@pytest.mark.parametrize(
    "text",
    [
        "sshd: PermitEmptyPasswords",
        "PASS_MAX_DAYS 365",
        "password requisite pam_pwquality.so retry=3",
        "password [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt",
        "/etc/pam.d/common-password:3",
        "/etc/pam.d/common-password: pam_unix.so has nullok",
        "-w /etc/shadow -p wa -k identity",
        "PasswordAuthentication no",
        "164.308(a)(5)(ii)(D)",
    ],
)
def test_a_setting_about_secrets_is_no_secret(text):
    assert masked(text) == text
