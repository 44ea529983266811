# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each record of a hypervisor, seen failing on purpose."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.hypervisor import Hypervisor
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.hypervisors import ASPECTS, evaluate
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

QEMU_CONF = "etc/libvirt/qemu.conf"
LIBVIRTD_CONF = "etc/libvirt/libvirtd.conf"
WEAK = "sys/devices/system/cpu/vulnerabilities"
SOUND = {
    QEMU_CONF: 'migrate_tls_force = 1\nsecurity_driver = "apparmor"\n',
    LIBVIRTD_CONF: 'unix_sock_group = "libvirt"\n',
    "sys/kernel/mm/ksm/run": "0\n",
    "sys/module/kvm_intel/parameters/nested": "N\n",
    f"{WEAK}/meltdown": "Mitigation: PTI\n",
    f"{WEAK}/l1tf": "Not affected\n",
    "proc/meminfo": "MemTotal:       16777216 kB\nMemFree: 5 kB\n",
    "etc/passwd": "root:x:0:0::/root:/bin/bash\nvmadmin:x:1000:1000::/home/vmadmin:/bin/bash\nclerk:x:1001:1001::/home/clerk:/bin/bash\n",
    "etc/group": "root:x:0:\nlibvirt:x:117:vmadmin,root\n",
    "etc/shells": "/bin/bash\n",
}


def hypervisor(tmp_path, archive, **changes):
    for path, text in {**SOUND, **changes.pop("files", {})}.items():
        if text is not None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    found = Hypervisor(Host(str(tmp_path)), "qemu:///system")
    found.libvirt = SimpleNamespace(**{"security_models": ["apparmor", "dac"], "definitions": [archive], **changes})
    return found


def answers(found):
    return {record["control"][len("hypervisor-") :]: record for record in evaluate(found)}


def test_a_sound_hypervisor_passes_everywhere(tmp_path, archive):
    records = answers(hypervisor(tmp_path, archive))
    assert list(records) == list(ASPECTS)
    assert {name: record["message"] for name, record in records.items() if record["status"] != "pass"} == {}


FAULTS = [
    ("confinement", {"files": {QEMU_CONF: 'security_driver = "none"\n'}}, "security_driver = none"),
    ("confinement", {"files": {QEMU_CONF: 'security_driver = [ "none" ]\n'}}, "security_driver = none"),
    ("confinement", {"security_models": ["none", "dac"]}, "neither AppArmor nor SELinux"),
    ("confinement", {"files": {QEMU_CONF: "security_default_confined = 0\n"}}, "security_default_confined = 0"),
    *(
        ("process", {"files": {QEMU_CONF: f"{line}\n"}}, line.replace('"', "").replace(" ]", "]").replace("[ ", "["))
        for line in ('user = "root"', 'group = "root"', "seccomp_sandbox = 0", "namespaces = []", "cgroup_controllers = [ ]")
    ),
    ("remote", {"files": {LIBVIRTD_CONF: "listen_tcp = 1\n"}}, "libvirtd.conf has listen_tcp = 1"),
    ("remote", {"files": {"etc/libvirt/virtproxyd.conf": 'auth_tcp = "none"\n'}}, "virtproxyd.conf has auth_tcp = none"),
    ("remote", {"files": {LIBVIRTD_CONF: "tls_no_verify_certificate = 1\n"}}, "anybody may connect"),
    ("remote", {"files": {LIBVIRTD_CONF: 'auth_unix_rw = "none"\nunix_sock_rw_perms = "0777"\n'}}, "every account of the host"),
    ("consoles", {"files": {QEMU_CONF: 'vnc_listen = "0.0.0.0"\n'}}, "vnc_listen = 0.0.0.0 without vnc_tls"),
    ("consoles", {"files": {QEMU_CONF: 'spice_listen = "10.0.0.5"\n'}}, "spice_listen = 10.0.0.5"),
    ("migration", {"files": {QEMU_CONF: ""}}, "in the clear"),
    ("dumps", {"files": {QEMU_CONF: "dump_guest_core = 1\n"}}, "memory of guests"),
    ("pages", {"files": {"sys/kernel/mm/ksm/run": "1\n"}}, "KSM"),
    ("nested", {"files": {"sys/module/kvm_intel/parameters/nested": "Y\n"}}, "nested is Y"),
    ("nested", {"files": {"sys/module/kvm_amd/parameters/nested": "1\n"}}, "kvm_amd/parameters/nested is 1"),
    ("mitigations", {"files": {f"{WEAK}/meltdown": "Vulnerable\n"}}, "meltdown: Vulnerable"),
    ("mitigations", {"files": {f"{WEAK}/itlb_multihit": "KVM: Vulnerable\n"}}, "itlb_multihit"),
    ("mitigations", {"files": {f"{WEAK}/mds": "Mitigation: Clear CPU buffers; SMT vulnerable\n"}}, "SMT vulnerable"),
    ("memory", {"files": {"proc/meminfo": "MemTotal:       4000000 kB\n"}}, "4096 MiB of 3906"),
]


