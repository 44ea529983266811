# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.accounts import ALLOWING, TOLERATING, Accounts
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

HASH = "$y$j9T$abc$def"
FILES = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nclara:x:1000:1000::/home/clara:/bin/bash\n"
    ),
    "/etc/shadow": f"root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nclara:{HASH}:19000:1:365:7:30::\n",
    "/etc/group": "root:x:0:\ndaemon:x:1:\nshadow:x:42:\nclara:x:1000:\n",
    "/etc/gshadow": "root:*::\ndaemon:*::\nshadow:*::\nclara:!::\n",
    "/etc/shells": "# /etc/shells\n/bin/sh\n/bin/bash\n",
    "/etc/login.defs": "UID_MIN 1000\nENV_SUPATH\tPATH=/usr/sbin:/usr/bin\n",
    "/home/clara/.bashrc": "",
    "/root/.profile": "",
}
GOOD = {
    **{name: [] for name in TOLERATING},
    "superusers": ["root"],
    "root_group_accounts": ["root"],
    "root_groups": ["root"],
    "members.shadow": [],
    "password_hashes": ["yescrypt"],
    "root_login": ["locked"],
    "password_max_days": 365,
    "password_min_days": 1,
    "password_warn_days": 7,
    "password_inactive_days": 30,
    "endless_accounts": ["vendor-*"],
    "home_mode": "0750",
    "root_path": [],
    "root_umask": "027",
}


@pytest.fixture
def system(tree, monkeypatch):
    """A system whose homes belong to whom they should, and root's login shell that answers."""

    def make(files=None, added=None, answer="PATH=/usr/sbin:/usr/bin\numask=0027\n", **kwargs):
        files = {**FILES, **(files or {})}
        for path, line in (added or {}).items():
            files[path] = files.get(path, "") + f"{line}\n"
        host = tree(files, answers={"env": answer}, **kwargs)
        for directory, mode in (("root", 0o700), ("home/clara", 0o750), ("usr/sbin", 0o755), ("usr/bin", 0o755)):
            os.makedirs(host.path(f"/{directory}"), exist_ok=True)
            os.chmod(host.path(f"/{directory}"), mode)
        real = os.stat

        def stat(path, *arguments, **keywords):
            found = list(real(path, *arguments, **keywords))
            if str(path).startswith(host.root):
                found[4] = found[5] = 1000 if "/home/clara" in str(path) else 0
            return os.stat_result(found)

        monkeypatch.setattr(os, "stat", stat)
        return host

    return make


def looked(host, name, wanted=None):
    return audit(host, [Control("c", {"accounts": {name: GOOD[name] if wanted is None else wanted}})], "offline")[0]


@pytest.mark.parametrize("name", GOOD)
def test_a_system_in_order_passes(system, name):
    record = looked(system(), name)
    assert record["status"] == "pass", record["message"]


def test_every_setting_has_a_good_system():
    assert {*TOLERATING, *ALLOWING} <= set(GOOD)


