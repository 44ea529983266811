# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.apparmor import AppArmor
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

DIRECTORY = "/etc/apparmor.d"
SWITCH = "/sys/module/apparmor/parameters/enabled"
LOADED = "/sys/kernel/security/apparmor/profiles"
STOCK = {
    f"{DIRECTORY}/lsb_release": "#include <tunables/global>\n/usr/bin/lsb_release {\n  # nothing\n  profile inner flags=(complain) {\n  }\n}\n",
    f"{DIRECTORY}/brave": "abi <abi/4.0>,\nprofile brave /opt/brave.com/brave/brave flags=(unconfined) {\n  userns,\n}\n",
    f"{DIRECTORY}/README": "profile example flags=(complain) {\n",
    f"{DIRECTORY}/lsb_release.dpkg-old": "profile old flags=(complain) {\n}\n",
    f"{DIRECTORY}/local/lsb_release": "",
}


def seen(host, name, wanted=()):
    wanted = {"enabled": True, "profiles": "loaded"}.get(name, list(wanted))
    stage = "live" if host.booted else "offline"
    return audit(host, [Control("confined", {"apparmor": {name: wanted}})], stage)[0]


@pytest.mark.parametrize("name", ["profiles", "complaining", "disabled"])
def test_the_profiles_of_a_new_debian_are_right(tree, name):
    assert seen(tree(STOCK), name)["status"] == "pass"


@pytest.mark.parametrize(
    "head",
    [
        "profile agent /opt/vendor/agent flags=(complain) {",
        "/opt/vendor/agent (complain) {",
        '"/opt/vendor/my agent" flags=(attach_disconnected,complain) {',
        "profile agent @{bin}/agent flags=(attach_disconnected, complain) {  # still tried out",
        "profile agent /{,usr/}bin/agent flags = (complain) {",
    ],
)
def test_a_profile_that_only_reports_is_found_however_it_is_written(tree, head):
    record = seen(tree({**STOCK, f"{DIRECTORY}/vendor": f"{head}\n  /etc/agent r,\n}}\n"}), "complaining")
    assert record["status"] == "fail" and "of 3 profiles only report" in record["message"]


def test_a_profile_is_made_to_report_by_a_link(tree):
    host = tree(STOCK)
    os.makedirs(host.path(f"{DIRECTORY}/force-complain"))
    os.symlink(f"{DIRECTORY}/lsb_release", host.path(DIRECTORY) + "/force-complain/lsb_release")
    assert seen(host, "complaining")["observed"]["apparmor: complaining"] == ["/usr/bin/lsb_release"]


def test_a_profile_that_is_switched_off_confines_nothing(tree):
    host = tree({**STOCK, f"{DIRECTORY}/disable/lsb_release": ""})
    assert seen(host, "disabled")["observed"]["apparmor: disabled"] == ["lsb_release"]
    assert seen(host, "profiles")["status"] == "fail"
    assert seen(host, "disabled", ["lsb_release"])["status"] == "pass"


def test_profiles_that_only_name_programs_confine_nothing(tree):
    assert seen(tree({f"{DIRECTORY}/brave": STOCK[f"{DIRECTORY}/brave"]}), "profiles")["status"] == "fail"


def test_a_running_kernel_is_asked_instead(tree):
    loaded = "/usr/bin/lsb_release (enforce)\nagent (v2) (complain)\nbrave (unconfined)\n"
    host = tree({**STOCK, SWITCH: "Y\n", LOADED: loaded}, booted=True)
    assert seen(host, "complaining")["observed"]["apparmor: complaining"] == ["agent (v2)"]
    assert [seen(host, name)["status"] for name in ("enabled", "profiles")] == ["pass", "pass"]


@pytest.mark.parametrize("files", [{SWITCH: "N\n"}, {}])
def test_a_kernel_without_it_fails_whatever_files_say(tree, files):
    host = tree({**STOCK, **files}, booted=True)
    assert [seen(host, name)["status"] for name in ("enabled", "profiles")] == ["fail", "fail"]


def test_an_image_neither_has_it_on_nor_off(tree):
    assert seen(tree(STOCK), "enabled")["status"] == "not_applicable"


def test_a_container_says_nothing_about_the_kernel_of_another(tree):
    assert seen(tree(STOCK, booted=True, container=True), "enabled")["status"] == "not_applicable"


@pytest.mark.parametrize("wanted", [{"enabled": "Y"}, {"profiles": "all"}, {"complaining": "none"}, {"mode": []}])
def test_what_it_does_not_know_is_refused(tree, wanted):
    with pytest.raises(BadSetting, match="apparmor"):
        AppArmor(tree()).plan(wanted)
