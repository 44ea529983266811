# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what each step costs on one template, beside the plain job: figures to read, nothing is asserted.

The plain job is what a person would do by hand: loop-mount the image, `apt-get dist-upgrade` in a chroot, convert.
Both start from the same template, with the same mirror, one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

import kinds
from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import Catalogue

REPO = Path(__file__).resolve().parents[2]

# What is told of the steps, and the task that each is.
STEPS = {
    "enter (with the SHA-256 of the source)": "hygeia.golden.image : Open the template",
    "leave (with trimmed filesystems)": "hygeia.golden.image : Leave the template with clean filesystems",
    "enforce all controls, first time, packages installed before": "Enforce for the first time",
    "enforce all controls, second time": "Enforce for the second time",
    "audit all controls offline": "Audit offline",
    "boot check, to the login": "Boot a throwaway copy until somebody can log in",
    "boot check, audit of the running copy": "Audit the running copy",
    "boot check, power off": "Throw the copy away",
}
INVENTORY = "all: {{children: {{templates: {{hosts: {{bench: {{template_source: {source}}}}}}}}}}}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("template", type=Path, help="a qcow2 template with a GPT, as tests/templates/build.py makes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=REPO / ".build") as scratch:
        plain, apt = plain_job(options.template, Path(scratch))
        report("plain job: apt-get in a chroot, and qemu-img convert", plain)
        report("of which apt-get update and dist-upgrade", apt)
        patched, patch = patching(options.template, Path(scratch))
        report("patched and promoted as a transaction", patched)
        report("of which the role patch", patch)
        report("main job with profile hipaa, without the boot check", main_job(options.template, Path(scratch)))
        for name, seconds in steps(options.template, Path(scratch)).items():
            report(name, seconds)
        for line in kinds.table(each_kind(options.template, Path(scratch))):
            print(line)
    print(f"{'role patch / apt-get':62}{patch / apt:8.2f} x")
    print(f"{'patched and promoted / plain job':62}{patched / plain:8.2f} x")


def report(name, seconds):
    print(f"{name:62}{seconds:8.2f} s", flush=True)


def plain_job(template, scratch):
    started = time.monotonic()
    raw, root = scratch / "plain.raw", scratch / "plain"
    root.mkdir()
    run("qemu-img", "convert", "-O", "raw", template, raw)
    offset, size = root_partition(raw)
    device = output("losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, raw)
    try:
        run("mount", device, root)
        try:
            apt = upgrade(root)
        finally:
            run("umount", "--recursive", root)
    finally:
        run("losetup", "--detach", device)
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, scratch / "plain.qcow2")
    raw.unlink()
    return time.monotonic() - started, apt


def root_partition(raw):
    """The largest partition, in bytes."""
    table = json.loads(output("sfdisk", "--json", raw))["partitiontable"]
    sector = table.get("sectorsize", 512)
    return max(((part["start"] * sector, part["size"] * sector) for part in table["partitions"]), key=lambda part: part[1])


def upgrade(root):
    """The seconds that apt-get took."""
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    resolver = root / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.write_text(Path("/etc/resolv.conf").read_text())
    for kind in ("proc", "sysfs", "devtmpfs"):
        run("mount", "-t", kind, kind, root / {"sysfs": "sys", "devtmpfs": "dev"}.get(kind, kind))
    keep = ["-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef"]
    started = time.monotonic()
    run("chroot", root, "apt-get", "update")
    run("chroot", root, "apt-get", "--yes", *keep, "dist-upgrade")
    return time.monotonic() - started


def patching(template, scratch):
    """The same updates as a transaction: the seconds of the whole run of Ansible, and of the role in it."""
    whole, times = play(REPO / "tests/bench/patch.yml", template, scratch, "patch")
    return whole, sum(seconds for task, seconds in times.items() if task.startswith("hygeia.golden.patch : "))


def main_job(template, scratch):
    """Patched, hardened, sealed, audited offline and promoted, from the first line of Ansible to the last."""
    return play(REPO / "playbooks/golden_image.yml", template, scratch, "main-job", verify_boot="false")[0]


def steps(template, scratch):
    """Each step by itself, timed by Ansible's own JUnit callback."""
    times = play(REPO / "tests/bench/bench.yml", template, scratch, "steps")[1]
    return {step: times[task] for step, task in STEPS.items()}


def each_kind(template, scratch):
    """What each kind costs inside the opened template."""
    script, figures = scratch / "kinds-script.py", scratch / "kinds.json"
    script.write_text(kinds.script(Catalogue().resolve("hipaa")))
    play(REPO / "tests/bench/kinds.yml", template, scratch, "kinds", bench_script=script, bench_figures=figures)
    return json.loads(figures.read_text())


def play(playbook, template, scratch, name, **extra):
    """Run a playbook on the template; returns the seconds of the whole and those of each task."""
    inventory = scratch / "inventory.yml"
    inventory.write_text(INVENTORY.format(source=template.resolve()))
    junit = scratch / name
    controls = scratch / "packages.json"
    controls.write_text(json.dumps({"bench_packages": kinds.packages(Catalogue().resolve("hipaa"))}))
    variables = {"bench_scratch": scratch, "image_work_dir": scratch / "sessions", "image_dest": scratch / "images",
                 "evidence_dir": scratch / "evidence", **extra}
    command = ["ansible-playbook", "--inventory", inventory, playbook]
    command += ["--extra-vars", f"@{controls}"]
    command += [word for key, value in variables.items() for word in ("--extra-vars", f"{key}={value}")]
    started = time.monotonic()
    run(*command, env=dict(os.environ, ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.junit", JUNIT_OUTPUT_DIR=str(junit), JUNIT_HIDE_TASK_ARGUMENTS="true"))
    whole = time.monotonic() - started
    cases = ElementTree.parse(next(junit.glob("*.xml"))).iter("testcase")
    return whole, {case.get("name").split(": ", 1)[1]: float(case.get("time")) for case in cases}


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def output(*command):
    return run(*command).strip()


if __name__ == "__main__":
    main()
