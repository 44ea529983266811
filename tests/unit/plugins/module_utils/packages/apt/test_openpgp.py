# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import base64
import glob
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.openpgp import ends
from ansible_collections.hygeia.golden.tests.tamper.apt_source import EXPIRED

ENDED = 1609372800
BINARY = base64.b64decode("".join(EXPIRED.splitlines()[2:-1]))


def test_a_keyring_has_armor_or_not():
    assert ends(EXPIRED.encode()) == [ENDED]
    assert ends(BINARY) == [ENDED]


def test_armor_may_have_headers_a_checksum_and_lines_of_windows():
    armored = EXPIRED.replace("BLOCK-----\n\n", "BLOCK-----\nComment: a vendor's\n\n").replace("\n-----END", "\n=1mIQ\n-----END")
    assert ends(armored.encode()) == [ENDED]
    assert ends(armored.replace("\n", "\r\n").encode()) == [ENDED]


def test_several_keys_may_lie_in_one_file():
    assert ends(BINARY + BINARY) == [ENDED, ENDED]
    assert ends((EXPIRED + EXPIRED).encode()) == [ENDED, ENDED]


def test_a_key_without_its_own_signature_does_not_end():
    body = BINARY[2 : 2 + BINARY[1]]
    assert ends(BINARY[:2] + body) == [None]
    stranger = BINARY[:2] + body[:-1] + bytes([body[-1] ^ 1]) + BINARY[2 + BINARY[1] :]
    assert ends(stranger) == [None]


@pytest.mark.parametrize("data", [b"", b"no key", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----\n"])
def test_what_is_no_keyring_has_no_keys(data):
    assert ends(data) == []


@pytest.mark.parametrize("length", range(1, 60))
def test_a_keyring_that_is_cut_off_ends_the_list(length):
    assert ends(BINARY[:length]) in ([], [None])


@pytest.mark.parametrize(
    "path", sorted(glob.glob("/usr/share/keyrings/*.gpg")) or [pytest.param("", marks=pytest.mark.skip(reason="no keyrings here"))]
)
def test_gpg_says_the_same(path):
    if not shutil.which("gpg"):
        pytest.skip("needs gpg")
    said = subprocess.run(["gpg", "--show-keys", "--with-colons", path], capture_output=True, text=True, check=False).stdout
    days = [line.split(":")[6] for line in said.splitlines() if line.startswith("pub:")]
    with open(path, "rb") as stream:
        assert ends(stream.read()) == [int(day) if day else None for day in days]
