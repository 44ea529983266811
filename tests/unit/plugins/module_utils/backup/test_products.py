# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What products said in tries of several releases, and the sentences that operators get for it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.backup.borg import Borg
from ansible_collections.hygeia.golden.plugins.module_utils.backup.borgmatic import Borgmatic
from ansible_collections.hygeia.golden.plugins.module_utils.backup.declared import Declared
from ansible_collections.hygeia.golden.plugins.module_utils.backup.environment import environment
from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import Absent, BackupError
from ansible_collections.hygeia.golden.plugins.module_utils.backup.restic import Restic
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

GIVEN_UP = '{"message_type":"exit_error","code":%s,"message":"%s"}'
RETRIED = 'Stat(<config/>) returned error, retrying after 507ms: Head "http://u:***@127.0.0.1:9/config": dial tcp 127.0.0.1:9: connect: connection refused\n'


def logged(name, message, level="ERROR"):
    return json.dumps({"type": "log_message", "message": message, "levelname": level, "msgid": name, "name": "borg.archiver"}) + "\n"


@pytest.mark.parametrize(
    "product, said, sentence, undecided",
    [
        (Restic, "Fatal: wrong password or no key found\n", "the key does not open /srv/r", False),
        (Restic, GIVEN_UP % (12, "Fatal: wrong password or no key found"), "the key does not open /srv/r", False),
        (Restic, "Fatal: Resolving password failed: Fatal: /root/pw does not exist\n", "the password of /srv/r cannot be read", False),
        (
            Restic,
            "Fatal: unable to open config file: stat /srv/r/config: no such file or directory\nIs there a repository at the following location?\n/srv/r\n",
            "there is no repository at /srv/r",
            False,
        ),
        (
            Restic,
            RETRIED
            + GIVEN_UP % (1, "Fatal: unable to open config file: context canceled\\nIs there a repository at the following location?"),
            '/srv/r cannot be reached (Head "http://u:[masked]@127.0.0.1:9/config": dial tcp',
            False,
        ),
        (
            Restic,
            "unable to create lock in backend: repository is already locked by PID 7112 on vm by root (UID 0, GID 0)\nstorage ID 49f92427\n",
            "/srv/r is locked (unable to create lock in backend: repository is already locked by PID 7112 on vm by root (UID 0, GID 0))",
            True,
        ),
        (Restic, "Fatal: unable to save snapshot: write /srv/r/data/24/2408-tmp-1: no space left on device\n", "/srv/r is full", False),
        (
            Restic,
            "Save(<lock/9c12>) returned error, retrying after 552ms: open /srv/r/locks/9c12-tmp: read-only file system\n",
            "/srv/r cannot be written by this host (open /srv/r/locks/9c12-tmp: read-only file system)",
            False,
        ),
        (Restic, "ignoring error for /etc/big: ciphertext verification failed\nFatal: There were 1 errors\n", "/srv/r is damaged", False),
        (
            Restic,
            "ignoring error for /etc/big: decrypting blob <data/66033d42> from 5f156e8f failed: nonce is invalid\n",
            "/srv/r is damaged",
            False,
        ),
        (
            Restic,
            "open something\ngithub.com/restic/restic/internal/backend/local.(*Local).Save\n\tlocal.go:153\nmain.main\n",
            "restic failed at /srv/r: main.main",
            False,
        ),
        (Restic, "", "restic failed at /srv/r: exit code 1", False),
        (
            Borg,
            logged("PassphraseWrong", "passphrase supplied in BORG_PASSPHRASE is incorrect."),
            "the passphrase does not open /srv/r",
            False,
        ),
        (
            Borg,
            logged("PasscommandFailure", "passcommand supplied in BORG_PASSCOMMAND failed"),
            "the passphrase does not open /srv/r",
            False,
        ),
        (Borg, "getpass.py:91: GetPassWarning: Can not control echo on the terminal.\n", "no passphrase is given for /srv/r", False),
        (Borg, logged("Repository.DoesNotExist", "Repository /srv/r does not exist."), "there is no repository at /srv/r", False),
        (
            Borg,
            logged(None, "Remote: ssh: connect to host vault port 22: Connection refused", "WARNING")
            + logged("ConnectionClosedWithHint", "Connection closed"),
            "/srv/r cannot be reached (Remote: ssh: connect to host vault port 22: Connection refused)",
            False,
        ),
        (Borg, logged("LockTimeout", "Failed to create/acquire the lock /srv/r/lock.exclusive (timeout)."), "/srv/r is locked", True),
        (
            Borg,
            logged("Exception", "Local Exception")
            + logged(None, "Traceback (most recent call last):\nOSError: [Errno 28] No space left on device"),
            "/srv/r is full",
            False,
        ),
        (Borg, logged("IntegrityError", "Data integrity error: Segment entry checksum mismatch"), "/srv/r is damaged", False),
        (Borg, logged("Cache.RepositoryReplay", "Cache is newer than repository"), "/srv/r is older than this host knows it", False),
        (Borg, logged(None, "Include pattern 'pp:etc/x' never matched.", "WARNING"), "the file is not in the backup", False),
    ],
)
def test_what_goes_wrong_is_reported_in_a_sentence_that_helps(answering, product, said, sentence, undecided):
    asked = product(answering(lambda unused_words: CommandResult(1, "", said)), {"repository": "/srv/r"})
    with pytest.raises(BackupError) as caught:
        asked.backups()
    assert str(caught.value).startswith(sentence), str(caught.value)
    assert caught.value.undecided == undecided


