# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session's journal: what may exist because of it, written down before it exists."""

from __future__ import annotations

import json
import os

NAME = "journal.json"


def load(folder):
    """What the journal in ``folder`` says, or None when there is none."""
    try:
        with open(os.path.join(folder, NAME), encoding="utf-8") as stream:
            return json.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return None


class Journal(dict):
    """The journal of one session, on disk whenever it has changed."""

    def __init__(self, folder, **entries):
        super().__init__(**entries)
        self.folder = folder

    def record(self, **entries):
        """Add or replace entries, and return when that would survive a power cut."""
        self.update(entries)
        replace(os.path.join(self.folder, NAME), json.dumps(self, indent=2) + "\n")


def replace(path, text, mode=0o600):
    """Write a file so that a reader, or a crash, sees the old one or the new one, whole."""
    temporary = f"{path}.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync_folder(os.path.dirname(path))


def sync_folder(folder):
    """Make names that were added to or removed from a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
