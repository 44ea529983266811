# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof: what the backups of a host are worth, one record for each thing that a restore will depend on."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup import schedule
from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import format_duration
from ansible_collections.hygeia.golden.plugins.module_utils.backup.environment import environment
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import CANARY, Absent, BackupError, with_environ
from ansible_collections.hygeia.golden.plugins.module_utils.backup.products import PRODUCTS
from ansible_collections.hygeia.golden.plugins.module_utils.backup.restore_directory import RestoreDirectory
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import written
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import Backup, Entry, Product
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# What clocks of two machines may differ by.
_SKEW = 300
_CANARY_SIZE = 64 * 1024
# What must stay free beside a restored file.
_RESERVE = 16 * 2**20
# In how many of the last backups a file is looked for.
_LOOK_BACK = 5


@dataclass(frozen=True)
class Objectives:
    """What the site asks for; spans are seconds, and what is None was not declared."""

    recovery_point: float | None = None
    recovery_time: float | None = None
    retention: float | None = None
    timer: str | None = None
    cron: str | None = None
    sample: tuple[str, ...] = ()
    directory: str = "/run"


@dataclass(frozen=True)
class Restored:
    """One restore that came back right: how much, and how long it took."""

    size: int
    seconds: float


class Proof:
    """``records()`` looks and tries; with ``host.check`` it only looks. ``declared`` says which product, and how to ask it."""

    # There once its host is known well enough.
    product: Product

    def __init__(self, host: Host, declared: dict[str, Any], wanted: Objectives, now: int | None = None) -> None:
        self.host = host
        self.declared = declared
        self.wanted = wanted
        self.now = time.time() if now is None else now
        self.found: list[Record] = []
        self.restored: list[Restored] = []

    def records(self) -> list[Record]:
        """Every record, in the order in which an operator would look."""
        try:
            host = with_environ(self.host, environment(self.host, self.declared))
            self.product = PRODUCTS[self.declared["product"]](host, self.declared)
            backups, encryption = self.product.backups(), self.product.encryption()
        except BackupError as trouble:
            self._failed("reachable-proven", trouble)
            for name in ("encrypted-configured", "recent-proven", "retention-proven", "canary-proven", "sample-proven", "time-proven"):
                self._unchecked(name, "the repository could not be asked")
        else:
            self._add("reachable-proven", PASS)
            self._encrypted(*encryption)
            self._recent(backups)
            self._retention(backups)
            self._try(backups)
            self._time()
        self._schedule()
        return self.found

    # -- what the repository says -----------------------------------------------

    def _encrypted(self, encrypted: bool | None, how: str) -> None:
        message = {
            None: "the product cannot say whether its backups are encrypted: declare the command encrypted",
            False: f"who gets hold of {self.product.place} reads every backup in it ({how}): make a new repository that is encrypted, and remove this one",
        }.get(encrypted, "")
        status = {None: NOT_CHECKED, False: FAIL}.get(encrypted, PASS)
        self._add("encrypted-configured", status, {"encryption": "with a key"}, {"encryption": how}, message)

    def _recent(self, backups: list[Backup]) -> None:
        if not backups:
            owner = self.product.owner
            self._add(
                "recent-proven",
                FAIL,
                message=f"{self.product.place} has no backup of {owner}: start one, or say in host_name how it is called there",
            )
            return
        age, limit = self.now - backups[-1].time, self.wanted.recovery_point
        observed = {"last backup": f"{format_duration(age)} old", "began": written(backups[-1].time)}
        expected = {"last backup": f"at most {format_duration(limit)} old"} if limit else None
        if age < -_SKEW:
            message = f"the last backup is dated {format_duration(-age)} in the future: look at the clocks of this host and of who makes the backups"
            self._add("recent-proven", FAIL, expected, observed, message)
        elif limit is None:
            self._add(
                "recent-proven",
                NOT_CHECKED,
                expected,
                observed,
                "no recovery point is declared: say in recovery_point how much work may be lost",
            )
        elif age > limit:
            message = (
                f"the last backup is {format_duration(age)} old, and the recovery point requires {format_duration(limit)}:"
                " find out why none succeeded since, and start one"
            )
            self._add("recent-proven", FAIL, expected, observed, message)
        else:
            self._add("recent-proven", PASS, expected, observed)

    def _retention(self, backups: list[Backup]) -> None:
        limit = self.wanted.retention
        if limit is None:
            self._unchecked("retention-proven", "no retention is declared: say in retention how far back the backups must reach")
            return
        reach = self.now - backups[0].time if backups else 0
        expected, observed = (
            {"backups reach back": f"at least {format_duration(limit)}"},
            {"backups reach back": format_duration(reach), "backups": len(backups)},
        )
        message = ""
        if reach < limit:
            day = written(backups[0].time + limit if backups else self.now + limit)[:10]
            message = (
                f"the backups reach back {format_duration(reach)}, and {format_duration(limit)} are asked for: look at what is forgotten and when; "
                f"where they only began then, waive this until {day}"
            )
        self._add("retention-proven", FAIL if message else PASS, expected, observed, message)

    def _schedule(self) -> None:
        name, limit = "schedule-configured", self.wanted.recovery_point
        if not self.wanted.timer and not self.wanted.cron:
            self._unchecked(name, "it is not declared what starts the backup: say in timer or in cron")
            return
        try:
            found = (
                schedule.of_timer(self.host, self.wanted.timer)
                if self.wanted.timer
                else schedule.of_cron(self.host, self.wanted.cron or "")
            )
        except BackupError as trouble:
            self._failed(name, trouble)
            return
        expected = {"longest time between backups": f"at most {format_duration(limit)}"} if limit else None
        observed = {"longest time between backups": format_duration(found.gap) if found.gap else "without end"}
        status, message = PASS, ""
        if found.gap is None:
            status, message = FAIL, f"{found.read_from} does not start the backup again and again: give it times"
        elif limit is None:
            status, message = NOT_CHECKED, "no recovery point is declared: say in recovery_point how much work may be lost"
        elif found.gap > limit:
            status = FAIL
            gap, start = format_duration(found.gap), found.read_from
            message = f"up to {gap} pass between two backups, and the recovery point requires {format_duration(limit)}: let {start} start it more often"
        self._add(name, status, expected, observed, message, found.read_from)

    # -- what is tried ----------------------------------------------------------

    def _try(self, backups: list[Backup]) -> None:
        """The canary and the samples need a directory for what comes back."""
        tries = {"canary-proven": self._canary, "sample-proven": self._samples}
        if self.host.check:
            for name in tries:
                self._unchecked(name, "check mode only looks: run without it to have a file restored")
            return
        done = []
        try:
            with RestoreDirectory(self.host, self.wanted.directory, self.product.forget_canaries) as directory:
                for name, attempt in tries.items():
                    attempt(directory, backups)
                    done.append(name)
        except OSError as problem:
            for name in [name for name in tries if name not in done]:
                self._unchecked(
                    name, f"{self.wanted.directory} cannot take what is restored ({problem}): say another directory in directory"
                )

    def _canary(self, directory: str, unused_backups: list[Backup]) -> None:
        """A file that did not exist a moment ago goes in, and must come out the same."""
        content = secrets.token_bytes(_CANARY_SIZE)
        path = f"{directory}/canary"
        with open(self.host.path(path), "wb") as stream:
            stream.write(content)
        backup, trouble, observed = None, None, {}
        try:
            start = time.monotonic()
            backup = self.product.back_up(path)
            observed["backed up in"] = format_duration(time.monotonic() - start)
            restored, seconds = self._restore(backup, path, directory, "back")
            observed["restored in"] = format_duration(seconds)
            if _digest(restored) != hashlib.sha256(content).hexdigest():
                raise BackupError(f"the canary came back changed: trust no backup in {self.product.place} before all were verified")
            self.restored.append(Restored(_CANARY_SIZE, seconds))
        except BackupError as caught:
            trouble = caught
        message = self._forget(backup, observed)
        if trouble:
            self._failed("canary-proven", trouble, observed, message)
        else:
            self._add("canary-proven", PASS, {"restored": "byte for byte"}, {"restored": "byte for byte", **observed}, message)

    def _forget(self, backup: str | None, observed: dict[str, str]) -> str:
        """Take the canary out again; what an operator should know where that did not work."""
        if backup is None:
            return ""
        try:
            self.product.forget_canaries()
        except BackupError as trouble:
            observed["left behind"] = f"{CANARY} {backup}"
            return f"the canary stays in the repository until a run may take it out ({trouble})"
        return ""

    def _samples(self, directory: str, backups: list[Backup]) -> None:
        """Files that the site named, from the last backup that has them."""
        if not self.wanted.sample:
            self._unchecked("sample-proven", "no sample is declared: name in sample a file that is in the backup")
            return
        if not backups:
            self._add("sample-proven", FAIL, message=f"there is no backup of {self.product.owner} to restore from")
            return
        seen = {path: self._sample(directory, backups, path, number) for number, path in enumerate(self.wanted.sample)}
        status = next(
            each for each in (FAIL, NOT_CHECKED, PASS) if each in [status for status, unused_text, unused_message in seen.values()]
        )
        observed = {path: said for path, (unused_status, said, unused_message) in seen.items()}
        message = "; ".join(f"{path}: {message}" for path, (unused_status, unused_text, message) in seen.items() if message)
        self._add("sample-proven", status, dict.fromkeys(seen, "restored as it was backed up"), observed, message)

    def _sample(self, directory: str, backups: list[Backup], path: str, number: int) -> tuple[str, str, str]:
        """What became of one file: the status, what was seen, and a message; its content is compared and goes nowhere else."""
        name = f"sample-{number}"
        try:
            backup, entry = self._holding(backups, path)
            age, limit = self.now - backup.time, self.wanted.recovery_point
            if limit and age > limit and backup != backups[-1]:
                raise BackupError(
                    f"the last backup that has it is {format_duration(age)} old, though others are younger: look at the job that backs it up"
                )
            self._room(directory, entry.size if entry else os.path.getsize(self.host.path(path)) if self.host.exists(path) else 0)
            restored, seconds = self._restore(backup.id, path, directory, name)
            message = self._difference(path, restored, entry, backup)
            self.restored.append(Restored(os.path.getsize(restored), seconds))
        except BackupError as trouble:
            return NOT_CHECKED if trouble.undecided else FAIL, "not restored as it was backed up", str(trouble)
        finally:
            shutil.rmtree(self.host.path(f"{directory}/{name}"), ignore_errors=True)
        return PASS, f"restored as it was backed up, in {format_duration(seconds)}, from the backup of {written(backup.time)}", message

    def _holding(self, backups: list[Backup], path: str) -> tuple[Backup, Entry | None]:
        """The last backup that has a file, since several jobs may back a host up, and what it says of the file."""
        for backup in reversed(backups[-_LOOK_BACK:]):
            try:
                return backup, self.product.entry(backup.id, path)
            except Absent as problem:
                absent = problem
        raise absent

    def _room(self, directory: str, size: int) -> None:
        room = os.statvfs(self.host.path(directory))
        if size + _RESERVE > room.f_bavail * room.f_frsize:
            raise BackupError(
                f"{self.wanted.directory} has no room for its {-(-size // 10**6)} MB: say another directory in directory", undecided=True
            )

    def _difference(self, path: str, restored: str, entry: Entry | None, backup: Backup) -> str:
        """BackupError where a restored file is not what was backed up; else what an auditor should know of the comparison."""
        found, live = os.stat(restored), self._live(path)
        if entry and found.st_size != entry.size:
            raise BackupError(f"it came back with {found.st_size} bytes, and the backup lists {entry.size}: verify the whole repository")
        if live and (abs(live.st_mtime - entry.modified) < 0.001 if entry else live.st_mtime < backup.time):
            if _digest(restored) != _digest(self.host.path(path)):
                raise BackupError(
                    "it came back with other content than the file has, which was not changed since: verify the whole repository"
                )
            return ""
        if entry is None:
            raise BackupError(
                "it was changed since the backup, so there is nothing to compare it with: name a file that stays as it is", undecided=True
            )
        if abs(found.st_mtime - entry.modified) > 1:
            raise BackupError("it came back with another time than the backup lists: verify the whole repository")
        return "it was changed since the backup, so what came back was compared with the size and the time that the backup lists"

    def _restore(self, backup: str, path: str, directory: str, name: str) -> tuple[str, float]:
        """Restore into a new directory; the file, to which no link in the backup leads, and the seconds."""
        target = f"{directory}/{name}"
        os.mkdir(self.host.path(target), 0o700)
        start = time.monotonic()
        said = self.product.restore(backup, path, target)
        seconds = time.monotonic() - start
        restored = os.path.realpath(self.host.path(target)) + said[len(target) :]
        if os.path.realpath(restored) != restored or not os.path.isfile(restored):
            raise BackupError("it did not come back as a file: look at what the backup includes, and name a file, no directory and no link")
        return restored, seconds

    def _live(self, path: str) -> os.stat_result | None:
        try:
            found = os.stat(self.host.path(path))
        except OSError:
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _time(self) -> None:
        """The slowest restore counts, against the objective for the whole; docs/backup.md says what that is worth."""
        limit = self.wanted.recovery_time
        if not self.restored:
            self._unchecked("time-proven", "nothing was restored")
            return
        slowest = max(self.restored, key=lambda restored: restored.seconds)
        observed = {"restore": format_duration(slowest.seconds), "seconds": round(slowest.seconds, 3), "bytes": slowest.size}
        if limit is None:
            self._add(
                "time-proven", NOT_CHECKED, None, observed, "no recovery time is declared: say in recovery_time how long a restore may take"
            )
            return
        late = slowest.seconds > limit
        message = (
            f"a restore of {slowest.size} bytes took {format_duration(slowest.seconds)}, and all may take {format_duration(limit)}"
            if late
            else ""
        )
        self._add("time-proven", FAIL if late else PASS, {"restore": f"at most {format_duration(limit)}"}, observed, message)

    # -- records ------------------------------------------------------------------

    def _add(
        self,
        name: str,
        status: str,
        expected: dict[str, str] | None = None,
        observed: dict[str, Any] | None = None,
        message: str = "",
        read_from: str | None = None,
    ) -> None:
        self.found.append(record(f"backup-{name}", status, "live", expected, observed or None, read_from or self._place, message))

    @property
    def _place(self) -> str:
        return self.product.place if hasattr(self, "product") else self.declared["product"]

    def _unchecked(self, name: str, message: str) -> None:
        self._add(name, NOT_CHECKED, message=message)

    def _failed(self, name: str, trouble: BackupError, observed: dict[str, str] | None = None, aside: str = "") -> None:
        message = "; ".join(filter(None, [str(trouble), aside]))
        self._add(name, NOT_CHECKED if trouble.undecided else FAIL, None, observed, message)


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()
