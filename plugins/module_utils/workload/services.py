# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases, message brokers and other programs that others depend on, by process, by port and by package."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Process, Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Held

DATABASE, BROKER, DIRECTORY, INTERFACE, IMAGING, LICENCES, FILES, WEB, BALANCER = (
    *("database", "message broker", "directory", "interface engine", "imaging", "licence server", "file server", "web server"),
    "load balancer",
)


@dataclass(frozen=True)
class _Known:
    """``words`` is what the command line of an interpreter's process says; ``ports`` are the usual ones."""

    name: str
    kind: str
    programs: str = ""
    packages: str = ""
    ports: tuple[int, ...] = ()
    words: str = ""


_KNOWN = (
    _Known("PostgreSQL", DATABASE, r"postgres|postmaster", r"postgresql(?:-\d+(?:\.\d)?|\d*-server|-server)", (5432,)),
    _Known("MariaDB or MySQL", DATABASE, r"mysqld|mariadbd", r"(?:mariadb|mysql(?:-community)?)-server(?:-[\d.]+)?", (3306,)),
    _Known("Oracle", DATABASE, r"oracle|tnslsnr", r"oracle-database-.*", (1521,)),
    _Known("SQL Server", DATABASE, r"sqlservr", r"mssql-server", (1433,)),
    _Known("Db2", DATABASE, r"db2sysc", r"", (50000,)),
    _Known("InterSystems IRIS or Caché", DATABASE, r"irisdb|cache|iris", r"", (1972, 51773)),
    _Known("MongoDB", DATABASE, r"mongod|mongos", r"mongodb(?:-org)?-server", (27017,)),
    _Known("Redis or Valkey", DATABASE, r"redis-server|valkey-server", r"redis(?:-server)?|valkey", (6379,)),
    _Known("Cassandra", DATABASE, "", r"cassandra", (9042,), r"org\.apache\.cassandra"),
    _Known("Elasticsearch or OpenSearch", DATABASE, "", r"elasticsearch|opensearch", (9200,), r"org\.(?:elasticsearch|opensearch)\."),
    _Known("InfluxDB", DATABASE, r"influxd", r"influxdb2?", (8086,)),
    _Known("Firebird", DATABASE, r"firebird|fbserver", r"firebird\d.*-server(?:-core)?", (3050,)),
    _Known("memcached", DATABASE, r"memcached", r"memcached", (11211,)),
    _Known("RabbitMQ", BROKER, "", r"rabbitmq-server", (5672, 5671), r"rabbit"),
    _Known("Kafka", BROKER, "", r"(?:confluent-)?kafka", (9092,), r"kafka\.Kafka"),
    _Known("ActiveMQ or Artemis", BROKER, "", r"activemq|artemis", (61616,), r"activemq|artemis"),
    _Known("IBM MQ", BROKER, r"amqzxma0|runmqlsr", r"MQSeriesServer|ibmmq-server", (1414,)),
    _Known("Mosquitto", BROKER, r"mosquitto", r"mosquitto", (1883, 8883)),
    _Known("NATS", BROKER, r"nats-server", r"nats-server", (4222,)),
    _Known("OpenLDAP", DIRECTORY, r"slapd", r"slapd|openldap-servers", (389, 636)),
    _Known("389 Directory Server", DIRECTORY, r"ns-slapd", r"389-ds(?:-base)?"),
    _Known("Samba", FILES, r"smbd", r"samba", (445,)),
    _Known("Mirth Connect", INTERFACE, "", r"mirthconnect", (), r"com\.mirth\.connect|mirth-server-launcher"),
    _Known("Orthanc", IMAGING, r"Orthanc", r"orthanc", (4242,)),
    _Known("dcm4che", IMAGING, "", r"", (11112,), r"dcm4che"),
    _Known("DCMTK", IMAGING, r"storescp|dcmqrscp|wlmscpfs", r"", (104, 11112)),
    _Known("FlexNet", LICENCES, r"lmgrd|lmadmin", r"", tuple(range(27000, 27010))),
    _Known("Sentinel", LICENCES, r"hasplmd(?:_x86_64)?|lserv(?:nt)?", r"aksusbd", (1947,)),
    _Known("nginx", WEB, r"nginx", r"nginx(?:-core)?"),
    _Known("Apache", WEB, r"apache2|httpd", r"apache2|httpd"),
    _Known("Tomcat", WEB, "", r"tomcat\d*", (), r"org\.apache\.catalina"),
    _Known("HAProxy", BALANCER, r"haproxy", r"haproxy"),
    _Known("keepalived", BALANCER, r"keepalived", r"keepalived"),
)
_INTERPRETERS = re.compile(r"java|beam(?:\.smp)?|python[\d.]*|node|mono", re.A)


def services(host: Host, processes: Processes, held: Sequence[Held]) -> list[dict[str, Any]]:
    """Each with how it is known: a process that runs, a socket on its usual port, or only a package."""
    versions = host.packages.versions
    ports: dict[int, set[tuple[str, int]]] = {}
    for each in held:
        if not each.socket.peer and not each.socket.passing:
            for holder in each.holders:
                ports.setdefault(holder.number, set()).add((each.socket.protocol, each.socket.port))
    # A port tells only of what nobody could be named for; otherwise the process has said what it is.
    nameless = {each.socket.port for each in held if not each.socket.peer and not each.holders and each.socket.protocol == "tcp"}
    commands = {process.number: _command(host, process) for process in processes.all if process.program}
    found = (_found(known, processes.all, commands, ports, nameless, versions) for known in _KNOWN)
    return [each for each in found if each]


def _found(
    known: _Known,
    processes: Sequence[Process],
    commands: dict[int, str],
    ports: dict[int, set[tuple[str, int]]],
    nameless: set[int],
    versions: dict[str, str],
) -> dict[str, Any] | None:
    running = [process for process in processes if process.program and _is(known, process, commands[process.number])]
    packages = [f"{name} {version}" for name, version in sorted(versions.items()) if known.packages and re.fullmatch(known.packages, name)]
    open_ports = sorted({port for process in running for port in ports.get(process.number, ())})
    guessed = sorted(nameless.intersection(known.ports)) if not running else []
    if not (running or packages or guessed):
        return None
    return {
        "name": known.name,
        "kind": known.kind,
        "known_by": "process" if running else "port" if guessed else "package",
        "processes": sorted({process.name for process in running}),
        "units": sorted({process.unit for process in running if process.unit}),
        "ports": [f"{port}/{protocol}" for protocol, port in open_ports] or [f"{port}/tcp" for port in guessed],
        "packages": packages,
    }


def _is(known: _Known, process: Process, command: str) -> bool:
    name = os.path.basename(process.program)
    return bool((known.programs and re.fullmatch(known.programs, name)) or (known.words and command and re.search(known.words, command)))


def _command(host: Host, process: Process) -> str:
    """The command line of what an interpreter runs; it is looked at and never reported."""
    if not _INTERPRETERS.fullmatch(os.path.basename(process.program)):
        return ""
    try:
        return (host.read(f"/proc/{process.number}/cmdline") or "").replace("\0", " ")
    except OSError:
        return ""  # it has just ended
