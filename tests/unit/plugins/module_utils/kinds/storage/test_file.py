# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.file import File
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import find

ACCOUNTS = {"/etc/passwd": f"root:x:{os.getuid()}:{os.getgid()}::/root:/bin/sh\n", "/etc/group": f"root:x:{os.getgid()}:\n"}


def control(path, **wanted):
    return Control("file", {"file": {path: wanted}})


def status(host, wanted):
    return audit(host, [wanted], "offline")[0]


def mode(tmp_path, path, bits=None):
    if bits is not None:
        os.chmod(tmp_path / path, bits)
    return oct(os.stat(tmp_path / path).st_mode & 0o7777)


def test_enforcing_a_mode_takes_bits_away_and_adds_none(tree, tmp_path):
    host = tree({**ACCOUNTS, "/etc/shadow": "", "/etc/gshadow": ""})
    mode(tmp_path, "etc/shadow", 0o666)
    mode(tmp_path, "etc/gshadow", 0o400)
    wanted = [control("/etc/shadow", mode="0640"), Control("other", {"file": {"/etc/gshadow": {"mode": "0640"}}})]
    assert [record["status"] for record in audit(host, wanted, "offline")] == ["fail", "pass"]
    assert [change.after for change in enforce(host, wanted).changes] == ["owner root, group root, mode 0640\n"]
    assert mode(tmp_path, "etc/shadow") == "0o640"
    assert mode(tmp_path, "etc/gshadow") == "0o400"
    assert enforce(host, wanted).changes == []


def test_a_missing_file_has_no_mode(tree):
    assert status(tree(ACCOUNTS), control("/etc/gshadow", mode="0640"))["status"] == "not_applicable"


def test_an_owner_is_looked_up_in_the_system_s_own_accounts(tree):
    host = tree({**ACCOUNTS, "/etc/shadow": ""})
    assert status(host, control("/etc/shadow", owner="root", group="root"))["status"] == "pass"
    seen = status(host, control("/etc/shadow", owner="messagebus"))
    assert (seen["status"], seen["observed"]) == ("fail", {"file: /etc/shadow": {"owner": "root"}})
    outcome = enforce(host, [control("/etc/shadow", owner="messagebus")]).outcomes[0]
    assert (outcome["outcome"], outcome["message"]) == ("refused", "/etc/shadow: there is no owner messagebus in /etc/passwd")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_is_given_to_its_owner(tree, tmp_path):
    host = tree({"/etc/passwd": "sync:x:4:65534::/:/bin/sync\n", "/etc/group": "shadow:x:42:\n", "/etc/shadow": ""})
    mode(tmp_path, "etc/shadow", 0o4600)
    enforce(host, [control("/etc/shadow", owner="sync", group="shadow")])
    found = os.stat(tmp_path / "etc/shadow")
    assert (found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)) == (4, 42, "0o4600")


def test_content_is_written_once_with_its_mode(tree, tmp_path):
    host = tree({**ACCOUNTS, "/etc/issue": "Debian GNU/Linux 12\n"})
    wanted = control("/etc/issue", content="Authorized use only.", owner="root", mode="0644")
    assert status(host, wanted)["status"] == "fail"
    change = enforce(host, [wanted]).changes[0]
    assert (change.before, change.after) == ("Debian GNU/Linux 12\n", "Authorized use only.\n")
    assert (tmp_path / "etc/issue").read_text() == "Authorized use only.\n"
    assert enforce(host, [wanted]).changes == []
    assert status(host, wanted)["status"] == "pass"


def test_a_diff_never_shows_a_private_file(tree, tmp_path):
    host = tree({**ACCOUNTS, "/etc/key": "old secret\n"})
    mode(tmp_path, "etc/key", 0o600)
    change = enforce(host, [control("/etc/key", content="new secret", mode="0600")]).changes[0]
    assert "secret" not in change.before + change.after
    assert mode(tmp_path, "etc/key") == "0o600"


def test_a_pattern_finds_what_is_to_be_absent(tree, tmp_path):
    host = tree({"/etc/ssh/ssh_host_rsa_key": "k", "/etc/ssh/ssh_host_rsa_key.pub": "k", "/etc/ssh/sshd_config": ""})
    wanted = control("/etc/ssh/ssh_host_*", state="absent")
    assert status(host, wanted)["message"] == "/etc/ssh/ssh_host_rsa_key, /etc/ssh/ssh_host_rsa_key.pub are there"
    enforce(host, [wanted])
    assert os.listdir(tmp_path / "etc/ssh") == ["sshd_config"]
    assert status(host, wanted)["status"] == "pass"


