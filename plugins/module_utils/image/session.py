# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session: one template's way from open over closed to promoted, or to discarded from anywhere.

    open ---> closed ---> promoted
      |          |
      +----------+------> discarded

A session is a folder with a journal, an overlay whose backing file is the
template, and the script that enters it (see enter.py). The template's file is
never written. Before each step the journal says what may exist after it, so
that whatever a killed run left behind can be found and put away by ``reap``,
which runs at each open.

Other modules on the build host can look into a qcow2 file of their own for a
moment, such as a throwaway overlay that is about to boot:

    with opened("/var/lib/hygeia/sessions/web/boot.qcow2", work_dir) as image:
        image.write("/etc/issue", "hello\\n")
        ran = image.run(["systemctl", "enable", "probe.service"])

``image.host`` is a ``Host`` on its root, ``image.disk`` the raw disk. On leaving, the filesystems are
clean and the file is nobody's again; a problem is an ``ImageError``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.image import (
    disk, enter, export, journal, keeper, lock, partitions, shelf, worker,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import Process, owner
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, require_tools, run, sized, which

WORK_DIR = "/var/lib/hygeia/sessions"
OVERLAY, DISK, ROOT, PIDFILE = "overlay.qcow2", "disk", "root", "daemon.pid"
# States between two others: a session in one of them is worked on, or its process was killed.
PASSING = ("opening", "closing", "promoting", "promoted", "discarding")
# Less free space than this, or than the whole disk of the template, and work would soon end in a full disk.
SPARE = 256 << 20


class Limits:
    """How long things may take, in seconds."""

    def __init__(self, teardown=60, lifetime=4 * 3600, lease=3600, promote=3600):
        self.teardown = teardown
        self.lifetime = lifetime
        self.lease = lease
        self.promote = promote


