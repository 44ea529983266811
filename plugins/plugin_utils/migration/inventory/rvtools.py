# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RVTools: one XLSX workbook with a sheet for each subject, or a directory of CSV files with the same tables.

The formats differ by version: units MB and MiB, sheets without a column VM ID, the headings vInfoVMName and VM. A machine is known
by the UUID of its vCenter and its VM ID, since a VM ID is unique within one vCenter only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source, require_recent
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Column, Row, Table
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.workbook import Workbook

_NAMES = ("vm", "vmname")
# Columns of vInfo that RVTools writes itself; the others are custom attributes of the vCenter.
_KNOWN = frozenset(
    "vm vmname powerstate template srmplaceholder configstatus dnsname connectionstate gueststate heartbeat consolidationneeded "
    "poweron suspendedtomemory suspendtime suspendinterval creationdate changeversion cpus overallcpureadiness memory activememory nics "
    "disks totaldiskcapacity fixedpassthruhotplug minrequiredevcmodekey latencysensitivity opnotificationtimeout enableuuid diskenableuuid "
    "cbt primaryipaddress nummonitors videoram resourcepool vapp dasprotection ftstate ftrole ftlatency ftbandwidth "
    "ftseclatency vmfailoverinprogress provisioned inuse unshared harestartpriority haisolationresponse havmmonitoring clusterrules "
    "clusterrulenames clusterrule clusterrulename bootrequired bootdelay bootretrydelay bootretryenabled bootbiossetup rebootpoweroff "
    "efisecureboot firmware hwversion hwupgradestatus hwupgradepolicy hwtarget path logdirectory snapshotdirectory suspenddirectory "
    "annotation clusterinvariantvmmid datacenter cluster host osaccordingtotheconfigurationfile osaccordingtothevmwaretools os "
    "customizationinfo guestdetaileddata vmid smbiosuuid vmuuid uuid visdkservertype visdkapiversion visdkserver visdkuuid vcenteruuid".split()
)
# Where the machine lies in the vCenter, and the networks of its cards.
_KNOWN_TOO = re.compile(r"network\d|fold.{2}(?:id)?")
_SYSTEM = re.compile(r"vCLS[-_ (]")
# File names of the CSV export, such as RVTools_tabvInfo.csv.
_CSV = re.compile(r"(?:^|_)(?:tab)?(v[A-Z][A-Za-z]*)\.csv$", re.I)
_SHEETS = {
    name.lower(): name
    for name in (
        "vInfo",
        "vCPU",
        "vMemory",
        "vDisk",
        "vPartition",
        "vNetwork",
        "vSnapshot",
        "vTools",
        "vUSB",
        "vHost",
        "vCluster",
        "vMetaData",
    )
}

Fill = Callable[[Machine, Row], None]


class _Directory:
    """CSV files in the place of the sheets of a workbook."""

    created = ""

    def __init__(self, path: str, notes: Notes) -> None:
        self._notes = notes
        names = sorted(os.listdir(path)) if os.path.isdir(path) else [os.path.basename(path)]
        above = path if os.path.isdir(path) else os.path.dirname(path)
        found = {name: _CSV.search(name) for name in names}
        self._paths = {match[1].lower(): os.path.join(above, name) for name, match in found.items() if match}
        if os.path.isfile(path):
            self._paths = {"vinfo": path}
        if "vinfo" not in self._paths:
            raise Unusable(f"{path}: there is no file RVTools_tabvInfo.csv; name a directory with RVTools' CSV files, or its workbook.")
        self.file = os.path.basename(os.path.normpath(path))

    @property
    def sheets(self) -> list[str]:
        return list(self._paths)

    def table(self, sheet: str, unused_columns: object) -> Table | None:
        path = self._paths.get(sheet.lower())
        return csv_file.table(path, self._notes, _SHEETS[sheet.lower()]) if path else None


def read(path: str, notes: Notes, today: str, max_age: int, exported: str = "", attributes: dict[str, str] | None = None) -> Source:
    """The machines of an export. ``attributes`` maps a field of the site, such as owner, to the custom attribute that has it."""
    book: Workbook | _Directory = Workbook(path, notes) if path.lower().endswith((".xlsx", ".xlsm")) else _Directory(path, notes)
    info = book.table("vInfo", ("VM", "vInfoVMName"))
    if info is None:
        raise Unusable(f"{book.file}: there is no sheet vInfo, which lists the machines; export all tabs of RVTools.")
    day, place = _exported(book, exported)
    require_recent(day, today, max_age, place)
    source = Source(book.file, "rvtools", day)
    reader = _Machines(info, source, attributes or {})
    for sheet, fill in _PARTS.items():
        table = book.table(sheet, _NAMES_OF_SHEETS)
        if table is None:
            notes.guess(book.file, f"there is no sheet {sheet}, so {_MISSING[sheet]} not known", book.file)
        else:
            reader.add(table, fill)
    _hosts(book, source)
    return source


