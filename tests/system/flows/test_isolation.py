# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Isolation as a real Debian shows it, running and not, with the real guest agent of QEMU."""

from __future__ import annotations

import json
import socket
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.detected import detect
from ansible_collections.hygeia.golden.plugins.modules.isolation_info import GUEST_RPCS
from ansible_collections.hygeia.golden.tests.templates import chrooted

ALLOWED = {"listeners": ["22/tcp"], "shared_directories": [], "agents": [], "guest_rpcs": GUEST_RPCS, "forwarding": False}
LOOK = """
import json, sys
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.detected import detect
json.dump(detect(Host(), json.load(sys.stdin)), sys.stdout)
"""
HARMFUL = [
    "guest-exec",
    "guest-exec-status",
    "guest-file-open",
    "guest-file-close",
    "guest-file-read",
    "guest-file-write",
    "guest-file-seek",
    "guest-file-flush",
    "guest-set-user-password",
    "guest-ssh-get-authorized-keys",
    "guest-ssh-add-authorized-keys",
    "guest-ssh-remove-authorized-keys",
    "guest-set-vcpus",
    "guest-set-memory-blocks",
    "guest-suspend-disk",
    "guest-suspend-ram",
    "guest-suspend-hybrid",
]


def by_name(results):
    return {result["control"][len("isolation-") :]: result for result in results}


def enabled(root):
    """What the real agent would answer, asked over a socket of its own as a hypervisor would."""
    place = root / "run/agent"
    place.mkdir()
    command = [
        "chroot",
        root,
        "qemu-ga",
        "--method=unix-listen",
        "--path=/run/agent/socket",
        "--pidfile=/run/agent/pid",
        "--statedir=/run/agent",
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 20
            while not (place / "socket").exists():
                assert time.monotonic() < end and process.poll() is None
                time.sleep(0.05)
            with socket.socket(socket.AF_UNIX) as channel:
                channel.connect(str(place / "socket"))
                channel.sendall(b'{"execute": "guest-info"}\n')
                answer = json.loads(channel.makefile().readline())
        finally:
            # It may not have set up yet how it ends when it is asked to.
            process.kill()
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    return {call["name"] for call in answer["return"]["supported_commands"] if call["enabled"]}


@pytest.mark.parametrize(
    "text, status",
    [
        ("", "fail"),
        (f"[general]\nblock-rpcs={','.join(HARMFUL)}\n", "pass"),
        (f"[general]\nblock-rpcs={';'.join(HARMFUL)}\n", "fail"),
        (f"[general]\nblock-rpcs={','.join(HARMFUL[1:])}\n", "fail"),
    ],
    ids=["nothing", "commas", "semicolons", "one-left"],
)
def test_what_is_said_of_the_guest_agent_is_what_it_does(agent_tree, text, status):
    (agent_tree / "etc/qemu/qemu-ga.conf").write_text(text or "[general]\n", encoding="utf-8")
    found = by_name(detect(chrooted.host(agent_tree), ALLOWED))["guest-rpcs"]
    assert found["status"] == status
    # The agent hides what this machine's devices cannot do; of the rest both say the same.
    assert enabled(agent_tree) <= set(found["observed"]["guest_rpcs"])
    assert not enabled(agent_tree) & (set(HARMFUL) - set(found["observed"]["guest_rpcs"]))
    assert ("guest-exec" in found["message"]) == (status == "fail")


def test_a_system_that_does_not_run_is_looked_at_too(agent_tree):
    (agent_tree / "etc/fstab").write_text("share /mnt 9p trans=virtio 0 0\n", encoding="utf-8")
    (agent_tree / "etc/sysctl.d/forward.conf").write_text("net.ipv4.ip_forward = 1\n", encoding="utf-8")
    found = by_name(detect(chrooted.host(agent_tree), ALLOWED))
    assert {name: found[name]["status"] for name in ("listeners", "shared-directories", "agents", "forwarding")} == {
        "listeners": "not_checked",
        "shared-directories": "fail",
        "agents": "pass",
        "forwarding": "fail",
    }


def test_a_running_host_shows_what_listens_and_forwards(site):
    assert {name: result["status"] for name, result in by_name(site.inside(LOOK, ALLOWED)).items()} == {
        "listeners": "pass",
        "shared-directories": "pass",
        "agents": "pass",
        "guest-rpcs": "fail",
        "forwarding": "pass",
    }
    site.ssh("systemd-run --unit=door python3 -m http.server 8080; sysctl --write net.ipv6.conf.host0.forwarding=1")
    try:
        site.ssh("until ss -Hltn | grep -q 8080; do sleep 0.1; done")
        found = by_name(site.inside(LOOK, ALLOWED))
    finally:
        site.ssh("systemctl stop door; sysctl --write net.ipv6.conf.host0.forwarding=0; systemctl mask qemu-guest-agent")
    assert (found["listeners"]["status"], found["forwarding"]["status"]) == ("fail", "fail")
    assert "python3 listens on 8080/tcp" in found["listeners"]["message"]
    assert "the kernel forwards IPv6 on host0" in found["forwarding"]["message"]
    masked = by_name(site.inside(LOOK, ALLOWED))
    assert (masked["guest-rpcs"]["status"], masked["forwarding"]["status"], masked["listeners"]["status"]) == (
        "not_applicable",
        "pass",
        "pass",
    )
