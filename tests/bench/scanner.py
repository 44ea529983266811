# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what OpenSCAP says of a golden image of the profile strict while it runs, beside what our own audit says there.

A Debian 12 with its own partitions is built, a site's decisions are taken in it, and the main job makes a golden image of
it with values in the main files. A throwaway copy of the image gets the scanner and boots once, in QEMU: both look at
it there, one after the other. Each rule that fails is listed with the statuses of the controls that cite its CIS section.
"""

from __future__ import annotations

import argparse
import collections
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import yaml

REPO = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
MIB = 1 << 20
# The disk, and the filesystems of their own, in MiB.
SIZE = 5120
SEPARATE = {"/home": 64, "/var": 1024, "/var/tmp": 64, "/var/log": 256, "/var/log/audit": 128}
PACKAGES = ("rsyslog", "cron")
RESULTS = "results.xml", "audit.json", "scan.log"
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"

GRUB_PASSWORD = """\
#!/bin/sh
echo 'set superusers="hospital"'
echo 'password_pbkdf2 hospital grub.pbkdf2.sha512.10000.{salt}.{salt}'
"""
RSYSLOG = """\
global(DefaultNetstreamDriverCAFile="/etc/ssl/certs/ca-certificates.crt")
*.* action(type="omfwd" target="logs.example.org" port="6514" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1"
           StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="logs.example.org")
"""
SITE_FILES = {
    "/etc/grub.d/01_password": {"content": GRUB_PASSWORD.format(salt="00" * 64), "mode": "0755"},
    "/etc/rsyslog.d/50-collector.conf": {"content": RSYSLOG, "mode": "0644"},
}
# In the copy: the scanner starts when everything else has, and leaves its results on the second disk.
UNIT = "[Service]\nExecStart=/bin/sh /opt/scanner/scan.sh\n"
# An emulated machine on a busy one finds its disks late.
PATIENCE = "[Manager]\nDefaultDeviceTimeoutSec=30min\nDefaultTimeoutStartSec=30min\n"
SCAN = """\
cd /opt/scanner
{{ systemctl is-system-running --wait; systemctl --failed --no-legend; findmnt --real; }} > scan.log 2>&1
oscap xccdf eval --profile {profile} --skip-validation --results results.xml datastream.xml >> scan.log 2>&1
PYTHONPATH=/opt/scanner/collections python3 audit.py < controls.json > audit.json 2>> scan.log
tar -cf /dev/vdb results.xml audit.json scan.log
sync
systemctl poweroff --force --force
"""
AUDIT = """\
import json, sys
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
json.dump(audit(Host(), [Control.load(control) for control in json.load(sys.stdin)], "live"), sys.stdout)
"""
# The processor is one for which Linux needs no page table isolation, which takes most of the time where it is emulated.
QEMU = """\
    timeout 5400 qemu-system-x86_64 -nodefaults -no-reboot -display none -machine q35,graphics=off -accel tcg -cpu max,vendor=AuthenticAMD
    -smp 2 -m 2048 -netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datastream", type=Path, help="the data stream of the SCAP Security Guide for Debian 12")
    parser.add_argument("--profile", default="cis_level2_server", help="its profile (default: %(default)s)")
    parser.add_argument("--layout", default="main_file", choices=["drop_in", "main_file"], help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="a directory for the images, the evidence and the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanner-", dir=REPO / ".build") as scratch:
        directory = (options.keep or Path(scratch)).resolve()
        directory.mkdir(exist_ok=True)
        build_template(directory)
        pack(directory, options)
        play(directory, options.layout)
        with tarfile.open(directory / "results.raw") as tar:
            for name in RESULTS:
                (directory / name).write_bytes(tar.extractfile(name).read())
        tell(directory, json.loads((directory / "controls.json").read_text(encoding="utf-8")))


def run(*command):
    done = subprocess.run([str(word) for word in command], check=False, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} stopped with {done.returncode}")


def build_template(directory):
    places = [f"{path}={size}" for path, size in SEPARATE.items()]
    output = directory / "template.qcow2"
    output.unlink(missing_ok=True)
    program = REPO / "tests/templates/build.py"
    run(sys.executable, program, "--output", output, "--size", SIZE, "--separate", *places, "--include", *PACKAGES)


