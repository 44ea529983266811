# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of a scanner: its daemon, its signatures, and what it finds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import eicar, scanners, signatures
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

PROJECT = Path(__file__).parents[5]
NOW = 1_800_000_000
CLAMAV = scanners.Product(("clamav-daemon.service",), ("clamdscan", "{path}"), "FOUND$")


def test_the_test_file_stands_nowhere_in_the_collection():
    assert len(eicar.content()) == 68
    files = [
        path
        for directory in ("plugins", "roles", "playbooks", "docs", "tests")
        for path in (PROJECT / directory).rglob("*")
        if path.is_file()
    ]
    assert [path for path in files if eicar.content().encode() in path.read_bytes()] == []


# -- signatures -------------------------------------------------------------------


def head(days):
    return f"ClamAV-VDB:01 Jan 2027 04-34 -0500:27456:1:90:abc:def:raynman:{NOW - days * 86400}".ljust(512) + "x"


@pytest.mark.parametrize(
    "files, days, status",
    [
        ({"daily.cvd": head(2)}, 2, "pass"),
        ({"daily.cld": head(8), "main.cvd": head(400)}, 8, "fail"),
        ({"daily.cvd": head(7)}, 7, "pass"),
        ({"daily.cvd": "no database", "own.hdb": "a:1:b"}, None, "fail"),
        ({}, None, "fail"),
    ],
)
def test_signatures_are_as_old_as_the_newest_database(tree, files, days, status):
    host = tree({f"/var/lib/clamav/{name}": text for name, text in files.items()})
    record = signatures.fresh(host, CLAMAV, "/var/lib/clamav", 7, NOW)
    assert (record["status"], record["observed"]["days old"]) == (status, days)


def test_what_the_daemon_has_loaded_counts_more_than_what_lies_there(tree):
    loaded = time.strftime("%a %b %d %H:%M:%S %Y", time.localtime(NOW - 20 * 86400))
    host = tree({"/var/lib/clamav/daily.cvd": head(1)}, answers={"clamdscan": f"ClamAV 1.0.7/27456/{loaded}\n"})
    record = signatures.fresh(host, CLAMAV, "/var/lib/clamav", 7, NOW)
    assert (record["status"], record["observed"]["days old"], record["read_from"]) == ("fail", 20, "clamdscan --version")


def test_signatures_from_the_future_tell_of_a_wrong_clock(tree):
    record = signatures.fresh(tree({"/var/lib/clamav/daily.cvd": head(-30)}), CLAMAV, "/var/lib/clamav", 7, NOW)
    assert record["status"] == "fail" and "clock" in record["message"]


@pytest.mark.parametrize(
    "printed, days",
    [
        (f"{NOW - 86400}\n", 1),
        ('"2027-01-14T08:00:00+00:00"\n', 1),
        ("2027-01-14T08:00:00Z", 1),
        ("2027-01-14T08:00:00", 1),
        ("yesterday", None),
        (CommandResult(1, "", "no such option"), None),
    ],
)
def test_another_product_tells_by_a_command(tree, printed, days):
    product = scanners.Product(("scanner.service",), dated=("scanner", "--dated"))
    record = signatures.fresh(tree(answers={"scanner": printed}), product, "/nowhere", 7, NOW)
    assert (record["observed"]["days old"], record["status"]) == (days, "fail" if days is None else "pass")


# -- finding ------------------------------------------------------------------------


def scan(tmp_path, answer, product=CLAMAV, timeout=0.0):
    """The record when the scanner does this with the path of a file; nothing stays in the directory."""

    class Scanned(Host):
        def run(self, argv, stdin=None, timeout=300):
            return answer(Path(argv[-1]))

    record = eicar.detecting(Scanned(), product, str(tmp_path), timeout)
    assert list(tmp_path.iterdir()) == []
    return record


def clamdscan(path):
    found = path.read_text() == eicar.content()
    return CommandResult(int(found), f"{path}: {'Eicar FOUND' if found else 'OK'}", "")


def take(path):
    if path.name == "sample":
        path.unlink()
    return CommandResult(0, "", "")


@pytest.mark.parametrize(
    "answer, status, sentence",
    [
        (clamdscan, "pass", ""),
        (take, "pass", ""),
        (lambda path: CommandResult(0, f"{path}: OK", ""), "fail", "clamdscan does not find the test file of EICAR"),
        (lambda path: CommandResult(1, f"{path}: FOUND", ""), "fail", "clamdscan finds a harmless file too"),
        (
            lambda path: CommandResult(2, "", "ERROR: Could not connect"),
            "fail",
            "clamdscan could not look at a file (ERROR: Could not connect)",
        ),
    ],
)
def test_a_scanner_finds_the_test_file_and_nothing_else(tmp_path, answer, status, sentence):
    record = scan(tmp_path, answer)
    assert record["status"] == status and record["message"].startswith(sentence)


def test_a_scanner_that_watches_must_take_the_file(tmp_path, monkeypatch):
    product = scanners.Product(("scanner.service",))
    assert scan(tmp_path, None, product)["status"] == "fail"
    real = eicar._taken
    monkeypatch.setattr(eicar, "_taken", lambda path, text: path.endswith("sample") or real(path, text))
    assert scan(tmp_path, None, product)["status"] == "pass"


def test_the_file_is_gone_when_the_scanner_breaks(tmp_path):
    def broken(unused_path):
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        scan(tmp_path, broken)
    assert list(tmp_path.iterdir()) == []
