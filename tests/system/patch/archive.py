# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small archive of Debian packages, made and signed here, and a server for it that can die half-way."""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import re
import socket
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SUITE, SECURITY = "stable", "stable-security"
_LABELS = {SUITE: "Debian", SECURITY: "Debian-Security"}
_DAY = datetime.timedelta(days=1)


def run(*argv, **kwargs):
    return subprocess.run([str(word) for word in argv], check=True, text=True, capture_output=True, **kwargs)


class Key:
    """A key of OpenPGP that lives in a directory of its own."""

    def __init__(self, home, name="Archive of the tests"):
        self.home = home
        home.mkdir(mode=0o700)
        self._gpg("--passphrase", "", "--quick-generate-key", name, "rsa3072", "sign", "never")

    def _gpg(self, *argv):
        return run("gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", *argv)

    def write(self, path):
        """The public key, as apt wants it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._gpg("--output", path, "--export")

    @property
    def armored(self):
        return self._gpg("--armor", "--export").stdout

    def sign(self, release):
        self._gpg("--clearsign", "--output", release.with_name("InRelease"), release)

    def end(self):
        """gpg leaves an agent running."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


class Archive:
    """Packages in two suites, one of them for security."""

    def __init__(self, place, key):
        self.place, self.key = place, key
        self._work = place.with_name(f"{place.name}-work")

    def add(self, name, version, suite=SUITE, files=None, scripts=None, conffiles=(), **fields):
        """Build a package for a suite, or for several; ``files`` maps its paths to texts or to files to copy."""
        root = self._work / f"{name}_{version}"
        control = {
            "Package": name,
            "Version": version,
            "Architecture": "amd64",
            "Maintainer": "Tests <tests@example.org>",
            "Description": "for the tests",
            **{key.replace("_", "-"): value for key, value in fields.items()},
        }
        debian = root / "DEBIAN"
        debian.mkdir(parents=True)
        (debian / "control").write_text("".join(f"{key}: {value}\n" for key, value in control.items()))
        if conffiles:
            (debian / "conffiles").write_text("".join(f"{path}\n" for path in conffiles))
        for script, text in (scripts or {}).items():
            (debian / script).write_text(text)
            (debian / script).chmod(0o644 if script == "templates" else 0o755)
        for path, content in {f"/usr/share/{name}/version": f"{version}\n", **(files or {})}.items():
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read_bytes() if isinstance(content, Path) else content.encode())
            target.chmod(0o755 if "bin/" in path else 0o644)
        pool = self.place / "pool"
        pool.mkdir(parents=True, exist_ok=True)
        package = pool / f"{name}_{version}_amd64.deb"
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, package)
        data = package.read_bytes()
        control.update(Filename=f"pool/{package.name}", Size=len(data), SHA256=hashlib.sha256(data).hexdigest())
        for each in suite.split():
            with open(self.place / f"{each}.packages", "a", encoding="utf-8") as stream:
                stream.write("".join(f"{key}: {value}\n" for key, value in control.items()) + "\n")
        return package

    def publish(self, key=None, valid=7, made=None):
        """Sign what each suite has; ``valid`` days from when it is ``made``."""
        made = made or datetime.datetime.now(datetime.timezone.utc)
        for suite, label in _LABELS.items():
            directory = self.place / "dists" / suite
            packages = directory / "main/binary-amd64/Packages"
            packages.parent.mkdir(parents=True, exist_ok=True)
            listed = self.place / f"{suite}.packages"
            packages.write_bytes(listed.read_bytes() if listed.exists() else b"")
            data = packages.read_bytes()
            release = directory / "Release"
            release.write_text(
                f"Origin: Debian\nLabel: {label}\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64\nComponents: main\n"
                f"Date: {_date(made)}\nValid-Until: {_date(made + valid * _DAY)}\n"
                f"SHA256:\n {hashlib.sha256(data).hexdigest()} {len(data)} main/binary-amd64/Packages\n"
            )
            (key or self.key).sign(release)

    def sources(self, address, *options):
        """Its paragraph of deb822, with the key written out."""
        key = "".join(f" {line or '.'}\n" for line in self.key.armored.splitlines())
        more = "".join(f"{option}\n" for option in options)
        return f"Types: deb\nURIs: {address}\nSuites: {SUITE} {SECURITY}\nComponents: main\n{more}Signed-By:\n{key}"


def _date(moment):
    return moment.strftime("%a, %d %b %Y %H:%M:%S UTC")


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *unused_arguments):  # pylint: disable=arguments-differ
        pass

    def copyfile(self, source, outputfile):
        if self.server.dies_at and re.search(self.server.dies_at, self.path):
            outputfile.write(source.read(10))
            outputfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.server.socket.close()  # nobody is even heard any more
        else:
            super().copyfile(source, outputfile)


@contextlib.contextmanager
def served(place, dies_at=""):
    """The address of a server on the loopback; it dies in the middle of the first file whose name matches ``dies_at``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(place)))
    server.dies_at = dies_at
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.server_close()
        server.shutdown()
        thread.join()
