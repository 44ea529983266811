# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.results.comparison import differences


def control(name, settings, **variants):
    return {"id": name, "title": name.title(), "severity": "low", "settings": settings, "variants": variants}


def test_nothing_differs_between_a_profile_and_itself():
    one = [control("a-one", {"sshd": {"Port": 22}})]
    assert differences(one, one) == {"only_one": [], "only_other": [], "both": 1, "settings": []}


def test_controls_of_one_profile_alone_are_reported_by_profile():
    answer = differences([control("a-one", {})], [control("b-two", {})])
    assert answer["only_one"] == [{"control": "a-one", "title": "A-One", "severity": "low"}]
    assert [entry["control"] for entry in answer["only_other"]] == ["b-two"]


def test_a_value_that_differs_is_reported_once_though_a_variant_has_it_too():
    one, other = (control("a-one", {"sshd": {"Port": port}}, rhel={"sshd": {"Port": port}}) for port in (22, 2222))
    assert differences([one], [other])["settings"] == [
        {"control": "a-one", "system": "", "setting": "sshd: Port", "one": 22, "other": 2222}
    ]


def test_a_value_that_differs_on_one_system_names_it():
    one, other = (control("a-one", {}, rhel={"sshd": {"Port": port}}) for port in (22, 2222))
    assert [entry["system"] for entry in differences([one], [other])["settings"]] == ["rhel"]
