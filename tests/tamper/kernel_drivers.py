# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A kernel for clouds comes along with a package and is started first."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

CLOUD = "99.0.0-1-cloud-amd64"


def tamper(root, unused_name, unused_wanted):
    file_edits.write(root, f"/boot/vmlinuz-{CLOUD}", "")
    file_edits.write(root, f"/lib/modules/{CLOUD}/modules.dep", "kernel/drivers/net/virtio_net.ko:\n")
    file_edits.write(root, f"/lib/modules/{CLOUD}/modules.builtin", "")