@pytest.mark.parametrize(
    ("name", "path", "line", "wrong"),
    [
        ("duplicate_user_names", "/etc/passwd", "clara:x:1001:1000::/home/c:/bin/false", ["clara"]),
        ("duplicate_user_ids", "/etc/passwd", "clone:x:1000:1000::/home/c:/bin/false", ["1000"]),
        ("duplicate_group_names", "/etc/group", "clara:x:1001:", ["clara"]),
        ("duplicate_group_ids", "/etc/group", "clone:x:1000:", ["1000"]),
        ("superusers", "/etc/passwd", "toor:x:0:0::/root:/bin/bash", ["toor"]),
        ("root_group_accounts", "/etc/passwd", "odd:x:1001:0::/home/o:/bin/false", ["odd"]),
        ("root_groups", "/etc/group", "wheel:x:0:", ["wheel"]),
        ("unknown_groups", "/etc/passwd", "odd:x:1001:4711::/home/o:/bin/false", ["odd"]),
        ("malformed_lines", "/etc/passwd", "+::::::", ["/etc/passwd:4"]),
        ("malformed_lines", "/etc/group", "broken:x:7", ["/etc/group:5"]),
        ("system_accounts_with_shell", "/etc/passwd", "agent:x:998:1::/opt:/bin/bash", ["agent"]),
        ("unlocked_without_shell", "/etc/shadow", f"daemon:{HASH}:19000:0:99999:7:::", ["daemon"]),
        ("unlisted_shells", "/etc/passwd", "odd:x:1001:1000::/home/o:/opt/shell", ["odd"]),
        ("nologin_shells", "/etc/shells", "/usr/sbin/nologin", ["/usr/sbin/nologin"]),
        ("unshadowed", "/etc/passwd", f"old:{HASH}:1001:1000::/home/o:/bin/false", ["old"]),
        ("unshadowed", "/etc/passwd", "lost:x:1001:1000::/home/o:/bin/false", ["lost"]),
        ("empty_passwords", "/etc/shadow", "guest::19000:0:99999:7:::", ["guest"]),
        ("group_passwords", "/etc/gshadow", f"shadow:{HASH}::", ["shadow"]),
        ("future_passwords", "/etc/shadow", "late:*:99999:0:99999:7:::", ["late"]),
        ("missing_homes", "/etc/passwd", "gone:x:1001:1000::/home/gone:/bin/bash", ["gone"]),
        ("foreign_homes", "/etc/passwd", "thief:x:1001:1000::/home/clara:/bin/bash", ["thief"]),
        ("members.shadow", "/etc/passwd", "peek:x:1001:42::/home/p:/bin/false", ["peek"]),
        ("password_hashes", "/etc/shadow", "old:$1$abc$def:19000:1:365:7:30::", ["old"]),
        ("password_hashes", "/etc/shadow", "older:!abJnggxhB/yWI:19000:1:365:7:30::", ["older"]),
        ("password_max_days", "/etc/shadow", f"old:{HASH}:19000:1:99999:7:30::", ["old"]),
        ("password_max_days", "/etc/shadow", f"old:{HASH}:19000:1::7:30::", ["old"]),
        ("password_min_days", "/etc/shadow", f"old:{HASH}:19000:0:365:7:30::", ["old"]),
        ("password_warn_days", "/etc/shadow", f"old:{HASH}:19000:1:365:3:30::", ["old"]),
        ("password_inactive_days", "/etc/shadow", f"old:{HASH}:19000:1:365:7:::", ["old"]),
        ("endless_accounts", "/etc/shadow", "vendor-scanner:!:19000:1:365:7:30::", ["vendor-scanner"]),
    ],
)
def test_what_is_not_in_order_is_named(system, name, path, line, wrong):
    record = looked(system(added={path: line}), name)
    assert (record["status"], record["observed"]) == ("fail", {f"accounts: {name}": wrong})
    assert HASH not in str(record)


@pytest.mark.parametrize(
    ("name", "path", "mode", "wrong"),
    [
        ("home_mode", "/home/clara", 0o755, ["clara"]),
        ("open_dot_files", "/home/clara/.bashrc", 0o664, ["/home/clara/.bashrc"]),
        ("readable_secrets", "/home/clara/.netrc", 0o644, ["/home/clara/.netrc"]),
        ("readable_secrets", "/home/clara/.ssh/id_ed25519", 0o640, ["/home/clara/.ssh/id_ed25519"]),
        ("forwarding_dot_files", "/home/clara/.forward", 0o600, ["/home/clara/.forward"]),
    ],
)
def test_homes_are_looked_into(system, name, path, mode, wrong):
    host = system({} if path == "/home/clara" else {path: "text"})
    os.chmod(host.path(path), mode)
    record = looked(host, name)
    assert (record["status"], record["observed"]) == ("fail", {f"accounts: {name}": wrong})


def test_an_account_that_ends_on_a_day_is_not_endless(system):
    host = system(added={"/etc/shadow": "vendor-scanner:!:19000:1:365:7:30:20500:"})
    assert looked(host, "endless_accounts")["status"] == "pass"


def test_public_keys_and_known_hosts_are_no_secrets(system):
    host = system({f"/home/clara/.ssh/{name}": "text" for name in ("id_rsa.pub", "known_hosts", "authorized_keys", "config")})
    assert looked(host, "readable_secrets")["status"] == "pass"


@pytest.mark.parametrize(("line", "state"), [("root::19000:0:99999:7:::", "open"), (f"root:{HASH}:19000:0:99999:7:::", "password")])
def test_roots_own_login_is_reported(system, line, state):
    host = system({"/etc/shadow": f"{line}\n"})
    assert looked(host, "root_login")["observed"] == {"accounts: root_login": [state]}
    assert looked(host, "root_login", ["password", "locked"])["status"] == ("fail" if state == "open" else "pass")


@pytest.mark.parametrize(
    ("answer", "name", "wrong"),
    [
        ("PATH=/usr/bin:\numask=0027\n", "root_path", ["(empty)"]),
        ("PATH=/usr/bin:.\numask=0027\n", "root_path", ["."]),
        ("PATH=/usr/bin:/opt/gone\numask=0027\n", "root_path", ["/opt/gone"]),
        ("PATH=/usr/bin:/home/clara\numask=0027\n", "root_path", ["/home/clara"]),
        ("hello\nPATH=/usr/bin\numask=0022\n", "root_umask", ["0022"]),
    ],
)
def test_roots_login_shell_has_the_last_word(system, answer, name, wrong):
    assert looked(system(answer=answer), name)["observed"] == {f"accounts: {name}": wrong}