def pack(directory, options):
    """What the copy gets: the data stream, our own audit, and what starts both."""
    scripts = {
        "opt/scanner/audit.py": AUDIT,
        "opt/scanner/scan.sh": SCAN.format(profile=options.profile),
        "etc/systemd/system/scanner.service": UNIT,
        "etc/systemd/system.conf.d/scanner.conf": PATIENCE,
    }
    with tarfile.open(directory / "scanner.tar", "w") as tar:
        tar.add(options.datastream, "opt/scanner/datastream.xml")
        code = "plugins/module_utils"
        tar.add(REPO / code, f"opt/scanner/collections/ansible_collections/hygeia/golden/{code}", filter=own)
        for path, text in scripts.items():
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        wanted = tarfile.TarInfo("etc/systemd/system/multi-user.target.wants/scanner.service")
        wanted.type, wanted.linkname = tarfile.SYMTYPE, "/etc/systemd/system/scanner.service"
        tar.addfile(wanted)


def own(member):
    """A member of the archive that is root's; what Python has compiled is left out."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return None if "__pycache__" in member.name else member


def play(directory, layout):
    """Make the golden image and scan it."""
    with open(directory / "results.raw", "wb") as stream:
        stream.truncate(256 * MIB)
    console = ["-serial", f"file:{directory}/console.log"]
    known = {
        **yaml.safe_load((HERE / "scanner.yml").read_text(encoding="utf-8")),
        "baseline_layout": layout,
        "baseline_policy": [str(HERE / "scanner-policy")],
        "image_dest": str(directory / "images"),
        "image_work_dir": str(directory / "sessions"),
        "evidence_dir": str(directory / "evidence"),
        "verify_boot_timeout": 1200,
        "scan_directory": str(directory),
        "scan_qemu": QEMU.split() + console,
        "scan_results": ["-drive", f"if=virtio,format=raw,cache=unsafe,file={directory}/results.raw"],
    }
    hosts = {
        "site": {"template_source": f"{directory}/template.qcow2", "site_files": SITE_FILES},
        "strict": {"template_source": f"{directory}/images/site.qcow2"},
        "scan": {"template_source": f"{directory}/images/strict.qcow2"},
    }
    inventory = directory / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"vars": known, "hosts": hosts}}), encoding="utf-8")
    run("ansible-playbook", "--inventory", inventory, HERE / "scanner-play.yml")


def tell(directory, controls):
    """The rules that fail, and what our audit says of the same sections of the benchmark."""
    statuses = {record["control"]: record["status"] for record in json.loads((directory / "audit.json").read_text(encoding="utf-8"))}
    ours = collections.defaultdict(dict)
    for control in controls:
        for section in control.get("references", {}).get("cis_debian12", []):
            ours[str(section)][control["id"]] = statuses.get(control["id"])
    tree = ElementTree.parse(directory / "results.xml")
    cited = {rule.get("id"): sections(rule) for rule in tree.iter(f"{XCCDF}Rule")}
    counted = collections.Counter()
    failing = []
    for result in tree.iter(f"{XCCDF}rule-result"):
        status = result.findtext(f"{XCCDF}result")
        counted[status] += 1
        if status in ("fail", "error", "unknown"):
            failing.append(result.get("idref"))
    print(", ".join(f"{number} {status}" for status, number in counted.most_common()))
    for rule in sorted(failing):
        found = {name: status for section in cited.get(rule, ()) for name, status in ours.get(section, {}).items()}
        shown = ", ".join(f"{name}: {status}" for name, status in found.items())
        print(f"{rule.partition('_rule_')[2]:52} {' '.join(cited.get(rule, ())):10} {shown}")
    print("of our own audit, not passed:")
    for name, status in statuses.items():
        if status not in ("pass", "not_applicable"):
            print(f"{name:52} {status}")


def sections(rule):
    """The sections of the CIS benchmark that a rule cites."""
    return [each.text for each in rule.iter(f"{XCCDF}reference") if "cisecurity.org" in (each.get("href") or "")]


if __name__ == "__main__":
    main()