@pytest.mark.parametrize("aspect,changes,message", FAULTS, ids=[f"{fault[0]}-{fault[2]}" for fault in FAULTS])
def test_one_fault_spoils_one_record(tmp_path, archive, aspect, changes, message):
    record = answers(hypervisor(tmp_path, archive, **{**changes, "files": dict(changes.get("files", {}))}))[aspect]
    assert (record["status"], message in record["message"]) == ("fail", True), record["message"]


def test_each_aspect_is_seen_failing():
    assert {fault[0] for fault in FAULTS} == set(ASPECTS)


def test_a_socket_without_tls(tmp_path, archive):
    unit = "usr/lib/systemd/system/libvirtd-tcp.socket"
    wants = tmp_path / "etc/systemd/system/sockets.target.wants"
    found = hypervisor(tmp_path, archive, files={unit: "[Socket]\nListenStream=16509\n[Install]\nWantedBy=sockets.target\n"})
    assert answers(found)["remote"]["status"] == "pass"
    wants.mkdir(parents=True)
    (wants / "libvirtd-tcp.socket").symlink_to(f"/{unit}")
    assert "libvirtd-tcp.socket is enabled" in answers(hypervisor(tmp_path, archive))["remote"]["message"]


def test_with_tls_a_console_may_listen(tmp_path, archive):
    found = hypervisor(tmp_path, archive, files={QEMU_CONF: 'vnc_listen = "0.0.0.0"\nvnc_tls = 1\n'})
    assert answers(found)["consoles"]["status"] == "pass"


def test_core_scheduling_keeps_guests_off_each_others_threads(tmp_path, archive):
    mds = {f"{WEAK}/mds": "Mitigation: Clear CPU buffers; SMT vulnerable\n"}
    found = hypervisor(tmp_path, archive, files={**mds, QEMU_CONF: 'sched_core = "vcpus"\n'})
    assert answers(found)["mitigations"]["status"] == "pass"


def test_a_guest_that_does_not_run_takes_no_memory(tmp_path, archive):
    stopped = SimpleNamespace(memory=archive.memory, running=False)
    found = hypervisor(tmp_path, archive, definitions=[archive, *[stopped] * 10])
    assert answers(found)["memory"]["status"] == "pass"


def test_what_the_kernel_does_not_say_is_not_checked(tmp_path, archive):
    missing = dict.fromkeys(("proc/meminfo", f"{WEAK}/meltdown", f"{WEAK}/l1tf", "sys/kernel/mm/ksm/run"))
    missing["sys/module/kvm_intel/parameters/nested"] = None
    records = answers(hypervisor(tmp_path, archive, files=missing))
    statuses = {name: records[name]["status"] for name in ("memory", "mitigations", "pages", "nested")}
    assert statuses == {"memory": "not_checked", "mitigations": "not_checked", "pages": "not_applicable", "nested": "not_applicable"}


def test_a_file_that_libvirt_does_not_read_spoils_only_what_it_is_about(tmp_path, archive):
    records = answers(hypervisor(tmp_path, archive, files={QEMU_CONF: "user = root\n"}))
    assert records["process"]["status"] == "error"
    assert records["process"]["message"].startswith("/etc/libvirt/qemu.conf has a line 1 that libvirt does not read")
    assert records["remote"]["status"] == "pass"


@pytest.mark.parametrize(
    "text,accounts",
    [
        ("", ["vmadmin"]),
        ('unix_sock_group = "clinicians"\n', []),
        ('auth_unix_rw = "none"\nunix_sock_rw_perms = "0777"\n', ["clerk", "vmadmin"]),
    ],
)
def test_who_administers_the_guests(tmp_path, archive, text, accounts):
    assert hypervisor(tmp_path, archive, files={LIBVIRTD_CONF: text}).administrators == accounts
