# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RVTools' exports: whole ones, those of other versions and languages, and broken ones."""

from __future__ import annotations

import csv
import json
import zipfile

import migration_files
import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import workbook as workbook_reader
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory
from migration_files import CLINIC, HEADINGS, TODAY, VCENTER, rvtools, workbook


def read(path, **options):
    return inventory([{"kind": "rvtools", "path": str(path), **options}], TODAY)


def machine(found, name):
    return next(each for each in found["machines"] if each["name"] == name)


def messages(found, subject):
    return [record["message"] for record in found["records"] if record["control"] == f"migration-guess-{subject}"]


def refused(path, **options):
    with pytest.raises(Unusable) as caught:
        read(path, **options)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_a_machine_of_all_sheets(tmp_path):
    found = read(rvtools(tmp_path / "all.xlsx"))
    assert len(found["machines"]) == len(CLINIC)
    pacs = machine(found, "pacs")
    assert {
        name: pacs[name] for name in ("id", "platform", "cpus", "memory_mib", "power", "firmware", "cluster", "tools", "snapshots")
    } == {
        "id": f"vmware:{VCENTER}:vm-3",
        "platform": "vmware",
        "cpus": 8,
        "memory_mib": 65536,
        "power": "on",
        "firmware": "efi",
        "cluster": "blue",
        "tools": "toolsOk",
        "snapshots": 0,
    }
    assert pacs["addresses"] == ["10.20.0.13"] and pacs["macs"] == ["00:50:56:00:00:03"]
    assert pacs["disks"][0]["capacity_mib"] == 8000 * 1024 and pacs["disks"][0]["datastore"] == "vsan"
    assert pacs["partitions"] == [{"name": "/", "capacity_mib": 8192000, "free_mib": 4096000, "disk_key": "2000"}]
    assert found["hosts"][0]["cores"] == 48 and found["clusters"] == [{"name": "blue", "drs": True, "dpm": False, "ha": True}]
    assert found["sources"] == [{"name": "all.xlsx", "kind": "rvtools", "exported": TODAY, "machines": 5, "flows": 0, "samples": 0}]


