# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what each step costs on one template, beside the plain job: figures to read, nothing is asserted.

The plain job is what a person would do by hand: loop-mount the image, `apt-get dist-upgrade` in a chroot, convert.
All start from the same template, with the same mirror, one after the other. What the sandbox costs is shown by the same commands in
a chroot and in a session, without Ansible; how busy the machine was is reported with it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

import formats
import kinds
import portability
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.system.packages import trees

REPO = Path(__file__).resolve().parents[2]

# What is reported of the steps, and the task that each is.
STEPS = {
    "enter (with the SHA-256 of the source)": "hygeia.golden.image : Open the template",
    "leave (with trimmed filesystems)": "hygeia.golden.image : Close the template with clean filesystems",
    "enforce all controls, first time, packages installed before": "Enforce for the first time",
    "enforce all controls, second time": "Enforce for the second time",
    "audit all controls offline": "Audit offline",
    "boot check, to the login": "Boot a throwaway copy until somebody can log in",
    "boot check, audit of the running copy": "Audit the running copy",
    "boot check, power off": "Remove the throwaway copy",
}
# The same commands for a chroot and for a session; the last one runs without network.
UPGRADE = {
    "apt-get update": ["apt-get", "update"],
    "apt-get, downloading": ["apt-get", "--yes", "--download-only", "dist-upgrade"],
    "apt-get, installing": [
        "apt-get",
        "--yes",
        "--option=Dpkg::Options::=--force-confold",
        "--option=Dpkg::Options::=--force-confdef",
        "dist-upgrade",
    ],
}
# Why what came of it may differ, beside logs and caches that have times.
EXCEPTED = (
    "/var/log/.*",
    "/var/cache/.*",
    "/var/lib/apt/.*",
    "/run/.*",
    "/etc/resolv.conf",
    "/usr/sbin/policy-rc.d",  # the chroot's own, see prepared()
    "/boot/initrd.img-.*",  # archives with times in them
    "/boot/grub/grub.cfg",  # a chroot on a loop device gets a menu without kernels
)
ENTERING = "entering for one command (true)"
ENTRIES = 25
INVENTORY = "all: {{children: {{templates: {{hosts: {{bench: {{template_source: {source}}}}}}}}}}}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("template", type=Path, help="a qcow2 template with a GPT, as tests/templates/build.py makes")
    parser.add_argument("--sandbox", action="store_true", help="end after what the sandbox costs")
    parser.add_argument("--formats", action="store_true", help="only what templates in other formats cost")
    parser.add_argument("--rounds", type=int, default=1, help="how often the formats take turns (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=REPO / ".build") as scratch:
        print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} cores")
        if options.formats:
            other_formats(options.template, Path(scratch), options.rounds)
            return
        plain, outside = plain_job(options.template, Path(scratch))
        apt = sum(outside[step][0] for step in UPGRADE)
        report("plain job: apt-get in a chroot, and qemu-img convert", plain)
        report("of which apt-get update and dist-upgrade", apt)
        inside, different = in_sandbox(options.template, Path(scratch))
        report_sandbox(outside, inside)
        print(f"differences between what came of both: {len(different)}", *different, sep="\n  ")
        if options.sandbox:
            return
        patched, patch = patching(options.template, Path(scratch))
        report("patched and promoted as a transaction", patched)
        report("of which the role patch", patch)
        sizes = size(Path(scratch) / "plain.qcow2"), size(newest(Path(scratch) / "images"))
        print(f"{'image of the plain job, and as promoted':62}{sizes[0]:8.0f} and {sizes[1]:.0f} MiB")
        report("main job with profile hipaa, without the boot check", main_job(options.template, Path(scratch)))
        other_formats(options.template, Path(scratch), options.rounds)
        for name, seconds in steps(options.template, Path(scratch)).items():
            report(name, seconds)
        print(portability.line(portability.measure(options.template, Path(scratch))), flush=True)
        for line in kinds.table(each_kind(options.template, Path(scratch))):
            print(line)
    print(f"{'role patch / apt-get':62}{patch / apt:8.2f} x")
    print(f"{'patched and promoted / plain job':62}{patched / plain:8.2f} x")


def other_formats(template, scratch, rounds):
    times = formats.measure(template, scratch, main_job, rounds)
    print(*formats.table(times, formats.stream(newest(scratch / "images"), scratch)), sep="\n", flush=True)