_NAMES_OF_SHEETS = ("VM", *(f"{sheet}VMName" for sheet in _SHEETS.values()))


def _exported(book: Workbook | _Directory, said: str) -> tuple[str, str]:
    """The day of the export and where it is written."""
    if said:
        return said, f"{book.file}, as the option exported says"
    table = book.table("vMetaData", ("xlsx creation datetime", "RVTools version"))
    column = table.column("xlsxcreationdatetime", "creationdatetime") if table else None
    if table and column and column.there and table.rows:
        return column.day(table.rows[0]), table.place(table.rows[0], column.title)
    return book.created, f"{book.file}, sheet vMetaData (missing; docProps/core.xml)"


class _Machines:
    """The machines of vInfo, and where the rows of other sheets belong."""

    def __init__(self, info: Table, source: Source, attributes: dict[str, str]) -> None:
        self._source, self._info = source, info
        self._by_id: dict[tuple[str, str], Machine] = {}
        self._by_place: dict[tuple[str, ...], list[Machine]] = {}
        self._left_out: set[tuple[str, ...]] = set()
        self._read(attributes)

    def _read(self, attributes: dict[str, str]) -> None:
        table = self._info
        name = table.required(*_NAMES, says="VM")
        columns = _vinfo_columns(table)
        vm_id, vcenter = table.column("vmid"), table.column("visdkuuid", "vcenteruuid", "visdkserver")
        template, placeholder = table.column("template"), table.column("srmplaceholder")
        custom = table.others(_KNOWN, _KNOWN_TOO)
        for row in table:
            called = machine.shown(name.text(row))
            if not called:
                raise Unusable(f"{table.place(row, name.title)}: a machine has no name; delete the row, or give it the name.")
            why = _why_left_out(called, template.flag(row), placeholder.flag(row))
            if why:
                self._source.left_out.append({"name": called, "reason": why})
                self._left_out |= {self._place(called, row, table), (called,)}
                continue
            identifier = self._identifier(called, row, vm_id, vcenter)
            found = machine.new(identifier, called, "vmware", self._source.name)
            for fill in columns:
                fill(found, row)
            found["attributes"] = {column.title: text for column in custom if (text := column.text(row))}
            _site(found, attributes)
            self._keep(found, row, vm_id.text(row), vcenter.text(row))

    def _identifier(self, name: str, row: Row, vm_id: Column, vcenter: Column) -> str:
        if vm_id.text(row):
            where = vcenter.text(row)
            if not where:
                self._info.notes.guess(
                    self._source.name,
                    "there is no UUID of a vCenter, so a VM ID of another one could be taken for one of these",
                    self._source.name,
                )
            return f"vmware:{where or self._source.name}:{vm_id.text(row)}"
        place = ":".join(self._place(name, row, self._info))
        self._info.notes.guess(self._source.name, "there is no column VM ID, so machines are known by name and cluster", self._info.place())
        return f"vmware:{self._source.name}:{place}"

    @staticmethod
    def _place(name: str, row: Row, table: Table) -> tuple[str, ...]:
        return name, table.column("datacenter").text(row), table.column("cluster").text(row)

    def _keep(self, found: Machine, row: Row, vm_id: str, vcenter: str) -> None:
        place = self._place(found["name"], row, self._info)
        for key in dict.fromkeys((place, (found["name"],))):
            self._by_place.setdefault(key, []).append(found)
        if vm_id:
            if (vcenter, vm_id) in self._by_id:
                raise Unusable(f"{self._info.place(row, 'VM ID')}: {vm_id} is there twice; export the file again.")
            self._by_id[vcenter, vm_id] = found
        elif len(self._by_place[place]) > 1:
            raise Unusable(
                f"{self._info.place(row, 'VM')}: {found['name']} is there twice in one cluster, and no column VM ID tells which is which; "
                f"export with a newer RVTools."
            )
        self._source.machines.append(found)

    def add(self, table: Table, prepare: Callable[[Table], Fill]) -> None:
        """Give the rows of another sheet to their machines."""
        name, vm_id = table.column(*_NAMES), table.column("vmid")
        vcenter, fill = table.column("visdkuuid", "vcenteruuid", "visdkserver"), prepare(table)
        for row in table:
            found = self._of(table, row, machine.shown(name.text(row)), vm_id.text(row), vcenter.text(row))
            if found is not None:
                fill(found, row)

    def _of(self, table: Table, row: Row, name: str, vm_id: str, vcenter: str) -> Machine | None:
        if vm_id and (vcenter, vm_id) in self._by_id:
            return self._by_id[vcenter, vm_id]
        place = self._place(name, row, table)
        candidates = self._by_place.get(place) or self._by_place.get((name,), [])
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            table.notes.guess(
                name, f"{len(candidates)} machines have this name, so their rows in {table.sheet} are left out", table.place(row)
            )
        elif not self._left_out & {place, (name,)}:
            table.notes.guess(table.name, f"{name or 'a row without a name'} is not in vInfo, so its row is left out", table.place(row))
        return None


