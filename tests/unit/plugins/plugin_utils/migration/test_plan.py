# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole plan of the example in docs/, its page and its tables."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import migration_plan
from ansible_collections.hygeia.golden.plugins.modules import migration_plan as documented
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import export, page, plan, policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.pictures import calendar, graph
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema, segmentation
from migration_files import TODAY

EXAMPLE = Path(__file__).parents[5] / "docs" / "examples" / "migration"
GIVEN = yaml.safe_load((EXAMPLE / "migration.yml").read_text(encoding="utf-8"))


def valid(made):
    return schema.problems(json.loads(json.dumps(made)), "migration_plan", lambda unused_index: "plan.json") == []


@pytest.fixture(scope="module")
def example():
    """The plan of the example."""
    sources = [{**source, "path": str(EXAMPLE / source["path"])} for source in GIVEN["migration_sources"]]
    return plan.plan(inventory(sources, TODAY), policy.read(str(EXAMPLE / "policy.yml")))


@pytest.fixture
def hostile(inventory, policy):
    """A plan in which every name tries to become a part of the page or a formula."""
    bad = "<script>alert(1)</script>&'\"{{ 7*7 }}"
    fields = {"application": bad, "owner": "=cmd|' /C calc'!A0", "vendor": bad, "window": bad, "tier": 2, "os": bad, "label": bad}
    more = {"cluster": bad, "label": "+" + bad, "application": bad + "2", "tier": 2}
    flows = [f"{name} b {port}" for name in "acdef" for port in (53, 8080)]
    machines = {"a": fields, "b": more, **{name: {"application": name, "tier": 1} for name in "cdef"}}
    known = inventory(machines, flows, left_out=[{"name": bad, "reason": bad}], sources=[_source(bad)])
    return plan.plan(known, policy())


def _source(name):
    return {"name": name, "kind": "rvtools", "exported": "", "machines": 2, "flows": 0, "samples": 0}


