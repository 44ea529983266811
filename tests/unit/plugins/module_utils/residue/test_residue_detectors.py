# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What programs write is found; what nobody wrote does no harm."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue.detectors import DETECTORS
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.residue_rules import content

RESIDUE = Catalogue().residue
KEYS = ["-t ed25519", "-t ecdsa", "-t rsa -b 2048", "-t rsa -b 2048 -m PEM", "-t ecdsa -m PKCS8", "-t rsa -b 2048 -m PEM -N secret7"]


@pytest.mark.parametrize("options", KEYS)
def test_keys_of_ssh_keygen_are_found_and_their_public_halves_are_not(found, tmp_path, options):
    words = options.split() if "-N" in options else [*options.split(), "-N", ""]
    subprocess.run(["ssh-keygen", "-q", "-f", tmp_path / "key", *words], check=True)
    assert found((tmp_path / "key").read_bytes()) == {"residue-private-key"}
    assert found((tmp_path / "key.pub").read_bytes()) == set()


@pytest.mark.parametrize(
    "command", ["genrsa 2048", "genpkey -algorithm ed25519", "ecparam -name prime256v1 -genkey -noout", "dsaparam -genkey 1024"]
)
def test_keys_of_openssl_are_found_as_they_are_and_in_a_store(found, tmp_path, command):
    key, store = tmp_path / "key.pem", tmp_path / "store.p12"
    key.write_bytes(subprocess.run(["openssl", *command.split()], capture_output=True, check=True).stdout)
    assert found(key.read_bytes()) == {"residue-private-key"}
    encrypted = subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-passout", "pass:secret7", "-in", key], capture_output=True, check=True
    ).stdout
    assert found(encrypted) == {"residue-private-key"}
    if "dsa" not in command:
        certificate = tmp_path / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-key", key, "-subj", "/CN=x", "-out", certificate], check=True, capture_output=True)
        subprocess.run(
            ["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", "pass:x7", "-out", store], check=True
        )
        assert found(certificate.read_bytes()) == set()
        assert found(store.read_bytes()) == {"residue-keystore"}


def test_keys_of_gnupg_are_found(found, tmp_path):
    if not shutil.which("gpg"):
        pytest.skip("gpg is not installed")
    home = ["gpg", "--homedir", tmp_path, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    tmp_path.chmod(0o700)
    subprocess.run([*home, "--quick-gen-key", "x@example.org", "ed25519"], check=True, capture_output=True)
    try:
        exported = subprocess.run([*home, "--armor", "--export-secret-keys"], check=True, capture_output=True).stdout
        public = subprocess.run([*home, "--armor", "--export"], check=True, capture_output=True).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", tmp_path, "--kill", "all"], check=False)
    assert found(exported) == {"residue-private-key"}
    assert found(public) == set()


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_a_table_of_patients_with_rows_is_found_in_a_database(found, tmp_path, page_size):
    path = tmp_path / "viewer.db"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA page_size = {page_size}")
    database.execute("CREATE TABLE settings (name TEXT, value TEXT)")
    database.execute("CREATE TABLE studies (id INTEGER PRIMARY KEY, patient_id TEXT, birth_date TEXT, UNIQUE (patient_id))")
    database.execute("INSERT INTO settings VALUES ('theme', 'dark')")
    database.commit()
    assert found(path.read_bytes()) == set()
    database.execute("INSERT INTO studies VALUES (1, '4711', '1970-01-01')")
    database.commit()
    database.close()
    assert found(path.read_bytes()) == {"residue-sqlite"}


def test_a_core_dump_is_found_and_a_program_is_not(found):
    with open("/bin/true", "rb") as stream:
        program = bytearray(stream.read())
    assert found(bytes(program)) == set()
    program[16] = 4
    assert found(bytes(program)) == {"residue-core-dump"}


@pytest.mark.parametrize("tool", ["mkswap"])
def test_swap_space_in_use_is_found(found, tmp_path, tool):
    path = tmp_path / "swap"
    path.write_bytes(bytes(1 << 20))
    path.chmod(0o600)
    subprocess.run([tool, path], check=True, capture_output=True)
    unused = path.read_bytes()
    assert found(unused) == set()
    assert found(unused[:8192] + b"memory of a program" + unused[8211:]) == {"residue-swap"}


def directory(syntax, order, explicit, patient):
    """A DICOMDIR with the record of a patient."""

    def element(group, number, kind, value, form=explicit, order=order):
        value += b"\0" if kind == b"UI" and len(value) % 2 else b" " * (len(value) % 2)
        length = struct.pack(f"{order}{'2xI' if kind == b'SQ' else 'H'}", len(value)) if form else struct.pack(f"{order}I", len(value))
        return struct.pack(f"{order}2H", group, number) + (kind if form else b"") + length + value

    fields = ((0x10, b"PN", patient), (0x20, b"LO", b""), (0x30, b"DA", b""))
    item = element(4, 0x1430, b"CS", b"PATIENT") + b"".join(element(0x10, number, kind, value) for number, kind, value in fields)
    records = struct.pack(f"{order}2HI", 0xFFFE, 0xE000, len(item)) + item
    body = element(4, 0x1130, b"CS", b"ARCHIVE") + element(4, 0x1220, b"SQ", records)
    return bytes(128) + b"DICM" + element(2, 0x10, b"UI", syntax, form=True, order="<") + body


@pytest.mark.parametrize(
    ("syntax", "order", "explicit"),
    [(b"1.2.840.10008.1.2", "<", False), (b"1.2.840.10008.1.2.1", "<", True), (b"1.2.840.10008.1.2.2", ">", True)],
)
def test_a_directory_of_dicom_files_that_names_a_patient_is_found(found, syntax, order, explicit):
    """However it is written."""
    assert found(directory(syntax, order, explicit, b"Doe^Jane")) == {"residue-dicom"}
    assert found(directory(syntax, order, explicit, b"")) == set()


SAMPLES = [content(example) for rule in RESIDUE.values() for kind in ("bad", "good") for example in rule["examples"][kind]]


@pytest.mark.many
@pytest.mark.parametrize("detector", DETECTORS)
def test_a_detector_bears_any_bytes(detector):
    """Cut off, damaged, and at any place."""
    chance = random.Random(detector)
    for unused_number in range(400):
        data = bytearray(chance.choice(SAMPLES) + chance.choice(SAMPLES))
        for unused_damage in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        data = bytes(data[: chance.randrange(len(data) + 1)])
        for place in {0, *(chance.randrange(len(data) + 1) for unused_place in range(4)), *_marks(data)}:
            list(DETECTORS[detector](data, place))


def _marks(data):
    """Where literals stand, since there a detector looks closer."""
    literals = (str(literal).encode("latin-1") for rule in RESIDUE.values() for literal in rule.get("literals", ()))
    return {place for place in map(data.find, literals) if place >= 0}
