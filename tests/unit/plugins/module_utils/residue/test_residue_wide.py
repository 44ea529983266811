# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text in UTF-16 is searched like any other, wherever it lies."""

from __future__ import annotations

import gzip
import io

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan, wide, windows
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Window
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.residue_rules import SOMEWHERE, content
from hypothesis import given
from hypothesis import strategies as st

RESIDUE = Catalogue().residue
RULES = rules.load(list(RESIDUE.values()))
# Without the mark of the byte order, and with it.
ENCODINGS = {wide.LITTLE: "", wide.BIG: "", f"{wide.LITTLE} with a mark": "\ufeff", f"{wide.BIG} with a mark": "\ufeff"}
NOTE = "Patient SSN: 401-52-7719\r\n"
NAMES = "Đorđe Škvor, Ωμέγα, Łukasz Żak, 山田太郎, 🩺"


def encoded(text, encoding):
    return (ENCODINGS[encoding] + text).encode(encoding.split()[0])


def hashes(data, path=SOMEWHERE):
    findings = Findings(b"key")
    Searcher(RULES, findings).file(path, io.BytesIO(data).read)
    return {finding.rule: finding.hashes for finding in findings.found.values()}


def examples():
    """All examples that are text, and that more is asked of than a name."""
    of_names = {rule.id for rule in RULES if rule.of_names}
    for name, rule in RESIDUE.items():
        for kind in ("bad", "good"):
            for number, example in enumerate(rule["examples"][kind], 1):
                data = content(example)
                if name not in of_names and not data.translate(None, bytes(range(9, 127))).strip(b"\x0b\x1c"):
                    yield pytest.param(data.decode(), example, id=f"{name}-{kind}-{number}")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("text", "example"), examples())
def test_each_rule_finds_the_same_in_it(text, example, encoding):
    """With the same hash, so that a waiver or a package's value is recognized in either form."""
    path = example.get("path", SOMEWHERE) if isinstance(example, dict) else SOMEWHERE
    assert hashes(encoded(text, encoding), path) == hashes(text.encode(), path)


def test_most_rules_are_about_text():
    searched = {parameter.id.rpartition("-bad-")[0] for parameter in examples() if "-bad-" in parameter.id}
    kept = {"residue-private-key", "residue-hl7", "residue-fhir-json", "residue-x12", "residue-sql", "residue-csv", "residue-installer"}
    assert kept <= searched and len(searched) >= 20


@pytest.mark.parametrize("encoding", (wide.LITTLE, wide.BIG))
@pytest.mark.parametrize("before", (b"", b"\0", b"\xff" * 7, bytes(5000), b"MZ\x90\0" * 2000))
def test_it_is_found_inside_of_other_bytes(encoding, before):
    """As in a registry hive or a program, at even and odd places."""
    findings = Findings(b"key")
    Searcher(RULES, findings).file("/srv/hive", io.BytesIO(before + NOTE.encode(encoding) + b"\xff\xfe\x01" * 50).read)
    (finding,) = findings.found.values()
    place = len(before) + len("Patient ".encode(encoding))
    assert (finding.rule, finding.offset, finding.hashes) == (
        "residue-social-security-number",
        place,
        hashes(NOTE.encode())["residue-social-security-number"],
    )


@pytest.mark.parametrize("encoding", (wide.LITTLE, wide.BIG))
def test_names_in_other_scripts_are_read_as_they_were_written(encoding):
    message = f"MSH|^~\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\rPID|1||4711||{NAMES}\r"
    assert hashes(message.encode(encoding)) == hashes(message.encode()) != {}


def test_what_is_packed_is_decoded_too(found):
    assert found(NOTE.encode(wide.LITTLE)) == {"residue-social-security-number"}


@pytest.mark.parametrize("around", range(-60, 40, 7))
def test_it_is_found_once_across_the_edge_of_a_piece(around):
    """Of whichever piece: of a file that is read in pieces, and of a share of a disk."""
    findings = Findings(b"key")
    place = windows.CHUNK + around * 2
    data = bytes(place) + NOTE.encode(wide.LITTLE) + bytes(windows.CHUNK)
    Searcher(RULES, findings).file("/srv/export", io.BytesIO(data).read)
    assert [finding.offset for finding in findings.found.values()] == [place + 16]


@pytest.mark.parametrize("count", (1, 2))
def test_it_is_found_on_a_disk_and_in_archives_of_one(tmp_path, monkeypatch, count):
    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.residue.disk._SHARE", 8 << 20)
    path = tmp_path / "disk"
    places = [4096, (4 << 20) - 8, (8 << 20) - 30, (8 << 20) + 4096 + 1]
    with open(path, "wb") as stream:
        stream.truncate(16 << 20)
        for number, place in enumerate(places):
            stream.seek(place)
            stream.write(NOTE.replace("7719", f"772{number}").encode((wide.LITTLE, wide.BIG)[number % 2]))
        stream.seek(12 << 20)
        stream.write(gzip.compress(NOTE.encode("utf-16")))
    found = scan.of_disks([Disk("disk 1", str(path))], RULES, b"key", 60, count)
    plain = sorted(finding.offset for finding in found.findings if finding.path == "disk 1")
    # Among zeros, both orders may be the right one, and the place is that of the letter or of the zero before it.
    assert [offset - place in (16, 17) for offset, place in zip(plain, places)] == [True] * 4
    assert [finding.path for finding in found.findings if finding.path != "disk 1"] == [f"disk 1 at byte {12 << 20}"]
    assert {finding.rule for finding in found.findings} == {"residue-social-security-number"}


def test_other_bytes_are_not_decoded():
    with open("/bin/true", "rb") as stream:
        program = stream.read()
    for data in (program, b"plain text\0" * 1000, bytes(1 << 16), NOTE.encode("utf-32-le")):
        assert not list(wide.texts(Window(data, 0, 0, len(data))))


# Of letters beyond Latin-1, some have the bytes of others in the other order: there one beside them may be lost.
WORDS = st.text(st.characters(max_codepoint=255, exclude_categories=("Cc",)), max_size=40)


@given(st.binary(max_size=40), WORDS, st.sampled_from((wide.LITTLE, wide.BIG)), st.binary(max_size=40))
def test_each_place_of_a_decoded_text_is_known(before, text, order, after):
    """Whatever bytes lie around it."""
    middle = f"{text}ABCDEFGHIJ".encode(order, "replace")
    window = Window(before + middle + after, 100, 0, len(before) + len(middle) + len(after))
    places = {found.offset(found.window.data.index(b"ABCDEFGHIJ")) for found in wide.texts(window) if b"ABCDEFGHIJ" in found.window.data}
    assert places & {100 + len(before) + len(middle) - size for size in (19, 20, 21)}
    for found in wide.texts(window):
        assert 0 <= found.window.low <= found.window.high <= len(found.window.data)