def test_five_thousand_machines_are_read_each_time_the_same(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", migration_files.many(5000))
    found = read(path)
    assert len(found["machines"]) == len({each["id"] for each in found["machines"]}) == 5000
    assert json.dumps(found["machines"][0])


def test_templates_placeholders_and_machines_of_the_cluster_are_left_out(tmp_path):
    changes = {("vInfo", "ehr-web", "Template"): "True", ("vInfo", "pacs", "SRM Placeholder"): True, ("vInfo", "dc1", "VM"): "vCLS-1f2e"}
    found = read(rvtools(tmp_path / "all.xlsx", changes=changes))
    assert [each["name"] for each in found["machines"]] == ["ehr-db", "files"]
    assert [each["reason"] for each in found["left_out"]] == [
        "template",
        "placeholder of Site Recovery Manager",
        "machine of vSphere Cluster Services",
    ]


def test_two_machines_of_one_name_have_their_own_rows(tmp_path):
    twins = [CLINIC[0], ("ehr-web", "Ubuntu Linux (64-bit)", 2, 4096, 40, 77)]
    found = read(rvtools(tmp_path / "all.xlsx", twins))
    assert [each["disks"][0]["capacity_mib"] // 1024 for each in found["machines"]] == [80, 40]
    assert len({each["label"] for each in found["machines"]}) == 2


def test_older_exports_have_no_ids_on_some_sheets(tmp_path):
    sheets = {"vInfo": [list(HEADINGS["vInfo"])], "vDisk": [["VM", "Capacity MB", "Datacenter", "Cluster"]]}
    rows = migration_files._rows(1, *CLINIC[0])["vInfo"]
    sheets["vInfo"].append([rows.get(heading) for heading in HEADINGS["vInfo"]])
    sheets["vDisk"].append(["ehr-web", 81920, "main", "blue"])
    found = read(workbook(tmp_path / "old.xlsx", sheets))
    assert found["machines"][0]["disks"][0]["capacity_mib"] == 81920
    assert any("there is no sheet vCPU" in message for message in messages(found, "old.xlsx"))
    # No day: nobody knows how old it is, which is no pass.
    (source,) = [record for record in found["records"] if record["control"] == "migration-source-old.xlsx"]
    assert source["status"] == "not_checked"


def test_headings_of_another_style_in_csv_of_another_language(tmp_path):
    rows = [
        ["vInfoVMName", "vInfoPowerstate", "vInfoCPUs", "vInfoMemory", "vInfoInUse MB", "vInfoOS", "vInfoUUID"],
        ["lab", "poweredOff", "2", "8.192", "1.234.567,5", "SUSE Linux Enterprise 15", "42 07 07 2c ed d8 3b d5-64 dc 90 3f d3 a0 db 04"],
    ]
    directory = tmp_path / "csv"
    directory.mkdir()
    with open(directory / "RVTools_tabvInfo.csv", "w", encoding="cp1252", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(rows)
    found = read(directory, exported=TODAY)
    lab = machine(found, "lab")
    assert (lab["cpus"], lab["memory_mib"], lab["in_use_mib"], lab["power"]) == (2, 8192, 1234567.5, "off")
    assert lab["uuid"] == "4207072c-edd8-3bd5-64dc-903fd3a0db04"
    assert any("8.192 was read as 8192" in message for message in messages(found, "RVTools_tabvInfo.csv/vInfo"))


def test_custom_attributes_can_be_what_a_site_says(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", changes={("vInfo", "pacs", "Owner of it"): "Radiology"})
    assert machine(read(path), "pacs")["owner"] is None
    pacs = machine(read(path, attributes={"owner": "Owner of it"}), "pacs")
    assert pacs["owner"] == "Radiology" and pacs["attributes"] == {"Owner of it": "Radiology"}


def test_a_number_that_is_none_names_its_cell(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", changes={("vInfo", "pacs", "Memory"): "lots"})
    assert refused(path) == "all.xlsx, sheet vInfo, row 4, column Memory: 'lots' is not a number; write a number such as 1024 or 12.5."
    assert "row 4, column CPUs: -1 is less than nothing" in refused(rvtools(path, changes={("vInfo", "pacs", "CPUs"): -1}))
    assert "is neither true nor false" in refused(rvtools(path, changes={("vInfo", "pacs", "CBT"): "perhaps"}))


def test_a_formula_names_its_cell(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", changes={("vDisk", "pacs", "Raw"): '=HYPERLINK("http://x")'})
    assert refused(path).startswith("all.xlsx, sheet vDisk, row 4, column D: the cell holds a formula")
    (tmp_path / "v.csv").write_text("VM,CPUs,Cluster\npacs,=1+1,blue\n")
    assert refused(tmp_path / "v.csv", exported=TODAY).startswith("v.csv, row 2, column CPUs: the cell holds a formula")


def test_an_old_export_is_refused(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", created="2026-10-01")
    assert refused(path) == (
        "all.xlsx, sheet vMetaData, row 2, column xlsx creation datetime: the export is of 2026-10-01, 60 days old, and 30 are allowed; "
        "export again, or raise max_age."
    )
    assert read(path, max_age=60)["sources"][0]["exported"] == "2026-10-01"
    assert "which is after 2026-11-30" in refused(rvtools(path, created="2027-02-01"))


def test_a_bomb_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_reader, "LARGEST_UNPACKED", 8 << 20)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(3 << 20))
    assert "it may be a ZIP bomb" in refused(bomb)


@pytest.mark.parametrize("cell", ['<c r="XFD1048576"><v>1</v></c>', "<c><v>1</v></c>", '<c t="inlineStr"><is><t>x</t></is></c>'])
def test_cells_far_from_each_other_would_make_a_rectangle_of_17_thousand_million(tmp_path, cell):
    path = rvtools(tmp_path / "far.xlsx", last_row=f'<row r="1048576">{cell}</row>')
    assert "row 1048576, column" in refused(path) and "there is a cell further out" in refused(path)


def test_a_million_empty_rows_are_no_rows(tmp_path):
    path = rvtools(tmp_path / "all.xlsx", last_row='<row r="1048576"><c r="A1048576" s="0"/><c r="B1048576"></c></row>')
    assert len(read(path)["machines"]) == 5


def test_a_part_that_grows_without_end_is_not_read_whole(tmp_path):
    path = tmp_path / "all.xlsx"
    rvtools(path)
    large = tmp_path / "large.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, b" " * (5 << 20) if name == "xl/workbook.xml" else source.read(name))
    assert "is larger than 4 MiB" in refused(large)


@pytest.mark.parametrize("cut", [0, 10, 200, -100, -2000])
def test_a_damaged_workbook_is_one_sentence(tmp_path, cut):
    path = tmp_path / "all.xlsx"
    rvtools(path)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    assert "no whole XLSX workbook" in refused(path)


def test_a_part_whose_size_is_a_lie_is_damaged(tmp_path):
    path = tmp_path / "all.xlsx"
    rvtools(path)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (50).to_bytes(4, "little")))
    assert "damaged" in refused(path)


def test_no_sheet_with_machines(tmp_path):
    assert "there is no sheet vInfo" in refused(rvtools(tmp_path / "all.xlsx", without=("vInfo",)))
    assert "there is no heading VM" in refused(workbook(tmp_path / "all.xlsx", {"vInfo": [["Virtual", "Thing"]]}))
    (tmp_path / "empty").mkdir()
    assert "there is no file RVTools_tabvInfo.csv" in refused(tmp_path / "empty")


def test_what_spreadsheets_write_is_read(tmp_path):
    """openpyxl writes shared strings, styles and days as numbers, as Excel does."""
    openpyxl = pytest.importorskip("openpyxl")
    from datetime import datetime

    book = openpyxl.Workbook()
    book.active.title = "vInfo"
    book.active.append(["VM", "CPUs", "Memory", "Template", "VM ID", "VI SDK UUID", None, None])
    book.active.append(["pacs", 8, 65536, False, "vm-3", VCENTER])
    book.create_sheet("vMetaData").append(["RVTools version", "xlsx creation datetime"])
    book["vMetaData"].append(["4.6.1", datetime(2026, 11, 29, 10, 0)])
    book.save(tmp_path / "all.xlsx")
    found = read(tmp_path / "all.xlsx")
    assert found["machines"][0]["memory_mib"] == 65536 and found["sources"][0]["exported"] == "2026-11-29"
