# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One system to look at: a running host, or the root of one that is not running.

Everything a kind knows about the system comes through here, so a kind can be
tested on a plain folder and never asks where it is.
"""

from __future__ import annotations

import contextlib
import glob
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.packages import dpkg, rpm

SELINUX_LABEL = "security.selinux"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def ok(self):
        return self.code == 0

    @property
    def complaint(self):
        """The last line of what went wrong, for use inside a sentence."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1].strip() if lines else f"exit code {self.code}"


def _ssh_login(environ):
    """The environment that holds SSH_CONNECTION: this one, or since sudo drops it, the eldest ancestor's below sshd."""
    if environ is not os.environ:
        return dict(environ) if environ.get("SSH_CONNECTION") else {}
    found, process = {}, os.getpid()
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
            process = int(rest.split()[1])
    except OSError:
        pass  # the process has just ended, or belongs to another; what is known by now counts
    return found


def _make_folder(folder):
    """Make a folder and those that it lies in, where they are not there."""
    if not os.path.isdir(folder):
        _make_folder(os.path.dirname(folder))
        os.makedirs(folder, mode=0o755, exist_ok=True)
        _label(folder, folder)


def _label(new, target):
    """Give a new file the SELinux label of the one that it replaces, else of its folder where the kernel gave it none."""
    sources = [target] if _labelled(new) else [target, os.path.dirname(target)]
    label = next((label for label in map(_labelled, sources) if label), None)
    if label:
        with contextlib.suppress(OSError):  # a mount may have one label for all its files
            os.setxattr(new, SELINUX_LABEL, label)


def _labelled(path):
    """The SELinux label of a file, or None where it has none."""
    try:
        return os.getxattr(path, SELINUX_LABEL)
    except OSError:
        return None


class Host:
    """A system rooted at ``root``; ``check`` promises that nothing is written."""

    def __init__(self, root="/", check=False, environ=None):
        self.root = os.path.abspath(root)
        self.check = check
        self.environ = os.environ if environ is None else environ

    # -- what system this is ------------------------------------------------

    @cached_property
    def booted(self):
        """True when systemd runs here, so that services can be asked and reloaded (sd_booted(3))."""
        return self.root == "/" and os.path.isdir("/run/systemd/system")

    @cached_property
    def container(self):
        """True when a running system shares its kernel with another (CONTAINER_INTERFACE of systemd)."""
        return self.booted and os.path.exists("/run/systemd/container")

    @cached_property
    def kernel(self):
        """True when the running kernel belongs to this system, so that its live values are this system's."""
        return self.booted and not self.container

    @cached_property
    def packages(self):
        """What is installed, from the database of this system's own package manager."""
        return rpm.Packages(self) if rpm.serves(self) else dpkg.Packages(self.path(dpkg.STATUS))

    @cached_property
    def os_release(self):
        pairs = (line.split("=", 1) for line in self.lines("/etc/os-release") if "=" in line)
        return {key: value.strip("\"'") for key, value in pairs}

    @cached_property
    def systems(self):
        """What this system may be called, the most exact name first: debian-12, debian; a rebuild is what it rebuilds too."""
        release = self.os_release
        own, version = release.get("ID", "linux"), release.get("VERSION_ID", "")
        major = version.split(".", maxsplit=1)[0]
        versions = [f"{own}-{version}", f"{own}-{major}"] if version else []
        like = release.get("ID_LIKE", "").split()
        rebuilt = [f"rhel-{major}"] if major and "rhel" in like else []
        return list(dict.fromkeys([*versions, *rebuilt, own, *like]))

    @cached_property
    def login(self):
        """What sshd told the login behind this run (its environment), or nothing when it came another way."""
        return _ssh_login(self.environ) if self.booted else {}

    @property
    def operator(self):
        """The name of the login behind this run when it came over SSH, else None: nobody locks this one out."""
        if not self.login:
            return None
        return self.login.get("SUDO_USER") or self.login.get("USER") or self.login.get("LOGNAME") or "root"

    # -- files --------------------------------------------------------------

    def path(self, path):
        """Where ``path`` of this system lies; a symbolic link never leads out of the root."""
        if self.root == "/":
            return path
        return self._inside(path)

    def _inside(self, path, hops=0):
        done = self.root
        parts = [part for part in path.split("/") if part not in ("", ".")]
        while parts:
            part = parts.pop(0)
            if part == "..":
                done = self.root if done == self.root else os.path.dirname(done)
                continue
            here = os.path.join(done, part)
            if not os.path.islink(here):
                done = here
                continue
            hops += 1
            if hops > 40:
                raise OSError(f"too many symbolic links in {path}")
            target = os.readlink(here)
            if target.startswith("/"):
                done = self.root
            parts = [piece for piece in target.split("/") if piece not in ("", ".")] + parts
        return done

    def entry(self, path):
        """Like ``path``, but the last component is not followed when it is a symbolic link."""
        parent, name = os.path.split(path.rstrip("/") or "/")
        return os.path.join(self.path(parent), name)

    def outside(self, path):
        """The name that this system has for a path made by ``path``."""
        return path if self.root == "/" else "/" + os.path.relpath(path, self.root)

    def exists(self, path):
        return os.path.exists(self.path(path))

    def read(self, path):
        """The text of a file, or None when there is no such file."""
        try:
            with open(self.path(path), encoding="utf-8", errors="surrogateescape") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def lines(self, path):
        return (self.read(path) or "").splitlines()

    def glob(self, pattern):
        """Paths of this system that match, sorted, by their own names."""
        prefix = "" if self.root == "/" else glob.escape(self.root)
        return sorted(self.outside(found) for found in glob.glob(prefix + pattern))

    def write(self, path, content, mode=0o644):
        """Install a file in one step: a reader sees the old one or the new one, whole."""
        if self.check:
            raise RuntimeError(f"check mode would have written {path}")
        target = self.path(path)
        _make_folder(os.path.dirname(target))
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".hygeia-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, mode)
            _label(temporary, target)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise

    def remove(self, path):
        if self.check:
            raise RuntimeError(f"check mode would have removed {path}")
        try:
            os.unlink(self.entry(path))
        except FileNotFoundError:
            pass

    # -- commands -----------------------------------------------------------

    def which(self, name):
        """The path of a program of this system, or None."""
        for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
            candidate = f"{folder}/{name}"
            if os.access(self.path(candidate), os.X_OK):
                return candidate
        return None

    def run(self, argv, stdin=None, timeout=300):
        """Run a program of this system; it never waits for a terminal and always ends."""
        command = list(argv) if self.root == "/" else ["chroot", self.root] + list(argv)
        environment = dict(self.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
        environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, text=True, errors="surrogateescape",
                timeout=timeout, env=environment, check=False,
                **({} if stdin is not None else {"stdin": subprocess.DEVNULL}),
            )
        except FileNotFoundError:
            return Ran(127, "", f"{argv[0]} is not installed")
        except subprocess.TimeoutExpired:
            return Ran(124, "", f"{argv[0]} did not end within {timeout} s")
        return Ran(done.returncode, done.stdout, done.stderr)
