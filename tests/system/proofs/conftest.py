# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host and its collector, booted and joined by a cable. These tests need root and a Debian mirror, and leave nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import ansible
import pytest
from ansible_collections.hygeia.golden.tests.templates import nspawn, small

PROJECT = Path(__file__).parents[3]
PACKAGES = """
    systemd-sysv dbus python3 iproute2 openssh-server openssl rsyslog rsyslog-gnutls prometheus-node-exporter
    prometheus clamav-daemon clamdscan clamav-freshclam
""".split()
HOST, COLLECTOR = "10.99.0.1", "10.99.0.2"
# Where the guests see the collection and Ansible's own part of it, to run modules without a connection.
PYTHON = "/opt/python"
RUNNER = """
import importlib, sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), "legacy"
importlib.import_module(f"ansible_collections.hygeia.golden.plugins.modules.{sys.argv[1]}").main()
"""


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0 or not shutil.which("systemd-nspawn"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root and systemd-nspawn"))


def run(*argv, **kwargs):
    return subprocess.run(argv, check=True, text=True, capture_output=True, **kwargs)


@pytest.fixture(scope="session")
def stock():
    """The tar file of a small Debian with agents, made once."""
    return small.make("proofs", "bookworm", PACKAGES)


@pytest.fixture(scope="session")
def base(stock, tmp_path_factory):
    """That Debian in a directory, over which each guest has a layer of its own, with an authority and its certificates."""
    root = tmp_path_factory.mktemp("proofs") / "base"
    root.mkdir()
    run("tar", "--extract", "--file", str(stock), "--directory", str(root))
    root.chmod(0o755)
    (root / "etc/machine-id").write_text("")
    for unit in ("clamav-daemon", "clamav-freshclam", "prometheus", "prometheus-node-exporter"):
        (root / f"etc/systemd/system/multi-user.target.wants/{unit}.service").unlink(missing_ok=True)
    for directory in ("ansible", "ansible_collections/hygeia/golden"):
        (root / PYTHON.lstrip("/") / directory).mkdir(parents=True)
    for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "getty.target", "prometheus-node-exporter-apt.timer"):
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    _certify(root)
    yield root
    shutil.rmtree(root)


def _certify(root):
    """Two authorities, of which nobody trusts the second; certificates of the first for all, and one of the second."""
    script = """
    mkdir -p /etc/tls && cd /etc/tls
    for ca in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$ca" -keyout $ca.key -out $ca.pem
    done
    while read name ca file address; do
        printf 'subjectAltName=DNS:%s,IP:%s\\n' "$name" "$address" > ext
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $file.key -out csr
        openssl x509 -req -in csr -days 2 -CA $ca.pem -CAkey $ca.key -CAcreateserial -extfile ext -out $file.pem
    done <<END
    guest.test ca guest 10.99.0.1
    collector.test ca collector 10.99.0.2
    collector.test other untrusted 10.99.0.2
    END
    chmod 0644 *.key
    """
    run("chroot", str(root), "sh", "-e", input=script.replace("\n    ", "\n"), env={"PATH": "/usr/sbin:/usr/bin:/bin"})


