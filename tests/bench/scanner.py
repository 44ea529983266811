# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what OpenSCAP says of a booted Debian 12 of the profile strict, beside what our own audit says there.

A template with its own partitions is built, a site's decisions are taken, values are written to the main files, and the
machine is booted in QEMU. Each rule that fails is listed with the statuses of the controls that cite its CIS section.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import re
import shutil
import string
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import yaml

REPO = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PACKAGES = ("openscap-scanner", "rsyslog", "cron")
# Where a filesystem is mounted, and how many MiB it has: first what lies in another, and the root at the end.
FILESYSTEMS = {"/var/log/audit": 128, "/var/log": 256, "/var/tmp": 64, "/var": 1024, "/home": 64, "/": 3072}
SPOILS = "results.xml", "audit.json", "scan.log"
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"

# What update-grub asks about disks that a directory does not have.
GRUB_PROBE = """\
#!/bin/sh
case "$*" in
    *target=device*) echo /dev/vda ;;
    *target=fs_uuid*|*target=abstraction*|*target=partuuid*) ;;
    *target=fs*) echo ext2 ;;
    *) echo hd0 ;;
esac
"""
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
UNIT = "[Service]\nExecStart=/opt/scanner/scan.sh\n[Install]\nWantedBy=multi-user.target\n"
SCAN = """\
#!/bin/sh
cd /opt/scanner
systemctl is-system-running --wait
oscap xccdf eval --profile {profile} --skip-validation --results results.xml datastream.xml > scan.log 2>&1
PYTHONPATH=/opt/scanner/collections python3 audit.py < controls.json > audit.json 2>> scan.log
tar -cf /dev/{disk} results.xml audit.json scan.log
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datastream", type=Path, help="the data stream of the SCAP Security Guide for Debian 12")
    parser.add_argument("--profile", default="cis_level2_server", help="its profile (default: %(default)s)")
    parser.add_argument("--layout", default="main_file", choices=["drop_in", "main_file"], help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="a directory for the results; the template stays there too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanner-", dir=REPO / ".build") as scratch:
        directory = options.keep or Path(scratch)
        directory.mkdir(exist_ok=True)
        root = template(directory)
        controls = harden(root, directory, options.layout)
        furnish(root, options, controls)
        boot(directory, root)
        tell(directory, controls)


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], check=False, text=True, capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} stopped with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def template(directory):
    """A Debian 12 whose filesystems are listed in its fstab, before anything is hardened, with what its site decides."""
    root = directory / "root"
    if root.exists():
        shutil.rmtree(root)
    run(sys.executable, REPO / "tests/templates/build.py", "--format=directory", f"--output={root}", "--include", *PACKAGES)
    places = sorted(FILESYSTEMS)
    write(root, "etc/fstab", "tmpfs /tmp tmpfs rw 0 0\n" + "".join(f"LABEL={label(path)} {path} ext4 rw 0 1\n" for path in places))
    write(root, "etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_CMDLINE_LINUX="console=ttyS0"\nGRUB_DISABLE_RECOVERY=true\n')
    write(root, "etc/grub.d/01_password", GRUB_PASSWORD.format(salt="00" * 64), 0o755)
    write(root, "etc/rsyslog.d/50-collector.conf", RSYSLOG)
    (root / "boot/grub").mkdir(exist_ok=True)
    with asked(root):
        run("chroot", root, "update-grub")
    # The files of the administrator, as the account was made.
    for name in (".bashrc", ".profile", ".bash_logout"):
        (root / "home/debian" / name).chmod(0o640)
    return root


@contextlib.contextmanager
def asked(root):
    """A tree in which update-grub may ask about disks."""
    probe = root / "usr/sbin/grub-probe"
    kept = probe.read_bytes()
    write(root, "usr/sbin/grub-probe", GRUB_PROBE, 0o755)
    yield
    probe.write_bytes(kept)


def write(root, path, text, mode=0o644):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")
    (root / path).chmod(mode)


def label(path):
    return path.strip("/").replace("/", "-") or "root"


def harden(root, directory, layout):
    """Harden with the site's decisions; the controls as they were resolved."""
    shutil.copytree(HERE / "scanner-policy", directory / "policy", dirs_exist_ok=True)
    with open(HERE / "scanner.yml", encoding="utf-8") as stream:
        decisions = yaml.safe_load(stream)
    known = {
        **decisions,
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(root),
        "ansible_python_interpreter": "/usr/bin/python3",
        "baseline_layout": layout,
        "baseline_policy": [str(directory / "policy")],
        "controls_file": str(directory / "controls.json"),
    }
    (directory / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"web": known}}}), encoding="utf-8")
    with asked(root):
        run("ansible-playbook", "--inventory", directory / "inventory.yml", HERE / "scanner-play.yml")
    return json.loads((directory / "controls.json").read_text(encoding="utf-8"))


