# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An image of one cloud has cloud-init look there only."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits


def tamper(root, unused_name, unused_wanted):
    file_edits.write(root, "/etc/cloud/cloud.cfg.d/zzz-vendor.cfg", "datasource_list: [CloudStack]\n")
