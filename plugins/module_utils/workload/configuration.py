# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text files in which people configure programs, each read once; the walk has an end, however much lies there."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import mounted
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met, descend
from ansible_collections.hygeia.golden.plugins.module_utils.workload.mounts import REMOTE

DIRECTORIES = ("/etc", "/opt", "/srv", "/usr/local", "/var/lib/pgsql", "/var/lib/tomcat")
MOST_ENTRIES = 50_000
MOST_FILES = 4_000
LARGEST = 256 * 1024
DEEPEST = 7
# Beside /etc, files count as configuration by the ends of their names.
_SUFFIXES = (
    ".conf",
    ".cfg",
    ".cnf",
    ".config",
    ".ini",
    ".json",
    ".lic",
    ".pem",
    ".crt",
    ".cer",
    ".properties",
    ".toml",
    ".xml",
    ".yaml",
    ".yml",
    ".env",
)
# Lists that come with the system, the certificates of authorities, and what holds secrets as a whole.
_PASSED_OVER = frozenset(
    (
        *("/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki/ca-trust", "/etc/pki/java", "/etc/alternatives", "/etc/selinux"),
        *("/etc/apparmor.d", "/etc/fonts", "/etc/services", "/etc/protocols", "/etc/mime.types", "/etc/shadow", "/etc/gshadow"),
        *("/etc/shadow-", "/etc/gshadow-", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/udev", "/etc/vim", "/etc/X11"),
        *("/etc/sgml", "/etc/xml", "/etc/perl", "/etc/python3", "/etc/java-11-openjdk", "/etc/java-17-openjdk", "/usr/local/share"),
    )
)
_NO_CODE = frozenset((".git", "node_modules", "site-packages", "dist-packages", "__pycache__", "jre", "jdk"))


@dataclass
class Configuration:
    """``files`` are paths with their texts; ``left_out`` says in one sentence what was not read."""

    files: list[tuple[str, str]] = field(default_factory=list)
    left_out: str = ""


def configuration(host: Host) -> Configuration:
    found = Configuration()
    entries = unreadable = 0
    elsewhere = {mount.where for mount in mounted(host, (*REMOTE, "autofs"))}
    for directory in (each for each in DIRECTORIES if each not in elsewhere):
        for path, met in _walk(host, directory, elsewhere):
            entries += 1
            if entries > MOST_ENTRIES or len(found.files) >= MOST_FILES:
                found.left_out = (
                    f"more than {MOST_FILES} files or {MOST_ENTRIES} entries lie there, and the rest from {path} on was not read"
                )
                return found
            if not _wanted(path, met):
                continue
            try:
                content = host.head(path, LARGEST)
            except OSError:
                unreadable += 1
                continue
            if content and b"\0" not in content:
                found.files.append((path, content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")))
    if unreadable:
        found.left_out = f"{unreadable} files cannot be read; run this as root"
    return found


def _walk(host: Host, directory: str, elsewhere: Collection[str]) -> Iterator[tuple[str, Met]]:
    """Everything below a directory that lies on this host; no file server is asked, and nothing is mounted by being looked at."""
    try:
        top = os.open(host.path(directory), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for met in descend(
            top,
            lambda met: met.depth < DEEPEST and not _over(f"{directory}{met.path}", met),
            untouched=lambda path: f"{directory}{path}" in elsewhere,
        ):
            if not met.left:
                yield f"{directory}{met.path}", met
    finally:
        os.close(top)


def _over(path: str, met: Met) -> bool:
    return path in _PASSED_OVER or met.name in _NO_CODE


def _wanted(path: str, met: Met) -> bool:
    if met.is_directory or path in _PASSED_OVER or not 0 < met.found.st_size <= LARGEST or (met.found.st_mode & 0o170000) != 0o100000:
        return False
    return path.startswith("/etc/") or path.endswith(_SUFFIXES)
