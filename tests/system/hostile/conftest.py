# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template that attacks whoever opens it, and what it would like to reach. These tests need root and a mirror."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import small
from arming import WAYS_OUT, put

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """The system of the attacker, as a directory: its package sources name the build host itself."""
    root = tmp_path_factory.mktemp("hostile") / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", f"--file={small.server('bookworm')}", f"--directory={root}"], check=True)
    put(root, WAYS_OUT, (HERE / "ways_out.py").read_text(encoding="utf-8"))
    return root


@pytest.fixture(scope="session")
def disk(tree, tmp_path_factory):
    """The same system on a disk."""
    place = tmp_path_factory.mktemp("hostile-disk") / "disk.raw"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(place), "600M"], check=True, capture_output=True)
    return place


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """What is to be reached: a file, a service on the loopback, an abstract socket and a process of the build host."""
    marker = tmp_path_factory.mktemp("target") / "marker"
    marker.write_text("of the build host", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as service, socket.socket(socket.AF_UNIX) as abstract:
        port = service.getsockname()[1]
        abstract.bind(f"\0hygeia-test-{port}")
        abstract.listen()
        threading.Thread(target=_serve, args=(service,), daemon=True).start()
        yield Target(marker, port)


@pytest.fixture
def target(known, tree):
    """The same, which the template's package sources name."""
    addresses = "\n".join(f"deb http://{name}:{known.port}/ x main" for name in ("127.0.0.1", "localhost", "[::1]", "2130706433"))
    put(tree, "etc/apt/sources.list", addresses + "\n")
    return known


def _serve(service):
    while True:
        try:
            client, unused_address = service.accept()
        except OSError:
            return
        with client:
            client.recv(4096)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Target:
    """Known to the attacker."""

    def __init__(self, marker, port):
        self.port = port
        self.words = [str(marker), str(port), str(os.getpid())]

    def reached(self, command):
        """What the ways out reached when a command line led in."""
        done = subprocess.run(
            [*command, "/usr/bin/python3", f"/{WAYS_OUT}", *self.words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "SECRET_OF_THE_RUN": "yes"},
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
