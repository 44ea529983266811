# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exports of platforms, made by the tests: workbooks as RVTools writes them, of any number of machines."""

from __future__ import annotations

import zipfile
from xml.sax.saxutils import escape

TODAY = "2026-11-30"
VCENTER = "0d1f8e2a-6c1b-4a4e-9d7e-4a7f6d1b2c3d"
TAIL = ("Datacenter", "Cluster", "Host", "VM ID", "VI SDK UUID")
HEADINGS = {
    "vInfo": (
        *("VM", "Powerstate", "Template", "SRM Placeholder", "DNS Name", "CPUs", "Memory", "Disks", "CBT", "Primary IP Address"),
        *("Provisioned MiB", "In Use MiB", "EFI Secure boot", "Firmware", "HW version", "FT State", "Cluster rule name(s)"),
        *("Consolidation Needed", "OS according to the VMware Tools", "Owner of it", "SMBIOS UUID", *TAIL),
    ),
    "vCPU": ("VM", "CPUs", "Cores p/s", "Hot Add", "Hot Remove", *TAIL),
    "vMemory": ("VM", "Size MiB", "Active", "Hot Add", *TAIL),
    "vDisk": ("VM", "Disk", "Capacity MiB", "Raw", "Disk Mode", "Sharing mode", "Thin", "Controller", "Shared Bus", "Path", *TAIL),
    "vPartition": ("VM", "Disk", "Disk Key", "Capacity MiB", "Free MiB", "Free %", *TAIL),
    "vNetwork": ("VM", "NIC label", "Adapter", "Network", "Mac Address", "IPv4 Address", "IPv6 Address", *TAIL),
    "vSnapshot": ("VM", "Name", *TAIL),
    "vTools": ("VM", "Tools", *TAIL),
    "vUSB": ("VM", "Device Type", *TAIL),
    "vHost": ("Host", "Cluster", "CPU Model", "Speed", "# CPU", "# Cores", "# Memory"),
    "vCluster": ("Name", "HA enabled", "DRS enabled", "DPM enabled"),
    "vMetaData": ("RVTools version", "xlsx creation datetime"),
}


