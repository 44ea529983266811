# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a hypervisor is configured, and what its kernel does for the isolation of guests: a record for each aspect."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.domains.hypervisor import MERGING, QEMU_CONF, Hypervisor
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.confinement import MODELS
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.consoles import local
from ansible_collections.hygeia.golden.plugins.module_utils.domains.settings import BadSettings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown, unneeded
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile

_VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"


def confinement(hypervisor: Hypervisor) -> Answer:
    driver = hypervisor.qemu.get("security_driver", "")
    models = hypervisor.libvirt.security_models
    problems = []
    if driver in ("none", ["none"]):
        problems.append(f"{QEMU_CONF} has security_driver = none")
    elif not set(models) & set(MODELS):
        problems.append(
            "libvirt has neither AppArmor nor SELinux, because the kernel runs without them or libvirt's driver is not installed"
        )
    if hypervisor.qemu.get("security_default_confined", 1) == 0:
        problems.append(f"{QEMU_CONF} has security_default_confined = 0")
    observed = {"security_driver": driver or "default", "models": models}
    return judged(problems, {"one of": list(MODELS)}, observed, f"virsh capabilities and {QEMU_CONF}")


# The settings of qemu.conf that wall a guest's process in, each with the value that takes the wall away.
_WALLS: dict[str, Value] = {
    "user": "root",
    "group": "root",
    "seccomp_sandbox": 0,
    "namespaces": [],
    "cgroup_controllers": [],
    "clear_emulator_capabilities": 0,
    "relaxed_acs_check": 1,
}


def process(hypervisor: Hypervisor) -> Answer:
    """libvirt's defaults are right; what is here takes one back."""
    observed = {name: hypervisor.qemu[name] for name in _WALLS if name in hypervisor.qemu}
    problems = [f"{name} = {_shown(value)}" for name, value in observed.items() if value == _WALLS[name]]
    expected = {f"not {name}": value for name, value in _WALLS.items()}
    return judged(problems, expected, observed, QEMU_CONF, f"remove it from {QEMU_CONF}, so that the default counts")


def _shown(value: Value) -> str:
    return "[]" if value == [] else str(value)


def remote(hypervisor: Hypervisor) -> Answer:
    """Whoever may write to libvirt is root of the host and of each guest."""
    problems = [sentence for path, settings in hypervisor.daemons.items() for sentence in _remote(path, settings)]
    units = Units(hypervisor.host, [])
    problems += [
        f"{daemon}-tcp.socket is enabled, and takes connections without TLS"
        for daemon in ("libvirtd", "virtproxyd")
        if units.state(f"{daemon}-tcp.socket") in ("enabled", "enabled-runtime")
    ]
    names = ("listen_tcp", "listen_tls", "auth_tcp", "auth_tls", "auth_unix_rw", "unix_sock_rw_perms")
    observed = {path: {name: found[name] for name in names if name in found} for path, found in hypervisor.daemons.items()}
    return judged(
        problems, {"remote access": "TLS with certificates, or SSH"}, observed, ", ".join(hypervisor.daemons) or "libvirt's defaults"
    )


def _remote(path: str, settings: dict[str, Value]) -> Iterator[str]:
    if settings.get("listen_tcp", 0) == 1:
        yield f"{path} has listen_tcp = 1: remove it, and use TLS or SSH"
    if settings.get("auth_tcp") == "none":
        yield f"{path} has auth_tcp = none: remove it"
    if settings.get("tls_no_verify_certificate", 0) == 1 and settings.get("auth_tls", "none") == "none":
        yield f"{path} has tls_no_verify_certificate = 1, so that anybody may connect: remove it"
    if settings.get("auth_unix_rw") == "none" and str(settings.get("unix_sock_rw_perms", "0770"))[-1:] in "2367":
        yield f"{path} lets every account of the host write to libvirt: set auth_unix_rw to polkit"


def consoles(hypervisor: Hypervisor) -> Answer:
    """What holds for each console without an address of its own."""
    places = {name: str(hypervisor.qemu.get(f"{name}_listen", "127.0.0.1")) for name in ("vnc", "spice")}
    encrypted = {"vnc": hypervisor.qemu.get("vnc_tls", 0) == 1, "spice": hypervisor.qemu.get("spice_tls", 0) == 1}
    problems = [f"{name}_listen = {place} without {name}_tls" for name, place in places.items() if not local(place) and not encrypted[name]]
    observed = {f"{name}_listen": place for name, place in places.items()}
    return judged(problems, {"listens": ["127.0.0.1", "TLS"]}, observed, QEMU_CONF, "remove it, or turn TLS on")