def _why_left_out(name: str, template: bool | None, placeholder: bool | None) -> str:
    if template:
        return "template"
    if placeholder:
        return "placeholder of Site Recovery Manager"
    return "machine of vSphere Cluster Services" if _SYSTEM.match(name) else ""


def _site(found: Machine, attributes: dict[str, str]) -> None:
    """What a site keeps in custom attributes."""
    for field, title in attributes.items():
        if found["attributes"].get(title):
            found[field] = found["attributes"][title]


# -- one function a sheet: it looks for its columns once, and returns what fills in one row ------------------------


def _vinfo_columns(table: Table) -> list[Fill]:
    texts = {
        "dns_name": table.column("dnsname"),
        "datacenter": table.column("datacenter"),
        "cluster": table.column("cluster"),
        "host": table.column("host"),
        "firmware": table.column("firmware"),
        "hw_version": table.column("hwversion"),
    }
    numbers = {"provisioned_mib": table.column("provisioned"), "in_use_mib": table.column("inuse"), "memory_mib": table.column("memory")}
    flags = {
        "cbt": table.column("cbt"),
        "secure_boot": table.column("efisecureboot"),
        "consolidation_needed": table.column("consolidationneeded"),
        "disk_uuids": table.column("enableuuid", "diskenableuuid"),
    }
    cpus, disks, state = table.column("cpus"), table.column("disks"), table.column("powerstate")
    system, detected = table.column("osaccordingtotheconfigurationfile", "os"), table.column("osaccordingtothevmwaretools")
    identity, address = table.column("smbiosuuid", "vmuuid", "uuid"), table.column("primaryipaddress")
    tolerance, rules = table.column("ftstate"), table.column("clusterrulenames", "clusterrulename")

    def fill(found: Machine, row: Row) -> None:
        found.update({field: machine.shown(column.text(row)) or None for field, column in texts.items()})
        found.update({field: column.mebibytes(row) for field, column in numbers.items()})
        found.update({field: column.flag(row) for field, column in flags.items()})
        found.update(cpus=_whole(cpus.number(row, whole=True)), disk_count=_whole(disks.number(row, whole=True)))
        found["power"] = machine.power(state.text(row))
        found["os"] = machine.shown(detected.text(row) or system.text(row)) or None
        found["uuid"] = machine.uuid(identity.text(row)) or None
        found["addresses"] = machine.addresses(address.names(row))
        if tolerance.text(row):
            found["fault_tolerance"] = tolerance.text(row).lower() != "notconfigured"
        if rules.there:
            found["rules"] = [machine.shown(rule) for rule in rules.names(row)]

    return [fill]


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _vcpu(table: Table) -> Fill:
    cores, add, remove = table.column("coresps"), table.column("hotadd"), table.column("hotremove")

    def fill(found: Machine, row: Row) -> None:
        found["cores_per_socket"] = _whole(cores.number(row, whole=True))
        _either(found, "hot_add", add.flag(row), remove.flag(row))

    return fill


def _vmemory(table: Table) -> Fill:
    size, add, active = table.column("size"), table.column("hotadd"), table.column("active")

    def fill(found: Machine, row: Row) -> None:
        if found["memory_mib"] is None:
            found["memory_mib"] = size.mebibytes(row)
        _either(found, "hot_add", add.flag(row))
        value = active.mebibytes(row)
        if value is not None:
            found["usage"]["memory_active_mib"] = value

    return fill


def _either(found: Machine, field: str, *flags: bool | None) -> None:
    known = [flag for flag in (found[field], *flags) if flag is not None]
    found[field] = any(known) if known else None


def _vdisk(table: Table) -> Fill:
    names, capacity, raw = table.column("disk", "label"), table.column("capacity"), table.column("raw")
    texts = {
        "mode": table.column("diskmode"),
        "sharing": table.column("sharingmode"),
        "bus_sharing": table.column("sharedbus"),
        "controller": table.column("controller"),
    }
    paths, thin = table.column("path", "diskpath"), table.column("thin")

    def fill(found: Machine, row: Row) -> None:
        store = re.match(r"\[([^]]*)\]", paths.text(row))
        found["disks"].append(
            {
                "name": machine.shown(names.text(row)),
                "capacity_mib": capacity.mebibytes(row),
                "raw": raw.flag(row),
                "thin": thin.flag(row),
                "datastore": machine.shown(store[1]) if store else None,
                **{field: machine.shown(column.text(row)) or None for field, column in texts.items()},
            }
        )

    return fill


