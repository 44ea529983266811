# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Transaction logs of a hive (.LOG1 and .LOG2, as since Windows 8.1): what was written to them but not yet to the hive.

They are applied in memory, as Windows would when it loads the hive; nothing is written. What an entry holds counts only when its
hashes are right, and only entries that follow each other without a gap.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import BASE, checksum, header

_SIGNATURE = b"HvLE"
_HEAD, _REFERENCE = 40, 8
# The seed of the hashes.
_SEED = (0x7A4E55C5, 0x82EF4D88)
_MASK = 0xFFFFFFFF
# No hive is larger.
_LARGEST = 2 << 30


@dataclass(frozen=True)
class Entry:
    """Pages that one write changed, by their places behind the base block, and how long the hive is then."""

    sequence: int
    size: int
    pages: tuple[tuple[int, bytes], ...]


def replayed(data: bytes, logs: Iterable[bytes], name: str) -> bytes:
    """The bytes of a hive with what its logs have beyond it; an error where it was being written and no log completes it."""
    found = header(data[:BASE], name) if _has_base(data) else None
    if found and found.clean:
        return data
    usable = [log for log in map(_log, logs) if log]
    if not usable:
        raise Unreadable(
            f"{name} was being written when the machine stopped, and no transaction log completes it: start the template once and shut it down"
        )
    if found and found.sound:
        base, wanted = data[:BASE], found.second
    else:  # the base block itself was being written; that of a log stands for it
        base, unused_entries = max(usable, key=lambda log: header(log[0], name).second)
        base, wanted = base.ljust(BASE, b"\0"), header(base, name).second
    pending = sorted((entry for unused_base, entries in usable for entry in entries), key=lambda entry: entry.sequence)
    body, last = bytearray(data[BASE:]), None
    for entry in pending:
        if entry.sequence < wanted or (last is not None and entry.sequence <= last):
            continue
        if last is not None and entry.sequence != last + 1:
            break
        _apply(body, entry)
        last = entry.sequence
    if last is None and not (found and found.sound):
        raise Unreadable(
            f"{name} was being written when the machine stopped, and its transaction logs do not reach it: start the template once and "
            "shut it down"
        )
    return _with_base(base, (last if last is not None else wanted), len(body)) + bytes(body)


def _has_base(data: bytes) -> bool:
    return data[:4] == b"regf" and len(data) >= BASE


def _with_base(base: bytes, sequence: int, size: int) -> bytes:
    """The base block of a hive that is complete."""
    block = bytearray(base)
    struct.pack_into("<II", block, 4, sequence & _MASK, sequence & _MASK)
    struct.pack_into("<I", block, 40, size)
    struct.pack_into("<I", block, 508, checksum(bytes(block)))
    return bytes(block)


def _apply(body: bytearray, entry: Entry) -> None:
    if entry.size > len(body):
        body.extend(bytes(entry.size - len(body)))
    for at, page in entry.pages:
        if at + len(page) <= len(body):
            body[at : at + len(page)] = page


def _log(data: bytes) -> tuple[bytes, list[Entry]] | None:
    """The base block of a log and its entries; None for what is no log of the new format, or an empty one."""
    if data[:4] != b"regf" or len(data) < 512 or struct.unpack_from("<I", data, 508)[0] != checksum(data[:512]):
        return None
    entries = list(_entries(data))
    return (data[:512], entries) if entries else None


def _entries(data: bytes) -> Iterator[Entry]:
    """The entries from the first on, up to the first that is not whole."""
    at, last = 512, None
    while data[at : at + 4] == _SIGNATURE and at + _HEAD <= len(data):
        size, unused_flags, sequence, hive, count, first, second = struct.unpack_from("<IIIIIQQ", data, at + 4)
        end = at + size
        if size % 512 or not _HEAD <= size <= len(data) - at or hive > _LARGEST or (last is not None and sequence != last + 1):
            return
        if second != marvin32(data[at : at + 32]) or first != marvin32(data[at + _HEAD : end]):
            return
        pages = _pages(data, at, end, count)
        if pages is None:
            return
        yield Entry(sequence, hive, pages)
        at, last = end, sequence


def _pages(data: bytes, at: int, end: int, count: int) -> tuple[tuple[int, bytes], ...] | None:
    references = at + _HEAD
    place = references + count * _REFERENCE
    if place > end:
        return None
    pages = []
    for number in range(count):
        offset, length = struct.unpack_from("<II", data, references + number * _REFERENCE)
        if place + length > end or offset + length > _LARGEST:
            return None
        pages.append((offset, data[place : place + length]))
        place += length
    return tuple(pages)


def marvin32(data: bytes) -> int:
    """The hash of entries (US patent 20130262421)."""
    low, high = _SEED
    padded = data + b"\x80" + bytes(3 - len(data) % 4)
    for word in struct.unpack(f"<{len(padded) // 4}I", padded):
        low, high = _mixed((low + word) & _MASK, high)
    low, high = _mixed(low, high)
    return low | high << 32


def _mixed(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = ((low << 20 | low >> 12) + high) & _MASK
    high = (high << 9 | high >> 23) & _MASK ^ low
    low = ((low << 27 | low >> 5) + high) & _MASK
    return low, (high << 19 | high >> 13) & _MASK
