# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""sshd itself, asked what a configuration means (``sshd -T``), on a host or in a template that has no host key."""

from __future__ import annotations

import os
import re
import shlex

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

# Debian's sshd refuses to start without it, and a template's /run is empty.
RUN_DIRECTORY = "/run/sshd"
# Where the service has its options, and in which variable: on Debian, and on Enterprise Linux.
OPTIONS = {"/etc/default/ssh": "SSHD_OPTS", "/etc/sysconfig/sshd": "OPTIONS"}
# The second where only certified algorithms are allowed.
KEYS = ("ed25519", "ecdsa")
_WITH_VALUE = ("-o", "-p")


# Where a block is for a port (Match LocalPort), sshd tells nothing until it knows one. No block is for this.
AT_NO_PORT = "lport=65535"


class Rejected(Exception):
    """sshd does not accept a configuration; the sentence is its own."""


class Probe:
    """``with Probe(host) as probe``: everything it needs exists for the moment alone."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.scratch = Scratch(host)
        self._made = False

    def __enter__(self) -> Probe:
        self.scratch.__enter__()
        try:
            self._made = not self.host.exists(RUN_DIRECTORY)
            if self._made:
                os.mkdir(self.host.path(RUN_DIRECTORY), 0o755)
            self.key = f"{self.scratch.path}/key"
            for kind in KEYS:
                ran = self.host.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", self.key])
                if ran.ok:
                    break
            else:
                raise Rejected(f"no host key can be made to ask sshd with: {ran.error}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused_failure: object) -> None:
        self.scratch.__exit__()
        if self._made:
            os.rmdir(self.host.path(RUN_DIRECTORY))

    def effective(self, path: str | None = None, login: str = "", service: bool = True) -> dict[str, str]:
        """The effective values as ``{keyword: value}``, several lines of a keyword joined.

        ``login`` tells for whom, as ``sshd -C`` takes it; ``service`` says that
        the options with which the service is started count too.
        """
        argv = [self.host.which("sshd") or "sshd", "-T", "-h", self.key]
        argv += service_options(self.host) if service else []
        argv += ["-f", path] if path else []
        argv += ["-C", login or AT_NO_PORT]
        ran = self.host.run(argv)
        if not ran.ok:
            # Of an unknown algorithm it tells what first and where after that.
            errors = lines_of(ran.err.strip(BLANKS) or ran.error)
            raise Rejected(next((line for line in errors if re.search(r"\bline \d+: ", line, re.A)), errors[0]))
        values: dict[str, list[str]] = {}
        for line in lines_of(ran.out):
            keyword, unused_space, value = line.partition(" ")
            if (keyword, value) != ("hostkey", self.key):
                values.setdefault(keyword, []).append(value)
        return {keyword: " ".join(several) for keyword, several in values.items()}


def service_options(host: Host) -> list[str]:
    """What the service puts before every file's settings, reduced to settings."""
    found = []
    for path, variable in OPTIONS.items():
        for line in host.lines(path):
            name, unused_sign, value = line.strip(BLANKS).partition("=")
            if name != variable:
                continue
            words = shlex.split(" ".join(shlex.split(value, comments=True)))
            pairs = zip(words, words[1:] + [""])
            found = [part for option, following in pairs for part in _setting(option, following)]
    return found


def _setting(option: str, following: str) -> list[str]:
    if option in _WITH_VALUE:
        return [option, following]
    return [option] if option.startswith(_WITH_VALUE) else []