def test_emptying_a_directory_follows_no_link_and_keeps_the_directory(tree, tmp_path):
    host = tree({"/tmp/a/b": "x", "/tmp/.hidden": "x", "/etc/passwd": "root:x:0:0::/:\n"})
    (tmp_path / "tmp/link").symlink_to(tmp_path / "etc")
    (tmp_path / "tmp/a/file").symlink_to(tmp_path / "etc/passwd")
    mode(tmp_path, "tmp", 0o1777)
    wanted = control("/tmp", state="empty")
    assert status(host, wanted)["status"] == "fail"
    assert [change.target for change in enforce(host, [wanted]).changes] == ["/tmp"]
    assert os.listdir(tmp_path / "tmp") == []
    assert mode(tmp_path, "tmp") == "0o1777"
    assert (tmp_path / "etc/passwd").read_text()


def test_logs_are_emptied_at_every_depth_where_they_lie(tree, tmp_path):
    files = {"/var/log/app/error.log": "x", "/var/log/app/error.log.1": "x", "/var/log/wtmp": "x", "/usr/share/doc/README": "x"}
    host = tree(files)
    (tmp_path / "var/log/README").symlink_to("../../usr/share/doc/README")
    wanted = [Control("logs", {"file": {"/var/log/**": {"state": "empty"}, "/var/log/**/*.[0-9]": {"state": "absent"}}})]
    assert [change.target for change in enforce(host, wanted).changes] == [
        "/var/log/app/error.log.1",
        "/var/log/app/error.log",
        "/var/log/wtmp",
    ]
    assert os.listdir(tmp_path / "var/log/app") == ["error.log"]
    assert (tmp_path / "var/log/app/error.log").read_text() == ""
    assert (tmp_path / "usr/share/doc/README").read_text() == "x"
    assert enforce(host, wanted).changes == []
    assert audit(host, wanted, "offline")[0]["status"] == "pass"


def test_a_user_s_link_leads_nowhere(tree, tmp_path):
    host = tree({"/etc/history": "x"})
    (tmp_path / "home").mkdir()
    (tmp_path / "home/eve").symlink_to("../etc")
    enforce(host, [control("/home/*/history", state="absent")])
    assert (tmp_path / "etc/history").exists()


def test_a_link_is_removed_and_what_it_leads_to_stays(tree, tmp_path):
    host = tree({"/etc/machine-id": "0123\n"})
    (tmp_path / "var/lib/dbus").mkdir(parents=True)
    (tmp_path / "var/lib/dbus/machine-id").symlink_to("/etc/machine-id")
    enforce(host, [control("/var/lib/dbus/machine-id", state="absent")])
    assert not os.path.lexists(tmp_path / "var/lib/dbus/machine-id")
    assert (tmp_path / "etc/machine-id").read_text() == "0123\n"


def test_check_mode_removes_and_writes_nothing(tree, tmp_path):
    host = tree({**ACCOUNTS, "/root/.bash_history": "ls", "/etc/issue": "x"}, check=True)
    wanted = [control("/root/.*_history", state="absent"), Control("b", {"file": {"/etc/issue": {"content": "y"}}})]
    assert [outcome["outcome"] for outcome in enforce(host, wanted).outcomes] == ["changed", "changed"]
    assert (tmp_path / "root/.bash_history").read_text() == "ls"
    assert (tmp_path / "etc/issue").read_text() == "x"


@pytest.mark.parametrize(
    "path, wanted",
    [
        ("/etc", {"state": "absent"}),
        ("/", {"state": "empty"}),
        ("/etc/../usr", {"state": "absent"}),
        ("etc/issue", {"mode": "0644"}),
        ("/etc/issue", {"mode": 420}),
        ("/etc/issue", {"state": "absent", "mode": "0644"}),
        ("/etc/*", {"content": "x"}),
        ("/etc/issue", {"moed": "0644"}),
        ("/etc/issue", {}),
    ],
)
def test_a_setting_that_makes_no_sense_is_reported(tree, path, wanted):
    outcome = enforce(tree(ACCOUNTS), [control(path, **wanted)]).outcomes[0]
    assert outcome["outcome"] == "failed"
    assert path in outcome["message"]


def test_a_unit_that_was_written_is_read_by_a_running_systemd(tree):
    host = tree(ACCOUNTS, booted=True, answers={"systemctl": ""})
    enforce(host, [control("/etc/systemd/system/hygeia.service", content="[Unit]")])
    assert host.ran == [["systemctl", "daemon-reload"]]


def test_the_device_that_a_masked_unit_leads_to_is_left_alone(tree, tmp_path):
    host = tree({**ACCOUNTS, "/etc/systemd/system/a.service": ""})
    os.makedirs(tmp_path / "dev")
    os.mkfifo(tmp_path / "dev/null")  # stands for the device; making one needs root
    mode(tmp_path, "dev/null", 0o666)
    os.symlink("/dev/null", tmp_path / "etc/systemd/system/b.service")
    wanted = control("/etc/systemd/system/*.service", mode="0644")
    assert status(host, wanted)["status"] == "pass"
    assert enforce(host, [wanted]).changes == []
    assert mode(tmp_path, "dev/null") == "0o666"


# -- what somebody without root may put in the way ------------------------------------------------

