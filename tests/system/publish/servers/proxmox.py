# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""fakepve, which keeps the configurations of virtual machines as Proxmox VE does, and stores no disk."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from servers.environment import PYTHON, environment

USER, TOKEN, SECRET = "golden@pve", "publish", "0a1b2c3d-1111-4222-8333-444455556666"
# fakepve 0.5 knows no upload of images, which Proxmox VE has since 8.4; the digests of what arrives are kept for the tests.
_PROGRAM = """import asyncio, hashlib, re, sys
from aiohttp import web
from fakepve.certs import make_cert
from fakepve.server import USER, FakePve, ok
state, token, secret = sys.argv[1:]

class Server(FakePve):
    async def _upload(self, request):
        store, node = request.match_info["storage"], request.match_info["node"]
        fields, boundary = {}, request.headers["Content-Type"].split("boundary=")[1].encode()
        for part in (await request.read()).split(b"--" + boundary)[1:-1]:
            head, unused, data = part[2:-2].partition(b"\\r\\n\\r\\n")
            named = dict(re.findall('(name|filename)="([^"]*)"', head.decode()))
            fields[named["name"]] = (named.get("filename"), data)
        content, (name, data) = fields["content"][1].decode(), fields["filename"]
        if content not in self.storages[store]["content"].split(","):
            raise web.HTTPBadRequest(reason="the storage has no such content")
        with open(state + "/uploads", "a") as stream:
            stream.write(f"{name} {hashlib.sha256(data).hexdigest()}\\n")
        async def body():
            self.store_file(store, name, len(data), content)
        return ok(await self.task(node, "imgcopy", "", request[USER], body))

async def serve():
    server = Server(host="127.0.0.1", port=0)
    server.time_scale = 0
    server.apitokens[token] = secret
    server.storages["local"]["content"] += ",import"
    await server.start(*make_cert(state, hosts=("127.0.0.1",))[:2])
    with open(state + "/port", "w") as stream:
        stream.write(f"{server.port}\\n")
    await asyncio.Event().wait()

asyncio.run(serve())
"""


class Proxmox:
    """A running fakepve, seen through its API."""

    def __init__(self, state):
        self.state, self.port = Path(state), 0

    @property
    def certificate(self):
        return str(self.state / "fakepve.crt")

    def ask(self, method, path, **parameters):
        url = f"https://127.0.0.1:{self.port}/api2/json{path}"
        body = urllib.parse.urlencode(parameters).encode() if method in ("POST", "PUT") else None
        request = urllib.request.Request(url, method=method, data=body, headers={"Authorization": f"PVEAPIToken={USER}!{TOKEN}={SECRET}"})
        with urllib.request.urlopen(request, timeout=60, context=ssl.create_default_context(cafile=self.certificate)) as answer:
            return json.loads(answer.read())["data"]

    def machines(self):
        """The configurations of the virtual machines by their names, each as a list."""
        found = {}
        for machine in self.ask("GET", "/cluster/resources?type=vm"):
            config = self.ask("GET", f"/nodes/{machine['node']}/qemu/{machine['vmid']}/config")
            found.setdefault(machine["name"], []).append({**config, "vmid": machine["vmid"], "node": machine["node"]})
        return found

    def pointed(self, name):
        """What a machine is cloned from: the version, the digest and the number."""
        (machine,) = self.machines()[name]
        labels = dict(line.split(": ", 1) for line in machine["description"].splitlines())
        return labels["hygeia_version"], labels["hygeia_sha256"], machine["vmid"]

    def create(self, number, name, **config):
        self.ask("POST", "/nodes/pve1/qemu", vmid=number, name=name, **config)

    def clone(self, number, of):
        """A linked clone: its disk backs on that of a template."""
        self.create(number, "viewer")
        self.ask("PUT", f"/nodes/pve1/qemu/{number}/config", virtio0=f"local-lvm:base-{of}-disk-0/vm-{number}-disk-0")

    def uploads(self):
        """The files that arrived, each with its digest."""
        return [tuple(line.split()) for line in (self.state / "uploads").read_text().splitlines()]

    def clear(self):
        for machine in [machine for same in self.machines().values() for machine in same]:
            self.ask("DELETE", f"/nodes/{machine['node']}/qemu/{machine['vmid']}")
        (self.state / "uploads").unlink(missing_ok=True)


@contextlib.contextmanager
def running():
    environment()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="hygeia-proxmox-") as state:
        proxmox = Proxmox(state)
        with open(proxmox.state / "output", "wb") as output:
            command = [PYTHON, "-c", _PROGRAM, state, f"{USER}!{TOKEN}", SECRET]
            server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(proxmox, server)
            yield proxmox
        finally:
            server.kill()
            server.wait()


def _wait(proxmox, server, limit=120):
    end = time.monotonic() + limit
    port = proxmox.state / "port"
    while not (port.exists() and port.read_text().endswith("\n")):
        assert server.poll() is None and time.monotonic() < end, (proxmox.state / "output").read_text()
        time.sleep(0.1)
    proxmox.port = int(port.read_text())
