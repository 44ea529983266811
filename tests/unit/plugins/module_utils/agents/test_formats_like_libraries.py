# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The other readers against Python's own: of every text they say the same, or that they do not understand it."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import time
from xml.etree import ElementTree

import pytest
import tomllib
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood, flat
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from hypothesis import given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=500, derandomize=True, deadline=None)


def read(name, text):
    """What a reader reads, of a key that is there twice the last; None when it does not understand it."""
    try:
        return {key: value for key, value, unused_line in FORMATS[name](text)}
    except NotUnderstood:
        return None


def lines(pieces, least=0, most=7):
    return st.lists(st.sampled_from(pieces), min_size=least, max_size=most).map("\n".join)


# -- TOML ------------------------------------------------------------------------------

TOML = (
    "a = 1",
    "b = 'x'",
    'c = "q\\n\\u00e9\\U0001F600"',
    "d = true",
    "e = [1, 'two', [3]]",
    "f = {a = 1, 'b c' = \"d\"}",
    "[t]",
    "[t.u]",
    "[[l]]",
    "[[l.m]]",
    "[l.n]",
    '["q.r"]',
    '"k.l" = 1',
    "g.h = 2",
    "i = [\n 1,\n 2, # c\n]",
    "j = '''\nx\n y'''",
    'k = """\nx \\\n   y"""',
    "m = 1_000",
    "n = 0x1F",
    "o = 1.50",
    "p = 2026-11-22",
    "q = +7",
    "r = ''",
    's = "a\\qb"',
    "t = 1 2",
    "u =",
    "= 1",
    "v = [1",
    "w = {a = 1",
    "x = 'y",
    "# c",
    "",
    "a = 2",
    "y = inf",
    "z = 1e3",
    "aa = nope",
    "bb = 'it''s'",
    '"" = 1',
    "[ t . v ]",
    "cc = {}",
    "dd = []",
    "ee = 07:32:00",
    "ff = -0",
    'gg = """a""""',
    "[a]",
    "[[a]]",
    "\ta = 1\t",
    "hh = {a = 1,}",
    "ii = {a.b = 1}",
    "jj = [ {a = 1}, {b = 2} ]",
    "[t] # c",
    "[t] x",
    "kk = 'a' # c",
    "ll = 'a\tb'",
    "mm = '\x00'",
    "nn = 1\r",
)


def _toml(text):
    return {key: value for key, value, unused in flat(tomllib.loads(text, parse_float=str))}


def _same(found, wanted):
    return found.keys() == wanted.keys() and all(found[key] == wanted[key] or _number(found[key]) == wanted[key] for key in found)


def _number(text):
    """As tomllib has it, when it is no text."""
    try:
        return {key: value for key, value, unused in flat(tomllib.loads(f"x = {text}", parse_float=str))}.get("x")
    except tomllib.TOMLDecodeError:
        return None


@QUICK
@given(lines(TOML))
def test_toml_as_tomllib(text):
    found = read("toml", text)
    if found is not None:
        try:
            wanted = _toml(text)
        except tomllib.TOMLDecodeError as problem:
            raise AssertionError(f"tomllib refuses {text!r}: {problem}") from problem
        assert _same(found, wanted), (text, found, wanted)


# -- JSON ------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@QUICK
@given(JSON, st.integers(0, 40), st.sampled_from(("", "]", "}", ",", "\x00", "NaN", "1e999", '"')))
def test_json_as_json(data, at, more):
    text = json.dumps(data, indent=1)
    text = text[:at] + more + text[at:]
    found = read("json", text)
    try:
        wanted = {key: value for key, value, unused in flat(json.loads(text))}
    except ValueError:
        assert found is None
    else:
        assert found in (wanted, None)


# -- XML -------------------------------------------------------------------------------

XML = (
    "<a>",
    "</a>",
    "<b c='d'>",
    "</b>",
    "<e/>",
    '<a f="&lt;"/>',
    "text",
    "&amp;",
    "&#65;",
    "&x;",
    "<!-- c -->",
    "<![CDATA[<z>]]>",
    "<?pi x?>",
    "  ",
    "<",
    ">",
    "<!DOCTYPE a [<!ENTITY x 'y'>]>",
    "<?xml version='1.0'?>",
    "]]>",
    "</all>",
    "<all>",
)

FIRST = re.compile(r"\A\s*<\?xml\s[^>]*\?>")


def _xml(text):
    found = {}

    def enter(element, key):
        counted = {}
        for inner in element:
            number = counted.setdefault(inner.tag, 0)
            counted[inner.tag] += 1
            enter(inner, f"{key}.{inner.tag}.{number}".lstrip("."))
        whole = "".join([element.text or "", *(inner.tail or "" for inner in element)]).strip()
        if key:
            found.update({f"{key}.{name}": value for name, value in element.attrib.items()})
            found.update({key: whole} if whole else {})

    # What says that it is XML is allowed once, in front of several roots.
    enter(ElementTree.fromstring(f"<all>{re.sub(FIRST, '', text)}</all>"), "")
    return found