HOMES = {"/home/clara/.bash_history": "ls\n", "/home/otto/.bash_history": "ls\n", "/etc/shadow": "", "/etc/passwd": "", "/etc/group": ""}
HISTORIES = {"/home/*/.bash_history": {"mode": "0600"}, "/etc/shadow": {"mode": "0600"}}


def test_a_link_to_itself_is_one_finding_and_the_rest_is_seen_and_done(tree, tmp_path):
    host = tree(HOMES)
    place = tmp_path / "home/clara/.bash_history"
    place.unlink()
    place.symlink_to(".bash_history")
    (tmp_path / "home/otto/.bash_history").chmod(0o600)
    (tmp_path / "etc/shadow").chmod(0o644)
    seen = File(host).observe(HISTORIES)
    assert (seen["/home/*/.bash_history"].status, seen["/etc/shadow"].value) == ("error", {"mode": "0644"})
    assert "/home/clara/.bash_history" in seen["/home/*/.bash_history"].message
    (tmp_path / "home/otto/.bash_history").chmod(0o644)
    seen = File(host).observe(HISTORIES)["/home/*/.bash_history"]
    assert (seen.status, seen.value, seen.read_from) == ("", {"mode": "0644"}, "/home/otto/.bash_history")
    plan = File(host).plan(HISTORIES)
    for change in plan.changes:
        change.apply()
    assert [change.target for change in plan.changes] == ["/home/otto/.bash_history", "/etc/shadow"]
    assert [refusal.names for refusal in plan.refusals] == [{"/home/*/.bash_history"}]
    assert (tmp_path / "etc/shadow").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_user_names_no_file_of_another_as_his_own(tree, tmp_path):
    host = tree(HOMES)
    place = tmp_path / "home/clara/.bash_history"
    place.unlink()
    place.symlink_to("/etc/shadow")
    os.chown(place, 1000, 1000, follow_symlinks=False)
    (tmp_path / "etc/shadow").chmod(0o644)
    assert [change.target for change in File(host).plan({"/home/*/.bash_history": {"mode": "0600"}}).changes] == [
        "/home/otto/.bash_history"
    ]
    os.chown(tmp_path / "etc/shadow", 1000, 1000)
    assert len(File(host).plan({"/home/*/.bash_history": {"mode": "0600"}}).changes) == 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_no_text_is_written_through_a_user_s_link_to_a_file_of_another(tree, tmp_path):
    host = tree(HOMES)
    place = tmp_path / "home/clara/.bash_history"
    place.unlink()
    place.symlink_to("/etc/shadow")
    os.chown(place, 1000, 1000, follow_symlinks=False)
    outcome = enforce(host, [control("/home/clara/.bash_history", content="x\n")]).outcomes[0]
    assert (outcome["outcome"], outcome["message"].partition(" is ")[2]) == (
        "failed",
        "somebody's link to what belongs to another; remove it",
    )
    assert (tmp_path / "etc/shadow").read_text() == ""


def test_what_is_put_in_the_place_of_a_file_meanwhile_is_left_alone(tree, tmp_path):
    host = tree(HOMES)
    change, unused_other = File(host).plan({"/home/*/.bash_history": {"mode": "0600"}}).changes
    place = tmp_path / "home/clara/.bash_history"
    place.rename(tmp_path / "home/clara/old")
    place.write_text("")
    place.chmod(0o644)
    with pytest.raises(OSError, match="replaced while it was looked at"):
        change.apply()
    assert place.stat().st_mode & 0o777 == 0o644


def test_a_mode_that_lets_nobody_search_is_not_one_for_directories(tree, tmp_path):
    host = tree({"/etc/ssl/private/a.key": "", "/etc/ssl/private/postgres/b.key": "", "/srv/models/lung/weights": ""})
    (tmp_path / "etc/ssl/private/postgres").chmod(0o750)
    (tmp_path / "srv/models/lung").chmod(0o755)
    wanted = {"/etc/ssl/private/*": {"mode": "0640"}, "/srv/models/*": {"mode": "0750"}}
    assert [change.target for change in File(host).plan(wanted).changes] == ["/etc/ssl/private/a.key", "/srv/models/lung"]
    (tmp_path / "etc/ssl/private/a.key").chmod(0o640)
    seen = File(host).observe(wanted)
    assert seen["/etc/ssl/private/*"].value == {"mode": "0640"}
    assert seen["/srv/models/*"].value == {"mode": "0755"}


def test_names_of_any_bytes_are_found_and_removed(tree, tmp_path):
    host = tree({"/root/x": ""})
    directory = os.fsencode(tmp_path / "root")
    names = [b"a\n.gz", b"\xff\xfe.gz", b"\x1b[2J.gz", b"-rf.gz", b"n" * 252 + b".gz"]
    for name in names:
        open(directory + b"/" + name, "wb").close()
    wanted = {"/root/*.gz": {"state": "absent"}}
    assert len(find(host, "/root/*.gz")) == len(names)
    for change in File(host).plan(wanted).changes:
        change.apply()
    assert os.listdir(directory) == [b"x"]
