# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Python itself compiles from a package's file is as that file is."""

from __future__ import annotations

import hashlib
import os
import py_compile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.owned_files import OwnedFiles

SOURCE = "/usr/lib/python3/dist-packages/cloudinit/passwords.py"
TEXT = 'EXAMPLE = "$6$salt$hash"\n'


@pytest.fixture
def system(tree):
    """A system with a package's source, whose compiled file is made as the package's installation makes it."""
    digest = hashlib.md5(TEXT.encode(), usedforsecurity=False).hexdigest()
    host = tree({SOURCE: TEXT, "/var/lib/dpkg/info/cloud-init.md5sums": f"{digest}  {SOURCE[1:]}\n"})
    return host, py_compile.compile(host.root + SOURCE)


def unchanged(host, path):
    with open(path, "rb") as stream:
        return OwnedFiles(host).unchanged(path[len(host.root) :], stream.fileno())


def test_what_was_compiled_from_a_packages_source_is_the_packages(system):
    host, compiled = system
    assert compiled.endswith(".pyc") and unchanged(host, compiled) and unchanged(host, host.root + SOURCE)


@pytest.mark.parametrize(
    "how", ["the source was changed", "the source is newer", "the source is nobody's", "the source is gone", "it is torn"]
)
def test_what_was_compiled_from_something_else_is_not(system, how):
    host, compiled = system
    if how == "the source was changed":
        found = os.stat(host.root + SOURCE)
        with open(host.root + SOURCE, "w", encoding="utf-8") as stream:
            stream.write(TEXT.replace("hash", "mine"))
        os.utime(host.root + SOURCE, ns=(found.st_atime_ns, found.st_mtime_ns))
    elif how == "the source is newer":
        os.utime(host.root + SOURCE, (0, 0))
    elif how == "the source is nobody's":
        os.unlink(host.root + "/var/lib/dpkg/info/cloud-init.md5sums")
    elif how == "the source is gone":
        os.unlink(host.root + SOURCE)
    else:
        os.truncate(compiled, 10)
    assert not unchanged(host, compiled)


def test_a_compiled_file_that_goes_by_a_digest_of_its_own_is_not_looked_into(system):
    host, unused_compiled = system
    hashed = py_compile.compile(host.root + SOURCE, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    assert not unchanged(host, hashed)
