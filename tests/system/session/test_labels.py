# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SELinux labels of an opened template, by Debian's reference policy: setfiles, run outside, is who knows them."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux as system_selinux
from ansible_collections.hygeia.golden.tests.templates import images, selinux

CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts"
SETFILES = f"mount -t proc proc MOUNT/proc && chroot MOUNT setfiles {CONTEXTS} / && umount MOUNT/proc"
ODD = "a\nb \udcff 'c'"
# What the program of a template may be instead, and what is said of it.
LIES = {
    "shift 2; for path; do echo 'system_u:object_r:etc_t; reboot'; done": "gave an answer that is no label",
    "echo system_u:object_r:etc_t:s0": "does not give one answer for each file",
    "echo no policy >&2; exit 1": "says: no policy",
}


@pytest.fixture(scope="session")
def labelled(stock):
    """A disk whose files all have the labels that setfiles gives them, but for what the policy leaves open."""
    tree = stock / "selinux"
    tree.mkdir()
    images.call("tar", "--extract", "--file", selinux.make(), "--directory", tree, "--numeric-owner")
    images.write(tree / "srv/share/site.txt", "")
    os.setxattr(tree / "srv/share/site.txt", system_selinux.ATTRIBUTE, b"system_u:object_r:public_content_t:s0\0")
    raw = images.mounted(images.filesystem("ext4", stock / "selinux.raw", tree, size=256 * images.MIB), SETFILES)
    return images.qcow2(raw, stock / "selinux.qcow2")


@pytest.fixture
def opened(lab, labelled):
    lab.do("open", source=labelled)
    lab.do("labelled")  # what setfiles leaves open
    yield lab
    lab.do("discarded")
    lab.assert_clean(labelled, inspection.sha256(str(labelled)))


def labels(lab, *paths):
    """The labels of files of the open template, from outside."""
    root = f"/proc/{lab.journal()['sandbox']['pid']}/root{lab.directory}/root"
    return [system_selinux.label(root + path) for path in paths]


def by_setfiles(tree, *paths):
    """The types that the policy of a tree has for paths that need not be there, from its program in a plain chroot."""
    return subprocess.run(["chroot", tree, "matchpathcon", "-n", *paths], check=True, capture_output=True, text=True).stdout.split()


def test_what_is_changed_gets_the_label_of_the_policy(opened, stock):
    script = """
        umask 077; cp /etc/shadow /etc/shadow.new; mv /etc/shadow.new /etc/shadow; mkdir -p /etc/sudoers.d
        : >/etc/sudoers.d/site; ln -s /etc/passwd /usr/local/bin/link; : >/usr/local/sbin/tool; : >/tmp/left; chmod 600 /srv/share/site.txt
    """
    assert opened.run("sh", "-ec", script).returncode == 0
    assert opened.run("touch", f"/etc/{ODD}").returncode == 0
    paths = ["/etc/shadow", "/etc/sudoers.d/site", "/usr/local/bin/link", "/usr/local/sbin/tool", f"/etc/{ODD}"]
    assert set(labels(opened, *paths)) == {""}
    before = opened.journal()["labels"]["labelled"]
    result = opened.do("labelled")
    assert result["changed"] and result["session"]["labels"] == {"policy": "default", "labelled": before + 7, "relabel": ""}
    assert labels(opened, *paths) == by_setfiles(stock / "selinux", *paths)
    assert labels(opened, "/etc/shadow") == ["system_u:object_r:shadow_t:s0"]
    # What the policy leaves open has the label of its directory, and what an administrator chose stays.
    assert labels(opened, "/tmp/left") == labels(opened, "/tmp")
    assert labels(opened, "/srv/share/site.txt") == ["system_u:object_r:public_content_t:s0"]
    assert not opened.do("labelled")["changed"]
    assert opened.run("test", "-e", system_selinux.RELABEL).returncode == 1


def test_what_is_written_later_is_labelled_when_the_template_is_closed(opened):
    before = opened.journal()["labels"]["labelled"]
    assert opened.run("touch", "/etc/later").returncode == 0
    assert opened.do("closed")["session"]["labels"] == {"policy": "default", "labelled": before + 1, "relabel": ""}


def test_a_template_whose_policy_cannot_be_read_is_labelled_by_its_first_boot(opened):
    for lie, message in LIES.items():
        script = "rm -f /.autorelabel; cat >/usr/sbin/matchpathcon; touch /etc/one /etc/two"
        assert opened.run("sh", "-ec", script, input=f"#!/bin/sh\n{lie}\n").returncode == 0
        result = opened.do("labelled")
        assert result["changed"]
        assert f"so the first boot labels them: the template's matchpathcon {message}" in result["session"]["labels"]["relabel"]
        assert set(labels(opened, "/etc/one", "/etc/two")) == {""}
        assert opened.run("test", "-f", system_selinux.RELABEL).returncode == 0
        assert not opened.do("labelled")["changed"]


def test_a_link_of_the_template_never_leads_a_label_outside(opened, tmp_path):
    (tmp_path / "victim").write_text("")
    assert opened.run("sh", "-ec", f"ln -s {tmp_path} /etc/out; ln -s {tmp_path}/victim /etc/victim").returncode == 0
    opened.do("labelled")
    assert system_selinux.label(str(tmp_path / "victim")) == ""
    assert labels(opened, "/etc/out", "/etc/victim") == ["system_u:object_r:etc_t:s0"] * 2


def test_a_template_without_selinux_stays_as_it_is(opened):
    assert opened.run("sh", "-ec", "sed -i s/=permissive/=disabled/ /etc/selinux/config; touch /etc/one").returncode == 0
    result = opened.do("labelled")
    assert not result["changed"] and result["session"]["labels"]["policy"] == ""
    assert labels(opened, "/etc/one") == [""]
