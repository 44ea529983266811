# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system in a directory whose programs run: the tests made it themselves, and need no walls around it."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


def host(root, **options):
    return Host(str(root), entering=["chroot", str(root)], **options)