class Guest:
    """A booted Debian; whatever is asked of it runs inside."""

    def __init__(self, base, directory, name):
        self.name, self.directory = name, directory
        self.root = directory / "root"
        for layer in ("upper", "work", "root"):
            (directory / layer).mkdir(parents=True)
        layers = f"lowerdir={base},upperdir={directory / 'upper'},workdir={directory / 'work'}"
        run("mount", "-t", "overlay", f"proofs-{name}", "-o", layers, str(self.root))
        self.leader = None
        self._process = None

    def write(self, path, text):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def start(self):
        """Boot without registering it anywhere, in a network namespace of its own."""
        self.write("/etc/hostname", f"{self.name}\n")
        sources = {ansible.__path__[0]: "ansible", str(PROJECT): "ansible_collections/hygeia/golden"}
        binds = [f"--bind-ro={source}:{PYTHON}/{target}" for source, target in sources.items()]
        command = nspawn.command(f"proofs-{self.name}", self.root, *binds)
        with open(self.directory / "console.log", "wb") as console:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True
            )

    def await_boot(self):
        for unused_try in range(240):
            time.sleep(0.25)
            found = subprocess.run(
                ["pgrep", "--exact", "--parent", str(self._process.pid), "systemd"], text=True, capture_output=True, check=False
            )
            self.leader = found.stdout.strip() or None
            if self.leader and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                return
        raise AssertionError((self.directory / "console.log").read_text(errors="replace")[-2000:])

    def run(self, *argv, stdin=None, check=False):
        enter = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        environ = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": PYTHON,
            "PYTHONPYCACHEPREFIX": "/var/tmp/python",
        }
        return subprocess.run([*enter, *argv], input=stdin, text=True, capture_output=True, check=check, env=environ)

    def module(self, name, **arguments):
        """What a module of the collection answers there."""
        ran = self.run("python3", "-c", RUNNER, name, stdin=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        assert ran.stdout, ran.stderr
        return json.loads(ran.stdout)

    def result(self, name, **arguments):
        """The one result of a module."""
        (found,) = self.module(name, **arguments)["results"]
        return found

    @contextlib.contextmanager
    def edited(self, path, old, new):
        """Another text in a file for a while."""
        text = (self.root / path.lstrip("/")).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))
        try:
            yield
        finally:
            self.write(path, text)

    def systemctl(self, *words):
        ran = self.run("systemctl", *words)
        assert ran.returncode == 0, ran.stderr + self.run("journalctl", "--no-pager", "--lines=20").stdout

    def stop(self):
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.leader or self._process.pid), 9)
            self._process.wait(30)
        run("umount", str(self.root))


RSYSLOG_HOST = f"""
global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="/etc/tls/ca.pem"
       DefaultNetstreamDriverCertFile="/etc/tls/guest.pem" DefaultNetstreamDriverKeyFile="/etc/tls/guest.key")
action(type="omfwd" target="{COLLECTOR}" port="6514" protocol="tcp"
       StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="collector.test"
       queue.type="LinkedList" queue.filename="collector" queue.saveOnShutdown="on"
       action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1")
"""
RSYSLOG_COLLECTOR = """
global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="/etc/tls/ca.pem"
       DefaultNetstreamDriverCertFile="/etc/tls/server.pem" DefaultNetstreamDriverKeyFile="/etc/tls/server.key")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/name" PermittedPeer="guest.test")
template(name="remote" type="string" string="/var/log/remote/%hostname%.log")
ruleset(name="remote") { action(type="omfile" dynaFile="remote") }
input(type="imtcp" port="6514" ruleset="remote")
"""


@pytest.fixture(scope="session")
def guests(base, tmp_path_factory):
    """The host and the collector, joined by a cable that nobody else has an end of."""
    directory = tmp_path_factory.mktemp("guests")
    host, collector = (Guest(base, directory / name, name) for name in ("guest", "collector"))
    try:
        host.write("/etc/rsyslog.d/collector.conf", RSYSLOG_HOST)
        collector.write("/etc/rsyslog.d/receiver.conf", RSYSLOG_COLLECTOR)
        (collector.root / "var/log/remote").mkdir()
        for suffix in ("pem", "key"):
            shutil.copy(collector.root / f"etc/tls/collector.{suffix}", collector.root / f"etc/tls/server.{suffix}")
        for guest in (host, collector):
            guest.start()
        for guest in (host, collector):
            guest.await_boot()
        run(
            "nsenter",
            f"--target={host.leader}",
            "--net",
            "ip",
            "link",
            "add",
            "mgmt0",
            "type",
            "veth",
            "peer",
            "name",
            "mgmt0",
            "netns",
            collector.leader,
        )
        for guest, address in ((host, HOST), (collector, COLLECTOR)):
            guest.run("ip", "address", "add", f"{address}/24", "dev", "mgmt0", check=True)
            guest.run("ip", "link", "set", "mgmt0", "up", check=True)
        yield host, collector
    finally:
        for guest in (host, collector):
            guest.stop()


@pytest.fixture(scope="session")
def host(guests):
    return guests[0]


@pytest.fixture(scope="session")
def collector(guests):
    return guests[1]
