# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever a site's file holds, it is read soon or refused in sentences that name it."""

from __future__ import annotations

import glob
import os
import time
import tracemalloc

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util import patterns
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import bounds, document, segmentation
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE, Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.frameworks import frameworks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.validation import validated
from mutations import LAUGHS, mutated

POLICY = {
    "controls": b"""- id: site-panic
  title: The kernel reboots after a panic
  severity: low
  level: 1
  rationale: A monitor that stays dark helps nobody.
  impact: The server restarts by itself.
  applies_to: {package: "a | b", os: [debian, rhel-9]}
  stages: [live]
  settings:
    sysctl: {kernel.panic: 10}
    file: {/etc/x: {mode: "0640", owner: root}}
  variants:
    rhel: {sysctl: {kernel.panic: 5}}
  references: {house: [H-1], nist_800_53: [CM-7]}
""",
    "checks": b"""- id: gateway-answers-*
  title: The gateway answers *
  severity: high
  rationale: Images that nobody takes are images that nobody reads.
  references: {nist_800_53: [SI-4]}
""",
    "profiles": b"""id: own
title: Own
description: Ours.
extends: base
controls: [site-*]
serves: [house]
set: {network-forwarding: {sysctl: {net.ipv4.ip_forward: 1}}}
""",
    "waivers": b"""- control: network-redirects
  hosts: pacs-*
  reason: r
  approver: ciso
  until: 2026-12-31
""",
    "frameworks": b"""id: house
title: House rules
source: The handbook
pattern: ^H-[0-9]+$
citations:
  H-1: {title: Drives, through: [CM-7]}
""",
    "residue": b"""- id: residue-study-number
  title: No number of a study is left behind
  severity: high
  rationale: With it and its list a participant is known.
  literals: [ONCO-]
  patterns: ['ONCO-[0-9]{6}']
  examples: {bad: [{text: [ONCO-, "123456"], path: /srv/x}], good: [ONCO-LOGY]}
  references: {nist_800_53: [CM-7]}
""",
    "drift": b"""- id: viewer
  reason: The viewer keeps its studies there.
  class: application
  change: CHG-4711
  until: 2026-12-31
  hosts: [viewer-*]
  items: {files: [/srv/viewer/**]}
""",
    "agents": b"""- id: relay
  title: Relay
  class: logging
  packages: [relay]
  units: [relay.service]
  configuration: [{paths: [/etc/relay.conf], format: pairs, defaults: {a: b}}]
  destinations: [{destination: [host], encrypted: [{tls: ["yes"]}]}]
  retention: {keep: span}
""",
}
SEGMENTATION = b"""zones:
  clinical: {networks: [10.20.0.0/16]}
  imaging: {networks: [10.30.0.0/16, "fd00:30::/48"]}
flows:
  - {source: clinical, destination: imaging, protocol: tcp, ports: [104, "11112-11113"], reason: DICOM}
probes:
  - {name: dicom, source: clinical, address: 10.30.0.5, protocol: tcp, port: 104, expected: allowed}
"""
NIST = "{id: nist_800_53, title: NIST, source: NIST, pattern: '^[A-Z]{2}-'}"


@pytest.fixture
def policy(baseline, directory, tmp_path, monkeypatch):
    """Read a policy of which one file is another one."""
    monkeypatch.chdir(tmp_path)
    directory("baseline", {"frameworks/nist.yml": NIST})

    def read(section, data):
        document._load.cache_clear()
        for name, text in {**POLICY, section: data}.items():
            (tmp_path / "policy" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "policy" / name / "own.yml").write_bytes(text)
        return Catalogue([str(tmp_path / "policy")], baseline)

    return read


def errors(function, *arguments):
    """What is complained of, after a time that nobody would call hanging."""
    began = time.monotonic()
    try:
        function(*arguments)
        return []
    except PolicyError as problem:
        return str(problem).splitlines()
    finally:
        assert time.monotonic() - began < 15


def test_the_policy_that_is_damaged_was_right(policy):
    assert "site-panic" in policy("controls", POLICY["controls"]).controls


@pytest.mark.many
@pytest.mark.parametrize("section", POLICY)
def test_a_damaged_file_is_refused_by_its_name_or_read(policy, section):
    for data in mutated(POLICY[section], 40, seed=len(section)):
        lines = errors(policy, section, data)
        assert all(len(line) < 2100 and line.isprintable() and line.endswith(".") for line in lines), lines
        # A framework that lost a citation is right, and the control that cites it is not.
        assert all("policy/" in line for line in lines), (lines, data[:500])


@pytest.mark.many
def test_a_damaged_segmentation_is_refused_by_its_name_or_read(tmp_path):
    path = tmp_path / "segmentation.yml"
    path.write_bytes(SEGMENTATION)
    assert segmentation.read(str(path))
    for data in mutated(SEGMENTATION, 100):
        document._load.cache_clear()
        path.write_bytes(data)
        assert all(line.startswith(str(path)) and line.isprintable() for line in errors(segmentation.read, str(path)))