def test_roots_login_shell_is_started_once_and_without_roots_rights(system):
    host = system()
    audit(host, [Control("c", {"accounts": {"root_path": [], "root_umask": "027"}})], "offline")
    assert len(host.ran) == 1
    assert {"--bounding-set=-all", "--no-new-privs", "HOME=/root", "PATH=/usr/sbin:/usr/bin"} <= set(host.ran[0])


def test_a_login_shell_that_does_not_answer_is_an_error(system):
    record = looked(system(answer=CommandResult(124, "", "env did not end within 20 s")), "root_path")
    assert (record["status"], record["message"]) == (
        "error",
        "root's login shell did not say its path and umask: env did not end within 20 s",
    )


def test_a_group_that_is_asked_about_is_made_and_nothing_else_changes(system):
    host = system()
    host.answers["groupadd"] = lambda argv, unused_stdin: host.write("/etc/group", FILES["/etc/group"] + f"{argv[-1]}:x:999:\n") or ""
    control = Control("c", {"accounts": {"members.sugroup": [], **GOOD}})
    assert audit(host, [control], "offline")[0]["message"] == "there is no group sugroup"
    assert [change.target for change in enforce(host, [control]).changes] == ["/etc/group"]
    assert audit(host, [control], "offline")[0]["status"] == "pass"
    assert enforce(host, [control]).changes == []


def test_a_real_login_shell_of_roots_says_its_path_and_umask(copies, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can run programs in a root of their own")
    for program in ("bash", "env", "setpriv", "sh"):
        for copy, path in copies(program):
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                os.link(copy, place)
    started = {"/etc/passwd": "root:x:0:0:root:/root:/usr/bin/bash\n", "/root/.profile": "umask 022\nPATH=$PATH:/opt/vendor/bin\n"}
    for path, text in {**FILES, **started}.items():
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    host = Host(str(tmp_path), entering=["chroot", str(tmp_path)])
    assert looked(host, "root_umask")["observed"] == {"accounts: root_umask": ["0022"]}
    assert "/opt/vendor/bin" in looked(host, "root_path")["observed"]["accounts: root_path"]


@pytest.mark.parametrize(("name", "value"), [("superuser", []), ("superusers", "root"), ("home_mode", 750), ("password_max_days", "365")])
def test_what_is_not_known_is_reported(system, name, value):
    outcome = enforce(system(), [Control("c", {"accounts": {name: value}})]).outcomes[0]
    assert (outcome["outcome"], outcome["message"].startswith("accounts: ")) == ("failed", True)


# -- what somebody without root may put in the way ---------------------------------------------------


def test_a_home_of_more_files_than_a_look_may_cost_is_reported(system, tmp_path, monkeypatch):
    host = system()
    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.system.account_files.MOST", 5)
    for number in range(9):
        (tmp_path / f"home/clara/.{number}").write_text("")
    seen = Accounts(host).observe({"forwarding_dot_files": []})["forwarding_dot_files"]
    assert seen.value == ["/home/clara"] and "more than 5 files" in seen.message


@pytest.mark.parametrize(
    "spoil",
    [
        lambda home: (home / ".ssh").symlink_to(".ssh"),
        lambda home: (home / ".bash_history").symlink_to(".bash_history"),
        lambda home: os.mkfifo(home / ".forward"),
        lambda home: open(os.fsencode(home) + b"/.m\xfcll\n", "wb").close(),
    ],
)
def test_nothing_in_a_home_hides_what_else_is_there(system, tmp_path, spoil):
    host = system()
    (tmp_path / "home/clara/.netrc").write_text("")
    (tmp_path / "home/clara/.netrc").chmod(0o644)
    spoil(tmp_path / "home/clara")
    seen = Accounts(host).observe(GOOD)
    assert seen["readable_secrets"].value == ["/home/clara/.netrc"]
    assert not any(observation.status for observation in seen.values())


@pytest.mark.parametrize(
    "line", ["x:x:\u00b2:\u0661::/home/x:/bin/bash", f"x:x:{'9' * 5000}:1::/home/x:/bin/bash", "x:x:1001:1001::/ho\0me:/bin/bash"]
)
def test_no_line_of_an_account_file_hides_the_others(system, line):
    seen = Accounts(system(added={"/etc/passwd": line})).observe(GOOD)
    assert not any(observation.status for observation in seen.values())
    assert seen["malformed_lines"].value or seen["missing_homes"].value == ["x"]
