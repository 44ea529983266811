# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task of a run has parsed, the next one does not parse again; and it is the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils import run_directory
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import document, parsed

OWN = sorted(str(path) for path in Path(document.OWN).rglob("*.yml"))


@pytest.fixture
def task(tmp_path, monkeypatch):
    """Begin a task of a run, which knows nothing but what is in the run's directory; the files that it parses are collected."""
    monkeypatch.setattr(document, "OWN", f"{tmp_path}/policy/")
    monkeypatch.setattr(parsed, "run_directory", lambda: str(tmp_path))
    (tmp_path / "policy").mkdir()
    met, real = [], document._parsed
    monkeypatch.setattr(document, "_parsed", lambda path: met.append(os.path.basename(path)) or real(path))

    def begin():
        document._load.cache_clear()
        monkeypatch.setattr(parsed, "_known", None)
        monkeypatch.setattr(parsed, "_new", {})
        met.clear()
        return met

    yield begin
    document._load.cache_clear()


def write(tmp_path, name, text):
    path = tmp_path / "policy" / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_next_task_parses_nothing_again(task, tmp_path):
    paths = [write(tmp_path, "a.yml", "- {id: a}\n\n- {id: b}\n"), write(tmp_path, "b.yml", "id: c\n")]
    met = task()
    first = [document.load(path) for path in paths]
    parsed.keep()
    assert met == ["a.yml", "b.yml"]
    met = task()
    assert [document.load(path) for path in paths] == first and first[0].lines == (1, 3)
    assert met == []


def test_what_a_task_does_to_the_data_is_not_kept(task, tmp_path):
    path = write(tmp_path, "a.yml", "id: a\n")
    task()
    document.load(path).data["id"] = "changed"
    parsed.keep()
    task()
    document.load(path).data["id"] = "changed again"
    task()
    assert document.load(path).data == {"id": "a"}


def test_tasks_add_to_each_other(task, tmp_path):
    for name in ("a.yml", "b.yml"):
        task()
        document.load(write(tmp_path, name, "id: a\n"))
        parsed.keep()
    met = task()
    assert [document.load(str(tmp_path / "policy" / name)).data for name in ("a.yml", "b.yml")] == [{"id": "a"}] * 2
    assert met == []


def test_a_file_that_changed_is_parsed_again(task, tmp_path):
    path = write(tmp_path, "a.yml", "id: a\n")
    task()
    document.load(path)
    parsed.keep()
    write(tmp_path, "a.yml", "id: other\n")
    met = task()
    assert document.load(path).data == {"id": "other"} and met == ["a.yml"]


@pytest.mark.parametrize("damage", ["", "{", "[1]\n", '["x"]\n', "null\n", "\x00"])
def test_what_was_kept_may_be_damaged(task, tmp_path, damage):
    path = write(tmp_path, "a.yml", "id: a\n")
    task()
    document.load(path)
    parsed.keep()
    (tmp_path / "hygeia.golden.policy.jsonl").write_text(damage, encoding="utf-8")
    met = task()
    assert document.load(path).data == {"id": "a"} and met == ["a.yml"]
    parsed.keep()
    met = task()
    assert document.load(path).data == {"id": "a"} and met == []


def test_a_file_of_the_site_is_not_kept(task, tmp_path):
    path = tmp_path / "site.yml"
    path.write_text("id: a\n", encoding="utf-8")
    task()
    document.load(str(path))
    parsed.keep()
    assert not (tmp_path / "hygeia.golden.policy.jsonl").exists()


def test_outside_of_a_run_nothing_is_kept(task, tmp_path, monkeypatch):
    monkeypatch.setattr(parsed, "run_directory", lambda: "")
    task()
    document.load(write(tmp_path, "a.yml", "id: a\n"))
    parsed.keep()
    assert os.listdir(tmp_path) == ["policy"]


def test_the_directory_is_the_one_of_the_run(monkeypatch, tmp_path):
    from ansible import constants

    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    assert run_directory.run_directory() == str(tmp_path)
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "gone"))
    assert run_directory.run_directory() == ""


@pytest.mark.parametrize("path", OWN, ids=lambda path: path[len(document.OWN) :])
def test_each_of_our_files_is_the_same_as_json(path):
    data = document.load(path).data
    assert json.loads(json.dumps(data)) == data
