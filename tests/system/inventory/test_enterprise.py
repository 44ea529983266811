# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the main job made of the stand-in for Enterprise Linux: its evidence, and the image from outside."""

from __future__ import annotations

import pytest

NOBODY = "f" * 32
FILE_CONTEXTS = "/etc/selinux/targeted/contexts/files/file_contexts"


def test_nothing_listens_that_nobody_knows(records):
    assert records["boot-listening-ports", "boot"]["status"] == "pass", records["boot-listening-ports", "boot"]


@pytest.mark.parametrize("control", ["selinux-enforcing", "selinux-policy", "boot-audit"])
def test_both_audits_pass(records, control):
    assert {records[control, stage]["status"] for stage in ("offline", "boot")} == {"pass"}


def test_nothing_of_weight_fails(records):
    assert not [
        record for record in records.values() if record["status"] in ("fail", "error") and record["severity"] in ("high", "critical")
    ]


def test_dnf_installed_the_update_that_was_waiting(job, image):
    (change,) = job.evidence("enterprise", "manifest.json")["packages"]["changed"]
    assert (change["package"].split(".")[0], change["from"], change["to"]) == ("stand-in-tools", "1.0-1.el10", "1.1-1.el10")
    assert image.check_output("rpm -q --queryformat '%{VERSION}' stand-in-tools") == "1.1"
    assert image.file("/usr/share/stand-in/version").content_string == "1.1\n"


def test_each_file_of_the_image_has_the_label_that_its_policy_gives(image):
    """setfiles names on a dry run what it would change."""
    said = image.run(f"setfiles -n -v -e /proc -e /dev {FILE_CONTEXTS} /")
    assert said.rc == 0 and "relabel" not in said.stdout, said.stdout[:2000]


def test_no_name_in_boot_is_of_the_machine_that_the_template_was(image):
    (entry,) = image.file("/boot/loader/entries").listdir()
    assert entry.startswith(NOBODY) and f"saved_entry={entry.removesuffix('.conf')}\n" in image.file("/boot/grub2/grubenv").content_string
    assert image.file("/etc/machine-id").content_string == ""


def test_the_entry_has_the_parameters_of_the_profile(image):
    (entry,) = image.file("/boot/loader/entries").listdir()
    options = next(line for line in image.file(f"/boot/loader/entries/{entry}").content_string.splitlines() if line.startswith("options"))
    assert {"audit=1", "root=/dev/mapper/rhel-root"} <= set(options.split())


@pytest.mark.parametrize("path", ["/root/anaconda-ks.cfg", "/var/log/anaconda", "/.autorelabel"])
def test_nothing_of_the_installer_is_left(image, path):
    assert not image.file(path).exists


def test_the_network_profile_names_no_card(image):
    profile = image.file("/etc/NetworkManager/system-connections/ens192.nmconnection").content_string
    assert "[ipv4]" in profile and "mac-address" not in profile
