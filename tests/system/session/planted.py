# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets and patient records, at least one for each rule of the residue scan, and the places in a template where they are left."""

from __future__ import annotations

import gzip
import io
import lzma
import sqlite3
import tarfile
from dataclasses import dataclass, replace

from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Window
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.residue_rules import content

# Shorter ones would be met by chance.
SHORTEST = 8
# What tells of a find and is no secret itself.
WORDS = {"S1SUSPEND", "some page", "patients"}


@dataclass(frozen=True)
class Secret:
    """One thing that is left behind; ``path`` is that of the file that it was in, where the rule asks for one."""

    rule: rules.Rule
    content: bytes
    path: str = ""

    @property
    def on_disk(self):
        """Is it found where no file is known?"""
        findings = Findings()
        if self.rule.of_disk:
            data = bytes(512) + self.content
            Searcher([self.rule], findings).window("disk 1", "disk 1", Window(data + bytes(512), 512, 0, len(data)))
        return bool(findings.found)

    @property
    def found(self):
        """What the rule finds in it."""
        seen = []
        findings = Findings()
        findings.add = lambda rule, path, offset, value: seen.append(value)
        Searcher([self.rule], findings).file(self.path or "/srv/example", io.BytesIO(self.content).read)
        return seen

    @property
    def wide(self):
        """The same in UTF-16, where it is text; elsewhere itself."""
        text = self.content.decode("utf-8", "replace")
        wide = replace(self, content=text.encode("utf-16"))
        return wide if wide.found == self.found else self

    @property
    def values(self):
        """What must be shown nowhere, in pieces as lines of an output have it."""
        pieces = {piece for value in self.found for line in value.replace(b"\r", b"\n").split(b"\n") for piece in line.split(b"\0")}
        return {piece.decode("latin-1") for piece in pieces if len(piece) >= SHORTEST} - WORDS


def secrets(tmp_path):
    """All examples of all rules, and for those that ask for a name alone a content that nothing else has."""
    found = []
    for entry in Catalogue().residue.values():
        (rule,) = rules.load([entry])
        for number, example in enumerate(entry["examples"]["bad"]):
            data = f"{rule.id} number {number}\n".encode() if rule.of_names else content(example)
            found.append(Secret(rule, data, example.get("path", "") if isinstance(example, dict) else ""))
        if not entry["examples"]["bad"]:
            found.append(Secret(rule, database(tmp_path / "viewer.db")))
    return found


def database(path):
    """An SQLite database with a patient."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE studies (id INTEGER PRIMARY KEY, patient_id TEXT, patient_name TEXT, birth_date TEXT)")
    connection.execute("INSERT INTO studies VALUES (1, '4711', 'Doe^Jane', '1970-01-01')")
    connection.commit()
    connection.close()
    return path.read_bytes()


def packed(secret):
    """A file in an archive in an archive."""
    return gzip.compress(tar("backup.tar.xz", lzma.compress(tar((secret.path or "record").lstrip("/"), secret.content))))


def tar(name, data):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
