# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any other product, by commands that the site declares; {path}, {folder} and {backup} stand for what a proof fills in."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import Backup, Product, Trouble
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment


class Declared(Product):
    NAME = "a declared command"

    @property
    def place(self):
        return self.masked(self.declared.get("repository") or "the backup")

    def backups(self):
        """The last success, and before it the oldest backup where a command tells that."""
        asked = [name for name in ("oldest", "last_success") if self._command(name)]
        if "last_success" not in asked:
            raise Trouble("the command last_success is not declared, so it is not known when a backup succeeded", undecided=True)
        return [Backup("latest", self._time(name)) for name in asked]

    def encryption(self):
        if not self._command("encrypted"):
            return None, "no command tells"
        ran = self.run(self._command("encrypted"))
        return ran.ok, self.masked(self.said(ran)[-1])

    def back_up(self, path):
        out = self.done(self._needed("backup", path=path))
        return (out.strip().splitlines() or ["latest"])[-1]

    def restore(self, backup, path, folder):
        self.done(self._needed("restore", path=path, folder=folder, backup=backup))
        return next((place for place in (folder + path, f"{folder}/{path.rpartition('/')[2]}") if self.host.exists(place)), folder + path)

    def entry(self, backup, path):
        return None

    def forget_canaries(self):
        if self._command("forget"):
            self.done(self._command("forget"))

    def _time(self, name):
        said = self.answer(self._command(name)).strip()
        if not said:
            raise Trouble(f"the command {name} printed nothing, so no backup is known to have succeeded: look at the product's own log")
        try:
            return moment(said.splitlines()[-1])
        except ValueError as problem:
            raise Trouble(f"the command {name} did not tell a time: {self.masked(str(problem))}") from problem

    def _needed(self, name, **filled):
        if not self._command(name):
            raise Trouble(f"the command {name} is not declared, so this cannot be tried", undecided=True)
        return self._command(name, **filled)

    def _command(self, name, **filled):
        words = (self.declared.get("commands") or {}).get(name) or []
        for mark, value in filled.items():
            words = [word.replace("{" + mark + "}", value) for word in words]
        return words
