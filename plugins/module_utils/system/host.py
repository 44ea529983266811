# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One system to look at: a running host, or the root of one that is not running.

Everything a kind knows about the system comes through here, so a kind can be
tested on a plain directory and never asks where it is.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import dpkg, rpm
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.inventory import Inventory
from ansible_collections.hygeia.golden.plugins.module_utils.util import commands, globbing, places, replacing
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

# How much of a file is read where nothing else is said: no configuration is larger, and a file without an end has one.
LARGEST = 4 * 1024 * 1024
# A program, or a list of all packages.
PROGRAM = 256 * 1024 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True)
class CommandResult:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def error(self) -> str:
        """The last line of what went wrong, for use inside a sentence."""
        lines = lines_of(self.err.strip(BLANKS) or self.out.strip(BLANKS))
        return lines[-1].strip(BLANKS) if lines else f"exit code {self.code}"


def _ssh_login(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that holds SSH_CONNECTION: this one, or since sudo drops it, the eldest ancestor's below sshd."""
    if environ is not os.environ:
        return dict(environ) if environ.get("SSH_CONNECTION") else {}
    found: dict[str, str] = {}
    process = os.getpid()
    try:
        while process > 1:
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stream:
                name, unused_bracket, rest = stream.read().partition("(")[2].rpartition(")")
            if name.startswith("sshd"):
                break
            with open(f"/proc/{process}/environ", encoding="utf-8", errors="surrogateescape") as stream:
                pairs = (entry.split("=", 1) for entry in stream.read().split("\0") if "=" in entry)
            ancestor = dict(pairs)
            found = ancestor if ancestor.get("SSH_CONNECTION") else found
            process = int(words_of(rest)[1])
    except OSError:
        pass  # the process has just ended, or belongs to another; what is known by now counts
    return found


def _text(printed: bytes) -> str:
    """What a program printed, each line ended by a line feed; any bytes."""
    return printed.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")


def _first(stream: io.FileIO, size: int) -> bytes:
    """That many bytes, in pieces: files of /proc/sys refuse to be read by megabytes."""
    pieces = []
    while size > 0:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class Host:
    """A system rooted at ``root``; ``check`` promises that nothing is written."""

    def __init__(
        self,
        root: str = "/",
        check: bool = False,
        environ: Mapping[str, str] | None = None,
        entering: Sequence[str] | None = None,
        injected: Injected | None = None,
    ) -> None:
        self.root = os.path.abspath(root)
        self.check = check
        self.environ = os.environ if environ is None else environ
        # The command line that runs a program inside the root; without one, no program of another root ever runs.
        self.entering = entering
        # What the boot check wrote into the system for itself, which is not read.
        self.injected = injected

    # -- what system this is ------------------------------------------------

    @cached_property
    def booted(self) -> bool:
        """True when systemd runs here, so that services can be asked and reloaded (sd_booted(3))."""
        return self.root == "/" and os.path.isdir("/run/systemd/system")

    @cached_property
    def container(self) -> bool:
        """True when a running system shares its kernel with another (CONTAINER_INTERFACE of systemd)."""
        return self.booted and os.path.exists("/run/systemd/container")

    @cached_property
    def kernel(self) -> bool:
        """True when the running kernel belongs to this system, so that its live values are this system's."""
        return self.booted and not self.container

    @cached_property
    def packages(self) -> Inventory:
        """What is installed, from the database of this system's own package manager."""
        return rpm.Packages(self) if rpm.serves(self) else dpkg.Packages(self)

    @cached_property
    def os_release(self) -> dict[str, str]:
        pairs = (line.split("=", 1) for line in self.lines("/etc/os-release") if "=" in line)
        return {key: value.strip("\"'") for key, value in pairs}

    @cached_property
    def systems(self) -> list[str]:
        """What this system may be called, the most exact name first: debian-12, debian; a rebuild is what it rebuilds too."""
        release = self.os_release
        own, version = release.get("ID", "linux"), release.get("VERSION_ID", "")
        major = version.split(".", maxsplit=1)[0]
        versions = [f"{own}-{version}", f"{own}-{major}"] if version else []
        like = words_of(release.get("ID_LIKE", ""))
        rebuilt = [f"rhel-{major}"] if major and "rhel" in like else []
        return list(dict.fromkeys([*versions, *rebuilt, own, *like]))

    @cached_property
    def login(self) -> dict[str, str]:
        """What sshd wrote for the login behind this run (its environment), or nothing when it came another way."""
        return _ssh_login(self.environ) if self.booted else {}

    @property
    def operator(self) -> str | None:
        """The name of the login behind this run when it came over SSH, else None: nobody locks this one out."""
        if not self.login:
            return None
        return self.login.get("SUDO_USER") or self.login.get("USER") or self.login.get("LOGNAME") or "root"

    # -- files --------------------------------------------------------------

    def path(self, path: str) -> str:
        """Where ``path`` of this system lies; a symbolic link never leads out of the root."""
        return path if self.root == "/" else self.place(path)

    def entry(self, path: str) -> str:
        """Like ``path``, but the last component is not followed when it is a symbolic link."""
        parent, name = os.path.split(path.rstrip("/") or "/")
        return os.path.join(self.path(parent), name)

    def place(self, path: str) -> str:
        """Like ``path``, for looking at what anybody may have made: the place holds no link, so nobody can put one in between."""
        own = places.resolved(self.root, path)
        return self.root if own == "/" else self.root.rstrip("/") + own

    def resolved(self, path: str) -> str:
        """The name without links of what a path leads to, or nothing when it leads nowhere."""
        try:
            return places.resolved(self.root, path)
        except OSError:
            return ""

    def outside(self, path: str) -> str:
        """The name that this system has for a path made by ``path``."""
        return path if self.root == "/" else "/" + os.path.relpath(path, self.root)

    def exists(self, path: str) -> bool:
        """Is there anything at a path? A link without an end is neither there nor not there."""
        try:
            os.stat(self.path(path))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError as problem:
            raise places.OddFile(f"{path} cannot be looked at: {problem.strerror or problem}") from problem
        return True

    def read(self, path: str, limit: int = LARGEST) -> str | None:
        """The text of a file, each line ended by a line feed, or None when there is no such file."""
        content = self.read_bytes(path, limit)
        return None if content is None else content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")

    def read_bytes(self, path: str, limit: int = LARGEST) -> bytes | None:
        """What is in a file, or None when there is none; OddFile says what stands there that is no file, or too large a one."""
        content = self.head(path, limit + 1)
        if content is not None and len(content) > limit:
            raise places.OddFile(f"{path} is larger than {limit} bytes, more than such a file has; put the right file in its place")
        return content

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file, or None when there is none."""
        if self._masked(path):
            return b""
        handle = places.opened(self.root, path)
        if handle is None:
            return None
        try:
            with os.fdopen(handle, "rb", buffering=0) as stream:
                content = _first(stream, size)
                return self.injected.without(path, content) if self.injected else content
        except OSError as problem:
            raise places.OddFile(f"{path} cannot be read: {problem.strerror}") from problem

    def lines(self, path: str, limit: int = LARGEST) -> list[str]:
        """The lines of a file as programs count them: only a line feed ends one."""
        return lines_of(self.read(path, limit) or "")

    def glob(self, pattern: str) -> list[str]:
        """Paths of this system that match, sorted, by their own names; links are followed inside of it."""
        return sorted(globbing.matching(self, pattern))

    def files(self, pattern: str) -> list[str]:
        """Paths that match and are no directories: programs pass over a directory among their files."""
        return [path for path in self.glob(pattern) if not os.path.isdir(self._followed(path))]

    def regular(self, pattern: str) -> list[str]:
        """Paths that match and lead to regular files or to /dev/null: all that systemd and some others read."""
        return [path for path in self.glob(pattern) if self.is_file(path)]

    def is_file(self, path: str) -> bool:
        """Does a path lead to a regular file, or to /dev/null in the place of one?"""
        return os.path.isfile(self._followed(path)) or self._masked(path)

    def _masked(self, path: str) -> bool:
        """Does a path lead to /dev/null, which stands for an empty file?"""
        try:
            return places.resolved(self.root, path) == places.NOTHING
        except OSError:
            return False  # a link without an end

    def _followed(self, path: str) -> str:
        try:
            return self.path(path)
        except OSError:
            return self.entry(path)  # a link without an end is no directory

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Install a file of ours: root's, with this mode, and in place of a link."""
        if self.check:
            raise RuntimeError(f"check mode would have written {path}")
        replacing.replace(self.entry(path), content.encode("utf-8", "surrogateescape"), mode)

    def edit(self, path: str, content: str, mode: int = 0o644, ended: bool = False) -> None:
        """Give a file another text, where a link leads too; owner, group, mode, access lists, attributes and ends of lines stay.

        A file that is not there yet is made with this mode. The lines of a text that is ``ended`` have the ends that they shall have.
        """
        if self.check:
            raise RuntimeError(f"check mode would have written {path}")
        before = self.read_bytes(path)
        target = os.path.realpath(self.path(path)) if self.root == "/" else self.path(path)
        after = content.encode("utf-8", "surrogateescape")
        if before is None:
            replacing.replace(target, after, mode)
        elif self._masked(path):
            raise places.OddFile(f"{path} leads to {places.NOTHING}; put a file in its place")
        else:
            replacing.replace(
                target, after if ended else replacing.with_ends(before, after), stat.S_IMODE(os.stat(target).st_mode), like=target
            )

    def remove(self, path: str) -> None:
        if self.check:
            raise RuntimeError(f"check mode would have removed {path}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.entry(path))

    # -- commands -----------------------------------------------------------

    def which(self, name: str) -> str | None:
        """The path of a program of this system, or None."""
        for directory in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
            candidate = f"{directory}/{name}"
            if os.access(self._followed(candidate), os.X_OK):
                return candidate
        return None

    def run(self, argv: Sequence[str], stdin: str | None = None, timeout: float = 300, pass_fds: Collection[int] = ()) -> CommandResult:
        """Run a program of this system; it never waits for a terminal and always ends."""
        if self.root != "/" and not self.entering:
            return CommandResult(126, "", f"{argv[0]} belongs to a system that is not entered, and is not run")
        command = list(argv) if self.root == "/" else [*(self.entering or ()), *argv]
        environment = dict(self.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
        environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        given = None if stdin is None else stdin.encode("utf-8", "surrogateescape")
        try:
            code, out, err = commands.captured(command, given, timeout, env=environment, pass_fds=pass_fds)
        except FileNotFoundError:
            return CommandResult(127, "", f"{argv[0]} is not installed")
        except subprocess.TimeoutExpired:
            return CommandResult(124, "", f"{argv[0]} did not end within {timeout} s")
        except commands.TooMuch:
            return CommandResult(
                125,
                "",
                f"{argv[0]} printed more than {commands.MOST >> 20} MB, more than it has to say: put the right program in its place",
            )
        return CommandResult(code, _text(out), _text(err))
