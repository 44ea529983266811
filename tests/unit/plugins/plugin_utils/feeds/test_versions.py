# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The orders are held against the programs themselves, on generated pairs that are always the same."""

from __future__ import annotations

import random
import re
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.versions import dpkg, rpm

_VALID = re.compile(r"^(\d+:)?\d[^:]*$")
_WHOLE = re.compile(r"^(\d+:)?[^:-]+-[^:-]+$")
_COMPARE = """while read -r one other; do
    if dpkg --compare-versions "$one" lt "$other"; then echo -1
    elif dpkg --compare-versions "$one" eq "$other"; then echo 0
    else echo 1; fi
done"""
_LUA = '%%{lua:for line in io.lines("%s") do io.write(string.format("%%d ", rpm.vercmp(line:match("(%%S+) (%%S+)")))) end}'


def _pairs(number, version, characters):
    """Pairs of which most differ in one place."""
    for unused in range(number):
        one = version()
        place = random.randrange(len(one))
        near = one[:place] + random.choice(characters) + one[place + 1 :]
        yield one, near if random.random() < 0.7 else version()


def _word(characters, least, most):
    return "".join(random.choice(characters) for unused in range(random.randint(least, most)))


def _compared(key, pairs):
    return [(key(one) > key(other)) - (key(one) < key(other)) for one, other in pairs]


@pytest.mark.skipif(not shutil.which("dpkg"), reason="there is no dpkg to ask")
def test_versions_sort_as_dpkg_sorts_them():
    random.seed(1)

    def version():
        revision = "-" + _word("019a+.~", 1, 4) if random.random() < 0.6 else ""
        return f"{random.choice(['', '', '0:', '1:', '10:'])}{random.randint(0, 11)}{_word('0019aZ.+~-', 0, 6)}{revision}".rstrip("-")

    pairs = [(one, other.rstrip("-")) for one, other in _pairs(2500, version, "01a~+.") if _VALID.match(other)]
    asked = subprocess.run(
        ["sh", "-c", _COMPARE], input="".join(f"{one} {other}\n" for one, other in pairs), capture_output=True, text=True, check=True
    )
    assert "error" not in asked.stderr
    assert [pair for pair, mine, its in zip(pairs, _compared(dpkg, pairs), asked.stdout.split()) if mine != int(its)] == []
    assert len(pairs) > 2000 and len(set(asked.stdout.split())) == 3


@pytest.mark.skipif(not shutil.which("rpm"), reason="there is no rpm to ask")
def test_versions_sort_as_rpm_sorts_them(tmp_path):
    random.seed(2)

    def version():
        epoch = random.choice(["", "0:", "1:", "12:"])
        return f"{epoch}{_word('0019aAb.~^_+', 1, 7)}-{_word('019ab.~^_', 1, 5)}"

    pairs = [(one, other) for one, other in _pairs(8000, version, "01a~^.") if _WHOLE.match(other)]
    (tmp_path / "pairs").write_text("".join(f"{one} {other}\n" for one, other in pairs))
    asked = subprocess.run(["rpm", "--eval", _LUA % (tmp_path / "pairs")], capture_output=True, text=True, check=True)
    answers = [int(word) for word in asked.stdout.split()]
    assert len(answers) == len(pairs) > 7000 and set(answers) == {-1, 0, 1}
    assert [pair for pair, mine, its in zip(pairs, _compared(rpm, pairs), answers) if mine != its] == []
