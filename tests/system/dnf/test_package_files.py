# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rpm itself says of files that were changed, removed or configured since their package brought them."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.package_files import PackageFiles

UNTOUCHED = dict.fromkeys(("app", "conf", "held"), "unchanged")


def test_a_changed_and_a_missing_file_are_found_and_configuration_is_not(lab, host):
    assert {name: seen.value for name, seen in PackageFiles(host).observe(UNTOUCHED).items()} == UNTOUCHED
    lab.write("/opt/app/version", "9.9\n")
    lab.write("/etc/lab.conf", "value = of the site\n")
    lab.place("/opt/held/version").unlink()
    found = PackageFiles(host).observe({**UNTOUCHED, "absent": "unchanged"})
    assert {name: seen.value for name, seen in found.items()} == {"app": "altered", "conf": "unchanged", "held": "altered", "absent": None}
    assert found["app"].message == "/opt/app/version is not what the package brought"
    assert found["held"].message == "/opt/held/version is missing"
    assert found["absent"].status == "not_applicable"
