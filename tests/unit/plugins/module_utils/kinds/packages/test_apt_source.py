# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.apt_source import AptSource
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.tests.tamper.apt_source import EXPIRED

DIRECTORY = "/etc/apt/sources.list.d"
KEYS = "/usr/share/keyrings/debian.gpg"
DEBIAN = f"""\
# Written by the installer
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYS}

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYS}
"""
WANTED = {"without_key": [], "unverified": [], "bad_keys": [], "expired_keys": [], "security_suite": "present"}


@pytest.fixture
def apt(tree):
    """A host of Debian 12 whose sources are these files; its keys are there."""

    def make(files=None, **more):
        files = {"/usr/bin/apt-get": "", "/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n", KEYS: "key", **(files or {})}
        host = tree({**files, **more})
        os.chmod(host.path("/usr/bin/apt-get"), 0o755)
        return host

    return make


def seen(host, name, wanted=()):
    wanted = WANTED[name] if name == "security_suite" else list(wanted)
    return audit(host, [Control("sources", {"apt_source": {name: wanted}})], "offline")[0]


@pytest.mark.parametrize("name", WANTED)
def test_the_sources_of_a_new_debian_are_right(apt, name):
    assert seen(apt({f"{DIRECTORY}/debian.sources": DEBIAN}), name)["status"] == "pass"


@pytest.mark.parametrize(
    "line",
    [
        "deb http://vendor.example/debian stable main",
        "deb-src  http://vendor.example/debian stable main # the vendor's",
        "deb [arch=amd64] http://vendor.example/debian stable main",
    ],
)
def test_a_source_without_a_key_is_named_with_its_line(apt, line):
    record = seen(apt({f"{DIRECTORY}/debian.sources": DEBIAN, "/etc/apt/sources.list": f"# vendor\n{line}\n"}), "without_key")
    assert record["status"] == "fail"
    assert "/etc/apt/sources.list:2: http://vendor.example/debian stable" in record["message"]


@pytest.mark.parametrize(
    "line", ["# deb http://vendor.example/ stable main", "deb [signed-by=0123456789ABCDEF] http://vendor.example/ stable main", ""]
)
def test_what_is_off_or_names_a_key_is_no_source_without_one(apt, line):
    assert seen(apt({f"{DIRECTORY}/vendor.list": line + "\n"}), "without_key")["status"] == "pass"


@pytest.mark.parametrize("name", ["vendor.save", "vendor.list.dpkg-old", "vendor"])
def test_a_file_that_apt_does_not_read_is_no_source(apt, name):
    assert seen(apt({f"{DIRECTORY}/{name}": "deb http://vendor.example/ stable main\n"}), "without_key")["status"] == "pass"


def test_a_paragraph_that_is_switched_off_is_no_source(apt):
    text = "Enabled: no\nTypes: deb\nURIs: http://vendor.example/\nSuites: stable\nTrusted: yes\n"
    host = apt({f"{DIRECTORY}/vendor.sources": text})
    assert [seen(host, name)["status"] for name in ("without_key", "unverified")] == ["pass", "pass"]


@pytest.mark.parametrize("option", ["trusted=yes", "allow-insecure=true", "allow-weak=1", "allow-downgrade-to-insecure=yes"])
def test_a_source_that_is_believed_unsigned_fails(apt, option):
    record = seen(
        apt({f"{DIRECTORY}/vendor.list": f"deb [ {option} signed-by={KEYS} ] http://vendor.example/ stable main\n"}), "unverified"
    )
    assert record["status"] == "fail" and record["observed"] == {"apt_source: unverified": ["http://vendor.example/ stable"]}


def test_a_paragraph_may_write_a_field_in_any_case_and_on_several_lines(apt):
    text = "types: deb\nuris: http://a.example/\n http://b.example/\nsuites: stable\ntrusted: Yes\n# a remark\n"
    text += "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n"
    host = apt({f"{DIRECTORY}/vendor.sources": text})
    assert seen(host, "unverified")["observed"]["apt_source: unverified"] == ["http://a.example/ stable", "http://b.example/ stable"]
    assert [seen(host, name)["status"] for name in ("without_key", "bad_keys")] == ["pass", "pass"]


def test_what_a_site_tolerates_is_no_finding(apt):
    host = apt({f"{DIRECTORY}/vendor.list": "deb http://vendor.example/ stable main\n"})
    assert seen(host, "without_key", ["http://vendor.example/ stable"])["status"] == "pass"


def test_a_key_that_is_not_there_is_named(apt):
    host = apt({f"{DIRECTORY}/vendor.list": "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/ stable main\n"})
    record = seen(host, "bad_keys")
    assert record["status"] == "fail" and "names /etc/apt/keyrings/vendor.gpg, which does not exist" in record["message"]


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_key_that_others_can_change_is_named(apt, mode):
    host = apt({f"{DIRECTORY}/debian.sources": DEBIAN})
    os.chmod(host.path(KEYS), mode)
    assert "others than root can change" in seen(host, "bad_keys")["message"]


def test_a_key_that_has_run_out_is_named_with_its_day(apt):
    line = "deb [signed-by=/etc/apt/keyrings/old.asc] http://vendor.example/ stable main\n"
    host = apt({f"{DIRECTORY}/vendor.list": line, "/etc/apt/keyrings/old.asc": EXPIRED})
    record = seen(host, "expired_keys")
    assert record["status"] == "fail" and "names /etc/apt/keyrings/old.asc, which ended on 2020-12-31" in record["message"]
    assert seen(host, "bad_keys")["status"] == "pass"


@pytest.mark.parametrize("suite", ["bookworm-security", "bookworm/updates", "stable-security"])
def test_the_suite_of_security_updates_has_several_names(apt, suite):
    assert seen(apt({"/etc/apt/sources.list": f"deb http://mirror.example/security {suite} main\n"}), "security_suite")["status"] == "pass"


@pytest.mark.parametrize("suite", ["bookworm", "bullseye-security"])
def test_another_suite_brings_no_security_updates(apt, suite):
    record = seen(apt({"/etc/apt/sources.list": f"deb http://mirror.example/debian {suite} main\n"}), "security_suite")
    assert record["status"] == "fail" and "no source brings the suite bookworm-security" in record["message"]


def test_without_apt_it_means_nothing(tree):
    assert seen(tree(), "unverified")["status"] == "not_applicable"


@pytest.mark.parametrize("wanted", [{"security_suite": "absent"}, {"unverified": "none"}, {"signatures": []}])
def test_what_it_does_not_know_is_refused(tree, wanted):
    with pytest.raises(BadSetting, match="apt_source"):
        AptSource(tree()).plan(wanted)
