# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A corpus of lines as they stand in files and logs: of secrets nothing is left, and settings about secrets stay as they are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.util import masking
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import MASK, masked, masked_diff, masked_file, masked_text

CORPUS = Path(__file__).parents[3] / "corpus"


def _read(name):
    """The columns of each line, in which a backslash stands for what it does in Python."""
    lines = (CORPUS / name).read_text(encoding="ascii").splitlines()
    return [tuple(column.encode().decode("unicode_escape") for column in line.split("\t")) for line in lines]


# What must not be left, and the text that it is in.
SECRETS = _read("secrets.txt")
HARMLESS = [text for (text,) in _read("harmless.txt")]
# A file, a line of it, and what must not be left.
IN_FILES = [
    ("/etc/shadow", "root:abJnggxhB/yWI:19000:0:99999:7:::", "abJnggxhB"),
    ("/root/.pgpass", "db:5432:*:app:hun:ter2", "ter2"),
    ("/etc/postfix/sasl_passwd", "[smtp.x]:587 svc:hunter2", "hunter2"),
    ("/etc/ppp/chap-secrets", "client * hunter2 *", "hunter2"),
    ("/etc/ipsec.secrets", 'a b : PSK "hunter2"', "hunter2"),
    ("/etc/rsyncd.secrets", "backup:hunter2", "hunter2"),
    ("/etc/chrony/chrony.keys", "1 hunter2", "hunter2"),
    ("/root/.netrc", "machine x\nlogin y\npassword hunter2\n", "hunter2"),
    ("/srv/www/.htpasswd", "alice:hunter2", "hunter2"),
    ("/root/.git-credentials", "https://me:hunter2@git.x", "hunter2"),
    ("/etc/gshadow-", "wheel:abJnggxhB/yWI::root", "abJnggxhB"),
]


@pytest.mark.parametrize(("secret", "text"), SECRETS)
def test_nothing_of_a_secret_is_left(secret, text):
    shown = masked({"a": [text]})["a"][0]
    assert secret not in shown and MASK in shown
    assert masked_text(shown) == shown


@pytest.mark.parametrize(("path", "text", "secret"), IN_FILES)
def test_files_are_known_by_their_names(path, text, secret):
    assert secret not in masked_file(path, text) and MASK in masked_file(path, text)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_setting_about_secrets_is_no_secret(text):
    assert masked_text(text) == text


def test_the_corpus_is_large():
    assert len(SECRETS) >= 80 and len(HARMLESS) >= 80


def test_what_is_around_a_secret_stays():
    assert (
        masked_text("//nas/x /mnt cifs username=svc,password=Wint3r,vers=3.0 0 0")
        == f"//nas/x /mnt cifs username=svc,password={MASK},vers=3.0 0 0"
    )
    assert masked_text("a\ndb_password = x y\nb") == f"a\ndb_password = {MASK}\nb"
    assert masked_text("postgresql://app:p@db:5432/x") == f"postgresql://app:{MASK}@db:5432/x"


def test_data_is_masked_by_its_names_and_command_lines_by_their_options():
    assert masked({"password": "x y", "user": "root", "n": 1, "b": None}) == {"password": MASK, "user": "root", "n": 1, "b": None}
    assert masked(["tool", "--password", "hunter2", "-v"]) == ["tool", "--password", MASK, "-v"]
    assert masked({"sshd: PermitEmptyPasswords": "no", "pass": 3, "passed": ["x"]}) == {
        "sshd: PermitEmptyPasswords": "no",
        "pass": 3,
        "passed": ["x"],
    }


def test_a_result_and_a_difference_never_carry_a_secret():
    record = result.record(
        "x", "fail", "live", {"mount: /mnt": "x"}, {"mount: /mnt": "password=hunter2,rw"}, "/etc/fstab:3", "it has pass=hunter2"
    )
    assert "hunter2" not in str(record)
    diff = masked_diff("/etc/fstab", "//n/x /m cifs password=hunter2 0 0\n", "//n/x /m cifs password=hunter2,nosuid 0 0\n")
    assert "hunter2" not in str(diff) and "nosuid" in diff["after"] and diff["before_header"] == "/etc/fstab"
    assert "what changed is a secret" in masked_diff("/etc/x", "password=a1b2\n", "password=c3d4\n")["after"]


def test_bytes_that_are_no_text_are_spelt_out():
    assert masked_text("a\udcff") == "a\\udcff"


def test_what_a_play_declared_to_be_secret_is_masked_too(monkeypatch):
    monkeypatch.setattr(masking, "mask_secrets", lambda text, mask_placeholder: text.replace("Bl4h", mask_placeholder))
    assert masked_text("it is Bl4h") == f"it is {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "password=" * 20_000,
        "-" * 200_000,
        "token.token-" * 20_000,
        "mysql " * 20_000,
        " " * 200_000,
        "://a:" * 20_000,
        "A" * 100_000 + "=",
        '\\"' * 50_000,
        'password="' + "\\" * 100_000,
        "x_" * 100_000,
        "ldapsearch\n" * 20_000,
        "[ \t" * 60_000,
        "a b " * 50_000 + "key",
        "pass:" * 40_000,
    ],
)
def test_no_text_keeps_the_masking_busy(text):
    began = time.monotonic()
    masked_text(text)
    assert time.monotonic() - began < 5
