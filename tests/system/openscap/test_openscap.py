# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import glob
import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import ScapError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import openscap_info

SMALL = str(Path(__file__).parent / "small-ds.xml")
SOUND = {"notice": "pass", "package": "pass", "kernel": "not_checked", "manual": "not_checked", "script": "not_checked"}
PLAY = """
- hosts: all
  gather_facts: false
  roles: [hygeia.golden.baseline, hygeia.golden.verify, hygeia.golden.evidence]
"""


def scan(**known):
    params = {"datastream": SMALL, "profile": "small", "tailoring": None, "session": None, "root": None, "timeout": 120, **known}
    return openscap_info.found(params)["results"]


def statuses(results):
    return {result["control"].rpartition("_rule_")[2]: result["status"] for result in results}


def contents(root):
    """Everything that a scan could have left or changed, but for the clock of /tmp, where oscap works for a moment."""
    found = {}
    for directory in ("etc", "tmp", "root", "run", "var/tmp", "usr/bin", "usr/share"):
        for place, directories, files in os.walk(root / directory):
            for name in directories + files:
                status = os.lstat(os.path.join(place, name))
                found[os.path.join(place, name)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    return found


def test_the_small_data_stream_is_one():
    subprocess.run(["oscap", "ds", "sds-validate", SMALL], check=True)


def test_files_and_packages_are_those_of_the_directory_and_nothing_else_is_believed(system):
    found = scan(root=str(system))
    assert statuses(found) == SOUND
    assert {result["stage"] for result in found} == {"offline"}
    (system / "etc/notice").write_text("Everybody\n", encoding="utf-8")
    try:
        assert statuses(scan(root=str(system))) == {**SOUND, "notice": "fail"}
    finally:
        (system / "etc/notice").write_text("Staff only\n", encoding="utf-8")


def test_a_scan_leaves_nothing_behind_and_runs_no_script_of_the_data_stream(system):
    scan(root=str(system))  # the directory of /run that it needs is there from now on
    before = contents(system)
    assert statuses(scan(root=str(system), profile="script"))["script"] == "not_checked"
    assert contents(system) == before
    assert glob.glob("/run/hygeia/roots/*/run/hygeia/openscap.*") == []


def test_this_very_machine_is_looked_at_as_oscap_does_it(tmp_path):
    text = Path(SMALL).read_text(encoding="utf-8").replace("touch /etc/scripted", ":").replace("/etc/notice", str(tmp_path / "notice"))
    (tmp_path / "ds.xml").write_text(text, encoding="utf-8")
    (tmp_path / "notice").write_text("Staff only\n", encoding="utf-8")
    found = scan(datastream=str(tmp_path / "ds.xml"))
    kernel = "pass" if Host().booted else "not_checked"
    assert statuses(found) == {**SOUND, "kernel": kernel, "script": "pass"}
    assert {result["stage"] for result in found} == {"live" if Host().booted else "offline"}


def test_oscap_that_takes_too_long_is_ended(system):
    with pytest.raises(ScapError, match="oscap did not end within 0 s|oscap did not end within 1 s"):
        scan(root=str(system), profile="small", timeout=1, datastream=slow(system.parent))


def slow(directory):
    """The small data stream, looking for its notice in every file."""
    text = Path(SMALL).read_text(encoding="utf-8")
    text = text.replace(
        "<ind:filepath>/etc/notice</ind:filepath>",
        '<ind:path operation="pattern match">^/(usr|var).*</ind:path><ind:filename operation="pattern match">.*</ind:filename>',
    )
    (directory / "slow-ds.xml").write_text(text, encoding="utf-8")
    return str(directory / "slow-ds.xml")


def test_a_directory_that_is_no_system_is_reported(tmp_path):
    with pytest.raises(ScapError, match=r"cannot be entered: it holds no Linux system"):
        scan(root=str(tmp_path))


def test_an_opened_template_is_looked_at_from_its_build_host(template, tmp_path):
    session = Session(str(tmp_path / "sessions/web"))
    session.open(str(template))
    try:
        assert statuses(scan(session=session.directory)) == {**SOUND, "notice": "fail"}
        inside = f"/proc/{session.journal['sandbox']['pid']}/root"
        assert glob.glob(f"{inside}/run/hygeia/openscap.*") + glob.glob(f"{inside}/tmp/oscap*") == []
    finally:
        session.discard()


def test_a_play_keeps_the_records_beside_its_own_and_gates_where_it_is_configured_to(system, tmp_path):
    (system / "etc/notice").write_text("Everybody\n", encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    (tmp_path / "hosts").write_text(f"web ansible_connection=hygeia.golden.image ansible_image_root={system}\n", encoding="utf-8")
    known = {
        "baseline_profile": "minimal",
        "evidence_dir": str(tmp_path / "evidence"),
        "verify_severity": "critical",
        "verify_openscap_datastream": SMALL,
        "verify_openscap_profile": "small",
    }

    def run(name, **more):
        command = [
            "ansible-playbook",
            "-i",
            str(tmp_path / "hosts"),
            "-e",
            json.dumps({**known, **more, "evidence_name": name}),
            str(tmp_path / "play.yml"),
        ]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout
        loaded = [
            json.loads((tmp_path / "evidence/web" / name / file).read_text(encoding="utf-8")) for file in ("results.json", "manifest.json")
        ]
        return loaded[0], loaded[1]["verdict"]["failing"]

    results, failing = run("beside")
    found = [record for record in results["records"] if record["origin"] == "openscap"]
    assert statuses(found) == {**SOUND, "notice": "fail"}
    assert results["score"]["controls"] == len({record["control"] for record in results["records"]}) - len(found)
    assert not [name for name in failing if name.startswith("openscap:")]
    assert "openscap:xccdf_org.hygeia_rule_notice" in run("gated", verify_openscap_gate=True, verify_severity="high")[1]
