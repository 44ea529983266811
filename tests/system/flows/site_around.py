# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running host and a site around it: a network that nobody else is in, with addresses in several zones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[3]
COLLECTION = "/opt/collections/ansible_collections/hygeia/golden"
HOST, OPERATOR = "10.130.30.2", "10.130.5.1"
CLINICAL, MODALITY, GUESTS = "10.130.20.1", "10.130.66.1", "10.130.50.1"
CLINICAL6 = "fd00:130:20::1"
ADDRESSES = [OPERATOR, CLINICAL, MODALITY, GUESTS, CLINICAL6]
ZONES = {
    "imaging": {"networks": ["10.130.30.0/24", "fd00:130:30::/64"]},
    "administration": {"networks": ["10.130.5.0/24"]},
    "clinical": {"networks": ["10.130.20.0/24", "fd00:130:20::/64"]},
    "modalities": {"networks": ["10.130.66.0/24"], "medical_devices": True},
    "guest": {"networks": ["10.130.50.0/24"]},
}
NETWORK = f"""[Unit]
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set host0 up; ip address add {HOST}/16 dev host0; ip address add fd00:130:30::2/32 dev host0 nodad'
[Install]
WantedBy=multi-user.target
"""
# The site's end of the cable that systemd-nspawn makes.
SITE = """
ip link set lo up
"$2"/tests/templates/nspawn.sh flows --directory="$1" --network-veth --bind-ro="$2:$3" &
until link=$(ip -br link | grep -o '^ve-[^@ ]*'); do sleep 0.1; done
ip link set "$link" up
shift 3
for address; do ip address add "$address" dev "$link" $(case $address in *:*) echo nodad;; esac); done
wait
"""
# Answers on the ports that it is given, PROTOCOL ADDRESS PORT ..., and counts who came; who is mute takes datagrams only.
SERVER = """
import json, select, socket, sys
sockets, came = {}, {}
for protocol, address, port in zip(*[iter(sys.argv[1:])] * 3):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, int(port)))
    if protocol == "tcp":
        made.listen()
    sockets[made] = f"{protocol} {address} {port}"
print("ready", flush=True)
while True:
    for one in select.select(list(sockets) + [sys.stdin], [], [])[0]:
        if one is sys.stdin:
            if not sys.stdin.readline():
                sys.exit()
            print(json.dumps(came), flush=True)
            came.clear()
            continue
        if one.type == socket.SOCK_STREAM:
            one.accept()[0].close()
        else:
            peer = one.recvfrom(2000)[1]
            if sockets[one].startswith("udp"):
                one.sendto(b"yes", peer)
        came[sockets[one]] = came.get(sockets[one], 0) + 1
"""


class Site:
    """The host, which systemd-nspawn has booted, and what stands around it."""

    def __init__(self, root, directory):
        self.root, self.directory = root, directory
        self.key = str(directory / "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        keys = root / "root/.ssh/authorized_keys"
        keys.parent.mkdir(mode=0o700, exist_ok=True)
        keys.write_text((directory / "key.pub").read_text(encoding="utf-8"), encoding="utf-8")
        (root / "etc/systemd/system/cable.service").write_text(NETWORK, encoding="utf-8")
        subprocess.run(["systemctl", f"--root={root}", "enable", "cable.service"], check=True, capture_output=True)
        addresses = [f"{address}/{32 if ':' in address else 16}" for address in ADDRESSES]
        self._outside = subprocess.Popen(  # pylint: disable=consider-using-with
            ["unshare", "--net", "bash", "-c", SITE, "site", str(root), str(PROJECT), COLLECTION, *addresses],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 90
        while self.ssh("systemctl is-system-running --wait").stdout.strip() not in ("running", "degraded"):
            if time.monotonic() > end:
                self.end()
                raise TimeoutError("nobody can log in to the host")
            time.sleep(0.3)

    def outside(self, *argv):
        """A command for which only the site's network is there."""
        return ["nsenter", "--target", str(self._outside.pid), "--net", *argv]

    def run(self, *argv):
        return subprocess.run(self.outside(*argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300)

    @property
    def options(self):
        return ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=3"]

    def ssh(self, command):
        return self.run("ssh", "-i", self.key, *self.options, f"root@{HOST}", command)

    def ruleset(self):
        return self.ssh("nft list ruleset").stdout

    def play(self, tasks, **variables):
        """Run tasks on the host as its operator would; returns the code and the output."""
        host = {
            "ansible_host": HOST,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": self.key,
            "ansible_ssh_common_args": " ".join(self.options),
            "ansible_python_interpreter": "/usr/bin/python3",
            **variables,
        }
        inventory, playbook = self.directory / "inventory.yml", self.directory / "play.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"pacs": host}}}), encoding="utf-8")
        playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        done = self.run("ansible-playbook", "--inventory", str(inventory), str(playbook))
        return done.returncode, done.stdout + done.stderr

    def inside(self, code, given):
        """What Python code in the host makes of something; both are JSON."""
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH=/opt/collections", "PYTHONDONTWRITEBYTECODE=1"]
        command = [
            "nsenter",
            "--target",
            self._children(self._children(self._outside.pid)[0])[0],
            "--all",
            *environment,
            "python3",
            "-c",
            code,
        ]
        ran = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False, timeout=300)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def serve(self, *endpoints):
        return Server(self.outside(sys.executable, "-c", SERVER, *(part for endpoint in endpoints for part in endpoint.split())))

    @staticmethod
    def _children(process):
        return Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()

    def end(self):
        """The host's processes end with its PID 1, and systemd-nspawn with it, and then nobody waits for that any more."""
        for nspawn in self._children(self._outside.pid):
            for leader in self._children(nspawn):
                os.kill(int(leader), signal.SIGKILL)
        self._outside.wait(30)


class Server:
    """Somebody at the site who answers."""

    def __init__(self, command):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # pylint: disable=consider-using-with
        assert self._process.stdout.readline() == "ready\n"

    def came(self):
        """How often somebody came to each endpoint since it was last asked."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._process.communicate("")
