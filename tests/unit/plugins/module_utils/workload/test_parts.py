# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import held
from ansible_collections.hygeia.golden.plugins.module_utils.util import descent
from ansible_collections.hygeia.golden.plugins.module_utils.workload import (
    addresses,
    certificates,
    configuration,
    jobs,
    licences,
    machine,
    mounts,
    resolvers,
    services,
    time_servers,
)
from ansible_collections.hygeia.golden.plugins.module_utils.workload.directory import directory
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket


def interface(name, mac, *texts):
    infos = [{"local": text, "scope": "link" if text.startswith("fe80") else "global"} for text in texts]
    return {"ifname": name, "link_type": "ether", "address": mac, "addr_info": infos}


def test_a_machine_is_known_by_addresses_that_no_other_has(tree):
    answer = [interface("ens3", "52:54:00:00:00:01", "10.0.0.5", "fe80::1"), interface("docker0", "02:42:00:00:00:01", "172.17.0.1")]
    assert machine.addresses(tree(answers={"ip": json.dumps(answer)})) == (["10.0.0.5"], ["52:54:00:00:00:01"])
    with pytest.raises(machine.NoAddresses, match="not installed"):
        machine.addresses(tree())


def test_a_machine_says_what_an_export_says_of_it(tree):
    host = tree(
        {
            "/proc/sys/kernel/hostname": "pacs\n",
            "/etc/hosts": "127.0.0.1 localhost\n10.0.0.5 pacs.example.org pacs # here\n",
            "/etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n',
            "/proc/cpuinfo": "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\n",
            "/proc/meminfo": "MemTotal:        3900000 kB\n",
            "/sys/devices/system/memory/block_size_bytes": "8000000\n",
            **{f"/sys/devices/system/memory/memory{number}/online": "1\n" for number in range(32)},
            "/sys/devices/system/memory/memory40/online": "0\n",
            "/sys/class/dmi/id/product_uuid": "4C4C4544-0042-4A10-8051-B2C04F4E3131\n",
            "/sys/class/block/vda/size": "41943040\n",
            "/sys/class/block/loop0/size": "2048\n",
        }
    )
    found = machine.described(host)
    assert {name: found[name] for name in ("name", "dns_name", "os", "cpus", "memory_mib", "firmware", "disks")} == {
        "name": "pacs",
        "dns_name": "pacs.example.org",
        "os": "Debian GNU/Linux 12",
        "cpus": 2,
        "memory_mib": 4096,
        "firmware": "bios",
        "disks": [{"name": "vda", "capacity_mib": 20480}],
    }
    assert found["uuid"] == "4c4c4544-0042-4a10-8051-b2c04f4e3131"


def test_servers_behind_a_local_stub_are_found(tree):
    host = tree(
        {
            "/etc/resolv.conf": "nameserver 127.0.0.53\nsearch example.org clinic.example.org\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 10.0.0.53\n",
            "/etc/systemd/resolved.conf": "[Resolve]\n#DNS=9.9.9.9\nDNS=10.0.0.54 10.0.0.55\n",
        }
    )
    found = resolvers.resolvers(host)
    assert [each["value"] for each in found["servers"]] == ["127.0.0.53", "10.0.0.53", "10.0.0.54", "10.0.0.55"]
    assert [each["value"] for each in found["domains"]] == ["example.org", "clinic.example.org"]


def test_time_servers_of_each_program(tree):
    host = tree(
        {
            "/etc/chrony/chrony.conf": "pool ntp.example.org iburst\n! server no.example.org\nmakestep 1 3\n",
            "/etc/chrony/sources.d/site.sources": "server 10.0.0.123 key 1\n",
            "/etc/systemd/timesyncd.conf": "[Time]\nNTP=a.example.org b.example.org\n",
        }
    )
    assert [each["value"] for each in time_servers.time_servers(host)] == [
        "ntp.example.org",
        "10.0.0.123",
        "a.example.org",
        "b.example.org",
    ]


def test_the_directory_is_named_and_its_password_is_not(tree):
    host = tree(
        {
            "/etc/sssd/sssd.conf": "[domain/example.org]\nid_provider = ad\nad_server = dc1.example.org\nldap_default_authtok = sesame\n",
            "/etc/krb5.conf": "[realms]\nEXAMPLE.ORG = {\n  kdc = dc1.example.org\n}\n",
            "/etc/nslcd.conf": "uri ldap://binder:sesame@ldap.example.org/\nbindpw sesame\n",
            "/etc/krb5.keytab": "x",
        }
    )
    found = directory(host)
    assert {(each["product"], each["setting"]) for each in found} == {
        ("sssd", "id_provider"),
        ("sssd", "ad_server"),
        ("kerberos", "kdc"),
        ("kerberos", "keytab"),
        ("nslcd", "uri"),
    }
    assert "sesame" not in str(found)
    assert [(each["path"], each["line"]) for each in found if each["setting"] == "kdc"] == [("/etc/krb5.conf", 3)]


