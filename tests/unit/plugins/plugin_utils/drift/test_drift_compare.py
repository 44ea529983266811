# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between an image and a machine, as data: each change of the machine, and the differences that it makes."""

from __future__ import annotations

import contextlib
import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import compare, manifest
from drift_samples import NEW, OLD, OTHER, System, entry
from hypothesis import given
from hypothesis import strategies as st

GENERATED = [{"compare": "rights", "items": {"files": ["/usr/lib/modules/*/modules.*", "/boot/initrd*"]}}]


def compared(change=lambda system: None, rules=GENERATED):
    chosen = Selection(rules)
    reference = System().manifest().selected(chosen)
    machine = System()
    change(machine)
    return compare.compared(reference, machine.manifest(reference.digests, chosen), chosen)


def differences(change, rules=GENERATED):
    return [(each.category, each.item, each.was, each.now, each.package) for each in compared(change, rules).differences]


def test_the_same_system_differs_in_nothing():
    found = compared()
    assert (found.differences, found.unread) == ([], {}) and "files" in found.compared and "packages" in found.compared


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m.items["sysctl"].update({"kernel.kptr_restrict": "0"}), ("sysctl", "kernel.kptr_restrict", "2", "0", "")),
        (lambda m: m.items["accounts"].update(eve={"number": 0}), ("accounts", "eve", None, {"number": 0}, "")),
        (lambda m: m.items["units"].clear(), ("units", "ssh.service", "enabled", None, "")),
        (lambda m: m.items["crontabs"].update({"/etc/cron.d/x: y": ["@daily"]}), ("crontabs", "/etc/cron.d/x: y", None, ["@daily"], "")),
        (lambda m: m.file("/etc", "/etc/motd", mode=0o666), ("files", "/etc/motd", {"mode": "0644"}, {"mode": "0666"}, "")),
        (lambda m: m.file("/etc", "/etc/motd", owner="eve"), ("files", "/etc/motd", {"owner": "root:root"}, {"owner": "eve:root"}, "")),
        (lambda m: m.file("/etc", "/etc/motd", content=NEW), ("files", "/etc/motd", {"sha256": OLD}, {"sha256": NEW}, "")),
        (
            lambda m: m.file("openssl", "/usr/bin/openssl", mode=0o4755),
            ("files", "/usr/bin/openssl", {"mode": "0755"}, {"mode": "4755"}, ""),
        ),
        (
            lambda m: m.file("openssl", "/usr/bin/openssl", mode=0o755, capability="01"),
            ("files", "/usr/bin/openssl", {"capability": None}, {"capability": "01"}, ""),
        ),
        (
            lambda m: m.file("/etc", "/etc/issue", content="/opt/x", kind="l", mode=0o777),
            ("files", "/etc/issue", {"target": "motd"}, {"target": "/opt/x"}, ""),
        ),
        (
            lambda m: m.groups.pop("/opt/app"),
            ("files", "/opt/app/own", {"type": "file", "mode": "0644", "owner": "root:root", "size": 64, "sha256": OLD}, None, ""),
        ),
    ],
)
def test_one_change_is_one_difference(change, expected):
    assert differences(change) == [expected]


def test_a_new_file_is_shown_whole():
    (found,) = differences(lambda m: m.file("/usr/local", "/usr/local/bin/x", content=OTHER, mode=0o755))
    assert found[1:4] == ("/usr/local/bin/x", None, {"type": "file", "mode": "0755", "owner": "root:root", "size": 64, "sha256": OTHER})


# -- packages ---------------------------------------------------------------------------


def updated(machine):
    machine.items["packages"]["openssl:amd64"] = "1.1"
    machine.file("openssl", "/usr/bin/openssl", content=NEW, mode=0o755)
    machine.file("openssl", "/usr/lib/engine.so", content=OTHER)
    machine.packaged = ["/usr/bin/openssl", "/usr/lib/engine.so", "/etc/ssl/openssl.cnf"]


def test_what_an_update_brought_is_counted_with_the_package():
    (found,) = compared(updated).differences
    assert (found.item, found.was, found.now, found.package, found.files) == ("openssl:amd64", "1.0", "1.1", "openssl", 2)


def test_a_file_of_an_updated_package_that_is_not_as_packaged_is_a_difference():
    def change(machine):
        updated(machine)
        machine.packaged.remove("/usr/bin/openssl")

    assert [each[1] for each in differences(change)] == ["openssl:amd64", "/usr/bin/openssl"]


def test_rights_that_an_update_brings_are_shown_with_their_package():
    def change(machine):
        updated(machine)
        machine.file("openssl", "/usr/lib/engine.so", content=OTHER, mode=0o4755)

    assert [(each[1], each[4]) for each in differences(change)] == [("openssl:amd64", "openssl"), ("/usr/lib/engine.so", "openssl")]


def test_a_mode_that_was_changed_beside_an_update_is_a_difference():
    def change(machine):
        updated(machine)
        machine.file("openssl", "/usr/bin/openssl", content=NEW, mode=0o700)

    assert ("files", "/usr/bin/openssl", "") in [(each[0], each[1], each[4]) for each in differences(change)]


def test_a_program_that_root_replaced_together_with_the_digest_of_its_package_shows():
    def change(machine):
        machine.file("openssl", "/usr/bin/openssl", content=NEW, mode=0o755)
        machine.packaged = ["/usr/bin/openssl"]

    assert [each[1] for each in differences(change)] == ["/usr/bin/openssl"]


