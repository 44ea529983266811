# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where packages come from is what apt itself makes of the files, in both of their formats."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import sources
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

APT = shutil.which("apt-get")
QUICK = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
FORMAT = "$(REPO_URI)|$(RELEASE)|$(ALLOW_INSECURE)|$(CREATED_BY)"

pytestmark = pytest.mark.skipif(not APT, reason="there is no apt to compare with")

GAP = st.sampled_from([" ", "  ", "\t", " \t", "\f", "\u00a0"])
URI = st.sampled_from(
    [
        "http://a.example/debian",
        "http://a.example/debian/",
        '"http://a.example/with%20blank"',
        "http://a.example/%23x",
        'http://a."example"/',
        "file:/srv/a",
        "http://[fd00::1]/debian",
    ]
)
SUITE = st.sampled_from(["bookworm", "bookworm/updates", "./", "sid/", '"stable"'])
OPTIONS = st.sampled_from(
    [
        "",
        "",
        "[]",
        "[ ]",
        "[allow-insecure=yes]",
        "[ allow-insecure=yes ]",
        "[arch=amd64,i386 allow-insecure=1]",
        "[ lang=en  allow-insecure=no]",
        "[ # ]",
        "[allow-insecure=yes ",
        "[Allow-Insecure=yes]",
        '[allow-insecure="yes" arch=amd64]',
    ]
)
AFTER = st.sampled_from(["", " ", " # why", "#why", "\r", " contrib"])
START = st.builds("{}{}".format, st.sampled_from(["", "", " ", "\t", "# "]), st.sampled_from(["deb", "deb", "deb-src"]))
LINE = st.builds(
    "{}{}{}{}{}{}{}{}{}".format, START, GAP, OPTIONS, st.sampled_from(["", " "]), URI, GAP, SUITE, st.sampled_from([" main", ""]), AFTER
)
WHOLE = st.sampled_from(
    [
        "Types: deb\nURIs: http://a.example/a\nSuites: bookworm sid\nComponents: main\n",
        "Types: deb-src deb\nURIs: http://a.example/b\nSuites: ./\n",
        "types: deb\nuris: http://a.example/c\nsuites: bookworm\ncomponents: main\n",
    ]
)
MORE = st.sampled_from(
    ["", "", "Enabled: no\n", "Enabled: maybe\n", "Enabled: 0\n", "# Enabled: no\n", " # Enabled: no\n", "X-Note: a\n .\n b\n"]
)
PARAGRAPH = st.tuples(WHOLE, MORE).map("".join)
STANZAS = st.lists(st.one_of(PARAGRAPH, PARAGRAPH, st.sampled_from(["# a note\n", "# a note\n# Types: deb\n"])), min_size=1, max_size=3)


@pytest.fixture
def apt(tmp_path):
    """What apt makes of one file: addresses with suites, whether they may be insecure; None where it accepts nothing."""
    for directory in ("parts", "state/lists/partial", "cache/archives/partial"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc {{ sourcelist "/dev/null"; sourceparts "{tmp_path}/parts"; }}; Dir::State "{tmp_path}/state"; Dir::Cache "{tmp_path}/cache";\n'
        'APT::Architecture "amd64"; APT::Architectures { "amd64"; };\n'
    )

    def ask(name, text):
        for path in (tmp_path / "parts").iterdir():
            path.unlink()
        (tmp_path / "parts" / name).write_bytes(text.encode())
        ran = subprocess.run(
            [APT, "indextargets", "--no-release-info", "--format", FORMAT],
            capture_output=True,
            text=True,
            check=False,
            env={"APT_CONFIG": str(tmp_path / "apt.conf"), "LC_ALL": "C.UTF-8"},
        )
        lines = {line for line in ran.stdout.split("\n") if "|" in line}
        if ran.returncode or "E: " in ran.stderr:
            return None
        return {(uri.rstrip("/"), suite, careless == "true") for uri, suite, careless, unused_by in (line.split("|") for line in lines)}

    return ask


def ours(name, text):
    return {(source.uri.rstrip("/"), source.suite, "allow-insecure" in source.careless) for source in sources.read(name, text)}


@QUICK
@given(lines=st.lists(LINE, min_size=1, max_size=2))
@example(lines=["deb [ arch=amd64 allow-insecure=yes] http://a.example/x ./ # flat"])
@example(lines=['deb\t[arch+=armhf] "http://a.example/with%20blank" bookworm main'])
def test_lines(apt, lines):
    text = "\n".join(lines) + "\n"
    asked = apt("a.list", text)
    if asked is not None:
        assert ours("a.list", text) == asked


@QUICK
@given(found=STANZAS, gaps=st.lists(st.sampled_from(["\n", "\n\n", "\n# why\n\n"]), min_size=3, max_size=3))
def test_stanzas(apt, found, gaps):
    text = "".join(paragraph + gap for paragraph, gap in zip(found, gaps))
    asked = apt("a.sources", text)
    if asked is not None:
        assert ours("a.sources", text) == asked