def migration(hypervisor: Hypervisor) -> Answer:
    """The stream of a live migration is the memory of the guest."""
    forced = hypervisor.qemu.get("migrate_tls_force", 0) == 1
    problems = [] if forced else ["a guest can move without TLS, so that its memory crosses the network in the clear"]
    return judged(
        problems, {"migrate_tls_force": 1}, {"migrate_tls_force": int(forced)}, QEMU_CONF, f"set migrate_tls_force = 1 in {QEMU_CONF}"
    )


def dumps(hypervisor: Hypervisor) -> Answer:
    dumped = hypervisor.qemu.get("dump_guest_core", 0) == 1
    problems = ["core dumps of QEMU have the memory of guests in them"] if dumped else []
    return judged(problems, {"dump_guest_core": 0}, {"dump_guest_core": int(dumped)}, QEMU_CONF, f"remove dump_guest_core from {QEMU_CONF}")


def pages(hypervisor: Hypervisor) -> Answer:
    if hypervisor.pages_merged is None:
        return unneeded("its kernel cannot merge pages")
    problems = ["the kernel merges equal pages of guests (KSM)"] if hypervisor.pages_merged else []
    remedy = "stop ksmtuned and write 2 to the file, which separates them again"
    return judged(problems, {"ksm": False}, {"ksm": hypervisor.pages_merged}, MERGING, remedy)


def nested(hypervisor: Hypervisor) -> Answer:
    """Nested virtualisation is the part of KVM with the most ways out of a guest."""
    if not hypervisor.nested:
        return unneeded("KVM has no module here, or none with nested virtualisation")
    problems = [f"{path} is {value}" for path, value in hypervisor.nested.items() if value in ("Y", "1")]
    remedy = "set nested=0 for the module in /etc/modprobe.d"
    return judged(problems, {"nested": False}, {"nested": bool(problems)}, ", ".join(hypervisor.nested), remedy)


def mitigations(hypervisor: Hypervisor) -> Answer:
    if not hypervisor.vulnerabilities:
        return unknown("the kernel does not say which weaknesses its processor has")
    cores = hypervisor.qemu.get("sched_core", "none") != "none"
    problems = [f"{name}: {said}" for name, said in hypervisor.vulnerabilities.items() if _weak(said, cores)]
    affected = {name: said for name, said in hypervisor.vulnerabilities.items() if said != "Not affected"}
    remedy = "update kernel and microcode, take mitigations=off from the command line; against SMT, set sched_core in qemu.conf"
    return judged(problems, {"vulnerable": []}, affected, _VULNERABILITIES, remedy)


def _weak(said: str, cores: bool) -> bool:
    """Threads of a core that two guests share at a time leak; core scheduling gives a core to one guest alone."""
    return said.startswith(("Vulnerable", "KVM: Vulnerable")) or ("SMT vulnerable" in said and not cores)


def memory(hypervisor: Hypervisor) -> Answer:
    """A host that has promised more memory than it has swaps, or ends a guest."""
    if hypervisor.memory is None:
        return unknown("/proc/meminfo does not say how much memory there is")
    promised = sum(guest.memory or 0 for guest in hypervisor.libvirt.definitions if guest.running)
    problems = [f"its running guests may take {promised >> 10} MiB of {hypervisor.memory >> 10}"] if promised > hypervisor.memory else []
    observed = {"host KiB": hypervisor.memory, "guests KiB": promised}
    return judged(
        problems, {"guests": "at most the host's memory"}, observed, "/proc/meminfo and the running guests", "move one, or give one less"
    )


ASPECTS: dict[str, Callable[[Hypervisor], Answer]] = {
    "confinement": confinement,
    "process": process,
    "remote": remote,
    "consoles": consoles,
    "migration": migration,
    "dumps": dumps,
    "pages": pages,
    "nested": nested,
    "mitigations": mitigations,
    "memory": memory,
}


def evaluate(hypervisor: Hypervisor) -> list[Record]:
    """One result for each aspect; a file that cannot be read spoils only those that it is about."""
    return [_record(f"hypervisor-{aspect}", _answered(look, hypervisor)) for aspect, look in ASPECTS.items()]


def _answered(look: Callable[[Hypervisor], Answer], hypervisor: Hypervisor) -> Answer:
    try:
        return look(hypervisor)
    except (OddFile, BadSettings) as problem:
        return Answer(ERROR, message=str(problem))


def _record(control: str, answer: Answer) -> Record:
    return record(control, answer.status, "live", answer.expected, answer.observed, answer.read_from, answer.message)