def _vpartition(table: Table) -> Fill:
    names, capacity, free, disk_key = table.column("disk"), table.column("capacity"), table.column("free"), table.column("diskkey")

    def fill(found: Machine, row: Row) -> None:
        found["partitions"].append(
            {
                "name": machine.shown(names.text(row)),
                "capacity_mib": capacity.mebibytes(row),
                "free_mib": free.mebibytes(row),
                "disk_key": disk_key.text(row) or None,
            }
        )

    return fill


def _vnetwork(table: Table) -> Fill:
    labels, adapter, network = table.column("niclabel", "label"), table.column("adapter"), table.column("network")
    mac, four, six = table.column("macaddress"), table.column("ipv4address", "ipaddress"), table.column("ipv6address")

    def fill(found: Machine, row: Row) -> None:
        address = machine.mac(mac.text(row))
        found["nics"].append(
            {
                "label": machine.shown(labels.text(row)),
                "adapter": machine.shown(adapter.text(row)) or None,
                "network": machine.shown(network.text(row)) or None,
                "mac": address or None,
            }
        )
        found["macs"] = sorted({*found["macs"], *([address] if address else [])})
        found["addresses"] = machine.addresses([*found["addresses"], *four.names(row), *six.names(row)])

    return fill


def _counted(field: str) -> Callable[[Table], Fill]:
    def prepare(unused_table: Table) -> Fill:
        def fill(found: Machine, unused_row: Row) -> None:
            found[field] = (found[field] or 0) + 1

        return fill

    return prepare


def _vtools(table: Table) -> Fill:
    state = table.column("tools")

    def fill(found: Machine, row: Row) -> None:
        found["tools"] = machine.shown(state.text(row)) or None

    return fill


_PARTS: dict[str, Callable[[Table], Fill]] = {
    "vCPU": _vcpu,
    "vMemory": _vmemory,
    "vDisk": _vdisk,
    "vPartition": _vpartition,
    "vNetwork": _vnetwork,
    "vSnapshot": _counted("snapshots"),
    "vTools": _vtools,
    "vUSB": _counted("usb_devices"),
}
_MISSING = {
    "vCPU": "cores and added processors are",
    "vMemory": "active memory is",
    "vDisk": "disks are",
    "vPartition": "free space is",
    "vNetwork": "network cards are",
    "vSnapshot": "snapshots are",
    "vTools": "the state of the tools is",
    "vUSB": "USB devices are",
}


def _hosts(book: Workbook | _Directory, source: Source) -> None:
    """What the machines run on today."""
    for found in source.machines:
        # A sheet that is there and has no row of a machine says that it has none.
        for sheet, field in (("vSnapshot", "snapshots"), ("vUSB", "usb_devices")):
            if found[field] is None and _has(book, sheet):
                found[field] = 0
    table = book.table("vHost", ("Host", "vHostName"))
    if table is not None:
        source.hosts = list(_host_rows(table))
    table = book.table("vCluster", ("Name", "vClusterName"))
    if table is not None:
        name, drs, dpm, ha = table.column("name"), table.column("drsenabled"), table.column("dpmenabled"), table.column("haenabled")
        source.clusters = [
            {"name": machine.shown(name.text(row)), "drs": drs.flag(row), "dpm": dpm.flag(row), "ha": ha.flag(row)}
            for row in table
            if name.text(row)
        ]


def _has(book: Workbook | _Directory, sheet: str) -> bool:
    return any(name.lower() == sheet.lower() for name in book.sheets)


def _host_rows(table: Table) -> Iterator[dict[str, Any]]:
    name, cluster, cores, memory = table.column("host", "name"), table.column("cluster"), table.column("cores"), table.column("memory")
    speed, model, sockets = table.column("speed"), table.column("cpumodel"), table.column("cpu")
    for row in table:
        if name.text(row):
            yield {
                "name": machine.shown(name.text(row)),
                "cluster": machine.shown(cluster.text(row)) or None,
                "cores": _whole(cores.number(row, whole=True)),
                "sockets": _whole(sockets.number(row, whole=True)),
                "memory_mib": memory.mebibytes(row),
                "mhz": speed.number(row, whole=True),
                "model": machine.shown(model.text(row)) or None,
            }
