# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scanner says that reads main files: rules of the SCAP Security Guide for CIS level 2, asked by OpenSCAP itself.

The extract has each rule as the guide has it, with the values of its profile, but for asking whether packages are installed,
which OpenSCAP cannot see in a directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import DROP_IN, MAIN_FILE
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.platforms.systems import Server

RULES = Path(__file__).parents[3] / "corpus/scap-security-guide-debian12.xml"
RESULTS = "{http://oval.mitre.org/XMLSchema/oval-results-5}"
KINDS = {"auditd_conf", "audit_rule", "file", "login_defs", "package", "pam", "shell_profile", "sshd", "systemd_conf"}
CONTROLS = [Control.load(control) for control in Catalogue().resolve("strict") if KINDS & set(control["settings"])]
# In a file of its own each of these holds too, and is not seen.
UNSEEN_BESIDE = ("accounts_password_pam", "accounts_umask_etc_bashrc", "disable_host_auth", "journald", "sshd")
SERVICE = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n"

pytestmark = pytest.mark.skipif(not shutil.which("oscap") or not shutil.which("pam-auth-update"), reason="needs oscap, on Debian")


def failing(root, results):
    """The rules that do not hold, by OpenSCAP's word."""
    command = ["oscap", "oval", "eval", "--skip-validation", "--results", str(results), str(RULES)]
    ran = subprocess.run(command, env={**os.environ, "OSCAP_PROBE_ROOT": str(root)}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    definitions = {each.get("definition_id"): each.get("result") for each in ElementTree.parse(results).iter(f"{RESULTS}definition")}
    rules = {name.partition("-")[2].partition(":")[0]: result for name, result in definitions.items()}
    return {rule for rule, result in rules.items() if result != "true" and rule in asked()}


def asked():
    """The rules themselves, and none that others refer to."""
    text = RULES.read_text(encoding="utf-8")
    return {line.partition("<!-- rule ")[2].partition(" ")[0] for line in text.splitlines() if line.startswith("<!-- rule ")}


def test_nothing_that_holds_is_missed_in_the_main_files(system, tmp_path):
    server = Server(system, "debian-12")
    host = server.host
    host.write("/usr/lib/systemd/system/auditd.service", SERVICE)
    os.symlink("/run", host.path("/var/run"))
    assert len(asked()) == 41
    enforce(host, CONTROLS, layout=DROP_IN)
    missed = failing(host.root, tmp_path / "beside.xml")
    assert {"accounts_password_pam_minlen", "journald_storage", "sshd_disable_root_login"} <= missed
    assert {rule for rule in missed if not rule.startswith(UNSEEN_BESIDE)} == set()
    enforce(host, CONTROLS, layout=MAIN_FILE)
    assert failing(host.root, tmp_path / "inside.xml") == set()
    assert enforce(host, CONTROLS, layout=MAIN_FILE).changes == []
    wrong = [record for record in audit(host, CONTROLS, "offline") if record["control"].startswith("ssh-") and record["status"] == "fail"]
    assert [record["control"] for record in wrong] in ([], ["ssh-version"]), wrong
