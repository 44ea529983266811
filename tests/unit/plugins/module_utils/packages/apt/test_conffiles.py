# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import conffiles


def test_files_that_came_to_lie_beside_others_are_reported(tree):
    host = tree({"/etc/a.conf": "", "/etc/a.conf.dpkg-dist": "old", "/etc/d/b.conf": "", "/etc/d/c.conf": ""})
    before = conffiles.laid(host)
    assert conffiles.new(host, before) == []
    tree({"/etc/a.conf.dpkg-dist": "newer", "/etc/d/b.conf.rpmnew": "", "/etc/d/c.conf.rpmsave": ""})
    assert conffiles.new(host, before) == [
        {"path": "/etc/a.conf", "kept": "old", "beside": "/etc/a.conf.dpkg-dist"},
        {"path": "/etc/d/b.conf", "kept": "old", "beside": "/etc/d/b.conf.rpmnew"},
        {"path": "/etc/d/c.conf", "kept": "new", "beside": "/etc/d/c.conf.rpmsave"},
    ]
