# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tenants share: each kind of thing seen failing, and declared."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.tenants import KINDS, Site

TENANTS = """
- id: radiology
  title: Radiology
  guests: [pacs*]
  administrators: [rad-admin]
{shares}
- id: cardiology
  title: Cardiology
  guests: [ecg*]
  administrators: [card-admin]
- id: ai-lab
  title: Training of models
  guests: [gpu*]
"""
SHARES = """
  shares:
    - {{kind: {kind}, name: "{name}", with: [{other}], reason: The integration engine connects them}}
"""


@pytest.fixture
def tenants(tmp_path):
    def read(shares="", text=None):
        (tmp_path / "tenants").mkdir(exist_ok=True)
        (tmp_path / "tenants/hospital.yml").write_text(text or TENANTS.format(shares=shares), encoding="utf-8")
        return list(Catalogue([str(tmp_path)]).tenants.values())

    return read


def thing(kind, name, place="", **more):
    return {"kind": kind, "name": name, "place": place, **more}


def look(host, administrators=(), **guests):
    found = [{"name": name, "uuid": name, "running": True, "touches": touches} for name, touches in guests.items()]
    return {"host": host, "guests": found, "administrators": list(administrators)}


def answers(looks, tenants, host="kvm1"):
    return {record["control"][len("tenant-") :]: record for record in Site(looks, tenants).results(host)}


def failing(records):
    return {name for name, record in records.items() if record["status"] == "fail"}


OF_HOSTS = [kind for kind in KINDS if kind != "administrator"]


@pytest.mark.parametrize("kind", OF_HOSTS)
def test_what_two_tenants_share_is_named(tenants, kind):
    records = answers([look("kvm1", pacs=[thing(kind, "x")], ecg=[thing(kind, "x")])], tenants())
    record = records[kind.replace("_", "-")]
    assert failing(records) == {kind.replace("_", "-")}
    assert record["message"].startswith(f"{KINDS[kind]} x of kvm1 is shared by cardiology (ecg on kvm1) and radiology (pacs on kvm1)")
    assert record["observed"]["x of kvm1"]["tenants"] == {"radiology": ["pacs on kvm1"], "cardiology": ["ecg on kvm1"]}


@pytest.mark.parametrize("kind", OF_HOSTS)
def test_what_is_declared_with_a_reason_passes(tenants, kind):
    looks = [look("kvm1", pacs=[thing(kind, "hl7")], ecg=[thing(kind, "hl7")])]
    declared = tenants(SHARES.format(kind=kind, name="hl*", other="cardiology"))
    record = answers(looks, declared)[kind.replace("_", "-")]
    assert (record["status"], record["message"]) == ("pass", "")
    assert record["observed"]["hl7 of kvm1"]["reasons"] == ["The integration engine connects them"]


@pytest.mark.parametrize(
    "kind,name,other", [("disk", "hl7", "cardiology"), ("network", "other", "cardiology"), ("network", "hl7", "ai-lab")]
)
def test_another_declaration_does_not_help(tenants, kind, name, other):
    looks = [look("kvm1", pacs=[thing("network", "hl7")], ecg=[thing("network", "hl7")])]
    assert failing(answers(looks, tenants(SHARES.format(kind=kind, name=name, other=other)))) == {"network"}


def test_a_third_tenant_is_not_covered_by_the_declaration_of_two(tenants):
    looks = [look("kvm1", pacs=[thing("network", "hl7")], ecg=[thing("network", "hl7")], gpu=[thing("network", "hl7")])]
    record = answers(looks, tenants(SHARES.format(kind="network", name="hl7", other="cardiology")))["network"]
    assert "shared by ai-lab (gpu on kvm1) and cardiology (ecg on kvm1) and radiology (pacs on kvm1)" in record["message"]


def test_one_tenant_shares_with_itself_what_it_wants(tenants):
    assert failing(answers([look("kvm1", pacs1=[thing("disk", "x")], pacs2=[thing("disk", "x")])], tenants())) == set()


def test_things_of_one_host_are_others_on_another_host(tenants):
    looks = [look("kvm1", pacs=[thing("network", "default")]), look("kvm2", ecg=[thing("network", "default")])]
    assert failing(answers(looks, tenants())) == set()


def test_things_of_all_hosts_are_shared_over_hosts(tenants):
    place = "nas:/studies/a.img"
    looks = [
        look("kvm1", pacs=[thing("disk", "/srv/a.img", place)]),
        look("kvm2", ecg=[thing("disk", "/mnt/a.img", place)]),
        look("kvm3", pacs2=[]),
    ]
    for host, status in (("kvm1", "fail"), ("kvm2", "fail"), ("kvm3", "pass")):
        record = answers(looks, tenants(), host)["disk"]
        assert record["status"] == status
    assert "cardiology (ecg on kvm2) and radiology (pacs on kvm1)" in answers(looks, tenants())["disk"]["message"]