class Session:
    """One session, by its folder. ``journal`` is None when there is no such session."""

    def __init__(self, folder, limits=None):
        self.folder = os.path.realpath(folder)
        self.name = os.path.basename(self.folder)
        self.limits = limits or Limits()
        self._read()

    def _read(self):
        entries = journal.load(self.folder)
        self.journal = journal.Journal(self.folder, **entries) if entries else None

    # -- what it is ---------------------------------------------------------

    @property
    def state(self):
        return self.journal["state"] if self.journal else "discarded"

    @property
    def version(self):
        """The version that its image will have."""
        self._require_there()
        return self.journal["version"]

    @property
    def overlay(self):
        return self.journal["overlay"]

    @property
    def keeper(self):
        return Process.load(self.journal.get("keeper")) if self.journal else None

    @property
    def abandoned(self):
        """Has everybody gone who could still want it? Ask only while holding its ``lock.action``."""
        if self.state in PASSING:
            return True
        run_of = Process.load(self.journal.get("owner"))
        if run_of:
            return not run_of.alive
        return not (self.keeper and self.keeper.alive) and keeper.idle(self.folder) > self.journal["lease"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def facts(self):
        """What a playbook may want to know."""
        known = self.journal or {}
        return {
            "name": self.name,
            "folder": self.folder,
            "state": self.state,
            **{key: known[key] for key in ("version", "source", "root", "mounts", "not_mounted", "os", "python") if key in known},
        }

    # -- open ---------------------------------------------------------------

    def open(self, source, partition=None, version=None):
        """Make an overlay over ``source`` and enter it. Returns false when this run has it open already.

        What the image will be called is decided here, once, so that the image itself can tell.
        """
        require_tools()
        version = version or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        shelf.require_version(version)
        template = disk.inspect(source)
        os.makedirs(os.path.dirname(self.folder), mode=0o700, exist_ok=True)
        self._require_space(os.path.dirname(self.folder), min(SPARE, template.virtual_size), "to work in")
        with contextlib.ExitStack() as held:
            with lock.mutex():
                if self._ours(template):
                    return False
                self._make_way(template)
                held.enter_context(self._created(owner(), self.path(OVERLAY), version=version, source={
                    "path": template.path, "format": template.format, "size": template.size, "virtual_size": template.virtual_size,
                }))
                lock.claim(template.path, self.folder)
            with self._discarding():
                self._fill(template, partition)
        return True

    def _ours(self, template):
        """Is this session open on this source, by this very run?"""
        run_of = owner()
        return bool(
            self.state == "open" and run_of and self.journal.get("owner") == run_of.dump()
            and self.journal["source"]["path"] == template.path and self.keeper.alive
        )

    def _make_way(self, template):
        """Put away what dead sessions left; refuse when somebody alive works on this source or under this name."""
        reap(os.path.dirname(self.folder), self.limits)
        for folder in (self.folder, lock.holder(template.path) or self.folder):
            other = Session(folder, self.limits)
            if not other.reap():
                raise ImageError(other.busy_with(template.path))
        if os.path.lexists(self.folder):
            raise ImageError(f"{self.folder} is there already and is no session: choose another work_dir or name")

    @contextlib.contextmanager
    def _created(self, run_of, overlay, **entries):
        """Make the folder with its journal in one step, and hold it: nobody ever sees a session without both."""
        new = os.path.join(os.path.dirname(self.folder), f".{self.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        os.mkdir(new, 0o700)
        with lock.action(new):
            self.journal = journal.Journal(new)
            self.journal.record(
                state="opening", step="claim", since=time.time(), opener=Process.of(os.getpid()).dump(), lease=self.limits.lease,
                owner=run_of.dump() if run_of else None, overlay=overlay, **entries,
            )
            self.journal.folder = self.folder
            os.rename(new, self.folder)
            yield

    def require_version(self, version):
        """Refuse another version than was decided on: the image may tell that one by now."""
        if version and version != self.version:
            raise ImageError(f"the session {self.name} was opened for version {self.version}, not {version}: say the version when it is opened")

    def busy_with(self, source):
        """The sentence for a second opener."""
        known = self.journal or {}
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(known.get("since")))
        who = (known.get("owner") or known.get("opener") or {}).get("pid", "unknown")
        advice = "end that" if known.get("owner") else f"discard the session {self.folder}"
        return (
            f"{known.get('source', {}).get('path', source)} is open in the session {self.name} since {since} by process {who}: "
            f"wait for it to end, or {advice}"
        )

    def _require_ours(self):
        """Refuse to act on the session of another run that still goes on."""
        run_of = Process.load(self.journal.get("owner"))
        if run_of and run_of.alive and run_of not in (owner(), Process.of(os.getpid())):
            raise ImageError(f"the session {self.name} belongs to process {run_of.pid}, which still runs: wait for it to end, or end that")

    def _fill(self, template, partition):
        digest = _Digest(template.path)
        self.journal.record(step="overlay")
        made = run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", template.path, "-F", template.format, self.overlay])
        if not made.ok:
            raise ImageError(f"the overlay {self.overlay} cannot be made: {made.complaint}")
        entered = self._enter(template.path, partition)
        self.journal.record(
            state="open", step="open", source={**self.journal["source"], "sha256": digest.result()},
            **{key: entered[key] for key in ("root", "mounts", "not_mounted", "os", "python")},
        )

    def _enter(self, name, partition=None):
        """Show the overlay as a disk, and start the worker inside it."""
        self.journal.record(step="export")
        daemon = export.start(self.overlay, self.path(DISK), self.path(PIDFILE))
        self.journal.record(step="partitions", daemon=daemon.dump())
        found = partitions.read(self.path(DISK), name)
        plan = {
            "disk": self.path(DISK), "root": self.path(ROOT), "partition": partition,
            "partitions": [part.dump() for part in found],
            "candidates": [part.dump() for part in partitions.candidates(found, name)],
        }
        os.makedirs(plan["root"], exist_ok=True)
        self.journal.record(step="worker")
        entered = self._start_keeper(daemon, plan)
        if "no_root" in entered:
            raise ImageError(partitions.no_root(found, name))
        if "pid" not in entered:
            raise ImageError(f"{name} cannot be entered: {entered.get('refused') or self._log()}")
        inner = Process.of(entered["pid"])
        self.journal.record(worker=inner.dump())
        enter.write_open(self.folder, inner)
        return entered

    def _start_keeper(self, daemon, plan):
        for module in (keeper, worker):
            journal.replace(self.path(_script(module)), module.__spec__.loader.get_source(module.__name__))
        journal.replace(self.path("used"), "")
        python = [sys.executable, "-I"]
        namespaces = [which("unshare")] + worker.NAMESPACES
        plan = {
            "folder": self.folder, "daemon": daemon.dump(), "owner": self.journal["owner"],
            "lease": self.limits.lease, "lifetime": self.limits.lifetime, "limit": self.limits.teardown,
            "worker": namespaces + python + [self.path(_script(worker)), "session", json.dumps(plan)],
        }
        with open(self.path("keeper.log"), "wb") as log:
            process = subprocess.Popen(
                python + [self.path(_script(keeper)), json.dumps(plan)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, cwd="/",
            )
        self.journal.record(keeper=Process.of(process.pid).dump())
        return json.loads(_first_line(process, self.limits.teardown) or b"{}")

    def _log(self):
        """The last thing that the worker or its keeper said."""
        for name in ("worker.log", "keeper.log"):
            with contextlib.suppress(FileNotFoundError), open(self.path(name), encoding="utf-8", errors="replace") as stream:
                lines = stream.read().strip().splitlines()
                if lines:
                    return lines[-1]
        return "the worker ended without a word"

    # -- close --------------------------------------------------------------

    def close(self):
        """Leave the template with clean filesystems; false when it was closed already. A problem discards."""
        with self.acting("open", "closed"):
            if self.state == "closed":
                return False
            with self._discarding():
                self.journal.record(state="closing", step="worker")
                self._leave()
                enter.write_closed(self.folder)
                self.journal.record(state="closed", step="closed", keeper=None, daemon=None, worker=None)
        return True

    def _leave(self):
        """End the keeper, which ends the worker and the daemon; whatever is not in order is a problem."""
        if self.keeper and not self.keeper.ask(3 * self.limits.teardown):
            raise ImageError(f"the session {self.name} did not end within {3 * self.limits.teardown} s, and its changes are discarded")
        try:
            with open(self.path("ended.json"), encoding="utf-8") as stream:
                ended = json.load(stream)
        except FileNotFoundError:
            ended = {"clean": False, "why": "its keeper was killed"}
        if not ended["clean"]:
            raise ImageError(f"the session {self.name} cannot be closed, and its changes are discarded: {ended['why']}")
        if export.mounted(self.path(DISK)):
            raise ImageError(f"the session {self.name} cannot be closed, and its changes are discarded: {self.path(DISK)} is still mounted")

    # -- promote ------------------------------------------------------------

    def promote(self, target, keep, compress=False, check=False):
        """Turn the closed session into an image of its own; returns what came of it. With ``check`` only look whether it could."""
        with self.acting("closed"):
            target.require_space(self.overlay)
            if check:
                return {"pointer": target.pointer, "removed": []}
            with self._discarding():
                image = self._publish(target, compress)
            image["removed"] = target.prune(keep)
            self._sweep()
        return image

    def _publish(self, target, compress):
        source = self.journal["source"]
        again = _Digest(source["path"])
        self.journal.record(state="promoting", step="flatten", pointer=target.pointer, leftovers=[target.partial, target.new_pointer])
        target.flatten(self.overlay, compress, self.limits.promote)
        if again.result() != source["sha256"]:
            raise ImageError(f"{source['path']} was changed by somebody else while the session {self.name} was open, which is discarded")
        digest = disk.sha256(target.partial)
        path = target.path(digest)
        # The same image under the same name may be there from before, and is somebody's.
        ours = [] if os.path.lexists(path) else [path]
        self.journal.record(step="publish", leftovers=[*self.journal["leftovers"], *ours])
        target.publish(digest)
        self.journal.record(step="point")
        target.move_to(path, digest)
        self.journal.record(state="promoted", step="prune", leftovers=[])
        return {"path": path, "version": target.version, "sha256": digest, "size": os.path.getsize(path), "pointer": target.pointer}

    # -- discard ------------------------------------------------------------

    def discard(self):
        """End everything and remove everything of this session; false when there was nothing."""
        if self.journal is None:
            return False
        with lock.action(self.folder, self.limits.teardown) as got:
            if not got:
                raise ImageError(f"another process has been working on the session {self.name} for {self.limits.teardown} s: end that first")
            self._read()
            if self.journal:
                self._require_ours()
                self._sweep()
        return True

    def _sweep(self):
        """Put away what the journal says may exist. Every step has a time limit; nothing here needs the last to have worked."""
        limit = self.limits.teardown
        known = self.journal or {}
        if known and self.state != "promoted":
            with contextlib.suppress(OSError):  # a full disk, which this is going to relieve
                self.journal.record(state="discarding")
        if self.keeper:
            self.keeper.stop(3 * limit)
        for process in map(Process.load, (known.get("guest"), known.get("worker"))):
            if process:
                process.signal(signal.SIGKILL)
                process.ended(limit)
        daemon = Process.load(known.get("daemon")) or export.found(self.path(PIDFILE))
        self._free_loops()
        export.stop(daemon, self.path(DISK), limit)
        for leftover in known.get("leftovers", []):
            # An image that the pointer names is promoted, whatever happened right after.
            if leftover != os.path.realpath(known["pointer"]):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(leftover)
        if known.get("pointer"):
            with contextlib.suppress(ImageError, OSError):  # the next move tells it as well
                shelf.settle(known["pointer"], limit)
        if known.get("source"):
            lock.release(known["source"]["path"], self.folder)
        try:
            keeper.erase(self.folder)
        except OSError as problem:
            raise ImageError(f"the folder of the session {self.name} cannot be removed: {problem}") from problem
        self.journal = None

    def _free_loops(self):
        """Detach the loop devices on our disk; in use, they go when their mount goes."""
        device = export.mounted(self.path(DISK))
        listed = run(["losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-MAJ:MIN"], self.limits.teardown)
        for line in listed.out.splitlines() if device else []:
            loop, unused_space, back = line.partition(" ")
            if back.replace("\\x20", "").strip() == device:
                run(["losetup", "--detach", loop], self.limits.teardown)

    def reap(self):
        """Discard this session if everybody has gone who could still want it; is it gone?"""
        if self.journal is None:
            return True
        with lock.action(self.folder) as got:
            if not got:
                return False
            self._read()  # it may have moved on before the lock was ours
            if self.journal and not self.abandoned:
                return False
            self._sweep()
        return True

    # -- help ---------------------------------------------------------------

    @contextlib.contextmanager
    def acting(self, *states):
        """Hold the session while acting on it; it must be in one of these states."""
        self._require_there()
        with lock.action(self.folder) as got:
            if not got:
                raise ImageError(f"another process is working on the session {self.name}: wait for it to end")
            self._read()
            self._require_ours()
            if self.state not in states:
                raise ImageError(f"the session {self.name} is {self.state}, but must be {' or '.join(states)} for this")
            yield

    def _require_there(self):
        if self.journal is None:
            raise ImageError(f"there is no session {self.folder}: it was discarded, or never opened")

    @contextlib.contextmanager
    def _discarding(self):
        """Whatever goes wrong inside, nothing of the session stays."""
        try:
            yield
        except BaseException as problem:
            self._sweep()
            if isinstance(problem, OSError):
                raise ImageError(f"the session {self.name} is discarded: {problem}") from problem
            raise

    @staticmethod
    def _require_space(folder, needed, purpose):
        free = free_space(folder)
        if free < needed:
            raise ImageError(f"{folder} has {sized(free)} free, but {sized(needed)} are needed {purpose}: make room there")


class Opened:
    """The inside of a disk image that is open right now."""

    def __init__(self, folder, pid):
        self._enter = os.path.join(folder, enter.NAME)
        self.host = Host(f"/proc/{pid}/root")
        self.disk = os.path.join(folder, DISK)

    def run(self, argv, stdin=None, timeout=300):
        """Run a program of the image in its namespaces."""
        return Host().run([self._enter] + list(argv), stdin, timeout)

    def write(self, path, content, mode=0o644):
        self.host.write(path, content, mode)


@contextlib.contextmanager
def opened(image, work_dir=WORK_DIR, limits=None):
    """Enter the qcow2 file ``image`` itself, without an overlay, for as long as the caller needs."""
    require_tools()
    os.makedirs(work_dir, mode=0o700, exist_ok=True)
    session = Session(os.path.join(work_dir, f"opened-{os.getpid()}-{time.monotonic_ns()}"), limits)
    with session._created(Process.of(os.getpid()), image):
        try:
            entered = session._enter(image)
            yield Opened(session.folder, entered["pid"])
            session._leave()
        finally:
            session._sweep()


def reap(work_dir, limits=None):
    """Put away every abandoned session of a folder; those that are in use stay."""
    for name in sorted(os.listdir(work_dir)):
        Session(os.path.join(work_dir, name), limits).reap()


class _Digest(threading.Thread):
    """The digest of a file, taken while something else goes on."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self._path = path
        self._result = None
        self.start()

    def run(self):
        try:
            self._result = disk.sha256(self._path)
        except OSError as problem:
            self._result = problem

    def result(self):
        self.join()
        if isinstance(self._result, OSError):
            raise ImageError(f"{self._path} cannot be read: {self._result.strerror}")
        return self._result


def _script(module):
    return module.__name__.rpartition(".")[2] + ".py"


def _first_line(process, limit):
    """The first line that a process prints, or nothing when it prints none within the limit."""
    lines = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(limit)
    return lines[0] if lines else b""
