# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The other sources, and how several become one inventory."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory
from migration_files import TODAY, VCENTER, rvtools, workbook

AZURE = """\
*Server Name,IP addresses,*Cores,*Memory (In MB),*OS name,OS version,\
CPU utilization percentage,Boot type,Number of disks,Disk 1 size (In GB),Disk 2 size (In GB),MAC address
lab-1,10.20.0.50;10.21.0.50,4,8192,Windows Server 2019,10.0,12.5,UEFI,2,100,50,00-50-56-AA-00-01
"""
AWS = f"""\
ExternalId,SMBiosId,IPAddress,MACAddress,HostName,VMware.MoRefId,VMware.VCenterId,CPU.NumberOfLogicalCores,OS.Name,\
VMware.VMName,RAM.TotalSizeInMB,CPU.UsagePct.Max,Applications,ApplicationWave
e-1,,10.20.0.51,,lab-2.example.org,vm-9,{VCENTER},2,Ubuntu,lab-2,4096,80,"[""Lab"", ""Reports""]",wave-2
"""
DEPENDENCIES = """\
Timeslot,Source server name,Source application,Source process,Destination server name,\
Destination IP,Destination application,Destination process,Destination port
2026-11-29 00:00,ehr-web,EHR,java,ehr-db,10.20.0.12,PostgreSQL,postgres,5432
2026-11-29 06:00,ehr-web,EHR,java,ehr-db,10.20.0.12,PostgreSQL,postgres,5432
2026-11-29 06:00,pacs,PACS,dcm,,203.0.113.7,,Unknown process,443
2026-11-29 06:00,pacs,PACS,dcm,,127.0.0.1,,Unknown process,443
"""
CMDB = """\
Server;Application;Owner;Clinical tier;RTO;RPO;Vendor;Window
EHR-WEB.example.org;EHR;Clinical IT;Tier 1 - life;4 h;15 min;Acme;Sat 22:00-04:00
pacs;PACS;Radiology;high;1 day;4;Imago;
ghost;;;;;;;
"""
DOMAIN = """\
<domain type="kvm" id="3"><name>gateway</name><uuid>11111111-2222-4333-8444-555555555555</uuid>
<memory unit="GiB">4</memory><vcpu>2</vcpu><os firmware="efi"><type arch="x86_64" machine="q35">hvm</type></os>
<devices><disk type="block" device="disk"><source dev="/dev/vg/gateway"/><target dev="vda" bus="virtio"/><shareable/></disk>
<interface type="bridge"><mac address="52:54:00:00:00:07"/><source bridge="br0"/><model type="virtio"/></interface>
<hostdev mode="subsystem" type="usb"><source><vendor id="0x0529"/><product id="0x0001"/></source></hostdev></devices></domain>
"""
VM_INFO = {
    "virtual_machines": [
        {
            "guest_name": "pacs",
            "guest_fullname": "Microsoft Windows Server 2019 (64-bit)",
            "power_state": "poweredOn",
            "uuid": "4207072c-edd8-3bd5-64dc-000000000003",
            "ip_address": "10.20.0.13",
            "mac_address": ["00:50:56:00:00:03"],
            "vm_network": {"00:50:56:00:00:03": {"ipv4": ["10.20.0.13/24", "10.20.9.13/24"], "ipv6": ["fe80::1/64"]}},
            "esxi_hostname": "esx4",
            "cluster": "blue",
            "datacenter": "main",
            "attributes": {"Responsible": "Radiology"},
            "moid": "vm-3",
            "allocated": {"storage": 8589934592000, "cpu": 8, "memory": 65536},
        }
    ]
}
GUEST_INFO = {
    "instance": {
        "hw_name": "pacs",
        "moid": "vm-3",
        "hw_cores_per_socket": 4,
        "snapshots": [{}],
        "hw_eth0": {"macaddress": "00:50:56:00:00:03", "ipaddresses": ["10.20.8.13"]},
        "hw_interfaces": ["eth0"],
    }
}