def test_mounts_name_the_machine_behind_them(tree):
    host = tree(
        {
            "/proc/mounts": "/dev/vda1 / ext4 rw 0 0\nnas:/images /srv/images nfs4 rw 0 0\n//files.example.org/scans /mnt/scans cifs rw 0 0\n",
            "/etc/fstab": "nas:/images /srv/images nfs4 defaults 0 0\n[fd00::7]:/old /mnt/old nfs noauto 0 0\nada:pw@box:/x /mnt/x sshfs noauto 0 0\n",
        }
    )
    found = mounts.mounts(host)
    assert {(each["where"], each["server"], each["mounted"]) for each in found} == {
        ("/srv/images", "nas", True),
        ("/mnt/scans", "files.example.org", True),
        ("/mnt/old", "fd00::7", False),
        ("/mnt/x", "box", False),
    }


def test_databases_and_brokers_are_known_by_process_port_and_package(tree):
    host = tree({"/var/lib/dpkg/status": dpkg_status("postgresql-15", "postgresql-client-15", "rabbitmq-server", "mosquitto")})
    table = [socket(11, "listening", "0.0.0.0:5433"), socket(12, "listening", "0.0.0.0:1521"), socket(13, "listening", "0.0.0.0:5672")]
    process(host, "self", "/usr/bin/python3", net={"tcp": table})
    process(host, 80, "/usr/lib/postgresql/15/bin/postgres", "postgresql@15-main.service", sockets=[11])
    process(
        host, 81, "/usr/lib/erlang/erts-13/bin/beam.smp", "rabbitmq-server.service", sockets=[13], words=["beam.smp", "-sname", "rabbit"]
    )
    process(host, 82, "/usr/bin/java", "x.service", words=["java", "-Dpassword=sesame", "com.example.Other"])
    processes = Processes(host)
    found = {each["name"]: each for each in services.services(host, processes, held(processes))}
    assert {name: (each["known_by"], each["ports"]) for name, each in found.items()} == {
        "PostgreSQL": ("process", ["5433/tcp"]),
        "Oracle": ("port", ["1521/tcp"]),
        "RabbitMQ": ("process", ["5672/tcp"]),
        "Mosquitto": ("package", []),
    }
    assert found["PostgreSQL"]["packages"] == ["postgresql-15 1.0-1"]
    assert "sesame" not in str(found)


def test_jobs_say_when_and_what_without_passwords(tree):
    host = tree(
        {
            "/etc/crontab": "30 2 * * * root mysqldump -psesame ehr > /srv/dump\n",
            "/etc/systemd/system/hl7.timer": "[Timer]\nOnCalendar=*-*-* 01:00\nUnit=hl7-night.service\n[Install]\nWantedBy=timers.target\n",
            "/etc/systemd/system/off.timer": "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
        }
    )
    wants = host.path("/etc/systemd/system/timers.target.wants")
    subprocess.run(["mkdir", wants], check=True)
    subprocess.run(["ln", "-s", "/etc/systemd/system/hl7.timer", f"{wants}/hl7.timer"], check=True)
    found = list(jobs.jobs(host))
    assert [(each["by"], each["when"]) for each in found] == [("cron", "30 2 * * *"), ("systemd", "*-*-* 01:00")]
    assert found[1]["command"] == "hl7-night.service"
    assert "mysqldump" in found[0]["command"] and "sesame" not in found[0]["command"]


def test_licence_servers_and_licences_that_are_bound_to_a_host():
    files = [
        ("/etc/profile.d/viewer.sh", "export LM_LICENSE_FILE=27000@lic1.example.org:27001@lic2.example.org\n# LM_LICENSE_FILE=1@old\n"),
        ("/opt/viewer/site.lic", "SERVER lic1.example.org 0050569a0001 27000\nSERVER this_host ANY\nVENDOR x\n"),
        ("/etc/hasplm/hasplm.ini", "serveraddr = 10.0.0.70\n"),
        ("/etc/mail", "write to 27000@example.org\n"),
    ]
    assert [(each["server"], each["port"], each["bound"]) for each in licences.licence_servers(files)] == [
        ("lic1.example.org", 27000, False),
        ("lic2.example.org", 27001, False),
        ("lic1.example.org", 27000, True),
        ("this_host", 0, False),
        ("10.0.0.70", 0, False),
    ]


