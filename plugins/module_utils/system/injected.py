# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the boot check injected into a system, taken out of what is read of its files.

The account of the check is not part of the template, so nobody judges it. It is known by
what was written for this one boot, text for text, and its name is drawn anew each
time: whatever a template brings by itself, under whatever name, is judged.
"""

from __future__ import annotations

from collections.abc import Mapping

# Where a group's line says who belongs to it.
_GROUP_FILES = ("/etc/group", "/etc/gshadow")


class Injected:
    """``account`` is a name that nobody else has; ``lines`` are whole lines by the file that they were written into."""

    def __init__(self, account: str = "", lines: Mapping[str, list[str]] | None = None) -> None:
        self.account = account.encode()
        self.texts = {path: [text.encode() for text in written] for path, written in (lines or {}).items()}

    def without(self, path: str, content: bytes) -> bytes:
        """The content of a file without what was injected; a text that was changed since, or stands there twice, stays."""
        for text in self.texts.get(path, ()):
            content = _taken_out(content, text)
        if self.account and path in _GROUP_FILES:
            return b"\n".join(self._left(line) for line in content.split(b"\n"))
        return content

    def _left(self, line: bytes) -> bytes:
        """The line of a group without the account among its members."""
        fields = line.split(b":")
        if len(fields) == 4:
            fields[3] = b",".join(member for member in fields[3].split(b",") if member != self.account)
        return b":".join(fields)


def _taken_out(content: bytes, text: bytes) -> bytes:
    before, found, after = (b"\n" + content).partition(b"\n" + text)
    return (before + b"\n" + after)[1:] if found else content
