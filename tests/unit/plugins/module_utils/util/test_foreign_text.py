# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Foreign text is parted as programs in C part it, and no reader of it leans on what Python takes for a blank, a line or a digit."""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_least, no_more_bits
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of
from hypothesis import given, settings
from hypothesis import strategies as st

UTILS = pathlib.Path(__file__).parents[5] / "plugins/module_utils"
READERS = ("agents", "backup", "flows", "isolation", "kinds", "openscap", "packages", "system", "workload")
# The one runs inside dnf's own Python and takes nothing of ours along, the other reads bytes, of which Python knows ASCII's blanks alone.
OTHERS = ("packages/dnf/query.py", "packages/apt/openpgp.py")
CLASSES = re.compile(r"\\[sSdDwWbB]")
ANY = ("splitlines", "isspace", "isdigit", "isdecimal", "isnumeric", "isalnum", "isalpha", "isidentifier")
WITHOUT_ARGUMENT = ("split", "rsplit", "strip", "lstrip", "rstrip")
TEXTS = st.text(st.sampled_from("ab \t\n\r\v\f\x1c\x1d\x1e\x85\xa0\u2003\u2028\u2029\u3000"), max_size=12)


def sources():
    paths = (path for reader in READERS for path in [UTILS / reader, *(UTILS / reader).rglob("*.py")] if path.suffix == ".py")
    return sorted(path for path in paths if path.relative_to(UTILS).as_posix() not in OTHERS)


def slips(path):
    """Each call in a file that parts text as Python does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or isinstance(node.func.value, ast.Constant):
            continue
        name, first = node.func.attr, node.args[0] if node.args else None
        nothing = first is None or (isinstance(first, ast.Constant) and first.value is None)
        pattern = (
            "".join(part.value for part in ast.walk(first) if isinstance(part, ast.Constant) and isinstance(part.value, str))
            if first
            else ""
        )
        regular = isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and CLASSES.search(pattern)
        if name in ANY or (name in WITHOUT_ARGUMENT and nothing) or (regular and "re.A" not in ast.unparse(node)):
            yield f"{path.name}:{node.lineno}: {ast.unparse(node)[:80]}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(UTILS).as_posix())
def test_no_reader_parts_text_as_python_does(path):
    found = list(slips(path))
    assert not found, f"use lines_of, words_of, BLANKS, numbers.number and re.A: {found}"


def test_such_calls_are_found(tmp_path):
    path = tmp_path / "reader.py"
    path.write_text(
        'a.splitlines()\nb.split()\nc.split(None, 1)\nd.strip()\ne.isdigit()\nre.match(r"\\s", f)\n"a b".split()\nre.match(r"\\s", g, re.A)\n'
    )
    assert [slip.split(":")[1] for slip in slips(path)] == ["1", "2", "3", "4", "5", "6"]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(text=TEXTS)
def test_words_and_lines_are_those_of_the_c_library(text):
    if not text.endswith("\n"):
        text += "\n"
    counted = subprocess.run(["wc", "-l"], input=text, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    assert len(lines_of(text)) == int(counted)
    # awk of POSIX parts by blanks alone; of C's, the others are made blanks for it.
    script = r"""{ gsub(/[\r\v\f]/, " "); for (i = 1; i <= NF; i++) print $i }"""
    printed = subprocess.run(["awk", script], input=text, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    assert words_of(text) == printed.split("\n")[:-1]


def test_what_follows_the_cuts_stays_one_word():
    assert words_of("  install  a b  c ", 2) == ["install", "a", "b  c "]
    assert words_of("install\u00a0a b", 2) == ["install\u00a0a", "b"]


@pytest.mark.parametrize("value", ["1_000", "\u0661\u0662", " 12", "12\x0c", "12\n"])
def test_a_number_has_digits_of_ascii_alone(value):
    assert not at_least(1, value)
    assert not no_more_bits("0777", value)
