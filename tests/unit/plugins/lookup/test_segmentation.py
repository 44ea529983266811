# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import re

import pytest
import yaml
from ansible.errors import AnsibleFilterError, AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.filter.segment_allows import segment_allows
from ansible_collections.hygeia.golden.plugins.filter.segment_rules import segment_rules
from ansible_collections.hygeia.golden.plugins.lookup import segmentation
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.evidence import COLLECTION

POLICY = """
zones:
  clinical: {networks: [10.20.0.0/16, "fd00:20::/48"]}
  imaging: {networks: [10.30.0.0/16]}
flows:
  - {source: clinical, destination: imaging, protocol: tcp, ports: [104, 8000-8100, 8050-8200], reason: 'Images "in"'}
"""


@pytest.fixture
def policy(tmp_path, monkeypatch):
    """What the lookup says of a policy in which a text was replaced."""
    monkeypatch.setattr(segmentation.LookupModule, "set_options", lambda self, var_options, direct: None)
    monkeypatch.chdir(tmp_path)

    def read(old="", new=""):
        assert old in POLICY
        (tmp_path / "site.yml").write_text(POLICY.replace(old, new, 1) if old else POLICY, encoding="utf-8")
        return segmentation.LookupModule().run([str(tmp_path / "site.yml")])[0]

    return read


def test_a_sound_policy_is_returned_as_it_is(policy):
    assert policy() == yaml.safe_load(POLICY)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("protocol: tcp", "protocol: icmp", "site.yml: flows: number 1: protocol is 'icmp'; use tcp or udp."),
        (", reason: 'Images \"in\"'", "", "site.yml: flows: number 1 has no reason; add one."),
        ("source:", "from:", "site.yml: flows: number 1 has a field from that means nothing"),
        (
            "[104,",
            "[70000,",
            "site.yml: flows: number 1: ports: number 1 is 70000; write a port such as 443, or a range of them such as 8000-8100.",
        ),
        (
            "8000-8100",
            "8100-8000",
            "site.yml: flows: number 1: ports: 8100-8000 is not a valid range; write the lower port first, and none above 65535.",
        ),
        (
            "source: clinical",
            "source: wards",
            "site.yml: flows: number 1: source: there is no zone wards; choose one of clinical, imaging.",
        ),
        (
            "10.30.0.0/16",
            "10.30.0.9/16",
            "site.yml: zones: imaging: networks: 10.30.0.9/16 is an address in 10.30.0.0/16; write the network.",
        ),
        (
            "10.30.0.0/16",
            "ward",
            "site.yml: zones: imaging: networks: ward is not a valid network; write one such as 10.20.0.0/16 or fd00:20::/48.",
        ),
        (
            "10.30.0.0/16",
            "10.20.0.0/16",
            "site.yml: zones: imaging: networks: 10.20.0.0/16 belongs to clinical too; leave it out of one of them.",
        ),
        ("clinical: {", "Clinical: {", "zones is 'Clinical'; write the name of a zone in at most 24 small letters, digits and dashes"),
        ("clinical: {", "elsewhere: {", "zones: elsewhere stands for addresses outside all zones; give the zone another name."),
    ],
)
def test_a_mistake_is_reported_with_what_to_write(policy, old, new, message):
    with pytest.raises(AnsibleLookupError) as caught:
        policy(old, new)
    assert message in str(caught.value)


PROBES = """
zones:
  clinical: {networks: [10.20.0.0/16, "fd00:20::/48"]}
  imaging: {networks: [10.30.0.0/16]}
  modalities: {networks: [10.30.66.0/24], medical_devices: true}
flows:
  - {source: clinical, destination: imaging, protocol: tcp, ports: [104], reason: images}
probes:
  - {name: archive, source: clinical, address: 10.30.0.7, protocol: tcp, port: 104, expected: allowed}
  - {name: viewer, source: [clinical, imaging], address: 10.30.0.8, protocol: tcp, port: 443, expected: denied}
"""