@QUICK
@given(lines(XML))
def test_xml_as_elementtree(text):
    found = read("xml", text)
    try:
        wanted = _xml(text)
    except ElementTree.ParseError:
        wanted = None
    assert found in (wanted, None), text


# -- sections and pairs -----------------------------------------------------------------

INI = (
    "[s]",
    "[t u]",
    "a = 1",
    "b=2",
    "c = x = y",
    "  d = 3",
    "# c",
    "; d",
    "",
    "e =",
    "f",
    "[",
    "[]",
    "= 1",
    'g = "x"',
    "h: 1",
    "[s] x",
    "A = 4",
    "i = a;b",
    "j = a # b",
)


@QUICK
@given(lines(INI, 1))
def test_ini_as_configparser(text):
    found = read("ini", text)
    parser = configparser.RawConfigParser(
        strict=False, delimiters="=", comment_prefixes=("#", ";"), default_section="\0", empty_lines_in_values=False
    )
    parser.optionxform = str
    try:
        parser.read_string(text)
    except configparser.Error:
        return  # a file without a section at its beginning is none there, and one here
    wanted = {f"{section}.{key}": value.strip("\"'") for section in parser.sections() for key, value in parser.items(section)}
    assert found is None or found == wanted or any("\n" in value for value in wanted.values()), text


# -- assignments of a shell ---------------------------------------------------------------

SHELL = (
    "A=1",
    "B='x y'",
    'C="x y"',
    "export D=2",
    "E=",
    "F=a\\ b",
    "# c",
    "",
    "G=1 # c",
    "H=a#b",
    "I='it'\\''s'",
    'J="a\\"b"',
    'K="a\nb"',
    "L='a",
    "if true; then",
    "M=1 N=2",
    "  O=3",
    "P=$A",
    "Q=`id`",
    "R=1;S=2",
    "export",
    'T="\\\\"',
    "U=\u00e9",
    'V=a"b"c',
    "echo x",
    "W=(a b)",
    "X=~",
    "Y=a&Z=b",
    "A+=1",
    "AA=*",
    'BB="$A"',
)


@settings(QUICK, max_examples=200)
@given(lines(SHELL, 1, 4))
def test_assignments_as_a_shell(text):
    found = read("environment", text)
    if found is None or any(sign in text for sign in "$`"):
        return
    found = {key: value for key, value in found.items() if ".option." not in key}
    shown = " ".join(found)
    ran = subprocess.run(
        ["env", "-i", "/bin/sh", "-c", f'set -f\n{text}\nfor n in {shown}; do eval "printf \'%s\\0%s\\0\' $n \\"\\$$n\\""; done'],
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout.split("\0")
    assert ran.returncode == 0 and dict(zip(said[::2], said[1::2])) == found, (text, ran.stderr)


# -- all of them -----------------------------------------------------------------------

LAUGHS = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxxxx'>" + "".join(f"<!ENTITY x{n} '{'&x;' * 10}'>" for n in range(9)) + "]><a>&x8;</a>"
DEEP = (
    "[" * 100000,
    "{" * 100000,
    '{"a":' * 100000,
    "a {\n" * 100000,
    "<a>" * 100000,
    "a = " + "[" * 100000,
    "a = " + "{a=" * 100000,
    "a(" * 100000,
    "((" * 100000,
    "x" * 3 * 2**20,
    "a" * 10**6,
    "a = '" * 10000,
    '"' * 10**5,
    "\\" * 10**5,
    "[a]\n" * 10**5,
    "[[a]]\n" * 10**5,
    "a.b.c = 1\n" * 30000,
    "\n" * 10**6,
    "[[" + "a." * 10**5 + "b]]",
    "a = 1\n" * 10**5 + "(",
    "a=1 " * 10**5,
    "\ud800",
    "a\x00b",
    LAUGHS,
)


@pytest.mark.parametrize("name", FORMATS)
def test_no_text_keeps_a_reader_busy(name):
    for text in DEEP:
        began = time.monotonic()
        read(name, text)
        assert time.monotonic() - began < 8, text[:20]


@pytest.mark.parametrize("name", FORMATS)
@settings(QUICK, max_examples=150)
@given(text=st.text(st.sampled_from("ab01 \n\t=:;#'\"\\{}[]()<>/&,.@-|*!\r\u00e9\x00"), max_size=40))
def test_any_text_is_read_or_not_understood(name, text):
    read(name, text)
