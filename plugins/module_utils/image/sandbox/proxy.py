# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way from inside to the package sources, and to nothing else: a small HTTP proxy.

It listens in the sandbox's network namespace, which has no other way out, and connects from the build host's. Where it connects
to is the site's decision (host names or addresses, with a port), or else what the template's own package sources name; then never
the build host itself, nor addresses that mean a neighbour on its link. A name is looked up here, once, and the address that was
judged is the one that is used.
"""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import ipaddress
import os
import re
import signal
import socket
import threading
from urllib.parse import urlsplit

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import kernel
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Network


# Files of package sources, and of the proxy by which a site reaches them.
SOURCES = (
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/*",
    "run/hygeia-apt/sources.list.d/*",
    "etc/yum.repos.d/*.repo",
    "etc/dnf/dnf.conf",
    "run/hygeia-dnf/*.repo",
    "etc/zypp/repos.d/*.repo",
)
APT_CONFIGURATION = ("etc/apt/apt.conf", "etc/apt/apt.conf.d/*")
_ADDRESS = re.compile(r"\bhttps?://[^\s\"'\]<>,;]+", re.I)
_APT_PROXY = re.compile(r"""Acquire::https?::Proxy\s+["'](https?://[^"']+)["']""", re.I)
_PORTS = {"http": 80, "https": 443}
_HEAD_LIMIT, _CHUNK, _PATIENCE, _SILENCE = 64 << 10, 1 << 16, 30, 600
_FILE_LIMIT = 1 << 20


class Refused(Exception):
    """Why a request goes nowhere."""


class Tree:
    """The template's files as the build host sees them; a symbolic link in it is not followed."""

    def __init__(self, root: str) -> None:
        self.root = root

    def texts(self, patterns: tuple[str, ...]) -> Iterator[str]:
        for pattern in patterns:
            for path in sorted(glob.glob(os.path.join(glob.escape(self.root), pattern))):
                with contextlib.suppress(OSError):
                    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                    with os.fdopen(handle, "rb") as stream:
                        if os.path.isfile(f"/proc/self/fd/{handle}"):
                            yield stream.read(_FILE_LIMIT).decode("utf-8", "replace")


class Policy:
    """Where a command may go: ``hosts`` of the site, as NAME[:PORT] with * for anything, or what the sources name."""

    def __init__(self, hosts: list[str], upstream: str, tree: Tree) -> None:
        self.hosts = hosts
        self.tree = tree
        configured = [found for text in tree.texts(APT_CONFIGURATION) for found in _APT_PROXY.findall(text)]
        self.upstream = _host_and_port(upstream) if upstream else None
        if not upstream and configured:
            self.upstream = _host_and_port(configured[0])
            self.require(*self.upstream, named=True)

    def require(self, host: str, port: int, named: bool = False) -> None:
        """Refuse a destination that is not allowed; ``named`` says that the template names it, as a proxy of its own."""
        if self.hosts:
            if not any(_matches(pattern, host, port) for pattern in self.hosts):
                raise Refused(f"{host}:{port} is none of image_package_hosts")
        elif not named and (host, port) not in self._named():
            raise Refused(f"{host}:{port} is named by no package source of the template: add it to image_package_hosts")

    def _named(self) -> set[tuple[str, int]]:
        found = (address for text in self.tree.texts(SOURCES) for address in _ADDRESS.findall(text))
        return {_host_and_port(address) for address in found}

    def addresses(self, host: str, port: int) -> list[tuple[int, int, int, str, Any]]:
        """Where a destination lies; what only a site may allow is left out unless it does."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise Refused(f"{host} is not known to the build host ({getattr(problem, 'strerror', None) or problem})") from problem
        if self.hosts:
            return list(found)
        far: list[tuple[int, int, int, str, Any]] = [entry for entry in found if not _near(str(entry[4][0]))]
        if not far:
            raise Refused(f"{host} is the build host itself or on its own link: allow it in image_package_hosts")
        return far


def _near(address: str) -> bool:
    """Is this the build host itself, a neighbour on its link, or no host at all?"""
    named = ipaddress.ip_address(address.partition("%")[0])
    real = getattr(named, "ipv4_mapped", None) or named
    if real.is_loopback or real.is_link_local or real.is_multicast or real.is_unspecified or real.is_reserved:
        return True
    with socket.socket(socket.AF_INET6 if real.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(real), 0))  # only an own address can be bound to
        except OSError:
            return False
    return True


def _matches(pattern: str, host: str, port: int) -> bool:
    name, colon, wanted = pattern.rpartition(":") if re.search(r":\d+$", pattern) else (pattern, "", "")
    return fnmatch.fnmatchcase(host.lower(), name.strip("[]").lower()) and (not colon or int(wanted) == port)


def _host_and_port(address: str) -> tuple[str, int]:
    """The host and port of a URL, or of HOST:PORT; none where it has none."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return "", 0


