# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the pages under docs show works as it is shown."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.evidence import COLLECTION

DOCS = os.path.join(COLLECTION, "docs")


def examples(page):
    """The YAML blocks of a page, in order."""
    with open(os.path.join(DOCS, page), encoding="utf-8") as stream:
        return re.findall(r"^```yaml\n(.*?)^```", stream.read(), re.M | re.S)


@pytest.fixture
def policy(tmp_path):
    """The directory that the pages make together."""
    gateway = examples("own-controls.md")[0]
    for path, text in {
        "controls/gateway.yml": gateway,
        "profiles/gateway.yml": examples("profiles.md")[2],
        "waivers/pacs.yml": examples("waivers.md")[0],
        "frameworks/house.yml": examples("own-controls.md")[1],
    }.items():
        place = tmp_path / "policy" / path
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path / "policy"


def test_the_policy_of_the_pages_is_one(policy):
    catalogue = Catalogue([str(policy)])
    controls = {control["id"]: control for control in catalogue.resolve("gateway")}
    assert "gateway-no-nfs" in controls and "service-printing" not in controls
    assert controls["ssh-dead-connections"]["settings"]["sshd"]["ClientAliveInterval"] == 120
    assert [waiver["control"] for waiver in catalogue.waivers] == ["account-password-max-days"]


def test_the_variables_of_the_page_are_ones_that_the_lookup_takes():
    variables = yaml.safe_load(examples("profiles.md")[0])
    controls = Catalogue().resolve("hipaa", variables["baseline_remove"], variables["baseline_set"])
    lockout = next(control for control in controls if control["id"] == "account-lockout")
    assert lockout["settings"]["pam"]["faillock.deny"] == 3


def test_the_mistakes_of_the_page_are_reported_in_its_words(policy, monkeypatch):
    monkeypatch.chdir(policy.parent)
    path = policy / "controls/gateway.yml"
    good = path.read_text(encoding="utf-8")
    messages = ""
    for right, wrong in (("severity: medium", "severity: hihg"), ("    service:", "    services:")):
        path.write_text(good.replace(right, wrong), encoding="utf-8")
        with pytest.raises(PolicyError) as caught:
            Catalogue([str(policy)])
        messages += str(caught.value) + "\n"
    with open(os.path.join(DOCS, "own-controls.md"), encoding="utf-8") as stream:
        shown = re.findall(r"^    (policy/controls/.*)$", stream.read(), re.M)
    assert shown and [line for line in shown if line not in messages.splitlines()] == []


def test_the_list_of_controls_is_what_the_policy_says():
    root = os.path.normpath(os.path.join(COLLECTION, "../../.."))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path + [root]))}
    command = [sys.executable, os.path.join(DOCS, "generate.py"), "--check"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("page", sorted(glob.glob(f"{DOCS}/**/*.md", recursive=True)), ids=lambda page: os.path.relpath(page, DOCS))
def test_links_lead_to_pages_that_are_there(page):
    with open(page, encoding="utf-8") as stream:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", stream.read())
    assert [link for link in links if not os.path.exists(os.path.join(os.path.dirname(page), link))] == []


def test_the_rule_of_the_residue_page_can_be_used(tmp_path):
    (rule,) = examples("residue.md")
    (tmp_path / "residue").mkdir()
    (tmp_path / "residue/own.yml").write_text(rule, encoding="utf-8")
    assert "residue-study-number" in Catalogue([str(tmp_path)]).residue


def test_the_agents_of_the_page_can_be_required_and_read(tmp_path):
    required, own = map(yaml.safe_load, examples("agents.md"))
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/own.yml").write_text(examples("agents.md")[1], encoding="utf-8")
    agents = Catalogue([str(tmp_path)]).agents
    assert own[0]["id"] in agents
    known = [*agents, *(agent["class"] for agent in agents.values())]
    assert [need for need in required["verify_agents"] if need.get("product", need.get("class")) not in known] == []


def test_the_rule_of_the_drift_page_can_be_used(tmp_path):
    (tmp_path / "drift").mkdir()
    for number, rule in enumerate(example for example in examples("drift.md") if example.startswith("- id")):
        (tmp_path / f"drift/{number}.yml").write_text(rule, encoding="utf-8")
    assert Catalogue([str(tmp_path)]).drift.keys() >= {"viewer", "viewer-cache"}