def test_a_file_below_overlays_is_no_shared_disk_unless_somebody_writes_it(tenants):
    base = thing("disk", "debian-12.qcow2", below=True)
    assert failing(answers([look("kvm1", pacs=[base], ecg=[base])], tenants())) == set()
    written = thing("disk", "debian-12.qcow2", below=False)
    assert failing(answers([look("kvm1", pacs=[base], ecg=[written])], tenants())) == {"disk"}


def test_a_bridge_is_named_once_where_it_is_that_of_a_network(tenants):
    by_network = [thing("network", "n"), thing("bridge", "br0", by="n")]
    assert failing(answers([look("kvm1", pacs=by_network, ecg=by_network)], tenants())) == {"network"}
    assert failing(answers([look("kvm1", pacs=by_network, ecg=[thing("bridge", "br0")])], tenants())) == {"bridge"}
    other = [thing("network", "m"), thing("bridge", "br0", by="m")]
    assert failing(answers([look("kvm1", pacs=by_network, ecg=other)], tenants())) == {"bridge"}


def test_whoever_controls_the_guests_of_two_tenants_is_named(tenants):
    looks = [look("kvm1", ["vmadmin"], pacs=[]), look("kvm2", ["vmadmin", "other"], ecg=[])]
    record = answers(looks, tenants())["administrator"]
    assert record["message"].startswith("the administrator vmadmin is shared by")
    assert "other" not in record["message"]


def test_an_account_of_one_tenant_that_controls_another(tenants):
    record = answers([look("kvm1", ["rad-admin"], ecg=[])], tenants())["administrator"]
    assert "the administrator rad-admin is shared by cardiology (ecg on kvm1) and radiology" in record["message"]


def test_an_account_that_two_tenants_name(tenants):
    named = TENANTS.format(shares="").replace("card-admin", "rad-admin")
    assert failing(answers([look("kvm1", pacs=[])], tenants(text=named))) == {"administrator"}


@pytest.mark.parametrize("name,message", [("hr", "hr belongs to no tenant"), ("pacs-ecg", "pacs-ecg belongs to radiology and cardiology")])
def test_each_guest_belongs_to_one_tenant(tenants, name, message):
    text = TENANTS.format(shares="").replace("[ecg*]", '["*ecg"]')
    record = answers([look("kvm1", **{name: []})], tenants(text=text))["guests"]
    assert (record["status"], message in record["message"]) == ("fail", True)


def test_names_may_belong_to_others_on_other_hypervisors(tenants):
    text = (
        TENANTS.format(shares="")
        .replace("[ecg*]", "[pacs*]\n  hypervisors: [kvm2]")
        .replace("[pacs*]", "[pacs*]\n  hypervisors: [kvm1]", 1)
    )
    assert answers([look("kvm1", pacs=[]), look("kvm2", pacs=[])], tenants(text=text), "kvm2")["guests"]["observed"] == {
        "pacs": ["cardiology"]
    }


def test_nothing_passes_while_a_hypervisor_was_not_seen(tenants):
    looks = [look("kvm1", pacs=[thing("disk", "x")], ecg=[thing("disk", "x")]), {"host": "kvm2", "problem": "unreachable"}]
    records = answers(looks, tenants())
    assert records["disk"]["status"] == "fail"
    assert records["network"]["status"] == "not_checked"
    assert records["network"]["message"] == "kvm2 was not checked, and its guests may share more"
    assert {record["status"] for record in answers(looks, tenants(), "kvm2").values()} == {"not_checked"}


def test_many_guests_are_counted(tenants):
    many = {f"pacs{number}": [thing("network", "n")] for number in range(9)}
    assert "pacs2 on kvm1, 6 more)" in answers([look("kvm1", ecg=[thing("network", "n")], **many)], tenants())["network"]["message"]


@pytest.mark.parametrize(
    "shares,message",
    [
        (SHARES.format(kind="network", name="n", other="cardiolgy"), "with: there is no tenant cardiolgy; did you mean cardiology"),
        (SHARES.format(kind="network", name="n", other="radiology"), "with: radiology is this tenant itself"),
        (SHARES.format(kind="networks", name="n", other="cardiology"), "kind is 'networks'; use network, bridge"),
        ("  guest: [x]", "did you mean guests"),
        ("  shares:\n    - {kind: network, name: n, with: [cardiology]}", "reason"),
    ],
)
def test_a_mistake_in_the_policy_is_named_with_what_was_meant(tenants, shares, message):
    with pytest.raises(PolicyError, match=r"tenants/hospital\.yml") as found:
        tenants(shares)
    assert message in str(found.value)


def test_a_tenant_is_there_once(tenants):
    with pytest.raises(PolicyError, match="tenant radiology is in"):
        tenants(text=TENANTS.format(shares="").replace("cardiology", "radiology"))
