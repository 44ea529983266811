# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader and the writer of aide.conf beside AIDE, which names each part of a line that it reads."""

from __future__ import annotations

import collections
import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.aide_conf import PATH, AideConf
from ansible_collections.hygeia.golden.plugins.module_utils.system import aide_conf
from ansible_collections.hygeia.golden.tests.templates import chrooted
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
WANTED = {"Sums": "sha256+sha512", "/sbin/a": "p+i+sha512", "report_level": "list_entries"}
GROUP = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["Sums", "Sums", " Sums", "#Sums", " # Sums", "A1", "\tSums"]),
    st.sampled_from([" = ", "=", " =", "   =  "]),
    st.sampled_from(["md5", "sha256+sha512", "sha256 + sha512", "R-md5", "R - md5+sha512", "p+u+g", "md5 sha1", "", ">"]),
    st.sampled_from(["", "", "", "", " ", "\r", " # why", "\\"]),
)
OPTION = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["report_level", "report_level", " report_level", "gzip_dbout", "#report_level"]),
    st.sampled_from(["=", " = "]),
    st.sampled_from(["list_entries", "summary", "yes"]),
    st.sampled_from(["", "", " ", " # why", "\t# why"]),
)
RULE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["/sbin/a", "/sbin/a", " /sbin/a", "/sbin/b$", "!/sbin/c", "=/sbin/a", "#/sbin/a"]),
    st.sampled_from([" ", "\t", "  "]),
    st.sampled_from(["R", "p+i+sha512", "p + i", "f R", "md5"]),
    st.sampled_from(["", "", " ", " # why"]),
)
CONDITION = st.sampled_from(["@@if defined X", "@@ifdef X", "@@ifndef X", "@@else", "@@endif", "@@endif", "@@define X y", "", "word"])
TEXT = st.lists(st.one_of(GROUP, GROUP, OPTION, RULE, CONDITION), max_size=5).map("\n".join)


def by_aide(root, text):
    """What AIDE reads of each line, as (number, name, value); None when it refuses the text."""
    place = root / PATH.lstrip("/")
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="ascii", newline="")
    ran = subprocess.run(
        ["chroot", root, "aide", f"--config={PATH}", "--config-check", "--log-level=config"], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        return None
    parts = collections.defaultdict(list)
    for number, kind, part in re.findall(rf"{PATH}:(\d+): │ (?:\(escaped\) )?(\S+)(?: \(\w+\))? \(text: '(.*)'\)$", ran.stderr, re.M):
        parts[int(number)].append((kind, part))
    return sorted(filter(None, (entry(number, words) for number, words in parts.items())))


def entry(number, words):
    """A group, an option or a rule that begins with no sign; None for others."""
    kinds = [kind for kind, unused_part in words]
    if kinds[0] in ("TGROUP", "CONFIGOPTION"):
        return number, words[0][1], "".join(part for unused_kind, part in words[2:])
    if kinds[0] == "TSELRXRULE":
        # A restriction to a type of file stands before the expression.
        gap = " " if kinds[2:4] == ["TEXPR", "TEXPR"] else ""
        return number, words[1][1], f"{words[2][1]}{gap}{''.join(part for unused_kind, part in words[3:])}"
    return None


@QUICK
@given(text=TEXT)
def test_as_aide_reads_it(root, text):
    read = by_aide(root, text)
    assume(read is not None)
    assert sorted((each.number, each.name, each.value) for each in aide_conf.parse(text)) == read


@QUICK
@given(text=TEXT)
def test_what_is_enforced_is_what_aide_reads(root, text):
    accepted = by_aide(root, text) is not None
    kind = AideConf(chrooted.host(root))
    before = kind.observe(WANTED)
    assert accepted or all("AIDE refuses its configuration" in each.message for each in before.values())
    assume(accepted)
    for change in kind.plan(WANTED).changes:
        change.apply()
    assert {name: each.value for name, each in kind.observe(WANTED).items()} == WANTED
    assert not kind.plan(WANTED).changes
    read = by_aide(root, (root / PATH.lstrip("/")).read_text(encoding="ascii"))
    assert set(WANTED.items()) <= {(name, value) for unused_number, name, value in read}
