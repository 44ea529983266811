# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader of YAML against PyYAML: of every document it says the same, or that it does not understand it."""

from __future__ import annotations

import time

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from hypothesis import given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=700, derandomize=True, deadline=None)


class Texts(yaml.SafeLoader):
    """Scalars stay texts, as in the reader; only the merging of mappings means more than it says."""

    yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}


def oracle(text):
    """What PyYAML reads, as ``{key: value}``."""
    loader = Texts(text)
    node = loader.get_single_node()
    found = {} if node is None else dict(_entries(loader, node, ""))
    return {} if found == {"": ""} else found  # nothing, after a --- or not


def _entries(loader, node, key):
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        items = {}
        for name, item in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise yaml.YAMLError("a key that is no text")
            items[name.value] = item
    elif isinstance(node, yaml.SequenceNode):
        items = dict(enumerate(node.value))
    else:
        yield key, "" if node.style is None and node.value in ("", "~", "null", "Null", "NULL") else node.value
        return
    for name, item in items.items():
        yield from _entries(loader, item, f"{key}.{name}" if key else str(name))


def read(text):
    """What the reader reads; None when it does not understand it."""
    try:
        return {key: value for key, value, line in FORMATS["yaml"](text) if line > 0}
    except NotUnderstood as problem:
        assert 0 <= problem.line <= text.count("\n") + text.count("\r") + 1
        return None


def agrees(text):
    found = read(text)
    if found is None:
        return
    try:
        wanted = oracle(text)
    except yaml.YAMLError as problem:
        raise AssertionError(f"PyYAML refuses {text!r}: {problem}") from problem
    assert found == wanted, text


PIECES = st.sampled_from(
    (
        "a:",
        "b: x",
        "a: 1",
        "c: ",
        "<<: *x",
        "<<: {z: 1}",
        "<<: [*x, *y]",
        "<<: *x, b",
        "a: &x",
        "b: &y {q: 1}",
        "&x",
        "- &x v",
        "b: *x",
        "*y",
        "a: |",
        "b: >-",
        "c: >",
        "d: |+",
        "- |-",
        "- >2",
        "a: |1",
        "a: >+ # c",
        'a: "q\\n\\x41"',
        "a: 'it''s'",
        "\"k\": 'v' # c",
        "'k': v",
        "a: [x, \"y\", 'z']",
        "a: [b: c]",
        "a: {b: 1, c: [x, *x]}",
        "{a: 1}",
        "[a, b]",
        "a: {b: , c}",
        "a: [x,]",
        "a: [x, , y]",
        "# c",
        "word",
        "two words",
        "a: b: c",
        "a: x #y",
        "a: x#y",
        "? a",
        "a: !t x",
        "!t",
        "---",
        "--- x",
        "...",
        "%YAML 1.1",
        "",
        "  ",
        "\t",
        "a:\tb",
        'a: "x',
        "a: 'x",
        "- ",
        "-",
        "- - x",
        "- a: 1",
        "- b",
        "-x: 1",
        "- - a: 1",
        "null",
        "~",
        "a: ~",
        "a: null # c",
        "~: x",
        "\u00e9: \u00fc",
        "u: http://h:80/?a=1#b",
        "a: [http://h:80, x?]",
        "a: {b:c}",
        'a: {"b":c}',
        ":",
        "a :b",
        "a : b",
        "key with blank: v",
        "a: -",
        "a: - b",
        "a: @x",
        "a: `x",
        "a: %x",
        "a: *none",
        "a: {<<: *x, b: 2}",
        "a: [-, x]",
        "a: [?x]",
        "  text here",
        "    deep",
        "a: ]",
        "a: x]",
        "a: {x]",
        'a: "\\q"',
        'a: "\\u12"',
        "\ufeffa: 1",
        "a: \x7f",
        "a: \u2028",
        "a: |x",
        "a: > x",
        "=: =",
        "a: =",
        "b: 'x' y",
        'a: "b"c',
    )
)
LINES = st.lists(st.tuples(st.sampled_from(("", "", "", " ", "  ", "  ", "    ", "- ", "  - ")), PIECES).map("".join), max_size=9)


@QUICK
@given(LINES, st.sampled_from(("\n", "\n", "\n", "\r\n")), st.sampled_from(("", "\n", "\n")))
def test_lines_in_any_order(lines, ends, last):
    agrees(ends.join(lines) + last)


WORDS = st.text(st.sampled_from("ab1 -:#,[]{}'\"\\&*!|>%@`?~<\u00e9\n\t."), max_size=8)
DATA = st.recursive(
    WORDS | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from("ab_ -:#'"), min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@QUICK
@given(
    DATA, st.sampled_from((None, True, False)), st.sampled_from((None, "'", '"', "|", ">")), st.sampled_from((20, 1000)), st.integers(2, 5)
)
def test_what_pyyaml_writes(data, flow, style, width, indent):
    agrees(yaml.safe_dump(data, default_flow_style=flow, default_style=style, width=width, indent=indent))


DEEP = st.sampled_from(("", " ", "  ", "   ", "    "))
TEXT_LINES = st.lists(st.tuples(DEEP, st.sampled_from(("x", "y: z", "- w", "# c", "", "", "\tt", "a b", "[q"))).map("".join), max_size=7)


@QUICK
@given(
    st.sampled_from("|>"),
    st.sampled_from(("", "-", "+", "2", "2-", "+2", "-1", " # c")),
    st.sampled_from(("a: ", "- ", "a:\n  b: ", "- a: ", "a:\n- ")),
    TEXT_LINES,
    st.sampled_from(("", "\n", "\nb: 1\n", "\n# c\n")),
)
def test_blocks(sort, header, before, lines, after):
    agrees(before + sort + header + "\n" + "\n".join(lines) + after)


VALUES = st.text(st.sampled_from("ab[]{},:?#&*'\"- ~<.\\"), max_size=12)


@QUICK
@given(VALUES)
def test_what_stands_on_one_line(value):
    agrees(f"x: &a 1\nk: {value}\n")
    agrees(f"- {value}\n- [{value}]\n- {{k: {value}}}\n")
    agrees(f"{value}\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1\n<<: {z: 1}\n", {"a": "1", "z": "1"}),
        ("x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\n", {"x.a": "1", "x.b": "2", "y.a": "1", "y.b": "3"}),
        ("x: &x {a: 1}\nz: &z {a: 2}\ny:\n  <<: [*x, *z]\n", {"x.a": "1", "z.a": "2", "y.a": "1"}),
        ("a: >-\n  one\n  two\n\n  three\nb: 1\n", {"a": "one two\nthree", "b": "1"}),
        ("a: |+\n  x\n   y\n\nb: 1\n", {"a": "x\n y\n\n", "b": "1"}),
        ('a: "\\x41\\u00e9\\t"\n', {"a": "A\u00e9\t"}),
        ("[a, {b: c}]\n", {"0": "a", "1.b": "c"}),
    ],
)
def test_what_agents_write_is_read(text, wanted):
    assert read(text) == wanted == oracle(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: &x [1]\nb: &x [2]\n",
        "a: [1,\n  2]\n",
        "a: 'x\n  y'\n",
        "a: b\n  c\n",
        "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 200)),
        "a: " + "[" * 5000,
        "a: " + "{a: " * 5000,
        "- " * 5000,
        "a: " + "x" * 3 * 2**20,
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
    ],
)
def test_what_is_too_much_or_not_read_is_refused_soon(text):
    began = time.monotonic()
    assert read(text) is None and time.monotonic() - began < 5
