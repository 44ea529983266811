# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OpenStack's own Glance, without Keystone: images in files, what is known of them in SQLite, the API served by waitress."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from servers.environment import PYTHON, environment

CLOUD = "hospital"
_CONFIGURATION = """[DEFAULT]
enabled_backends = file:file
log_file = {state}/log
[database]
connection = sqlite:///{state}/glance.sqlite
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = {state}/images
[os_glance_staging_store]
filesystem_store_datadir = {state}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {state}/tasks
[paste_deploy]
config_file = {installed}/etc/glance/glance-api-paste.ini
[oslo_policy]
enforce_scope = false
enforce_new_defaults = false
policy_file = {state}/policy.yaml
"""
# Glance's migrations lead to what its models say; a new database is made from those. The port is one that is free.
_PROGRAM = """import socket, sys
from glance.common import wsgi_app
from glance.db.sqlalchemy import models
from sqlalchemy import create_engine
import waitress
state, sys.argv = sys.argv[1], ["glance-api", "--config-file", sys.argv[1] + "/glance-api.conf"]
models.BASE.metadata.create_all(create_engine("sqlite:///" + state + "/glance.sqlite"))
listener = socket.create_server(("127.0.0.1", 0))
with open(state + "/port", "w") as stream:
    stream.write(str(listener.getsockname()[1]) + "\\n")
waitress.serve(wsgi_app.init_app(), sockets=[listener], _quiet=True)
"""


class Glance:
    """A running Glance, seen through its own API."""

    def __init__(self, state):
        self.state, self.url = Path(state), ""

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, method=method, data=body, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def images(self):
        """The images by their names, each as a list."""
        found = {}
        for image in json.loads(self.ask("GET", "/v2/images"))["images"]:
            found.setdefault(image["name"], []).append(image)
        return found

    def create(self, **about):
        body = json.dumps({"disk_format": "qcow2", "container_format": "bare", **about}).encode()
        return json.loads(self.ask("POST", "/v2/images", body))["id"]

    def upload(self, name, content, **about):
        image = self.create(name=name, **about)
        self.ask("PUT", f"/v2/images/{image}/file", content, "application/octet-stream")
        return image

    def pointed(self, name):
        """What a server is made from: the version, the digest and the id."""
        (image,) = self.images()[name]
        return image["hygeia_version"], image["hygeia_sha256"], image["id"]

    def file(self, image):
        """Where Glance stores an image, which nobody but a test writes to."""
        return self.state / "images" / image

    def clear(self):
        for image in [image for images in self.images().values() for image in images]:
            self.ask("DELETE", f"/v2/images/{image['id']}")


@contextlib.contextmanager
def running():
    installed = environment()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="hygeia-glance-") as state:
        glance = Glance(state)
        for name in ("images", "staging", "tasks"):
            (glance.state / name).mkdir()
        (glance.state / "policy.yaml").write_text("{}")
        (glance.state / "glance-api.conf").write_text(_CONFIGURATION.format(state=state, installed=installed))
        environ = {**os.environ, "OS_GLANCE_CONFIG_DIR": state, "PYTHONPATH": ""}
        with open(glance.state / "output", "wb") as output:
            server = subprocess.Popen([PYTHON, "-c", _PROGRAM, state], env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(glance, server)
            (glance.state / "clouds.yaml").write_text(json.dumps({"clouds": {CLOUD: _cloud(glance.url)}}))
            yield glance
        finally:
            server.kill()
            server.wait()


def _cloud(url):
    return {"auth_type": "none", "auth": {"endpoint": url}, "image_endpoint_override": url, "image_api_version": "2"}


def _wait(glance, server, limit=120):
    end = time.monotonic() + limit
    port = glance.state / "port"
    while True:
        assert server.poll() is None and time.monotonic() < end, (glance.state / "output").read_text()
        if port.exists() and port.read_text().endswith("\n"):
            glance.url = f"http://127.0.0.1:{port.read_text().strip()}"
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                glance.images()
                return
        time.sleep(0.1)
