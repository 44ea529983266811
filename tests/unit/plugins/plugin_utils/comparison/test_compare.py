# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import image_compare
from ansible_collections.hygeia.golden.plugins.modules import image_compare as documented
from ansible_collections.hygeia.golden.plugins.plugin_utils.comparison import compare, listing

DIGEST, OTHER = "1" * 64, "2" * 64


def packed(entries):
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    return [base64.b64encode(zlib.compress(text.encode())).decode()]


def entry(path, **known):
    about = {"type": "f", "mode": 0o644, "owner": "root", "group": "root", "size": 7, "content": DIGEST, "capability": "", "package": ""}
    return [path, *{**about, **known}.values()]


def image(*entries, packages=(), units=(), records=(), name="image"):
    return {
        "name": name,
        "tree": {
            "listing": packed(entries),
            "packages": [{"package": package, "version": version, "architecture": "amd64"} for package, version in packages],
            "units": [{"unit": unit, "state": state} for unit, state in units],
            "unread": [],
            "complete": True,
        },
        "records": list(records),
    }


def record(control, status, observed):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "x",
        "stage": "offline",
        "status": status,
        "expected": observed,
        "observed": observed,
        "read_from": "",
        "message": "",
        "waiver": None,
        "references": {},
    }


@pytest.fixture
def act(tmp_path):
    """Run the action; what it returned, and comparison.json."""

    def run(before, after, check_mode=False):
        arguments = {"dest": str(tmp_path / "new/compare"), "before": before, "after": after}
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="image_compare", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = image_compare.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None)
        result = action.run(task_vars={"inventory_hostname": "localhost"})
        written = tmp_path / "new/compare/comparison.json"
        return result, json.loads(written.read_text()) if written.exists() else None

    return run


def rows(before, after, packages=((), ())):
    trees = [listing.unpacked(packed(entries)) for entries in (before, after)]
    systems = [
        {"tree": tree, "packages": [{"package": name, "version": version} for name, version in known], "units": [], "records": []}
        for tree, known in zip(trees, packages)
    ]
    return compare.compared(*systems)


def test_the_same_twice_has_no_difference(act):
    same = image(entry("/a"), packages=[("tool", "1")], units=[("a.service", "enabled")], records=[record("x", "pass", {"a": "1"})])
    result, found = act(same, json.loads(json.dumps(same)))
    assert set(result["figures"].values()) == {0} and result["notable"] == []
    assert "No difference" in open(result["page"], encoding="utf-8").read()
    assert (found["files"], found["packages"], found["settings"]) == ([], [], [])


