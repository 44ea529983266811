# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run the main job on an image of a platform, which boots a copy of it, and keep a record of what came of it in docs/platforms."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import record
import yaml

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "docs/platforms"
HEADER = "# Written by make platform: one run of the main job on an image of this platform.\n"


class Indented(yaml.SafeDumper):
    """Lists are indented as ansible-lint wants them."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def main():
    options = arguments()
    work = Path(options.work).absolute()
    evidence = run(options, work)
    if evidence is None:
        sys.exit("the run left no evidence, so there is nothing to record: see its output above")
    found = record.made(evidence, options.signed_off, commit(), options.stand_in)
    path = RECORDS / f"{found['platform']}{'-stand-in' if options.stand_in else ''}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + yaml.dump(found, Dumper=Indented, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
    print(f"{path}: {found['outcome']}; look at its findings, then run python docs/generate.py")
    return found["outcome"] != "promoted"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", help="the image, in any format that a session opens")
    parser.add_argument("--profile", default="hipaa", help="the profile that it is hardened by (default: %(default)s)")
    parser.add_argument("--work", default=str(ROOT / ".build/platform"), help="sessions, images and evidence (default: %(default)s)")
    parser.add_argument("--boot-timeout", type=int, default=1800, help="seconds; without KVM a guest is slow (default: %(default)s)")
    parser.add_argument("--signed-off", default=signer(), help="who answers for the run (default: the user of git)")
    parser.add_argument("--stand-in", action="store_true", help="the image only resembles the platform that it names")
    return parser.parse_args()


def run(options, work):
    """Run the main job; the directory of its evidence, or None when it wrote none."""
    work.mkdir(parents=True, exist_ok=True)
    name = Path(options.template).name.partition(".")[0]
    variables = {
        "template_source": str(Path(options.template).absolute()),
        "baseline_profile": options.profile,
        "image_work_dir": str(work / "sessions"),
        "image_dest": str(work / "images"),
        "image_keep": 1,
        "evidence_dir": str(work / "evidence"),
        "verify_boot_timeout": options.boot_timeout,
    }
    inventory = work / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"templates": {"hosts": {name: variables}}}), encoding="utf-8")
    before = written(work, name)
    subprocess.run(["ansible-playbook", "--inventory", inventory, ROOT / "playbooks/golden_image.yml"], check=False)
    new = sorted(written(work, name) - before)
    return new[-1] if new else None


def written(work, name):
    return {path.parent for path in (work / "evidence" / name).glob("*/manifest.json")}


def commit():
    """The commit that was run, marked when there were edits beside it."""
    return git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")


def signer():
    return f"{git('config', 'user.name')} <{git('config', 'user.email')}>"


def git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], check=False, text=True, capture_output=True, env=dict(os.environ)).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
