# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.modules import migration_compare_info, migration_readiness_info

UUID = "0b9a3a1c-1111-4222-8333-444455556666"
INFO = "Name:           pacs\nUUID:           {uuid}\nState:          {state}\nPersistent:     {persistent}\n"
XML = f"<domain><name>pacs</name><uuid>{UUID}</uuid><cputune><shares>512</shares></cputune></domain>"
BEFORE = {
    "live": {"name": "pacs", "uuid": UUID, "cputune/shares": "512"},
    "config": {"name": "pacs", "uuid": UUID, "cputune/shares": "512"},
}
GONE = CommandResult(1, "", f"error: failed to get domain '{UUID}'\n")


def info(state="running", persistent="yes"):
    return INFO.format(uuid=UUID, state=state, persistent=persistent)


@pytest.fixture
def compared(run_module, monkeypatch, tree):
    def call(here, at_source=GONE, before=None, **arguments):
        def virsh(argv, unused_stdin):
            if "dominfo" in argv:
                return at_source if argv[3] == "source" else here
            return XML

        monkeypatch.setattr(migration_compare_info, "Host", lambda: tree(answers={"virsh": virsh}))
        return run_module(migration_compare_info, {"guest": "pacs", "before": before or BEFORE, **arguments})

    return call


def outcome(result):
    return [(record["control"], record["status"]) for record in result["results"]]


def test_a_guest_that_is_the_same_passes(compared):
    assert outcome(compared(info(), source="source")) == [
        ("moved-definition-pacs", "pass"),
        ("moved-bounds-pacs", "pass"),
        ("moved-once-pacs", "pass"),
    ]


@pytest.mark.parametrize(
    ("here", "sentence"),
    [
        (info(persistent="no"), "its definition was not kept, so that it is gone once it stops: move it with virsh migrate --persistent"),
        (info("shut off"), "it does not run here: start it, or look where it runs"),
    ],
)
def test_a_definition_that_is_missing_is_reported(compared, here, sentence):
    result = compared(here)
    assert outcome(result)[0] == ("moved-definition-pacs", "fail") and sentence in result["results"][0]["message"]


def test_a_guest_that_runs_twice_is_reported(compared):
    result = compared(info(), at_source=info(), source="source")
    assert outcome(result)[2] == ("moved-once-pacs", "fail")
    assert "it runs at the source too" in result["results"][2]["message"]


def test_a_source_that_does_not_answer_proves_nothing(compared):
    result = compared(info(), at_source=CommandResult(1, "", "error: failed to connect to the hypervisor\n"), source="source")
    assert outcome(result)[2] == ("moved-once-pacs", "error")


def test_what_is_no_definition_is_refused(compared):
    assert compared(info(), before={"results": []})["msg"].startswith(
        "before is no definition; give what migration_readiness_info returned"
    )


def test_a_guest_that_is_not_there_is_a_sentence(run_module, monkeypatch, tree):
    monkeypatch.setattr(migration_readiness_info, "Host", lambda: tree(answers={"virsh": GONE}))
    result = run_module(migration_readiness_info, {"guest": "pacs", "destination": "qemu+ssh://host2/system"})
    assert (
        result["msg"]
        == f"The move of the guest pacs cannot be checked: virsh --connect qemu:///system dominfo: failed to get domain '{UUID}'."
    )