# -- serving ----------------------------------------------------------------


def start(namespace: int, network: Network, tree: Tree) -> dict[str, str]:
    """Serve the sandbox for as long as this process lives; returns the environment by which its programs find the proxy."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    kernel.setns(namespace, kernel.CLONE_NEWNET)
    try:
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    finally:
        kernel.setns(here, kernel.CLONE_NEWNET)
        os.close(here)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    parent = os.getpid()
    if os.fork() == 0:
        try:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent:
                _serve(listener, network, tree)
        finally:
            os._exit(0)
    listener.close()
    return {"http_proxy": address, "https_proxy": address}


def _serve(listener: socket.socket, network: Network, tree: Tree) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    while True:
        client, unused_address = listener.accept()
        threading.Thread(target=_handle, args=(client, network, tree), daemon=True).start()


def _handle(client: socket.socket, network: Network, tree: Tree) -> None:
    with client:
        client.settimeout(_SILENCE)
        try:
            _exchange(client, Policy(network["hosts"], network["proxy"], tree))
        except Refused as problem:
            # In the first line, since that is what package managers show.
            reason = ascii(str(problem))[1:-1]
            with contextlib.suppress(OSError):
                client.sendall(f"HTTP/1.1 403 {reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode("ascii"))
        except OSError:
            pass


def _exchange(client: socket.socket, policy: Policy) -> None:
    """Answer the first request, and those for the same host that follow it."""
    head, rest = _head(client, b"")
    method, target = _request(head)
    host, port = _host_and_port(target)
    policy.require(host, port)
    with _connected(policy, host, port) as server:
        server.settimeout(_SILENCE)
        if method == "CONNECT" and not policy.upstream:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server.sendall(rest)
            _relay_both(client, server)
            return
        if method == "CONNECT":
            server.sendall(head + rest)
            _relay_both(client, server)
            return
        answering = threading.Thread(target=_relay, args=(server, client), daemon=True)
        answering.start()
        while head:
            method, target = _request(head)
            if _host_and_port(target) != (host, port) or method not in ("GET", "HEAD"):
                break  # the client comes again, by a connection of its own
            server.sendall(head if policy.upstream else _direct(head, target))
            head, rest = _head(client, rest)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        answering.join(_SILENCE)


def _head(client: socket.socket, got: bytes) -> tuple[bytes, bytes]:
    """The head of the next request, and what came after it; nothing at the end."""
    while b"\r\n\r\n" not in got:
        if len(got) > _HEAD_LIMIT:
            raise Refused("the head of the request is too long")
        more = client.recv(_CHUNK)
        if not more:
            return b"", b""
        got += more
    head, unused_end, rest = got.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _request(head: bytes) -> tuple[str, str]:
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
    if len(words) != 3:
        raise Refused("this is no request of HTTP")
    return words[0], words[1]


def _direct(head: bytes, target: str) -> bytes:
    """The request as the server itself wants it, without the words for a proxy."""
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    first, unused_end, others = head.partition(b"\r\n")
    words = first.split(b" ")
    lines = [line for line in others.split(b"\r\n") if not line.lower().startswith((b"proxy-authorization:", b"proxy-connection:"))]
    return b" ".join([words[0], path.encode("latin-1"), words[2]]) + b"\r\n" + b"\r\n".join(lines)


def _connected(policy: Policy, host: str, port: int) -> socket.socket:
    """A connection to a destination, or to the proxy that leads there."""
    problem = None
    for family, kind, protocol, unused_name, address in policy.addresses(*(policy.upstream or (host, port))):
        server = socket.socket(family, kind, protocol)
        server.settimeout(_PATIENCE)
        try:
            server.connect(address)
            return server
        except OSError as error:
            server.close()
            problem = error
    raise Refused(f"{host}:{port} cannot be reached from the build host ({getattr(problem, 'strerror', None) or problem})")


def _relay_both(client: socket.socket, server: socket.socket) -> None:
    back = threading.Thread(target=_relay, args=(server, client), daemon=True)
    back.start()
    _relay(client, server)
    back.join(_SILENCE)


def _relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            chunk = source.recv(_CHUNK)
            if not chunk:
                break
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
