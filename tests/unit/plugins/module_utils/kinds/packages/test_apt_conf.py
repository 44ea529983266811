# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

NAME = "Acquire::AllowInsecureRepositories"
CONTROL = Control("signed", {"apt_conf": {NAME: False}})
OURS = "/etc/apt/apt.conf.d/zz-hygeia"


def made(tree, tmp_path, dump, files=None):
    """A host whose apt-config merges the files with ``dump``."""
    host = tree({"/usr/bin/apt-config": "", **(files or {})}, answers={"apt-config": dump})
    os.chmod(tmp_path / "usr/bin/apt-config", 0o755)
    return host


def test_enforcing_writes_once(tree, tmp_path):
    host = made(tree, tmp_path, "")
    enforce(host, [CONTROL])
    assert host.read(OURS).splitlines()[1:] == [f'{NAME} "no";']
    assert enforce(host, [CONTROL]).changes == []


@pytest.mark.parametrize(
    "dump, status", [(f'APT "";\n{NAME} "0";\n', "pass"), (f'{NAME.upper()} "false";\n', "pass"), (f'{NAME} "1";\n', "fail"), ("", "fail")]
)
def test_apt_itself_says_what_holds(tree, tmp_path, dump, status):
    assert audit(made(tree, tmp_path, dump), [CONTROL], "offline")[0]["status"] == status


@pytest.mark.parametrize("path", ["/etc/apt/apt.conf.d/zzz-site", "/etc/apt/apt.conf"])
def test_a_file_that_is_read_later_is_named_as_the_culprit(tree, tmp_path, path):
    files = {path: "Acquire { AllowInsecureRepositories true; };\n", "/etc/apt/apt.conf.d/10-early": NAME}
    host = made(tree, tmp_path, f'{NAME} "true";\n', files)
    enforce(host, [CONTROL])
    assert audit(host, [CONTROL], "offline")[0]["message"] == f"{path} speaks of it and is read after {OURS}"


def test_a_configuration_that_apt_refuses_is_an_error(tree, tmp_path):
    host = made(tree, tmp_path, CommandResult(100, "", "E: Syntax error /etc/apt/apt.conf.d/10-bad:1: Extra junk at end of file\n"))
    assert audit(host, [CONTROL], "offline")[0]["status"] == "error"


def test_a_name_that_means_nothing_is_reported(tree, tmp_path):
    outcome = enforce(made(tree, tmp_path, ""), [Control("c", {"apt_conf": {"Acquire": "x"}})]).outcomes[0]
    assert outcome["outcome"] == "failed"


def test_names_of_unattended_upgrades_are_names_too(tree, tmp_path):
    control = Control("c", {"apt_conf": {"Unattended-Upgrade::Automatic-Reboot": "false"}})
    host = made(tree, tmp_path, 'Unattended-Upgrade::Automatic-Reboot "false";\n')
    assert enforce(host, [control]).outcomes[0]["outcome"] == "changed"
    assert audit(host, [control], "offline")[0]["status"] == "pass"