def workbook(path, sheets, last_row=""):
    """A workbook of ``{sheet: [row, …]}``; a cell that begins with ``=`` holds a formula. ``last_row`` is the XML of one more."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        names = list(sheets)
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        )
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(names, 1))
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>')
        related = "".join(
            f'<Relationship Id="r{at}" Type="{office}/worksheet" Target="worksheets/sheet{at}.xml"/>' for at in range(1, len(names) + 1)
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{related}</Relationships>')
        for at, name in enumerate(names, 1):
            rows = "".join(f'<row r="{number}">{_cells(row, number)}</row>' for number, row in enumerate(sheets[name], 1))
            size = '<dimension ref="A1:XFD1048576"/>' if last_row else ""
            archive.writestr(
                f"xl/worksheets/sheet{at}.xml", f'<worksheet xmlns="{main}">{size}<sheetData>{rows}{last_row}</sheetData></worksheet>'
            )
    return str(path)


def _cells(row, number):
    return "".join(_cell(value, f"{_letters(at)}{number}") for at, value in enumerate(row, 1) if value is not None)


def _letters(number):
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _cell(value, place):
    if isinstance(value, bool) or (isinstance(value, str) and not value.startswith("=")):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
    if isinstance(value, str):
        return f'<c r="{place}"><f>{escape(value[1:])}</f><v>1</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


# Of a clinic: name, system, processors, MiB of memory, GiB of disk, number in the network.
CLINIC = (
    ("ehr-web", "Red Hat Enterprise Linux 9 (64-bit)", 4, 16384, 80, 10),
    ("ehr-db", "Red Hat Enterprise Linux 9 (64-bit)", 16, 131072, 2000, 11),
    ("pacs", "Microsoft Windows Server 2019 (64-bit)", 8, 65536, 8000, 12),
    ("dc1", "Microsoft Windows Server 2022 (64-bit)", 2, 8192, 80, 2),
    ("files", "Microsoft Windows Server 2016 (64-bit)", 4, 16384, 4000, 13),
)


def rvtools(path, machines=CLINIC, changes=None, created=f"{TODAY}T06:00:00", without=(), **options):
    """An export of these machines; ``changes`` replaces cells: ``{(sheet, machine, heading): value}``."""
    sheets = {name: [heading] for name, heading in HEADINGS.items() if name not in without}
    for number, each in enumerate(machines, 1):
        for sheet, values in _rows(number, *each).items():
            if sheet in sheets:
                sheets[sheet].append([values.get(heading) for heading in HEADINGS[sheet]])
    hosts = sorted({_tail(number)["Host"] for number in range(1, len(machines) + 1)})
    for host in hosts:
        sheets.get("vHost", []).append([host, "blue", "Intel Xeon Gold 6248R", 3000, 2, 48, 786432])
    sheets.get("vCluster", []).append(["blue", "True", "True", "False"])
    if created and "vMetaData" in sheets:
        sheets["vMetaData"].append(["4.6.1", created])
    for (sheet, name, heading), value in (changes or {}).items():
        row = next(row for row in sheets[sheet][1:] if row[0] == name)
        row[HEADINGS[sheet].index(heading)] = value
    return workbook(path, sheets, **options)


def _tail(number):
    return {
        "Datacenter": "main",
        "Cluster": "blue",
        "Host": f"esx{number % 12 + 1}.example.org",
        "VM ID": f"vm-{number}",
        "VI SDK UUID": VCENTER,
    }


def _rows(number, name, system, cpus, memory, disk, address):
    tail = {"VM": name, **_tail(number)}
    place = f"10.20.{address // 250}.{address % 250 + 1}"
    return {
        "vInfo": {
            **tail,
            "Powerstate": "poweredOn",
            "Template": "False",
            "SRM Placeholder": "False",
            "DNS Name": f"{name}.example.org",
            "CPUs": cpus,
            "Memory": memory,
            "Disks": 1,
            "CBT": "True",
            "Primary IP Address": place,
            "Provisioned MiB": disk * 1024,
            "In Use MiB": disk * 512,
            "EFI Secure boot": "False",
            "Firmware": "efi",
            "HW version": 19,
            "FT State": "notConfigured",
            "Consolidation Needed": "False",
            "OS according to the VMware Tools": system,
            "SMBIOS UUID": f"4207072c-edd8-3bd5-64dc-{number:012x}",
        },
        "vCPU": {**tail, "CPUs": cpus, "Cores p/s": 2, "Hot Add": "False", "Hot Remove": "False"},
        "vMemory": {**tail, "Size MiB": memory, "Active": memory // 4, "Hot Add": "False"},
        "vDisk": {
            **tail,
            "Disk": "Hard disk 1",
            "Capacity MiB": disk * 1024,
            "Raw": "False",
            "Disk Mode": "persistent",
            "Sharing mode": "sharingNone",
            "Thin": "True",
            "Controller": "SCSI controller 0",
            "Shared Bus": "noSharing",
            "Path": f"[vsan] {name}/{name}.vmdk",
        },
        "vPartition": {**tail, "Disk": "/", "Disk Key": 2000, "Capacity MiB": disk * 1024, "Free MiB": disk * 512, "Free %": 50},
        "vNetwork": {
            **tail,
            "NIC label": "Network adapter 1",
            "Adapter": "Vmxnet3",
            "Network": "servers",
            "Mac Address": f"00:50:56:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
            "IPv4 Address": place,
        },
        "vTools": {**tail, "Tools": "toolsOk"},
    }


def many(number):
    """So many machines of a hospital, always the same ones."""
    systems = (
        "Microsoft Windows Server 2019 (64-bit)",
        "Red Hat Enterprise Linux 8 (64-bit)",
        "Ubuntu Linux (64-bit)",
        "CentOS 7 (64-bit)",
    )
    return [
        (f"app{at // 5:04}-{at % 5}", systems[at % 4], (1, 2, 4, 8)[at * 7 % 4], 4096 * (1 + at * 5 % 7), 60 + at * 13 % 400, at)
        for at in range(number)
    ]