def furnish(root, options, controls):
    """What the scan needs in the machine."""
    inside = root / "opt/scanner"
    code = inside / "collections/ansible_collections/hygeia/golden/plugins/module_utils"
    shutil.copytree(REPO / "plugins/module_utils", code, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(options.datastream, inside / "datastream.xml")
    needed = ("id", "settings", "applies_to", "variants", "stages")
    settings = [{key: control[key] for key in needed if control.get(key)} for control in controls]
    write(root, "opt/scanner/controls.json", json.dumps(settings))
    write(root, "opt/scanner/audit.py", AUDIT)
    disk = f"vd{string.ascii_lowercase[len(FILESYSTEMS)]}"
    write(root, "opt/scanner/scan.sh", SCAN.format(profile=options.profile, disk=disk), 0o755)
    write(root, "etc/systemd/system/scanner.service", UNIT)
    run("chroot", root, "systemctl", "enable", "scanner.service")


def boot(directory, root):
    """Lay the tree out on a disk for each filesystem, boot, and take what the machine leaves on the last disk."""
    staged = directory / "staged"
    run("cp", "--archive", "--link", root, staged)
    images = [filesystem(directory, staged / path.strip("/"), label(path), size) for path, size in FILESYSTEMS.items()]
    shutil.rmtree(staged)
    images += [directory / "spoils.raw"]
    with open(images[-1], "wb") as stream:
        stream.truncate(256 << 20)
    menu = (root / "boot/grub/grub.cfg").read_text(encoding="utf-8")
    words = re.search(r"^\s*linux\s+\S+\s+root=\S+\s+(.*)$", menu, re.M)[1]
    command = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-m", "2048", "-smp", "2", "-cpu", "max"]
    command += ["-serial", f"file:{directory / 'console.log'}", "-kernel", newest(root, "vmlinuz"), "-initrd", newest(root, "initrd.img")]
    # Emulated, page table isolation takes most of the time.
    command += ["-append", f"root=LABEL=root {words} console=ttyS0 pti=off"]
    for image in images:
        command += ["-drive", f"file={image},format=raw,if=virtio,cache=unsafe"]
    run(*command, timeout=1800)
    with tarfile.open(images[-1]) as tar:
        for name in SPOILS:
            (directory / name).write_bytes(tar.extractfile(name).read())


def newest(root, name):
    return sorted((root / "boot").glob(f"{name}-*"))[-1]


def filesystem(directory, tree, name, size):
    """A filesystem with what is in a directory, which is left empty as the place where it will be mounted."""
    image = directory / f"{name}.raw"
    with open(image, "wb") as stream:
        stream.truncate(size << 20)
    run("mkfs.ext4", "-q", "-F", "-L", name[:16], "-d", tree, image)
    run("find", tree, "-mindepth", "1", "-delete")
    return image


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
        statuses = ", ".join(f"{name}: {status}" for name, status in found.items())
        print(f"{rule.partition('_rule_')[2]:52} {' '.join(cited.get(rule, ())):10} {statuses}")
    print("of our own audit, not passed:")
    for name, status in statuses.items():
        if status not in ("pass", "not_applicable"):
            print(f"{name:52} {status}")


def sections(rule):
    """The sections of the CIS benchmark that a rule cites."""
    return [each.text for each in rule.iter(f"{XCCDF}reference") if "cisecurity.org" in (each.get("href") or "")]


if __name__ == "__main__":
    main()