def test_a_new_kernel_with_its_indexes_is_one_difference():
    def change(machine):
        machine.items["packages"]["linux-2:amd64"] = "2"
        machine.file("linux-2", "/usr/lib/modules/2", content="", kind="d", mode=0o755)
        machine.file("linux-2", "/usr/lib/modules/2/x.ko", content=NEW)
        machine.file("/usr/lib", "/usr/lib/modules/2/modules.dep", content="")
        machine.packaged = ["/usr/lib/modules/2/x.ko"]

    (found,) = compared(change).differences
    assert (found.item, found.was, found.files) == ("linux-2:amd64", None, 3)


def test_a_package_that_is_gone_takes_its_files_along():
    def change(machine):
        del machine.items["packages"]["linux-1:amd64"]
        del machine.groups["linux-1"]

    (found,) = compared(change).differences
    assert (found.now, found.files) == (None, 2)


def test_a_unit_that_an_update_brought_came_with_it():
    def change(machine):
        updated(machine)
        machine.file("openssl", "/usr/lib/systemd/system/tls.service", content=NEW)
        machine.packaged.append("/usr/lib/systemd/system/tls.service")
        machine.items["units"]["tls.service"] = "enabled"

    assert ("units", "tls.service", None, "enabled", "openssl") in differences(change)


# -- what cannot be said ----------------------------------------------------------------


def test_what_is_not_read_here_or_there_is_not_unchanged():
    found = compared(lambda machine: machine.unread.update(sysctl="the system does not run"))
    assert found.unread == {"sysctl": "the system does not run"} and "sysctl" not in found.compared
    image = System()
    image.unread["sshd"] = "no sshd"
    chosen = Selection([])
    reference = image.manifest().selected(chosen)
    found = compare.compared(reference, System().manifest(reference.digests), chosen)
    assert found.unread == {"sshd": "the image has none to compare with: no sshd"}


def test_a_category_that_the_machine_leaves_out_is_not_unchanged():
    assert compared(lambda machine: machine.items.pop("sudo")).unread == {"sudo": "the machine did not tell it"}


def test_rules_that_were_added_after_the_promotion_hold_for_both():
    rules = [
        {"compare": "nothing", "items": {"files": ["/opt/**"], "sysctl": ["kernel.*"]}},
        {"compare": "rights", "items": {"files": ["/etc/motd"]}},
    ]
    chosen = Selection(rules)
    reference = System().manifest().selected(chosen)
    machine = System()
    del machine.groups["/opt/app"], machine.items["sysctl"]["kernel.kptr_restrict"]
    machine.groups["/etc"][0] = chosen.entry(entry("/etc/motd", content=NEW))
    assert compare.compared(reference, machine.manifest(reference.digests, chosen), chosen).differences == []


# -- properties -------------------------------------------------------------------------

PATHS = st.lists(st.sampled_from(["/etc/a", "/etc/b", "/opt/app/c", "/srv/d", "/usr/bin/openssl"]), unique=True)


@given(PATHS, PATHS, st.booleans())
def test_exactly_the_paths_that_differ_are_found(was, now, changed):
    chosen = Selection([])
    image, machine = System(), System()
    image.groups, machine.groups = {}, {}
    for system, paths in ((image, was), (machine, now)):
        for path in paths:
            system.file("/".join(path.split("/")[:3]), path, content=NEW if changed and system is machine and path == "/etc/a" else OLD)
    reference = image.manifest().selected(chosen)
    found = compare.compared(reference, machine.manifest(reference.digests, chosen), chosen)
    expected = {*was} ^ {*now} | ({"/etc/a"} & {*was} & {*now} if changed else set())
    assert {each.item for each in found.differences} == expected


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_both_ways_the_same_items_differ(one, other):
    chosen = Selection([])
    systems = []
    for items in (one, other):
        system = System()
        system.items["sysctl"] = items
        systems.append(system)
    found = []
    for first, second in (systems, reversed(systems)):
        reference = first.manifest().selected(chosen)
        found.append({each.item for each in compare.compared(reference, second.manifest(reference.digests), chosen).differences})
    assert found[0] == found[1] == {name for name in {*one, *other} if one.get(name) != other.get(name)}


# -- hostile answers --------------------------------------------------------------------


def corrupted(path, value):
    known = System().sent()
    place = known
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(known).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        corrupted(["schema"], 2),
        corrupted(["files"], []),
        corrupted(["categories", "sudo"], {"digest": "x"}),
        corrupted(["categories", "sudo", "items"], []),
        corrupted(["categories", "sudo", "items"], {"a": [[[[1]]]]}),
        corrupted(["categories", "sudo", "items"], {"a": 1.5}),
        corrupted(["files", "entries", "/etc"], [["/etc/a"]]),
        corrupted(["files", "entries", "/etc"], [entry("etc")]),
        corrupted(["files", "entries", "/etc"], [entry("/etc/a", mode=True)]),
        corrupted(["files", "entries", "/etc"], [entry("/etc/a", mode=0o17777)]),
        corrupted(["files", "entries", "/etc"], [entry("/etc/a", content="<script>")]),
        corrupted(["files", "entries", "/etc"], [entry("/etc/a", kind="fd")]),
        corrupted(["files", "gone"], [1]),
        corrupted(["files", "packaged"], "all"),
        corrupted(["image"], None),
    ],
)
def test_what_is_no_manifest_is_refused(content):
    with pytest.raises(manifest.BadManifest):
        manifest.parsed(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema", "files", "image", "categories", "entries", "sudo", "items", "digest"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_manifest_or_refused(data):
    with contextlib.suppress(manifest.BadManifest):
        manifest.parsed(json.dumps(data).encode())
