# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import Content, ScapError


def test_a_profile_may_be_named_by_its_end(content, tailored):
    assert content.profile("small") == content.profile("xccdf_org.hygeia_profile_small") == "xccdf_org.hygeia_profile_small"
    assert content.profiles["xccdf_org.hygeia_profile_small"] == "The small one"
    assert tailored.profile("ours") == "xccdf_site_profile_ours"
    assert tailored.profile("small") == "xccdf_org.hygeia_profile_small"


@pytest.mark.parametrize(
    ("name", "message"),
    [("cis", "has no profile cis; choose one of small, script"), ("", "needs a profile to be named; choose one of small")],
)
def test_a_profile_that_there_is_not_is_reported_with_those_that_there_are(content, name, message):
    with pytest.raises(ScapError, match=message):
        content.profile(name)


@pytest.mark.parametrize(
    ("definition", "asks"),
    [
        ("oval:hygeia:def:1", []),  # a file
        ("oval:hygeia:def:2", []),  # a package
        ("oval:hygeia:def:3", ["values of the kernel"]),  # by way of a variable
        ("oval:hygeia:def:4", ["values of the kernel"]),  # by way of another definition
        ("oval:hygeia:def:9", []),
    ],
)
def test_what_a_check_asks_of_a_running_system_is_found_wherever_it_stands(content, definition, asks):
    assert content.asks(definition) == asks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Benchmark/>", "is not a SCAP source data stream: name a file such as"),
        ("<data-stream-collection>", r"cannot be read \(no element found.*is it whole"),
        (None, "there is no data stream .* where oscap runs: copy it there"),
    ],
)
def test_what_is_no_data_stream_is_reported(tmp_path, text, message):
    if text is not None:
        (tmp_path / "ds.xml").write_text(text, encoding="utf-8")
    with pytest.raises(ScapError, match=message):
        Content(str(tmp_path / "ds.xml"))


def test_what_is_no_tailoring_is_reported(content, tmp_path):
    with pytest.raises(ScapError, match="small-ds.xml is not an XCCDF tailoring"):
        Content(content.datastream, content.datastream)
    with pytest.raises(ScapError, match="there is no tailoring"):
        Content(content.datastream, str(tmp_path / "none.xml"))