@pytest.mark.many
def test_all_that_can_be_said_of_a_damaged_policy_is_said(baseline, directory, tmp_path):
    directory("policy", {"controls/own.yml": POLICY["controls"].decode(), "frameworks/house.yml": POLICY["frameworks"].decode()})
    for data in mutated(POLICY["controls"], 40, seed=3):
        document._load.cache_clear()
        (tmp_path / "policy/controls/own.yml").write_bytes(data)
        validated([str(tmp_path / "policy")], "2026-11-22", baseline)


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (LAUGHS, 5, "it holds more than 50000 things, those that aliases repeat included"),
        (b"- [\n" + b"[" * 100000, 2, "it is nested more than 32 deep"),
        (b"- a: 1\n- " + b"- " * 100000, 2, "it is nested more than 32 deep"),
        (b"a:\n  b: &x [*x]\n", 2, "*x is an alias inside its own anchor"),
        (b"a: 1\nb: 2\na: 3\n", 3, "a is there twice"),
        (b"a: 1\nb: &x {c: 1, c: 2}\n", 2, "c is there twice"),
        (b"a: 1\nb: " + b"9" * 5000, 2, "9999999999999999999999999999999999999999 is not a number that can be used"),
        (b"a: 1\nb: .inf\n", 2, ".inf is not a number that can be used"),
        (b"a: 1\nb: 0x_\n", 2, "0x_ is not a number that can be used"),
        (b"a: 1\nb: !!python/name:os.system x\n", 2, "the tag tag:yaml.org,2002:python/name:os.system means nothing here"),
        (b"a: 1\n--- \nb: 2\n", 2, "a second document begins; put it into a file of its own"),
        (b"a: 1\n[b]: 2\n", 2, "a key is not a text"),
        (b"a: 1\nb: \x1b[0m\n", 2, r"it has the control character '\x1b'"),
        (b"a: 1\nb: \xe9\n", 2, "it is not in UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "it is not in UTF-8"),
        (b"a:\n\t- 1\n", 2, "found character that cannot start any token"),
        (b"- 1\n" * 3000, 2001, "more than 2000 entries are in one place; spread them over several files"),
        (b"a: 1\nb: " + b"x" * 20000, 2, "a text is longer than 10000 characters"),
    ],
)
def test_what_no_policy_has_is_refused_with_its_line(tmp_path, monkeypatch, data, line, what):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yml").write_bytes(data)
    assert errors(document.load, str(tmp_path / "own.yml")) == [f"own.yml:{line}: this is not YAML that can be used: {what}."]


def test_what_is_no_file_of_a_person_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo.yml")
    os.mkdir("directory.yml")
    (tmp_path / "large.yml").write_bytes(b"#" * (3 * 2**20))
    os.symlink("loop.yml", "loop.yml")
    assert errors(document.load, str(tmp_path / "fifo.yml")) == ["fifo.yml: this is not YAML that can be used: it is not a regular file."]
    assert errors(document.load, str(tmp_path / "directory.yml"))[0].startswith("directory.yml")
    assert errors(document.load, str(tmp_path / "large.yml")) == [
        "large.yml: this is not YAML that can be used: it is larger than 2 MiB; spread it over several files."
    ]
    assert errors(document.load, str(tmp_path / "loop.yml")) == [
        "loop.yml cannot be read (Too many levels of symbolic links); make it readable."
    ]


def test_a_bomb_costs_little_memory(tmp_path):
    (tmp_path / "own.yml").write_bytes(LAUGHS)
    tracemalloc.start()
    try:
        assert errors(document.load, str(tmp_path / "own.yml"))
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_keys_are_the_texts_that_were_written(tmp_path):
    (tmp_path / "own.yml").write_bytes(b"base: &base {no: 1, 4.10: x, no: 1}\n".replace(b", no: 1}", b"}") + b"more: {<<: *base, 1: y}\n")
    assert document.load(str(tmp_path / "own.yml")).data == {"base": {"no": 1, "4.10": "x"}, "more": {"no": 1, "4.10": "x", "1": "y"}}


def test_the_collections_own_files_keep_the_bounds():
    for path in glob.glob(f"{BASELINE}/*/*.yml"):
        with open(path, encoding="utf-8") as stream:
            bounds.check(stream.read(), document._Loader)


# -- regular expressions -----------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(a+)+$", "takes too long: write it without a repetition of what repeats already, such as (a+)+"),
        ("(", "is not a valid regular expression (missing ), unterminated subpattern at position 0): correct it"),
        ("(" * 500, "is not a valid regular expression (maximum recursion depth exceeded): correct it"),
        ("a" * 2000, "is longer than 1000 characters: write a shorter one"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern, what):
    with pytest.raises(patterns.BadPattern) as caught:
        patterns.found(pattern, ["a" * 60 + "!"], limit=1)
    assert str(caught.value) == what or ("recursion" in what and str(caught.value).startswith("is not a valid regular expression"))


def test_a_pattern_says_where_it_is_found():
    assert patterns.found("b+", ["abb", "x", "b"]) == [True, False, True]
    assert patterns.found("b+", ["abb", "bb", "bbx"], "match") == [False, True, True]
    assert patterns.found("b+", ["abb", "bb", "bbx"], "fullmatch") == [False, True, False]


def test_a_pattern_of_a_site_that_never_ends_is_reported_with_its_file(baseline, directory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(patterns, "LIMIT", 1)
    place = directory(
        "policy",
        {
            "frameworks/own.yml": POLICY["frameworks"].decode().replace("^H-[0-9]+$", "(a+)+$"),
            "controls/own.yml": POLICY["controls"].decode().replace("H-1", "a" * 60 + "!").replace(", nist_800_53: [CM-7]", ""),
        },
    )
    assert "policy/frameworks/own.yml: pattern takes too long" in errors(Catalogue, [place], baseline)[0]


def test_frameworks_alone_are_checked_too(directory):
    place = directory("policy", {"frameworks/own.yml": "[1]"})
    assert errors(frameworks, [place])[0].endswith(
        "frameworks/own.yml: framework is a list; write one framework whose citations controls may carry."
    )
