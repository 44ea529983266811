# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session: one template's way from open over closed to promoted, or to discarded from anywhere.

    open ---> closed ---> staged ---> promoted
      |          |           |
      +----------+-----------+------> discarded

A session is a directory with a journal, an overlay whose backing file is the
template, and the script that enters it (see enter_program.py). The template's
file is never written. Before each step the journal says what may exist after
it, so that whatever a killed run left behind can be found and put away by the
reaper, which runs at each open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.image import machine
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection, starting, unpacking
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.template import Digests, Template, inspect, with_digests
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import image_store
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter, enter_program, labels, locks, residue, staging
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.answering import Hangs, answered
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.claim import claimed
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.cleanup import clean_up
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import askers, owner
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK, UNPACKED, numbered
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, free_space, require_tools, run, sized
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.template import Further
    from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process

# Less free space than this, or than the whole disk of the template, and work would soon end in a full disk.
SPARE = 256 << 20
T = TypeVar("T")


class Session(SessionState):
    """One session, with the steps from one state to the next."""

    # -- open ---------------------------------------------------------------

    def open(
        self,
        source: str,
        partition: int | None = None,
        version: str | None = None,
        run_of: Process | None = None,
        wait: float = 0,
        further: Sequence[Further] = (),
    ) -> bool:
        """Make an overlay over ``source`` and each of the ``further`` disks, and enter. False when this run has it open already.

        What the image will be called is decided here, once, so that the image itself can tell. So is whose the session
        is: ``run_of`` is the Ansible run as the controller knows it, which may have ended before it can be found here.
        ``wait`` is for how many seconds another session on this source, or of this name, is waited for.
        """
        asked_by = askers()
        run_of = run_of or owner()
        require_tools()
        version = version or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        image_store.require_version(version)
        template = inspect(source, further)
        for disk in template.disks:
            if disk.packed:
                unpacking.require(disk.packed)
        os.makedirs(os.path.dirname(self.directory), mode=0o700, exist_ok=True)
        self._require_space(min(SPARE, sum(SPARE if disk.packed else disk.virtual_size for disk in template.disks)))
        with claimed(self, template, version, run_of, wait) as got:
            if not got:
                return False
            with self._discarding():
                try:
                    self._fill(template, partition)
                finally:
                    # Then the supervisor may have ended what was about to be entered, and that is no fault of the template.
                    if askers() != asked_by or (run_of and not run_of.alive):
                        raise ImageError(f"whoever asked for the session {self.name} has ended, and it is discarded")
        return True

    def _require_space(self, needed: int) -> None:
        directory = os.path.dirname(self.directory)
        free = free_space(directory)
        if free < needed:
            raise ImageError(f"{directory} has {sized(free)} free, but {sized(needed)} are needed to work in: make room there")

    def _fill(self, template: Template, partition: int | None) -> None:
        digests = Digests(template.source)
        if any(disk.packed for disk in template.disks):
            template = self._unpacked(template)
        self.journal.record(step="overlay")
        for disk, overlay in zip(template.disks, self.overlays):
            name = inspection.name_for_qemu(disk.node)
            made = run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", name, "-F", disk.node["driver"], overlay])
            if not made.ok:
                raise ImageError(f"the overlay {overlay} cannot be made: {made.error}")
        entered = enter.enter(self, template.paths, partition)
        self.journal.record(
            state="open",
            step="open",
            source=with_digests(self.journal["source"], digests.results()),
            **{key: entered[key] for key in ("root", "isolation_reason", "mounts", "places", "not_mounted", "os", "python")},
        )

    def _unpacked(self, template: Template) -> Template:
        """The template with the disks that compressed files hold, each in a file of the session."""
        self.journal.record(step="unpack")
        disks = []
        for number, disk in enumerate(template.disks, 1):
            if disk.packed:
                target = self.path(numbered(UNPACKED, number))
                unpacking.unpack(disk.path, disk.packed, target, SPARE, self.limits.promote)
                found = inspection.inspect_unpacked(target, disk.path)
                disk = replace(disk, format=found.format, virtual_size=found.virtual_size, node=found.node, packed="")
            disks.append(disk)
        template = Template(tuple(disks))
        self.journal.record(source=template.source, nodes=[disk.node for disk in disks])
        return template

    def require_version(self, version: str) -> None:
        """Refuse another version than was decided on: the image may tell that one by now."""
        if version and version != self.version:
            raise ImageError(
                f"the session {self.name} was opened for version {self.version}, not {version}: say the version when it is opened"
            )

    # -- plant, label and close ----------------------------------------------------

    def plant(self) -> bool:
        """Plant canaries that closing searches for, before the template is sealed; false when that was done already."""
        with self.acting("open"):
            if "canaries" in self.journal:
                return False
            self._require_entered()
            seed = secrets.token_hex(32)
            with self._discarding():
                planted, missing = self._answered(
                    lambda: canaries.plant(enter.tree(self), self.journal["mounts"], seed), "canaries were planted", self.limits.teardown
                )
            self.journal.record(canaries={"seed": seed, "planted": planted, "missing": missing})
        return True

    def label(self) -> bool:
        """Give what was changed the SELinux labels that the template's policy has for it; false when all had theirs."""
        with self.acting("open"):
            self._require_entered()
            with self._discarding():
                before, found = self.journal.get("labels", {}), self._label()
            self.journal.record(labels=found)
            return any(found[key] != before.get(key, 0) for key in ("labelled", "relabel") if found[key])

    def _label(self) -> dict[str, Any]:
        """Label what was changed since the session was opened; what has been labelled in all."""
        # A large tree takes its time, and so does the template's program that knows the labels.
        found = self._answered(
            lambda: labels.apply(enter.host(self), self.journal["mounts"], self.journal["since"]),
            "files were labelled",
            max(self.limits.teardown, labels.PATIENCE),
        )
        before = self.journal.get("labels", {"labelled": 0, "relabel": ""})
        return {**found, "labelled": before["labelled"] + found["labelled"], "relabel": found["relabel"] or before["relabel"]}

    def _entered(self) -> bool:
        return "sandbox" in self.journal and bool(self.supervisor and self.supervisor.alive)

    def _require_entered(self) -> None:
        if not self._entered():
            raise ImageError(f"the session {self.name} is not open any more: its supervisor ended, open the template again")

    def close(self) -> bool:
        """Leave the template with clean filesystems and nothing beside them; false when it was closed already. A problem discards."""
        with self.acting("open", "closed", "staged"):
            if self.state != "open":
                return False
            self.require_key()
            with self._discarding():
                self.journal.record(state="closing", step="sandbox")
                facts = {}
                if self._entered():
                    if "canaries" in self.journal:
                        self._answered(lambda: canaries.remove(enter.tree(self)), "canaries were removed", self.limits.teardown)
                    # Noted when it is known that everything was written: the disk of the build host may be full.
                    facts["labels"] = self._label()
                    # What was installed since it was opened is what an image is made of.
                    facts["machine"] = self._machine()
                enter.leave(self)
                enter_program.write_closed(self.directory)
                facts["residue"] = residue.clean(self)
                self.journal.record(state="closed", step="closed", supervisor=None, daemon=None, sandbox=None, **facts)
        return True

    def _machine(self) -> dict[str, str]:
        """The machine that the image can run in, for a description of it; that of the template where its disk does not answer.

        Leaving the template tells of such a disk, and cuts it off.
        """
        described = self.journal["source"].get("machine", {})
        try:
            return answered(lambda: machine.of(Host(enter.tree(self)), starting.of(self.path(DISK)), described), self.limits.teardown)
        except Hangs:
            return described

    def _answered(self, work: Callable[[], T], doing: str, seconds: float) -> T:
        """What is done in the template's filesystems; a disk that does not answer is a problem, after which it is cut off."""
        try:
            return answered(work, seconds)
        except Hangs:
            raise ImageError(
                f"the session {self.name} is discarded: the template's disk did not answer within {seconds:g} s while {doing}"
            ) from None

    # -- stage and promote --------------------------------------------------

    def stage(self, target: Target, compress: bool = False, check: bool = False) -> tuple[bool, dict[str, Any]]:
        """Write the closed session to a file of its own, which nobody sees yet; returns whether it was not yet, and what it is.

        What is known of the image can be written down now, before anybody could use it.
        """
        with self.acting("closed", "staged"):
            if self.state == "staged":
                staging.bind(self, target)
                return False, staging.described(self, target)
            staging.require_promotable(self, target)
            if check:
                return True, {"pointer": target.pointer}
            with self._discarding():
                staging.write(self, target, compress)
            return True, staging.described(self, target)

    def promote(self, target: Target, keep: int, compress: bool = False, check: bool = False) -> dict[str, Any]:
        """Publish what is staged, or what is staged now; returns what came of it. With ``check`` only check whether it could be."""
        with self.acting("closed", "staged"):
            if self.state == "staged":
                staging.bind(self, target)
            else:
                staging.require_promotable(self, target)
            if check:
                return {"pointer": target.pointer, "removed": []}
            with self._discarding():
                if self.state == "closed":
                    staging.write(self, target, compress)
                staging.publish(self, target)
            # It is promoted: what goes wrong from here on is reported, and takes nothing back.
            image = {**staging.described(self, target), "removed": [], "history": None}
            with self._warning(f"{target.history.path} cannot be read"):
                image["history"] = target.history.head()
            with self._warning(f"older images of {target.name} cannot be removed"):
                self.journal.record(state="promoted", step="prune", leftovers=[])
                image["removed"] = target.prune(keep)
            with self._warning(f"what is left of the session {self.name} cannot be removed"):
                clean_up(self)
        return image

    @contextlib.contextmanager
    def _warning(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ImageError, OSError) as problem:
            self.warnings.append(f"{what}: {problem}")

    # -- discard ------------------------------------------------------------

    def discard(self) -> bool:
        """End everything and remove everything of this session; false when there was nothing."""
        if not self.journal:
            return False
        with locks.action(self.directory, self.limits.teardown) as got:
            if not got:
                raise ImageError(
                    f"another process has been working on the session {self.name} for {self.limits.teardown} s: end that first"
                )
            self.read()
            if self.journal:
                self.require_ours()
                clean_up(self)
        return True

    @contextlib.contextmanager
    def _discarding(self) -> Iterator[None]:
        """Whatever goes wrong inside, nothing of the session stays."""
        try:
            yield
        except BaseException as problem:
            clean_up(self)
            if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
                full = (
                    f"the session {self.name} is discarded: {self.directory} could not be written ({problem.strerror}): is its disk full?"
                )
                raise ImageError(full) from problem
            if isinstance(problem, OSError):
                what = f"{problem.filename}: {problem.strerror}" if problem.filename else problem
                raise ImageError(f"the session {self.name} is discarded: {what}") from problem
            raise
