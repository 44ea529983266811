# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue.validators import VALIDATORS


def token(claims):
    return b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims, "signature"))


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("npi", b"1245319599", True),
        ("npi", b"1245319598", False),
        ("npi", b"1234567893", False),  # the example of its own specification
        ("npi", b"3245319599", False),
        ("dea", b"AB1234563", True),
        ("dea", b"AB1234564", False),
        ("dea", b"AB0000000", False),
        ("mbi", b"2WH7-UK4-NP81", True),
        ("mbi", b"2WH7UK4NP81", True),
        ("mbi", b"0WH7-UK4-NP81", False),
        ("mbi", b"2SH7-UK4-NP81", False),  # the letter S is not used
        ("mbi", b"1EG4-TE5-MK73", False),  # the card on posters
        ("ssn", b"401-52-7719", True),
        ("ssn", b"000-52-7719", False),
        ("ssn", b"666-52-7719", False),
        ("ssn", b"900-52-7719", False),
        ("ssn", b"401-00-7719", False),
        ("ssn", b"401-52-0000", False),
        ("ssn", b"078-05-1120", False),
        ("ssn", b"111-22-3333", False),
        ("ssn", b"123-45-9999", False),
        ("ssn", b"123-45-9998", True),
        ("secret", b"Qm7!kd92Lw", True),
        ("secret", b"mypassword", False),
        ("secret", b"Passwort", False),
        ("secret", b"aardvark7!", True),
        ("secret", b"password", False),
        ("secret", b"your_password", False),
        ("secret", b"${DB_PASSWORD}", False),
        ("secret", b"<password>", False),
        ("secret", b"****", False),
        ("secret", b"pserver:anoncvs", False),
        ("secret", b"pserver:Qm7kd92Lw", True),
        ("random", b"ghp_k7Jd2pQm9XvR4tB8nLsZ1wYcF6hGa3uEoTqV", True),
        ("random", b"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", False),
        ("random", b"AKIAIOSFODNN7EXAMPLE", False),
        ("random", b"EEGlnEPYJV//kbvvIqxKkQwOiS+UENyPncC4bF46ong=", False),  # of a manual page
        ("password_hash", b"$1$xxxxxxxx$UYCIxa628.9qXjpQCjM4a.", False),
        ("password_hash", b"$1$Xh2kQ9mZ$UYCIxa628.9qXjpQCjM4a.", True),
        ("jwt", b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", True),
        ("jwt", token({"sub": "backup"}), True),
        ("jwt", token({"sub": "backup", "exp": 1572006964}), False),  # it ended in 2019
        ("jwt", token({"sub": "backup", "exp": 32503680000}), True),
        ("jwt", token({"some": "payload"}), False),  # of PyJWT's documentation
        ("jwt", token({"sub": "1234567890", "name": "John Doe"}), False),  # of jwt.io
        ("jwt", token(["no", "object"]), True),
        ("jwt", b"eyJhbGciOiJub25lIn0.e30.c2ln", False),
        ("jwt", b"eyJub2FsZyI6MX0.e30.c2ln", False),
        ("jwt", b"eyJ.e30.c2ln", False),
    ],
)
def test_what_can_be_real_is_distinguished_from_what_cannot(name, value, valid):
    assert VALIDATORS[name](value) == valid
