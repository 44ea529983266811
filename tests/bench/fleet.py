# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what each further host of an audit costs, beside the same number of tasks that do nothing.

The root is a directory with a Debian 12, as `tests/templates/build.py --format directory` makes. Many hosts are that directory many times,
so the processor time has that of the audited system in it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
AUDIT = HERE.parents[1] / "playbooks/audit.yml"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="a directory with a Debian 12")
    parser.add_argument("--hosts", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as scratch:
        place = Path(scratch)
        audits = [run(place, options.root, hosts, AUDIT) for hosts in (1, options.hosts)]
        write_empty(place / "empty.yml", audits[0]["tasks"])
        empties = [run(place, options.root, hosts, place / "empty.yml") for hosts in (1, options.hosts)]
        evidence = sum(path.stat().st_size for path in (place / "evidence/host-0").rglob("*") if path.is_file())
    audit, empty = (further(first, all_, options.hosts) for first, all_ in (audits, empties))
    print(f"{'one host, audit':62}{audits[0]['seconds']:8.2f} CPU s")
    print(f"{'each further host, audit':62}{audit:8.2f} CPU s")
    print(f"{'each further host, as many empty tasks':62}{empty:8.2f} CPU s")
    print(f"{'each further host, audit / empty tasks':62}{audit / empty:8.2f} x")
    print(f"{f'memory of Ansible, {options.hosts} hosts / one':62}{audits[1]['memory'] / audits[0]['memory']:8.2f} x")
    print(f"{'evidence of one host':62}{evidence / 1e6:8.2f} MB")


def further(first, many, hosts):
    return (many["seconds"] - first["seconds"]) / (hosts - 1)


def run(place, root, hosts, playbook):
    """The processor seconds of a whole run of Ansible, its memory in KiB, and the number of tasks of each host."""
    shared = {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(root.resolve()),
        "ansible_python_interpreter": "/usr/bin/python3",
        "baseline_profile": "hipaa",
        "evidence_dir": str(place / "evidence"),
        "audit_fail": False,
    }
    names = [f"host-{number}" for number in range(hosts)]
    (place / "inventory.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(names, {}), "vars": shared}}))
    with open(place / "output", "w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["ansible-playbook", "--forks", "4", "--inventory", place / "inventory.json", playbook], stdout=output, stderr=subprocess.STDOUT
        )
        unused_pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise SystemExit(text)
    tasks = re.search(r"^host-0 .*ok=(\d+) .*skipped=(\d+)", text, re.M)
    return {"seconds": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss, "tasks": int(tasks[1]) + int(tasks[2])}


def write_empty(path, tasks):
    """Two tasks reach the host, as an audit does for its release and for its controls."""
    reach = [{"name": "Reach the host", "ansible.builtin.ping": {}}] * 2
    nothing = [{"name": "Do nothing", "ansible.builtin.set_fact": {"bench_nothing": number}} for number in range(tasks - len(reach))]
    play = {"name": "Empty tasks", "hosts": "all", "gather_facts": False, "tasks": reach + nothing}
    path.write_text(json.dumps([play]))


if __name__ == "__main__":
    main()