@pytest.mark.parametrize("code, sentence", [(124, "did not end in time at /srv/r"), (127, "is not installed")])
def test_a_program_that_does_not_end_or_is_not_there(answering, code, sentence):
    with pytest.raises(BackupError, match=sentence):
        Restic(answering(lambda unused_words: CommandResult(code, "", "")), {"repository": "/srv/r"}).backups()


def test_what_is_no_json_is_trouble(answering):
    with pytest.raises(BackupError, match="not JSON"):
        Restic(answering(lambda unused_words: "hello"), {"repository": "/srv/r"}).backups()


def test_nothing_secret_is_on_a_command_line_or_in_a_sentence(answering):
    seen = []

    def answer(words):
        seen.append(words)
        return CommandResult(1, "", "Fatal: geheim99 is no good for rest:https://ada:geheim98@vault/r\n")

    host = answering(answer)
    host.environ.update({"RESTIC_PASSWORD": "geheim99"})
    product = Restic(host, {"repository": "rest:https://ada:geheim98@vault/r"})
    with pytest.raises(BackupError) as caught:
        product.backups()
    assert "geheim" not in str(caught.value) + str(seen) + product.place
    assert product.place == "rest:https://ada:[masked]@vault/r"
    assert host.environ["RESTIC_REPOSITORY"] == "rest:https://ada:geheim98@vault/r"


SNAPSHOTS = [
    {"id": "b", "time": "2026-02-01T10:00:00.5+01:00", "paths": ["/etc"], "hostname": "ward7"},
    {"id": "a", "time": "2026-01-01T10:00:00Z", "paths": ["/etc"], "hostname": "ward7"},
    {"id": "c", "time": "2026-03-01T10:00:00Z", "paths": ["/run/x"], "hostname": "ward7", "tags": ["hygeia-canary"]},
]


def test_restic_tells_backups_from_canaries(answering):
    host = answering(lambda words: json.dumps(SNAPSHOTS) if "snapshots" in words else "")
    found = Restic(host, {"paths": ["/etc"]}).backups()
    assert [backup.id for backup in found] == ["a", "b"]
    assert host.ran[-1][-4:] == ["--host", "ward7", "--path", "/etc"]


def test_restic_waits_for_a_lock_and_restores_just_one_path(answering, monkeypatch):
    answers = [
        CommandResult(11, "", "repository is already locked by PID 1"),
        CommandResult(0, '{"message_type":"summary","snapshot_id":"d"}\n', ""),
    ]
    monkeypatch.setattr("time.sleep", lambda unused_seconds: None)
    host = answering(lambda words: answers.pop(0) if "backup" in words else "")
    product = Restic(host, {"lock_wait": 60})
    assert product.back_up("/run/canary") == "d"
    assert product.restore("d", "/srv/a[1]*.txt", "/run/f") == "/run/f/srv/a[1]*.txt"
    assert r"/srv/a\[1]\*.txt" in host.ran[-1]


def test_restic_without_a_file_says_so(answering):
    with pytest.raises(Absent):
        Restic(answering(lambda unused_words: '{"struct_type":"snapshot"}\n'), {}).entry("a", "/etc/x")


LISTING = {
    "archives": [
        {"name": "new", "start": "2026-02-01T10:00:00.000000", "hostname": "ward7"},
        {"name": "old", "start": "2026-01-01T10:00:00.000000", "hostname": "ward7"},
        {"name": "other", "start": "2026-01-01T10:00:00.000000", "hostname": "ward8"},
        {"name": "hygeia-canary-ward7-1", "start": "2026-03-01T10:00:00", "hostname": "ward7"},
    ]
}


@pytest.mark.parametrize(
    "mode, encrypted",
    [("repokey-blake2", True), ("keyfile", True), ("none", False), ("authenticated", False), ("authenticated-blake2", False)],
)
def test_borg_says_how_it_encrypts(answering, mode, encrypted):
    product = Borg(answering(lambda unused_words: json.dumps({**LISTING, "encryption": {"mode": mode}})), {"repository": "/srv/r"})
    assert product.encryption() == (encrypted, mode)
    assert [backup.id for backup in product.backups()] == ["old", "new"]


def test_borg_counts_a_pattern_of_names_where_one_is_given(answering):
    host = answering(lambda unused_words: json.dumps(LISTING))
    assert len(Borg(host, {"archives": "*"}).backups()) == 3
    assert host.ran[-1][-2:] == ["--glob-archives", "*"]


