# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hardened root filesystems, and copies of them that last for one audit. These tests need root, overlayfs and a mirror."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.fitted import fitted
from ansible_collections.hygeia.golden.tests.system.kernel.conftest import GRUB_PROBE
from ansible_collections.hygeia.golden.tests.templates import chrooted

PROJECT = Path(__file__).parents[3]
# Ready trees are kept in this directory, for whoever runs these tests often.
KEPT = os.environ.get("TAMPER_TREES")
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_OFFLINE": "1"}
# What a site decides, and no control: how its disks are laid out, and the password of its boot loader.
OWN_FILESYSTEMS = ("/home", "/tmp", "/var", "/var/tmp", "/var/log", "/var/log/audit")
FSTAB = "UUID=4ea3164e-74e5-49be-8905-294900b8b5f2 / ext4 errors=remount-ro 0 1\n" + "".join(
    f"LABEL={where.strip('/').replace('/', '-')} {where} ext4 defaults 0 2\n" for where in OWN_FILESYSTEMS
)
CLOUD_INIT = {"usr/bin/cloud-init": "", "etc/cloud/cloud.cfg": "datasource_list: [NoCloud, None]\n"}
PASSWORD = "set superusers=admin\npassword_pbkdf2 admin grub.pbkdf2.sha512.10000.00.00\n"
# What no control installs and some are about.
MORE_PACKAGES = ["cron", "rsyslog", "ssl-cert", "systemd-coredump", "systemd-resolved", "unattended-upgrades", "usbguard"]
PROFILE = {
    "id": "widest",
    "title": "Every control",
    "description": "Every control but those of the seal and of portability.",
    "controls": ["*"],
    "remove": ["portable-*", "seal-*"],
}


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def hardened(request, tmp_path_factory):
    """A whole Debian with every control enforced by the roles that everybody uses."""
    place = Path(KEPT or tmp_path_factory.mktemp("trees")) / request.param
    if not (place / "etc/os-release").exists():
        _build(request.param, place)
        _harden(place, tmp_path_factory.mktemp("play"))
    layers = tmp_path_factory.mktemp("layers")
    run("mount", "-t", "tmpfs", "-o", "mode=0700", "tamper", layers)
    yield Tree([place], layers)
    run("umount", layers)


@pytest.fixture(scope="session")
def sealed(hardened):
    """The same tree, sealed."""
    controls = [Control.load(control) for control in Catalogue().resolve("sealed")]
    with hardened.changed() as (root, upper):
        enforce(host(root), controls, partial=True)
    return Tree([upper, *hardened.lowers], hardened.layers)


def portable():
    """The controls that make an image fit, without the packages that they install."""
    catalogue = Catalogue()
    platforms = [catalogue.platforms[name] for name in ("kvm", "vmware", "azure")]
    controls = fitted(catalogue.resolve("portable"), platforms, [])
    kinds = [{kind: values for kind, values in control["settings"].items() if kind != "package"} for control in controls]
    return [{**control, "settings": settings} for control, settings in zip(controls, kinds) if settings]


@pytest.fixture(scope="session")
def fit(hardened):
    """The same tree, made fit for platforms, with a cloud-init of which only its files are looked at."""
    with hardened.changed() as (root, upper):
        for path, text in CLOUD_INIT.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        enforced = enforce(host(root), list(map(Control.load, portable())), partial=True)
    assert {outcome["outcome"] for outcome in enforced.outcomes} <= {"changed", "unchanged"}, enforced.outcomes
    return Tree([upper, *hardened.lowers], hardened.layers)


class Tree:
    """A root filesystem that stays as it is, under copies that last for a moment."""

    def __init__(self, lowers, layers):
        self.lowers = lowers
        self.layers = layers
        self.systems = host(lowers[-1]).systems

    @contextmanager
    def changed(self):
        """A copy to write to, as (its root, the directory with what was changed)."""
        place = Path(tempfile.mkdtemp(dir=self.layers))
        upper, work, merged = (place / name for name in ("upper", "work", "merged"))
        for directory in (upper, work, merged):
            directory.mkdir()
        lower = ":".join(map(str, self.lowers))
        run("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "tamper", merged)
        try:
            yield merged, upper
        finally:
            run("umount", merged)

    def audit(self, controls, tamper=lambda unused_root: None):
        """The record of each control after the tampering."""
        with self.changed() as (root, unused_upper):
            tamper(str(root))
            return {record["control"]: record for record in audit(host(root), controls, "offline")}


def host(root):
    return chrooted.host(root, environ=ENVIRON)


def run(*argv, **kwargs):
    done = subprocess.run([str(word) for word in argv], text=True, capture_output=True, check=False, **kwargs)
    assert done.returncode == 0, f"{argv}:\n{(done.stdout + done.stderr)[-4000:]}"
    return done.stdout


def _build(suite, place):
    """A Debian of the release pocket, with the menu of a boot loader that its disk would have."""
    run(sys.executable, PROJECT / "tests/templates/build.py", "--format=directory", f"--suite={suite}", f"--output={place}")
    (place / "usr/sbin/grub-probe").write_text(GRUB_PROBE)
    (place / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n')
    (place / "etc/fstab").write_text(FSTAB)
    with (place / "etc/grub.d/40_custom").open("a") as custom:
        custom.write(PASSWORD)
    (place / "boot/grub").mkdir(exist_ok=True)
    uuids = place / "dev/disk/by-uuid"
    uuids.mkdir(parents=True)
    (uuids / "4ea3164e-74e5-49be-8905-294900b8b5f2").touch()
    run("chroot", place, "update-grub", env=ENVIRON)


def _harden(place, scratch):
    (scratch / "policy/profiles").mkdir(parents=True)
    (scratch / "policy/profiles/widest.yml").write_text(yaml.safe_dump(PROFILE))
    variables = {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_isolation": "reduced",
        "ansible_image_root": str(place),
        "ansible_python_interpreter": "/usr/bin/python3",
        "baseline_profile": "widest",
        "baseline_policy": [str(scratch / "policy")],
        "more_packages": MORE_PACKAGES,
    }
    (scratch / "inventory.yml").write_text(yaml.safe_dump({"trees": {"hosts": {place.name: variables}}}))
    run("ansible-playbook", "--inventory", scratch / "inventory.yml", Path(__file__).with_name("harden.yml"))
