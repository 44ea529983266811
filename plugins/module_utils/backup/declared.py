# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any other product, by commands that the site declares; {path}, {directory} and {backup} stand for what a proof fills in."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import Backup, BackupError, Product
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of


class Declared(Product):
    NAME = "a declared command"

    @property
    def place(self) -> str:
        return self.masked(self.declared.get("repository") or "the backup")

    def backups(self) -> list[Backup]:
        """The last success, and before it the oldest backup where a command tells that."""
        asked = [name for name in ("oldest", "last_success") if self._command(name)]
        if "last_success" not in asked:
            raise BackupError("the command last_success is not declared, so it is not known when a backup succeeded", undecided=True)
        return [Backup("latest", self._time(name)) for name in asked]

    def encryption(self) -> tuple[bool | None, str]:
        if not self._command("encrypted"):
            return None, "no command tells"
        ran = self.run(self._command("encrypted"))
        return ran.ok, self.masked(self.said(ran)[-1])

    def back_up(self, path: str) -> str:
        out = self.done(self._needed("backup", path=path))
        return (lines_of(out.strip(BLANKS)) or ["latest"])[-1]

    def restore(self, backup: str, path: str, directory: str) -> str:
        self.done(self._needed("restore", path=path, directory=directory, backup=backup))
        return next(
            (place for place in (directory + path, f"{directory}/{path.rpartition('/')[2]}") if self.host.exists(place)), directory + path
        )

    def entry(self, backup: str, path: str) -> None:
        return None

    def forget_canaries(self) -> None:
        if self._command("forget"):
            self.done(self._command("forget"))

    def _time(self, name: str) -> float:
        said = self.answer(self._command(name)).strip(BLANKS)
        if not said:
            raise BackupError(f"the command {name} printed nothing, so no backup is known to have succeeded: look at the product's own log")
        try:
            return moment(lines_of(said)[-1])
        except ValueError as problem:
            raise BackupError(f"the command {name} did not tell a time: {self.masked(str(problem))}") from problem

    def _needed(self, name: str, **filled: str) -> list[str]:
        if not self._command(name):
            raise BackupError(f"the command {name} is not declared, so this cannot be tried", undecided=True)
        return self._command(name, **filled)

    def _command(self, name: str, **filled: str) -> list[str]:
        words = (self.declared.get("commands") or {}).get(name) or []
        for mark, value in filled.items():
            words = [word.replace("{" + mark + "}", value) for word in words]
        return words