@pytest.mark.parametrize(
    "line, found",
    [
        ("server=10.0.0.7:5432", ["10.0.0.7"]),
        ("listen [fd00::7]:80 10.0.0.5 10.0.0.5", ["fd00::7", "10.0.0.5"]),
        ("# server 10.0.0.7", []),
        ("version 10.0.0.7", []),
        ("mask 255.255.255.0 net 10.0.0.0 lo 127.0.0.1 any 0.0.0.0", []),
        ("1.2.3.4.5 999.1.1.1 10.0.0.7-beta time 10:20:30", []),
        ("std::string", []),
    ],
)
def test_addresses_are_distinguished_from_what_looks_like_them(line, found):
    listed, whole = addresses.hard_wired([("/etc/x", line)], ["10.0.0.5"])
    assert [each["address"] for each in listed] == found and whole
    assert all(each["own"] == (each["address"] == "10.0.0.5") for each in listed)


def test_the_list_of_addresses_has_an_end(monkeypatch):
    monkeypatch.setattr(addresses, "MOST", 3)
    found, whole = addresses.hard_wired([("/etc/x", "\n".join(f"10.0.1.{number}" for number in range(1, 9)))], [])
    assert len(found) == 3 and not whole


@pytest.fixture(scope="module")
def made():
    """Certificates that a library made: for two names and an address, for a common name alone, and an authority's."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def make(common, names=(), authority=False):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = (
            builder.serial_number(7).not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2027, 3, 4, 5, 6, 7))
        )
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([*map(x509.DNSName, names), x509.IPAddress(ipaddress.ip_address("10.0.0.5"))]), False
            )
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    return make


def test_certificates_name_hosts(made):
    whole = made("ehr", ["ehr.example.org", "*.ehr.example.org"])
    files = [
        ("/etc/nginx/a.pem", whole),
        ("/etc/nginx/b.pem", whole),
        ("/etc/x.pem", made("pacs.example.org")),
        ("/etc/ca.pem", made("ca.example.org", authority=True)),
    ]
    found = certificates.certificates([*files, ("/etc/bad.pem", whole[:200] + "\n-----END"), ("/etc/none.pem", made("Ada Example"))])
    assert [(each["path"], each["names"]) for each in found] == [
        ("/etc/nginx/a.pem", ["*.ehr.example.org", "10.0.0.5", "ehr.example.org"]),
        ("/etc/x.pem", ["pacs.example.org"]),
    ]
    assert {each["not_after"] for each in found} == {"2027-03-04T05:06:07Z"}


def test_the_walk_reads_configuration_and_ends(tree, monkeypatch):
    files = {
        "/etc/app/app.conf": "a",
        "/etc/ssl/private/key.pem": "secret",
        "/etc/shadow": "secret",
        "/opt/app/conf/site.xml": "b",
        "/opt/app/readme": "c",
        "/opt/app/node_modules/x/y.json": "d",
        "/etc/binary": "a\0b",
        "/etc/large": "x" * (configuration.LARGEST + 1),
    }
    host = tree(files)
    found = configuration.configuration(host)
    assert [path for path, unused_text in found.files] == ["/etc/app/app.conf", "/opt/app/conf/site.xml"]
    assert not found.left_out
    monkeypatch.setattr(configuration, "MOST_FILES", 1)
    assert "was not read" in configuration.configuration(host).left_out


def test_the_walk_asks_no_file_server(tree, monkeypatch):
    """Not even for the type of a mount point, for which a dead one would be waited for without end."""
    asked = []
    look = os.stat
    monkeypatch.setattr(descent.os, "stat", lambda path, **options: asked.append(str(path)) or look(path, **options))
    lines = ["nas:/images /srv/images nfs4 rw 0 0", "/etc/auto.site /opt/home autofs rw 0 0", "nas:/data /usr/local cifs rw 0 0"]
    files = {"/srv/images/x.conf": "a", "/opt/home/x.conf": "a", "/usr/local/x.conf": "a", "/srv/app/x.conf": "a"}
    host = tree({"/proc/mounts": "\n".join(lines) + "\n", **files})
    assert [path for path, unused_text in configuration.configuration(host).files] == ["/srv/app/x.conf"]
    assert "app" in asked and not {"images", "home", "local"}.intersection(asked)


def test_no_link_leads_the_walk_out(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.conf").write_text("10.0.0.1")
    host = tree({"/etc/a": "b"})
    subprocess.run(["ln", "-s", str(outside), host.entry("/etc/out")], check=True)
    assert [path for path, unused_text in configuration.configuration(host).files] == ["/etc/a"]


def test_an_answer_of_ip_that_is_none_is_said(tree):
    with pytest.raises(machine.NoAddresses):
        machine.addresses(tree(answers={"ip": CommandResult(0, "[", "")}))