@pytest.fixture
def file(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return make


def source(kind, path, **options):
    return {"kind": kind, "path": path, "exported": TODAY, **options}


def machine(found, name):
    return next(each for each in found["machines"] if each["name"] == name)


def controls(found, status):
    return sorted(record["control"] for record in found["records"] if record["status"] == status)


def test_azure_servers(file):
    (lab,) = inventory([source("azure_migrate", file("azure.csv", AZURE))], TODAY)["machines"]
    assert (lab["id"], lab["cpus"], lab["memory_mib"], lab["os"], lab["firmware"]) == (
        "azure:lab-1",
        4,
        8192,
        "Windows Server 2019 10.0",
        "efi",
    )
    assert lab["addresses"] == ["10.20.0.50", "10.21.0.50"] and lab["macs"] == ["00:50:56:aa:00:01"]
    assert [disk["capacity_mib"] for disk in lab["disks"]] == [102400, 51200] and lab["provisioned_mib"] == 153600
    assert lab["usage"] == {"cpu_percent": 12.5} and lab["owner"] is None


def test_aws_servers(file):
    found = inventory([source("aws_discovery", file("aws.csv", AWS))], TODAY)
    (lab,) = found["machines"]
    assert (lab["id"], lab["cpus"], lab["application"], lab["wave"]) == (f"vmware:{VCENTER}:vm-9", 2, "Lab", "wave-2")
    assert "migration-guess-lab-2" in controls(found, "not_checked")


def test_libvirt_guests(file, tmp_path):
    path = file("gateway.xml", DOMAIN)
    for given in ({"path": str(tmp_path)}, {"path": path}, {"data": [DOMAIN]}):
        (gateway,) = inventory([{"kind": "libvirt", "exported": TODAY, "host": "kvm1", **given}], TODAY)["machines"]
        assert gateway["id"] == "libvirt:11111111-2222-4333-8444-555555555555"
        assert (gateway["cpus"], gateway["memory_mib"], gateway["power"], gateway["firmware"], gateway["host"]) == (
            2,
            4096,
            "on",
            "efi",
            "kvm1",
        )
        assert gateway["disks"][0]["raw"] and gateway["disks"][0]["sharing"] == "shareable" and gateway["usb_devices"] == 1


def test_answers_of_a_vcenter():
    answers = [VM_INFO, GUEST_INFO]
    given = {"kind": "vcenter", "data": answers, "vcenter": VCENTER, "exported": TODAY, "attributes": {"owner": "Responsible"}}
    (pacs,) = inventory([given], TODAY)["machines"]
    assert (pacs["id"], pacs["cpus"], pacs["memory_mib"], pacs["cores_per_socket"], pacs["snapshots"]) == (
        f"vmware:{VCENTER}:vm-3",
        8,
        65536,
        4,
        1,
    )
    assert pacs["provisioned_mib"] == 8192000 and pacs["owner"] == "Radiology"
    assert pacs["addresses"] == ["10.20.0.13", "10.20.8.13", "10.20.9.13"]


def test_a_sheet_of_the_site_adds_to_machines(file, tmp_path):
    found = inventory([source("rvtools", rvtools(tmp_path / "all.xlsx")), source("cmdb", file("cmdb.csv", CMDB))], TODAY)
    ehr, pacs = machine(found, "ehr-web"), machine(found, "pacs")
    assert (ehr["application"], ehr["tier"], ehr["rto_hours"], ehr["rpo_hours"], ehr["window"]) == ("EHR", 1, 4, 0.25, "Sat 22:00-04:00")
    assert (pacs["tier"], pacs["rto_hours"], pacs["rpo_hours"], pacs["vendor"]) == (2, 24, 4, "Imago")
    assert machine(found, "dc1")["application"] is None
    said = {record["message"] for record in found["records"]}
    assert any("no inventory of a platform has this machine" in message for message in said)
    assert any("the tier high was read as 2" in message for message in said)
    # A machine is known by its DNS name and by its whole name; that a part of a name means it is a guess.
    assert not any("of cmdb.csv was taken" in message for message in said)
    other = file("other.csv", "Server,Owner\npacs.radiology.example.org,Radiology\n")
    found = inventory([source("rvtools", str(tmp_path / "all.xlsx")), source("cmdb", other)], TODAY)
    assert machine(found, "pacs")["owner"] == "Radiology"
    assert any("pacs.radiology.example.org of other.csv was taken for it by its name" in each["message"] for each in found["records"])


def test_a_sheet_can_have_other_headings_and_be_a_workbook(tmp_path):
    sheet = workbook(tmp_path / "cmdb.xlsx", {"Notes": [["hello"]], "Systems": [["Asset", "Class of care"], ["pacs", "2"]]})
    given = source("cmdb", sheet, sheet="Systems", columns={"name": "Asset", "tier": "Class of care"})
    found = inventory([source("rvtools", rvtools(tmp_path / "all.xlsx")), given], TODAY)
    assert machine(found, "pacs")["tier"] == 2


def test_sources_that_contradict_each_other(file, tmp_path):
    azure = AZURE.replace("lab-1,10.20.0.50;10.21.0.50,4,8192,Windows Server 2019", "pacs,10.20.0.13,4,8192,Ubuntu").replace(
        "00-50-56-AA-00-01", "00-50-56-00-00-03"
    )
    found = inventory([source("rvtools", rvtools(tmp_path / "all.xlsx")), source("azure_migrate", file("azure.csv", azure))], TODAY)
    assert len(found["machines"]) == 5 and machine(found, "pacs")["cpus"] == 8
    said = [record for record in found["records"] if record["control"] == "migration-conflict-pacs"]
    assert {record["expected"] for record in said} == {"one value of cpus", "one value of memory_mib", "one value of os"}
    cpus = next(record for record in said if record["expected"] == "one value of cpus")
    assert cpus["status"] == "fail" and cpus["observed"] == {"all.xlsx": 8, "azure.csv": 4}
    assert cpus["message"].startswith("cpus: all.xlsx says 8, azure.csv says 4; 8 is used")


def test_a_uuid_in_the_other_byte_order_is_a_guess(file, tmp_path):
    aws = (
        AWS.replace("e-1,,10.20.0.51", "e-1,2c070742-d8ed-d53b-64dc-000000000003,10.99.0.1")
        .replace(f"vm-9,{VCENTER}", ",")
        .replace("lab-2", "other")
    )
    found = inventory([source("rvtools", rvtools(tmp_path / "all.xlsx")), source("aws_discovery", file("aws.csv", aws))], TODAY)
    assert len(found["machines"]) == 5 and machine(found, "pacs")["wave"] == "wave-2"
    assert any("other byte order" in record["message"] for record in found["records"])


def test_what_fits_two_machines_belongs_to_none(file, tmp_path):
    twins = [("pacs", "Ubuntu", 2, 4096, 40, 7), ("pacs", "Ubuntu", 2, 4096, 40, 8)]
    found = inventory([source("rvtools", rvtools(tmp_path / "all.xlsx", twins)), source("cmdb", file("cmdb.csv", CMDB))], TODAY)
    assert [each["application"] for each in found["machines"]] == [None, None]
    assert any("fits 2 machines" in record["message"] for record in found["records"])


def test_flows_are_between_ids_and_each_once(file, tmp_path):
    plain = "src,dst,proto,port,count\n10.20.0.11,10.20.0.12,6,5432,7\n10.20.0.2,10.20.0.3,udp,53,1\n"
    sources = [
        source("rvtools", rvtools(tmp_path / "all.xlsx")),
        source("azure_dependencies", file("deps.csv", DEPENDENCIES)),
        source("flows", file("flows.csv", plain)),
    ]
    found = inventory(sources, TODAY)
    ids = {each["name"]: each["id"] for each in found["machines"]}
    seen = {(flow["source"], flow["destination"], flow["port"]): flow for flow in found["flows"]}
    assert seen[ids["ehr-web"], ids["ehr-db"], 5432]["count"] == 9
    assert seen[ids["ehr-web"], ids["ehr-db"], 5432]["last"] == "2026-11-29 06:00"
    assert (ids["pacs"], "203.0.113.7", 443) in seen and len(seen) == 3


def test_samples_in_a_file_or_given(file, tmp_path):
    text = "machine,time,cpu_percent,memory_percent,iops,mib_per_second\npacs,2026-11-29T02:05:00Z,40,50,100,3.5\npacs,2026-11-29T02:00:00Z,20,50,,\n"
    platform = source("rvtools", rvtools(tmp_path / "all.xlsx"))
    found = inventory([platform, source("samples", file("load.csv", text))], TODAY)
    identifier = machine(found, "pacs")["id"]
    assert found["samples"] == {identifier: [[1795917600, 20, 50, None, None], [1795917900, 40, 50, 100, 3.5]]}
    assert machine(found, "pacs")["usage"]["samples"] == 2
    same = {"kind": "samples", "data": {"pacs": [{"time": "2026-11-29T02:00:00Z", "cpu_percent": 20}]}}
    assert inventory([platform, same], TODAY)["samples"][identifier] == [[1795917600, 20, None, None, None]]


def test_the_order_of_rows_changes_nothing(tmp_path):
    from migration_files import CLINIC

    found = [inventory([source("rvtools", rvtools(tmp_path / "a.xlsx", CLINIC))], TODAY) for _twice in (1, 2)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([{"kind": "rvtool", "path": "x"}], "source 1: there is no kind rvtool; did you mean rvtools."),
        ([{"kind": "rvtools"}], "source 1: rvtools needs path; give it."),
        ([{"kind": "rvtools", "path": "/nowhere.xlsx"}], "/nowhere.xlsx: there is no such file; correct the path."),
        ([{"kind": "cmdb", "path": "x", "colums": {}}], "source 1: cmdb has no option colums; did you mean columns."),
        ([{"kind": "libvirt", "data": ["<domain/>"]}], "libvirt, definition 1: the definition names no guest; take what virsh dumpxml prints."),
        ([{"kind": "vcenter", "data": {"x": 1}}], "vcenter: the answer has none of virtual_machines, instance, guests, vms; pass what the module returned."),
        ([{"kind": "samples", "data": {"a": [{"time": "noon"}]}}], "samples, machine a, sample 1: 'noon' is no moment"),
        ([{"kind": "rvtools", "path": "/", "exported": "1.1.2026"}], "source 1: exported is '1.1.2026'; write a day such as 2026-11-30."),
        ([], "no source lists machines; give an export of the platform, such as one of RVTools."),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_used_is_one_sentence(given, sentence):
    with pytest.raises(Unusable) as caught:
        inventory(given, TODAY)
    assert str(caught.value).startswith(sentence.rstrip(".")) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("machine,time\npacs,2026-13-01T00:00:00Z\n", "is no moment"),
        ("src,dst,port\na,b,70000\n", "row 2, column port: '70000' is no port"),
        ("Server,RTO\npacs,soon\n", "row 2, column RTO: 'soon' is no duration"),
        ("", "the file is empty"),
        ("a,b\n\x00", "neither in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(file, text, sentence):
    kinds = {"machine": "samples", "src": "flows"}
    kind = kinds.get(text.partition(",")[0], "cmdb")
    with pytest.raises(Unusable, match=sentence):
        inventory([source(kind, file("x.csv", text))], TODAY)