def report(name, seconds):
    print(f"{name:62}{seconds:8.2f} s", flush=True)


def report_sandbox(outside, inside):
    """The same commands in a chroot and in a session: the seconds that passed, and those that processors spent on it."""
    print(f"{'':36}{'chroot':>10}{'session':>10}{'':10}{'of processors':>20}")
    for step, measured in inside.items():
        pairs = zip(outside[step], measured)
        print(f"{step:36}" + "".join(f"{plain:8.3f} s{seconds:8.3f} s{seconds / plain:8.2f} x" for plain, seconds in pairs), flush=True)


def size(image):
    """What a file takes on the disk, in MiB."""
    return image.stat().st_blocks * 512 / 2**20


def newest(directory):
    return max(directory.glob("*-*.qcow2"), key=lambda path: path.stat().st_mtime)


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
            times = commands(["chroot", root], ["chroot", prepared(root)])
        finally:
            run("sync", "--file-system", root)
            run("umount", "--recursive", root)
    finally:
        run("losetup", "--detach", device)
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, scratch / "plain.qcow2")
    return time.monotonic() - started - ENTRIES * times[ENTERING][0], times


def in_sandbox(template, scratch):
    """The same in a session of the main job's kind, which is thrown away."""
    session = Session(str(scratch / "sandbox/bench"))
    session.open(str(template.resolve()))
    try:
        enter = session.path("enter")
        times = commands([enter], [enter, "--network"])
        return times, differences(scratch, Path(f"/proc/{session.journal['sandbox']['pid']}/root{session.path('root')}"))
    finally:
        session.discard()


def differences(scratch, tree):
    """What tells the filesystem in a session from that of the plain job."""
    raw, root = scratch / "plain.raw", scratch / "plain"
    offset, size_of_it = root_partition(raw)
    run("mount", "-o", f"loop,ro,offset={offset},sizelimit={size_of_it}", raw, root)
    try:
        return list(trees.differences(root, tree, EXCEPTED))
    finally:
        run("umount", root)
        raw.unlink()


def commands(entering, with_network):
    """What each command costs that is led in so, and the entering itself: seconds, and seconds of processors."""
    entered = [timed([*entering, "true"]) for unused_turn in range(ENTRIES)]
    times = {ENTERING: [statistics.median(costs) for costs in zip(*entered)]}
    for step, words in UPGRADE.items():
        times[step] = timed([*(entering if step == list(UPGRADE)[-1] else with_network), *words])
    return times


def timed(command):
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def root_partition(raw):
    """The largest partition, in bytes."""
    table = json.loads(output("sfdisk", "--json", raw))["partitiontable"]
    sector = table.get("sectorsize", 512)
    return max(((part["start"] * sector, part["size"] * sector) for part in table["partitions"]), key=lambda part: part[1])


def prepared(root):
    """The root, with what apt-get wants around it in a chroot."""
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    resolver = root / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.write_text(Path("/etc/resolv.conf").read_text())
    for kind in ("proc", "sysfs", "devtmpfs"):
        run("mount", "-t", kind, kind, root / {"sysfs": "sys", "devtmpfs": "dev"}.get(kind, kind))
    return root


def patching(template, scratch):
    """The same updates as a transaction: the seconds of the whole run of Ansible, and of the role in it."""
    whole, times = play(REPO / "tests/bench/patch.yml", template, scratch, "patch")
    return whole, sum(seconds for task, seconds in times.items() if task.startswith("hygeia.golden.patch : "))


def main_job(template, scratch, **extra):
    """Patched, hardened, sealed, audited offline and promoted, from the first line of Ansible to the last."""
    name = f"main-job-{template.suffix[1:]}"
    return play(REPO / "playbooks/golden_image.yml", template, scratch, name, verify_boot="false", **extra)[0]


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
    variables = {
        "bench_scratch": scratch,
        "image_work_dir": scratch / "sessions",
        "image_dest": scratch / "images",
        "evidence_dir": scratch / "evidence",
        **extra,
    }
    command = ["ansible-playbook", "--inventory", inventory, playbook]
    command += ["--extra-vars", f"@{controls}"]
    command += [word for key, value in variables.items() for word in ("--extra-vars", f"{key}={value}")]
    started = time.monotonic()
    run(
        *command,
        env=dict(
            os.environ, ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.junit", JUNIT_OUTPUT_DIR=str(junit), JUNIT_HIDE_TASK_ARGUMENTS="true"
        ),
    )
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