CHANGES = {
    "content": ({"content": OTHER, "size": 9}, "SHA-256 1111111111111111…, 7 bytes", "SHA-256 2222222222222222…, 9 bytes"),
    "mode": ({"mode": 0o600}, "0644", "0600"),
    "owner": ({"group": "adm"}, "root:root", "root:adm"),
    "type": ({"type": "d", "content": ""}, "file", "directory"),
    "capability": ({"capability": "0100"}, "none", "0100"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_property_of_a_file_is_compared(what):
    change, before, after = CHANGES[what]
    [row] = rows([entry("/a")], [entry("/a", **change)])["files"]
    assert (row["sort"], row["changes"]) == ("changed", [{"what": what, "from": before, "to": after}])


def test_a_link_to_elsewhere_is_a_difference():
    [row] = rows([entry("/a", type="l", content="b")], [entry("/a", type="l", content="c")])["files"]
    assert row["changes"] == [{"what": "target", "from": "b", "to": "c"}]


NOTABLE = {
    "runs as root (setuid)": {"mode": 0o4755},
    "runs with the group root (setgid)": {"mode": 0o2755},
    "runs with capabilities": {"capability": "0100"},
    "is a device": {"type": "b", "content": "8:0"},
    "can be written by everybody": {"mode": 0o666},
}


@pytest.mark.parametrize("why", NOTABLE)
def test_what_gains_rights_is_named_whether_it_is_new_or_changed(why):
    for before in ([], [entry("/a")]):
        found = rows(before, [entry("/a", **NOTABLE[why])])
        assert [row["notable"] for row in found["notable"]] == [[why]]
    assert rows([entry("/a", **NOTABLE[why])], [entry("/a", **{**NOTABLE[why], "owner": "bin"})])["notable"] == [] or why.startswith(
        "runs as"
    )


def test_a_sticky_directory_and_a_link_are_nothing_to_look_at():
    found = rows([], [entry("/t", type="d", mode=0o1777, content=""), entry("/l", type="l", mode=0o777, content="t")])
    assert found["notable"] == []


def test_what_an_updated_package_brought_is_a_number():
    before = [entry("/usr/tool", content="=", package="tool"), entry("/usr/old", content="=", package="tool"), entry("/usr/same")]
    after = [entry("/usr/tool", content="=", package="tool", size=9), entry("/usr/new", content="=", package="tool"), entry("/usr/same")]
    found = rows(before, after, ([("tool", "1")], [("tool", "2")]))
    assert found["packages"] == [{"package": "tool", "from": "1", "to": "2", "files": 3}] and found["files"] == []


def test_what_somebody_changed_of_an_updated_package_is_reported_by_file():
    before = [entry(path, content="=", package="tool") for path in ("/a", "/b", "/c")]
    after = [
        entry("/a", content=OTHER, package="tool"),
        entry("/b", content="=", package="tool", mode=0o755),
        entry("/c", content="=", package="tool"),
        entry("/d", content="=", package="tool", mode=0o4755),
    ]
    found = rows(before, after, ([("tool", "1")], [("tool", "2")]))
    assert [row["path"] for row in found["files"]] == ["/a", "/b", "/d"]
    assert {row["path"]: row["notable"] for row in found["notable"]} == {
        "/a": ["no longer as its package brought it"],
        "/d": ["runs as root (setuid)"],
    }


def test_what_lies_in_a_new_directory_is_counted_with_it_but_named_when_it_has_rights():
    inside = [entry(f"/opt/pacs/lib/{number}", size=10) for number in range(50)]
    directories = [entry(path, type="d", content="", size=0) for path in ("/opt/pacs", "/opt/pacs/lib")]
    found = rows(
        [entry("/opt", type="d", content="", size=0)],
        [entry("/opt", type="d", content="", size=0), *directories, *inside, entry("/opt/pacs/su", mode=0o4755)],
    )
    [row] = found["files"]
    assert (row["path"], row["entries"], row["bytes"]) == ("/opt/pacs", 52, 507)
    assert [each["path"] for each in found["notable"]] == ["/opt/pacs/su"]


def test_packages_units_controls_and_values_are_compared(act):
    before = image(packages=[("a", "1"), ("b", "1")], units=[("x.service", "enabled")], records=[record("x", "pass", {"sshd: A": "no"})])
    after = image(packages=[("a", "2"), ("c", "1")], units=[("x.service", "masked")], records=[record("x", "fail", {"sshd: A": "yes"})])
    result, found = act(before, after)
    assert [(row["package"], row["from"], row["to"]) for row in found["packages"]] == [("a", "1", "2"), ("b", "1", ""), ("c", "", "1")]
    assert found["units"] == [{"unit": "x.service", "from": "enabled", "to": "masked"}]
    assert [row["control"] for row in found["controls"]["worse"]] == ["x"]
    assert found["settings"] == [{"control": "x", "setting": "sshd: A", "from": "no", "to": "yes"}]
    assert result["figures"] == {"packages": 3, "files": 0, "notable": 0, "units": 1, "settings": 1, "worse": 1, "better": 0}


# -- hostile images -------------------------------------------------------------------


class Elements(HTMLParser):
    """The names of all elements, and of their attributes."""

    def __init__(self):
        super().__init__()
        self.met = set()

    def handle_starttag(self, tag, attrs):
        self.met |= {tag, *(f"{tag} {name}" for name, unused in attrs)}


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\x1b[31m'


def test_nothing_of_an_image_is_a_part_of_the_page(act):
    plain, _found = act(image(), image(entry("/a", package="p", mode=0o666), packages=[("p", "1")], units=[("u.service", "x")]))
    elements = Elements()
    elements.feed(open(plain["page"], encoding="utf-8").read())
    hostile = image(
        entry(f"/etc/{HOSTILE}", package=HOSTILE, owner=HOSTILE, mode=0o666),
        entry("/l", type="l", content=HOSTILE),
        packages=[(HOSTILE, HOSTILE)],
        units=[(HOSTILE, HOSTILE)],
        records=[record(HOSTILE, "fail", {HOSTILE: HOSTILE})],
        name=HOSTILE,
    )
    result, unused = act(image(), hostile)
    text = open(result["page"], encoding="utf-8").read()
    now = Elements()
    now.feed(text)
    assert not {"script", "img", "img onerror"} & now.met
    assert "\x1b" not in text and "\u202e" not in text and "49" not in re.sub(r"<style>.*?</style>", "", text, flags=re.S)
    assert "\x1b" not in str(result["notable"])


BAD = {
    "no text": [7],
    "no Base64": ["%%%"],
    "cut off": [packed([entry("/a")])[0][:-8]],
    "a line of another shape": packed([["/a", "f"]]),
    "a mode without bounds": packed([entry("/a", mode=10**9)]),
    "a mode that is a text": packed([entry("/a", mode="0644")]),
    "a type that there is not": packed([entry("/a", type="x")]),
    "a content that is none": packed([entry("/a", content="<b>")]),
    "no JSON": [base64.b64encode(zlib.compress(b"[" * 100_000)).decode()],
}


@pytest.mark.parametrize("what", BAD)
def test_a_listing_that_is_none_is_refused_in_a_sentence(act, what):
    bad = image(name="odd")
    bad["tree"]["listing"] = BAD[what]
    with pytest.raises(AnsibleError, match="the listing of odd cannot be used: it (is|has)"):
        act(image(), bad)


def test_a_listing_that_unpacks_to_more_than_there_may_be_is_refused(act, monkeypatch):
    monkeypatch.setattr(listing, "LARGEST", 1000)
    with pytest.raises(AnsibleError, match="cannot be used: it is cut off, or larger than"):
        act(image(), image(*(entry(f"/{number}") for number in range(100))))


def test_check_mode_writes_nothing(act, tmp_path):
    result, written = act(image(), image(entry("/a")), check_mode=True)
    assert result["figures"]["files"] == 1 and written is None and not (tmp_path / "new").exists()


def test_the_documentation_names_what_the_action_takes():
    import yaml

    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    spec = {
        name: {key: value for key, value in known.items() if key not in ("description", "suboptions")} for name, known in options.items()
    }
    assert spec == {
        name: {key: value for key, value in known.items() if key != "options"} for name, known in image_compare.ARGUMENTS.items()
    }
    suboptions = {
        name: {key: value for key, value in known.items() if key != "description"}
        for name, known in options["before"]["suboptions"].items()
    }
    assert suboptions == image_compare.IMAGE
