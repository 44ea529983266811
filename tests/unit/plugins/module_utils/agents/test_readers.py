# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.agents import schedules
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood, flat
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from ansible_collections.hygeia.golden.plugins.module_utils.agents.machines import is_one_of, machine, shown


class Texts(yaml.SafeLoader):
    """Scalars stay texts, as in this reader."""

    yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}


YAML = [
    "a: 1\nb: {c: x, d: [1, two, 'th,ree']}\n",
    "list:\n- a\n- b: 1\n  c: 2\n- - x\n  - y\nafter: yes it is\n",
    "deep:\n  er:\n    est: \"a # b\" # comment\n  next: 'it''s'\n",
    "text: |\n  a: b\n    c\nafter: x\n",
    "# comment\n---\nurl: http://host:80/path#part\nempty:\nnothing: ~\n",
    "output.elasticsearch:\n    hosts: [\"https://a:9200\", 'b']\n",
    "- a: 1\n- b\n",
    '"quoted key": v\n',
    "base: &base\n  a: 1\n  b: &two [x, y]\nsame: *base\nmore:\n  c: *two\n",
    "_log:\n - &log |\n   [loggers]\n   keys=root\nlog_cfgs:\n - [a]\n - *log\n",
    "base: &base\n  a: 1\nother:\n  <<: *base\n  b: 2\n",
]


@pytest.mark.parametrize("text", YAML)
def test_the_reader_of_yaml_agrees_with_the_library(text):
    wanted = {key: " ".join(value.split()) for key, value, unused_line in flat(yaml.load(text, Loader=Texts))}
    found = {key: " ".join(value.split()) for key, value, unused_line in FORMATS["yaml"](text)}
    assert found == {key: "" if value == "~" else value for key, value in wanted.items()}


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("yaml", "a: 1\nb: !x 2\n", 2),
        ("yaml", "a: 1\nb: *nowhere\n", 2),
        ("yaml", "a: 1\n  b: 2\n", 2),
        ("yaml", "a:\n\t- b\n", 2),
        ("yaml", "a: [1, 2\nb: 3\n", 1),
        ("yaml", "word\n", 1),
        ("toml", "a = 1\nb = \n", 2),
        ("toml", 'a = "open\n', 1),
        ("toml", "[table\n", 1),
        ("json", '{\n"a": }', 2),
        ("xml", "<a>\n<b></a>", 2),
        ("xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 1),
        ("pairs", "a = 1\nno sign\n", 2),
        ("bacula", "Director {\n Name = x\n", 2),
        ("syslog_ng", "destination d { network(\n", 1),
        ("environment", 'A="open\n', 1),
        ("environment", "A=b\nif true; then\n", 2),
    ],
)
def test_what_a_reader_does_not_understand_it_says(name, text, line):
    with pytest.raises(NotUnderstood) as caught:
        list(FORMATS[name](text))
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("daily", 24),
        ("*-*-* 02:30:00", 24),
        ("Mon..Fri 03:00", 72),
        ("hourly", 1),
        ("*:0/15", 0.25),
        ("Sun *-*-* 01:00:00", 168),
        ("*-*-* 00/6:00:00", 6),
        ("Mon,Thu 04:00", 96),
        ("weekly", 168),
        ("03:00 UTC", 24),
        ("someday", None),
        ("*-*~01 04:00", None),
    ],
)
def test_the_gap_of_a_timer(text, gap):
    assert schedules.calendar([text]) == gap


@pytest.mark.parametrize(
    ("destination", "name"),
    [
        ("logs.example:6514", "logs.example"),
        ("https://u:p@es:9200/x", "es"),
        ("sftp:backup@nas:/srv/restic", "nas"),
        ("ssh://borg@host/./repo", "host"),
        ("s3:https://minio:9000/b", "minio"),
        ("rest:https://u:p@r:8000/", "r"),
        ("borg@host:repo", "host"),
        ("/mnt/backup", "/mnt/backup"),
        ("[fd00::1]:22", "fd00::1"),
        ("fd00::1", "fd00::1"),
        ("backup@pbs!t@pbs.example:8007:store", "pbs.example"),
    ],
)
def test_the_machine_of_a_destination(destination, name):
    assert machine(destination) == name
    assert is_one_of(destination, [name]) and not is_one_of(destination, ["other.example"])
    assert "p@" not in shown(destination)
