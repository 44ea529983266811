# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what a plan costs with a feed of 50 MB: figures to read; asserted is only that the feed is read once.

The root is a directory with a Debian 12 that has lists, as `tests/templates/build.py --format directory` makes and
`apt-get update` fills. Many hosts are that directory many times.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SUITES = ("bullseye", "bookworm", "trixie", "forky", "sid")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="a directory with a Debian 12 and its lists")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as scratch:
        place = Path(scratch)
        feed = tracker(place / "tracker.json", options.megabytes)
        nothing = timed(place, options.root, 1, [])[0]
        report("one host, without a feed", nothing)
        first, parsed = timed(place, options.root, 1, [feed])
        assert parsed == 1, f"the feed was read {parsed} times"
        report(f"one host, a feed of {options.megabytes} MB, read for the first time", first)
        again, parsed = timed(place, options.root, 1, [feed])
        assert parsed == 0, f"the feed was read {parsed} times"
        report("one host, the same feed again", again)
        (place / "tracker.json").write_text((place / "tracker.json").read_text() + "\n")
        many, parsed = timed(place, options.root, options.hosts, [feed])
        assert parsed == 1, f"the feed was read {parsed} times"
        report(f"{options.hosts} hosts, the feed changed before, read {parsed} time", many)
        print(f"{'reading it / the plan without it':62}{(first - nothing) / nothing:8.2f} x")


def report(name, seconds):
    print(f"{name:62}{seconds:8.2f} s", flush=True)


def timed(place, root, hosts, feeds):
    """The seconds of a whole run of Ansible, and how often a feed was read."""
    names = [f"host-{number}" for number in range(hosts)]
    shared = {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(root.resolve()),
        "ansible_remote_tmp": "/run/ansible",
        "ansible_python_interpreter": "/usr/bin/python3",
        "bench_feeds": feeds,
        "bench_cache": str(place / "cache"),
        "bench_figures": str(place / "figures.json"),
    }
    (place / "inventory.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(names, {}), "vars": shared}}))
    command = ["ansible-playbook", "--forks", "10", "--inventory", place / "inventory.json", HERE / "plan.yml"]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, sum(feed["parsed"] for feed in json.loads((place / "figures.json").read_text()))


def tracker(path, megabytes):
    """A file in the form of the Debian security tracker's, with as many packages as make that size."""
    random.seed(1)
    packages, size = {"openssl": {"CVE-2026-1": _vulnerability()}}, 0
    while size < megabytes * 10**6:
        count = random.choice((1, 2, 5, 60))
        vulnerabilities = {f"CVE-{random.randint(2005, 2026)}-{random.randint(1000, 99999)}": _vulnerability() for unused in range(count)}
        packages[f"package-{len(packages)}"] = vulnerabilities
        size += len(json.dumps(vulnerabilities))
    path.write_text(json.dumps(packages))
    return {"kind": "debian_tracker", "path": str(path)}


def _vulnerability():
    version = f"{random.randint(1, 9)}.{random.randint(0, 30)}-{random.randint(1, 5)}"
    state = {
        "status": "resolved",
        "repositories": {"a": version, "b": version},
        "fixed_version": random.choice(("0", version)),
        "urgency": "unimportant",
    }
    return {"description": "x" * 250, "debianbug": 1, "scope": "local", "releases": dict.fromkeys(SUITES, state)}


if __name__ == "__main__":
    main()
