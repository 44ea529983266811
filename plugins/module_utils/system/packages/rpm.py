# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rpm says is installed, asked once for all packages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.inventory import INSTALLED, Inventory
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# Where the database lies, the newer place first, and the files that each of its formats consists of.
DIRECTORIES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
# What dnf never removes: itself, and what is listed there (dnf.conf(5), protected_packages).
PROTECTED = ("/etc/dnf/protected.d/*.conf", "/etc/yum/protected.d/*.conf")

# What Enterprise Linux calls packages that have another name on Debian.
NAMES = {
    "aide-common": "aide",
    "auditd": "audit",
    "cracklib-runtime": "cracklib-dicts",
    "cron": "cronie",
    "g++": "gcc-c++",
    "gdm3": "gdm",
    "inetutils-telnet": "telnet",
    "initramfs-tools": "dracut",
    "ldap-utils": "openldap-clients",
    "libpam-modules": "pam",
    "libpam-pwquality": "libpwquality",
    "libpam-runtime": "pam",
    "netcat-traditional": "nmap-ncat",
    "nis": "ypbind",
    "open-iscsi": "iscsi-initiator-utils",
    "openssh-client": "openssh-clients",
    "proftpd-core": "proftpd",
    "rsh-client": "rsh",
    "rusersd": "rusers-server",
    "systemd-coredump": "systemd",
    "talkd": "talk-server",
    "telnetd": "telnet-server",
    "tftp-hpa": "tftp",
    "tftpd-hpa": "tftp-server",
    "tigervnc-standalone-server": "tigervnc-server",
    "tshark": "wireshark-cli",
    "xserver-xorg": "xorg-x11-server-common",
    "xserver-xorg-core": "xorg-x11-server-Xorg",
    "ypbind-mt": "ypbind",
}

_ASK = ["rpm", "-qa", "--queryformat", "%{NAME} %{EVR}\\n"]
_ASK_ALL = ["rpm", "-qa", "--queryformat", "%{NAME} %{EVR} %{ARCH} %{SOURCERPM}\\n"]
# The keys of repositories are packages too.
_KEYS = "gpg-pubkey"
# NAME-VERSION-RELEASE.src.rpm; those keys have none.
_SOURCE = re.compile(r"^(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm$")


class RpmError(RuntimeError):
    """Why it cannot be known what is installed, in one sentence."""


def serves(host: Host) -> bool:
    """Is rpm the package manager of this system? Debian has it as a tool for packages of others."""
    return not host.exists("/var/lib/dpkg/status") and bool({"rhel", "fedora", "suse"}.intersection(host.systems) or host.which("rpm"))


def made_from(source: str) -> tuple[str, str] | None:
    """The name and the version of a source package, by the name of its file; None for what has none."""
    found = _SOURCE.match(source)
    return (found["name"], found["version"]) if found else None


class Packages(Inventory):
    """The packages of rpm's database; one that is missing is an error, since rpm itself calls it empty."""

    source = "rpm -qa"

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def called(self, name: str) -> str:
        return NAMES.get(name, name)

    def _read(self) -> Iterator[tuple[str, tuple[str, str, bool]]]:
        protected = self._protected()
        for name, unused_blank, version in (line.partition(" ") for line in self._asked(_ASK)):
            if name != _KEYS:
                yield name, (INSTALLED, version, name in protected)

    def listing(self) -> list[dict[str, str]]:
        found = []
        for name, version, architecture, source in (line.split(" ") for line in self._asked(_ASK_ALL)):
            origin = made_from(source)
            if origin:
                found.append(
                    {"package": name, "version": version, "architecture": architecture, "source": origin[0], "source_version": origin[1]}
                )
        return found

    def _asked(self, command: list[str]) -> list[str]:
        """The lines of an answer of rpm."""
        if not any(self._host.exists(f"{directory}/{file}") for directory in DIRECTORIES for file in FILES):
            raise RpmError(f"rpm has no database in {' or '.join(DIRECTORIES)}, so it is not known what is installed")
        ran = self._host.run(command)
        if not ran.ok:
            raise RpmError(f"rpm does not say what is installed: {ran.error}")
        return lines_of(ran.out)

    def _protected(self) -> set[str]:
        lines = (line.strip(BLANKS) for pattern in PROTECTED for path in self._host.files(pattern) for line in self._host.lines(path))
        return {"dnf", *lines}
