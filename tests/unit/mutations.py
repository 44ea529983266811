# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that somebody damaged, by accident or not: the same ones for the same seed."""

from __future__ import annotations

import random

# Values of another type, and such as readers stumble over.
ODD = (
    b"[]",
    b"{}",
    b"null",
    b"true",
    b"1",
    b"-1",
    b"1.5",
    b"x",
    b"''",
    b'"\xc3\xa9"',
    b"1e999",
    b".nan",
    b"NaN",
    b"-Infinity",
    b"0x",
    b"0b_",
    b"1:30:00",
    b"9" * 5000,
    b"1" + b"_0" * 3000,
    b"2026-02-30",
    b"!!python/object/apply:os.system [x]",
    b"!!binary x",
    b"!!set {a}",
    b"<<: {a: 1}",
    b"*none",
    b"[" * 20000,
    b"{a: " * 5000,
    b"- " * 20000,
    b"? " * 3000,
    b"&a [*a]",
    b"'" + b"a" * 200000 + b"'",
    b"[" + b"1, " * 30000 + b"1]",
    b"(a+)+$",
    b"\\",
    b"%",
    b"`",
    b"@",
    b"---",
    b"...",
    b"%YAML 9.9",
    b"\x00",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u2028".encode(),
    b"\t",
    b"\r",
)
LAUGHS = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)
)


def mutated(data, count, seed=1):
    """``count`` damaged versions of a text or of any bytes."""
    return [_one(data, random.Random(seed * 1_000_003 + number)) for number in range(count)]


def _one(data, chance):
    for unused in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_WAYS)(data, chance)
    return data


def _lines(change):
    def mutate(data, chance):
        lines = data.split(b"\n")
        change(lines, chance.randrange(len(lines)), chance.randrange(len(lines)), chance)
        return b"\n".join(lines)

    return mutate


def _delete(lines, one, unused_other, unused_chance):
    del lines[one]


def _double(lines, one, unused_other, unused_chance):
    lines.insert(one, lines[one])


def _swap(lines, one, other, unused_chance):
    lines[one], lines[other] = lines[other], lines[one]


def _indent(lines, one, unused_other, chance):
    lines[one] = chance.choice((b" ", b"  ", b"\t", b"- ")) + lines[one]


def _other_value(lines, one, unused_other, chance):
    for sign in (b": ", b","):
        if sign in lines[one]:
            before, unused, after = lines[one].partition(sign)
            lines[one] = before + sign + chance.choice(ODD) + (b"," if after.endswith(b",") else b"")
            return
    lines[one] = chance.choice(ODD)


def _insert(data, chance):
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(ODD) + data[at:]


def _flip(data, chance):
    at = chance.randrange(len(data) or 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _cut(data, chance):
    return data[: chance.randrange(len(data) + 1)]


def _repeat(data, chance):
    start = chance.randrange(len(data) or 1)
    end = min(len(data), start + chance.randrange(1, 200))
    return data[:start] + data[start:end] * chance.choice((2, 50)) + data[end:]


_WAYS = (
    _lines(_delete),
    _lines(_double),
    _lines(_swap),
    _lines(_indent),
    _lines(_other_value),
    _lines(_other_value),
    _lines(_other_value),
    _insert,
    _insert,
    _flip,
    _cut,
    _repeat,
    lambda data, chance: b"\xef\xbb\xbf" + data,
    lambda data, chance: data.decode("utf-8", "replace").encode("utf-16"),
    lambda data, chance: data.replace(b"\n", b"\r\n"),
    lambda data, chance: data + LAUGHS,
    lambda data, chance: bytes(chance.randrange(256) for unused in range(500)),
    lambda data, chance: b"",
)