@pytest.mark.parametrize(
    "old, new, message",
    [
        (
            "10.30.0.7",
            "10.30.0.0/24",
            "probes: archive: address: 10.30.0.0/24 is not one address; write one such as 10.30.0.7, since a probe is no scan.",
        ),
        (
            "10.30.0.7",
            "pacs.example",
            "probes: archive: address: pacs.example is not one address; write one such as 10.30.0.7, since a probe is no scan.",
        ),
        (
            "10.30.0.7",
            "10.30.66.9",
            "probes: archive: address: 10.30.66.9 lies in the zone modalities, whose medical devices are never probed; leave the probe out.",
        ),
        (
            "10.30.0.7",
            "9.9.9.9",
            "probes: archive: address: 9.9.9.9 lies in no zone, so nobody says that it is no medical device; add its network to a zone.",
        ),
        ("10.30.0.7", "10.30.255.255", "probes: archive: address: 10.30.255.255 is an address of many hosts; write that of one."),
        (
            "port: 104, expected: allowed",
            "port: 104, expected: denied",
            "probes: archive: expected: a flow allows tcp 104 from clinical to imaging; expect the probe to be allowed, or change the flows.",
        ),
        (
            "port: 443, expected: denied",
            "port: 443, expected: allowed",
            "probes: viewer: expected: no flow allows tcp 443 from clinical to imaging; expect the probe to be denied, or change the flows.",
        ),
        ("name: viewer", "name: archive", "probes: archive: the name is there twice; give one of them another name."),
        (
            "source: clinical, address",
            "source: ward, address",
            "probes: archive: source: there is no zone ward; choose one of clinical, imaging, modalities.",
        ),
        ("port: 104, expected", "port: 1-1024, expected", "probes: number 1: port is '1-1024'; write one port such as 104."),
    ],
)
def test_a_probe_that_may_not_be_sent_is_reported(tmp_path, monkeypatch, old, new, message):
    monkeypatch.setattr(segmentation.LookupModule, "set_options", lambda self, var_options, direct: None)
    for text, wrong in ((PROBES, False), (PROBES.replace(old, new, 1), True)):
        (tmp_path / "site.yml").write_text(text, encoding="utf-8")
        if wrong:
            with pytest.raises(AnsibleLookupError) as caught:
                segmentation.LookupModule().run([str(tmp_path / "site.yml")])
            assert message in str(caught.value)
        else:
            assert len(segmentation.LookupModule().run([str(tmp_path / "site.yml")])[0]["probes"]) == 2


def test_a_list_of_endpoints_does_not_become_a_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(segmentation.LookupModule, "set_options", lambda self, var_options, direct: None)
    policy = yaml.safe_load(PROBES)
    policy["probes"] = [{**policy["probes"][0], "name": f"host-{number}", "address": f"10.30.0.{number}"} for number in range(1, 34)]
    (tmp_path / "site.yml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    with pytest.raises(
        AnsibleLookupError, match="probes: 33 are sent from clinical, and 32 may be: a list of endpoints must not become a scan"
    ):
        segmentation.LookupModule().run([str(tmp_path / "site.yml")])


def test_the_words_for_nft_have_no_overlap_and_no_quotes(policy):
    rules = segment_rules(policy(), "imaging")["in"]["zones"]
    assert rules == {"clinical": [{"protocol": "tcp", "ports": "104, 8000-8200", "comment": "Images 'in'"}], "imaging": []}


def test_a_zone_that_is_not_there_is_reported(policy):
    with pytest.raises(AnsibleFilterError, match="there is no zone ward; choose one of clinical, imaging"):
        segment_rules(policy(), "ward")


@pytest.mark.parametrize(
    "address, port, allowed",
    [
        ("10.20.0.7", 104, True),
        ("::ffff:10.20.0.7", 104, True),
        ("10.20.0.7", 22, False),
        ("10.30.0.7", 104, False),
        ("fd00:20::1%eth0", "104", True),
    ],
)
def test_an_address_is_let_in_as_its_zone_is(policy, address, port, allowed):
    assert segment_allows(policy(), address, "imaging", port) is allowed


def test_a_name_is_no_address(policy):
    with pytest.raises(AnsibleFilterError, match="segment_allows"):
        segment_allows(policy(), "pacs", "imaging", 104)


def test_the_policy_of_the_page_is_one(policy, tmp_path):
    with open(os.path.join(COLLECTION, "docs/segmentation.md"), encoding="utf-8") as stream:
        (example,) = re.findall(r"^```yaml\n(.*?)^```", stream.read(), re.M | re.S)
    (tmp_path / "page.yml").write_text(example, encoding="utf-8")
    page = segmentation.LookupModule().run([str(tmp_path / "page.yml")])[0]
    assert segment_allows(page, "10.10.5.7", "imaging", 22) and not segment_allows(page, "172.20.0.7", "imaging", 22)
