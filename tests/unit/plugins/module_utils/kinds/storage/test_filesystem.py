# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import functools
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage import filesystem
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk


def control(**settings):
    return Control("c", {"filesystem": settings})


def looked(host, **settings):
    return audit(host, [control(**settings)], "offline")[0]


@pytest.fixture
def system(tree):
    """A system on which everything belongs to whoever runs the tests."""

    def make(files=None, modes=None, **kwargs):
        accounts = {"/etc/passwd": f"root:x:{os.getuid()}:0::/root:/bin/sh\n", "/etc/group": f"root:x:{os.getgid()}:\n"}
        host = tree({**accounts, **(files or {})}, **kwargs)
        for path, mode in (modes or {}).items():
            if not host.exists(path):
                os.makedirs(host.path(path))
            os.chmod(host.path(path), mode)
        return host

    return make


def test_directories_for_everybody_get_the_sticky_bit_and_nothing_else_changes(system):
    host = system(modes={"/srv/inbox": 0o777, "/tmp": 0o1777, "/srv/own": 0o755})
    assert looked(host, world_writable_directories=[])["observed"] == {"filesystem: world_writable_directories": ["/srv/inbox"]}
    assert [change.target for change in enforce(host, [control(world_writable_directories=[])]).changes] == ["/srv/inbox"]
    assert os.stat(host.path("/srv/inbox")).st_mode & 0o7777 == 0o1777
    assert looked(host, world_writable_directories=[])["status"] == "pass"
    assert enforce(host, [control(world_writable_directories=[])]).changes == []


def test_check_mode_writes_nothing(system):
    host = system(modes={"/srv/inbox": 0o777}, check=True)
    assert len(enforce(host, [control(world_writable_directories=[])]).changes) == 1
    assert os.stat(host.path("/srv/inbox")).st_mode & 0o7777 == 0o777


@pytest.mark.parametrize(
    ("name", "path", "mode"),
    [
        ("world_writable_files", "/opt/agent.conf", 0o666),
        ("set_user_id", "/usr/local/bin/helper", 0o4755),
        ("set_group_id", "/usr/local/bin/helper", 0o2755),
        ("loose_programs", "/usr/bin/tool", 0o757),
        ("loose_libraries", "/usr/lib/tool.so", 0o646),
        ("loose_configuration", "/etc/tool.conf", 0o646),
        ("readable_logs", "/var/log/tool.log", 0o644),
    ],
)
def test_what_should_not_be_is_found_unless_it_is_tolerated(system, name, path, mode):
    host = system({path: "text", "/usr/share/fine": "text"}, {path: mode})
    record = looked(host, **{name: []})
    assert (record["status"], record["observed"]) == ("fail", {f"filesystem: {name}": [path]})
    assert filesystem.DESCRIPTIONS[name] in record["message"]
    assert enforce(host, [control(**{name: []})]).changes == []
    assert looked(host, **{name: [path]})["status"] == "pass"
    assert looked(host, **{name: [f"{os.path.dirname(path)}/*"]})["status"] == "pass"


def test_an_owner_that_nobody_knows_is_found(system):
    host = system({"/srv/file": "text"})
    host.write("/etc/passwd", "root:x:4711:0::/root:/bin/sh\n")
    host.write("/etc/group", "root:x:4711:\n")
    assert looked(host, unowned=[])["status"] == "fail"
    assert looked(host, ungrouped=[])["status"] == "fail"
    host.write("/etc/subuid", f"clara:{os.getuid()}:65536\n")
    assert looked(host, unowned=[])["status"] == "pass"


def test_links_and_the_stores_of_containers_are_not_looked_at(system, tmp_path):
    store = "/var/lib/docker/overlay2/layer/bin/su"
    host = system({store: "text", "/srv/file": "text"}, {store: 0o4755, "/srv/file": 0o644})
    os.symlink("/nowhere", tmp_path / "srv/link")
    assert looked(host, set_user_id=[], world_writable_files=[])["status"] == "pass"


def test_what_every_list_tolerates_is_not_walked_through(system):
    host = system({"/data/studies/1.dcm": "text"})
    walked = []
    walk = Walk(host, lambda directory: walked.append(directory) or directory == "/data")
    assert "/data/studies" not in [met.path for met in walk]
    wanted = {"world_writable_files": ["/data/*"], "unowned": ["/data/*"]}
    assert looked(host, **wanted)["status"] == "pass"


def test_a_walk_that_was_cut_short_never_passes(system, monkeypatch):
    host = system({f"/srv/{number}": "text" for number in range(10)})
    monkeypatch.setattr(filesystem, "Walk", functools.partial(Walk, limit=5))
    assert looked(host, world_writable_files=[])["status"] == "not_checked"


@pytest.mark.parametrize("settings", [{"world_writable": []}, {"set_user_id": "all"}, {"set_user_id": ["su"]}])
def test_what_is_not_known_is_reported(system, settings):
    outcome = enforce(system(), [control(**settings)]).outcomes[0]
    assert (outcome["outcome"], outcome["message"].startswith("filesystem: ")) == ("failed", True)