class Page(HTMLParser):
    """The elements and the texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.words = set(), [], [], []
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []

    def handle_data(self, data):
        self.words.append(data)


def rendered(made):
    return page.rendered(made, migration_plan.TEMPLATE)


def test_the_example_is_planned_as_its_policy_says(example):
    when = {group: wave["day"] for wave in example["waves"] for group in wave["groups"]}
    assert when == {
        "Intranet": "2027-01-09",
        "Directory": "2027-01-16",
        "File services": "2027-01-16",
        "Interfaces": "2027-02-06",
        "Laboratory": "2027-02-14",
        "PACS": "2027-02-27",
        "EHR": "2027-03-06",
    }
    assert [each["group"] for each in example["unscheduled"]] == ["report-2019"]
    assert {each["name"] for each in example["services"]} == {"directory", "files", "names"}
    assert example["left_out"] == [{"name": "template-rhel9", "reason": "template"}]
    assert example["hosts"]["total"]["hosts"] == 5 and not example["hosts"]["assumed_host"]
    assert {row["machine"][-6:]: row["advice"] for row in example["advice"]} == {
        "vm-103": "database",
        "vm-108": "database",
        "vm-110": "files",
        "vm-112": "ask",
    }


def test_the_plan_is_what_its_schema_says(example, hostile):
    assert valid(example) and valid(hostile)
    assert not valid({**example, "day": "soon"}) and not valid({key: example[key] for key in example if key != "waves"})


def test_the_same_input_gives_the_same_files(example):
    sources = [{**source, "path": str(EXAMPLE / source["path"])} for source in GIVEN["migration_sources"]]
    again = plan.plan(inventory(sources, TODAY), policy.read(str(EXAMPLE / "policy.yml")))
    assert json.dumps(again) == json.dumps(example) and rendered(again) == rendered(example)


def test_what_is_not_known_is_on_the_page(example):
    gaps = {row["what"]: row for row in example["unknown"]}
    assert gaps["What it talks to"]["examples"] == ["report-2019"] and gaps["Its load"]["count"] == 3
    text = " ".join(Page(rendered(example)).words)
    assert all(row["what"] in text and row["remedy"] in text for row in example["unknown"])


def test_the_page_loads_nothing_and_every_link_leads_somewhere(example):
    text = rendered(example)
    found = Page(text)
    assert not {"script", "img", "link", "iframe", "object"} & found.tags and "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", text) and "url(" not in text
    assert {link[1:] for link in found.links} <= set(found.ids) and len(found.ids) == len(set(found.ids))
    assert all(f"wave {wave['number']}" in text or wave["phase"] in text for wave in example["waves"])


def test_every_name_is_escaped(hostile):
    text = rendered(hostile)
    assert "<script" not in text and "script" not in Page(text).tags and "&lt;script&gt;" in text
    # Nothing of a name is a template.
    assert "{{ 7*7 }}" in text and "49" not in re.findall(r"script&gt;&amp;&#39;&#34;(\d+)", text)


def test_pictures_hold_what_they_show(example):
    drawn = calendar.picture(example)
    assert [row["title"] for row in drawn["rows"]][:2] == ["Sat 9 Jan 2027", "Sat 16 Jan 2027"] and not drawn["by_month"]
    assert all(part["x"] + part["width"] <= 845 for row in drawn["rows"] for part in row["parts"])
    assert len(drawn["arcs"]) == 5
    nodes = graph.picture(example)["nodes"]
    assert [node["name"] for node in nodes] == ["Intranet", "Interfaces", "Laboratory", "PACS", "EHR"]
    assert all(0 < node["x"] < 640 and 0 < node["y"] < 420 for node in nodes)


def test_many_waves_are_shown_by_month_and_many_groups_by_readiness(inventory, policy):
    machines = {f"m{at:03}": {"tier": 2, "application": f"A{at:03}"} for at in range(200)}
    rules = {"start": "2027-01-09", "weekdays": ["sat"], "most_machines": 5, "pilot": {"most_machines": 1}, "gap_days": 1}
    made = plan.plan(inventory(machines), policy(waves=rules))
    drawn = calendar.picture(made)
    assert drawn["by_month"] and drawn["rows"][0]["title"] == "January 2027" and drawn["rows"][0]["name"] == "4 waves"
    assert sum(row["machines"] for row in drawn["rows"]) == 200 and graph.picture(made) is None
    few = plan.plan(inventory(machines), policy(waves={**rules, "most_machines": 100}))
    parts = calendar.picture(few)["rows"][1]["parts"]
    assert [(part["readiness"], part["full"]) for part in parts] == [("ready", "100 machines: ready")]
    assert valid(made) and "By month" not in rendered(made)


def test_a_plan_of_nothing_that_can_move_says_so(inventory, policy):
    made = plan.plan(inventory({"a": {"tier": None}}), policy())
    assert made["waves"] == [] and calendar.picture(made) is None
    assert "No machine can be given a day yet." in rendered(made) and valid(made)


def test_groups_that_wait_for_the_same_stand_in_one_row(inventory, policy):
    machines = {f"m{at:02}": {"tier": None, "application": f"A{at:02}"} for at in range(20)}
    seen = page.view(plan.plan(inventory({**machines, "n": {"tier": 2, "window": "Mon"}}), policy()))["unscheduled"]
    assert [(row["machines"], len(row["groups"])) for row in seen] == [(20, 20), (1, 1)]
    assert "and 8 more" in rendered(plan.plan(inventory(machines), policy()))


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_waves_as_tables(example):
    found = rows(export.waves_csv(example))
    assert [row["machine"] for row in found][:3] == ["intranet", "dc1", "files"] and found[-1]["machine"] == "report-2019"
    assert found[0]["day"] == "2027-01-09" and found[-1]["wave"] == "" and len(found) == 12
    aws = rows(export.aws_csv(example))
    assert aws[0]["ApplicationWave"] == "wave-01" and aws[0]["VMware.MoRefId"] == "vm-111" and len(aws) == 11
    assert rows(export.azure_csv(example))[0]["*Server name"] == "intranet"


def test_the_tables_for_clouds_are_read_back(example, tmp_path):
    for kind, text in (("aws_discovery", export.aws_csv(example)), ("azure_migrate", export.azure_csv(example))):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        found = inventory([{"kind": kind, "path": str(path), "exported": TODAY}], TODAY)
        assert sorted(each["memory_mib"] for each in found["machines"]) == sorted(
            each["memory_mib"] for each in example["machines"] if each["wave"]
        )
    aws = inventory([{"kind": "aws_discovery", "path": str(tmp_path / "aws_discovery.csv"), "exported": TODAY}], TODAY)
    assert {each["id"]: each["wave"] for each in aws["machines"]} == {
        each["id"]: each["wave"] for each in example["machines"] if each["wave"]
    }


def test_no_cell_is_a_formula(hostile):
    for text in (export.waves_csv(hostile), export.aws_csv(hostile), export.azure_csv(hostile)):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]
    assert any(cell.startswith("'=cmd") for row in csv.reader(io.StringIO(export.waves_csv(hostile))) for cell in row)


# -- the action -----------------------------------------------------------------------


@pytest.fixture
def act(monkeypatch):
    monkeypatch.chdir(EXAMPLE)

    def run(check_mode=False, **arguments):
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="migration_plan", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = migration_plan.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None)
        return action.run(task_vars={})

    return run


def given(tmp_path, **changed):
    return {"sources": GIVEN["migration_sources"], "policy": "policy.yml", "dest": str(tmp_path / "plan"), "today": TODAY, **changed}


def test_the_module_writes_all_files(act, tmp_path):
    result = act(**given(tmp_path))
    assert sorted(os.listdir(tmp_path / "plan")) == result["files"]
    assert result["changed"] and result["figures"]["machines"] == 12 and "Its load: 3" in result["unknown"]
    assert valid(json.loads((tmp_path / "plan/plan.json").read_text(encoding="utf-8")))
    assert segmentation.read(str(tmp_path / "plan/segmentation.yml"))["zones"]["imaging"] == {"networks": ["10.30.0.0/16"]}
    assert (tmp_path / "plan/plan.json").stat().st_mode & 0o777 == 0o640
    written = yaml.safe_load(documented.RETURN)
    assert set(result) - {"changed"} <= {*written, "invocation", "_ansible_verbose_always"}
    assert {name: migration_plan.ARGUMENTS[name].get("type") for name in migration_plan.ARGUMENTS} == {
        name: option["type"] for name, option in yaml.safe_load(documented.DOCUMENTATION)["options"].items()
    }


def test_check_mode_writes_nothing(act, tmp_path):
    assert act(check_mode=True, **given(tmp_path))["figures"]["waves"] == 6
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sources": [{"kind": "rvtools", "path": "nowhere"}]}, "there is no plan: nowhere: there is no such file; correct the path."),
        ({"policy": "nowhere.yml"}, "there is no plan: nowhere.yml cannot be read"),
        ({"max_age": 1}, "is of 2026-11-27, 3 days old, and 1 are allowed"),
        ({"dest": "/proc/nowhere/plan"}, "the plan cannot be written to /proc/nowhere/plan"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(act, tmp_path, changed, sentence):
    with pytest.raises(AnsibleError, match=re.escape(sentence)):
        act(**given(tmp_path, **changed))


@pytest.mark.skipif(not shutil.which("ss"), reason="ss is not installed")
def test_the_script_of_the_example_prints_what_was_opened_and_not_what_was_accepted():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        printed = subprocess.run([EXAMPLE / "flows.sh"], capture_output=True, text=True, check=True).stdout.splitlines()
        opened, accepted = server.getsockname()[1], client.getsockname()[1]
    assert printed[0] == "source,destination,port" and printed.count(f"127.0.0.1,127.0.0.1,{opened}") == 1
    assert f"127.0.0.1,127.0.0.1,{accepted}" not in printed