def test_a_password_file_of_borg_may_have_blanks_in_its_name(answering):
    host = answering(lambda unused_words: "")
    Borg(host, {"password_file": "/root/my key"})
    assert host.environ["BORG_PASSCOMMAND"] == "cat '/root/my key'"


@pytest.mark.parametrize(
    "configuration",
    [
        {"location": {"repositories": ["/srv/r"], "remote_path": "borg1"}, "storage": {"encryption_passcommand": "cat /k"}},
        {"repositories": [{"path": "/srv/r", "label": "vault"}], "remote_path": "borg1", "encryption_passcommand": "cat /k"},
    ],
)
def test_borgmatic_before_and_after_it_lost_its_sections(answering, configuration):
    program, answers = {"/usr/local/bin/borgmatic": "#!/opt/venv/bin/python3 -I\n"}, {"/opt/venv/bin/python3": json.dumps(configuration)}
    host = answering(lambda unused_words: "", program, answers=answers)
    product = Borgmatic(host, {})
    assert (product.place, host.environ["BORG_PASSCOMMAND"], host.environ["BORG_REMOTE_PATH"]) == ("/srv/r", "cat /k", "borg1")
    assert host.ran[0][:2] == ["/opt/venv/bin/python3", "-I"]


@pytest.mark.parametrize(
    "repositories, wanted, sentence",
    [
        (["/a", {"path": "/b", "label": "vault"}], None, "for these repositories: /a, vault; say in repository"),
        ([], None, "for these repositories: none"),
        (["/a"], "/c", "say in repository"),
    ],
)
def test_borgmatic_with_several_repositories_asks_which(answering, repositories, wanted, sentence):
    program, answers = (
        {"/usr/local/bin/borgmatic": "#!/usr/bin/python3\n"},
        {"/usr/bin/python3": json.dumps({"repositories": repositories})},
    )
    host = answering(lambda unused_words: "", program, answers=answers)
    with pytest.raises(BackupError, match=sentence):
        Borgmatic(host, {"repository": wanted})


def test_borgmatic_that_is_not_there(answering):
    with pytest.raises(BackupError, match="borgmatic is not installed"):
        Borgmatic(answering(lambda unused_words: ""), {})


COMMANDS = {
    "last_success": ["when"],
    "oldest": ["first"],
    "encrypted": ["is-it"],
    "backup": ["save", "{path}"],
    "restore": ["fetch", "{backup}", "{path}", "{directory}"],
}


def test_any_product_by_commands(answering, tmp_path):
    said = {"when": "log\n2026-02-01T00:00:00Z\n", "first": "1767261600", "is-it": "yes, AES", "save": "done\nnr 7\n", "fetch": ""}
    host = answering(lambda words: said[words[0]], {"/run/f/canary": "x"})
    product = Declared(host, {"commands": COMMANDS, "repository": "tapes"})
    assert [backup.time for backup in product.backups()] == [1767261600, 1769904000]
    assert product.encryption() == (True, "yes, AES")
    assert product.back_up("/run/c/canary") == "nr 7"
    assert product.restore("nr 7", "/run/c/canary", "/run/f") == "/run/f/canary"
    assert host.ran[-1][-4:] == ["fetch", "nr 7", "/run/c/canary", "/run/f"]
    assert product.entry("nr 7", "/etc/x") is None


@pytest.mark.parametrize(
    "commands, said, sentence",
    [
        ({}, "", "the command last_success is not declared"),
        ({"last_success": ["when"]}, "", "printed nothing"),
        ({"last_success": ["when"]}, "never", "did not tell a time"),
        ({"last_success": ["when"]}, CommandResult(2, "", "no such job"), "a declared command failed at tapes: no such job"),
    ],
)
def test_commands_that_do_not_answer(answering, commands, said, sentence):
    with pytest.raises(BackupError, match=sentence):
        Declared(answering(lambda unused_words: said), {"commands": commands, "repository": "tapes"}).backups()


def test_the_environment_is_read_from_a_file_as_a_service_and_a_shell_do(tree):
    host = tree(
        {"/etc/restic": "# comment\nexport A='two words'\nB=\"x y\"\n  C=plain # no\nnonsense\nD=\n"}, environ={"HOME": "/root", "B": "old"}
    )
    found = environment(host, {"environment_file": "/etc/restic", "environment": {"E": 1}, "secrets": {"A": "last"}})
    assert found == {"HOME": "/root", "A": "last", "B": "x y", "C": "plain", "D": "", "E": "1", "TZ": "UTC"}


@pytest.mark.parametrize(
    "files, sentence", [({}, "there is no /etc/restic"), ({"/etc/restic": "A='open\n"}, "not closed in the line of A")]
)
def test_an_environment_file_that_cannot_be_read(tree, files, sentence):
    with pytest.raises(BackupError, match=sentence):
        environment(tree(files), {"environment_file": "/etc/restic"})
