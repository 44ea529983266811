# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which products are known; each is imported by name, so that it travels to the host."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.backup.borg import Borg
from ansible_collections.hygeia.golden.plugins.module_utils.backup.borgmatic import Borgmatic
from ansible_collections.hygeia.golden.plugins.module_utils.backup.declared import Declared
from ansible_collections.hygeia.golden.plugins.module_utils.backup.restic import Restic

PRODUCTS = {"restic": Restic, "borg": Borg, "borgmatic": Borgmatic, "command": Declared}
