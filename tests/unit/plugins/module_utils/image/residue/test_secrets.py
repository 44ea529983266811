# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import secrets

BODY = [letter * 70 for letter in "ABCD"] + ["EEE="]
KEY = "\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *BODY, "-----END OPENSSH PRIVATE KEY-----", ""])


def tree(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return str(tmp_path)


def test_what_is_searched_for(tmp_path):
    directory = tree(
        tmp_path,
        **{
            "etc__ssh__ssh_host_rsa_key": KEY,
            "etc__ssh__ssh_host_rsa_key.pub": KEY,
            "etc__machine-id": "0" * 31 + "1\n",
            "root__.bash_history": "ls\nmysql --password=hunter2 patients\ncurl -u admin:secret https://pacs\n",
            "home__ann__.psql_history": "x\ny\n",
        },
    )
    assert secrets.of_tree(directory) == {
        b"D" * 70: secrets.HOST_KEY,
        b"0" * 31 + b"1\n": secrets.MACHINE_ID,
        b"mysql --password=hunter2 patients\ncurl -u admin:secret https://pacs\n": secrets.HISTORY,
        b"ls\nmysql --password=hunter2 patients\n": secrets.HISTORY,
    }


def test_a_system_in_a_subvolume(tmp_path):
    assert set(secrets.of_tree(tree(tmp_path, **{"@rootfs__etc__machine-id": "ab" * 16 + "\n"})).values()) == {secrets.MACHINE_ID}


def test_odd_files_are_never_followed_or_waited_for(tmp_path):
    directory = tree(tmp_path, secret="0" * 32 + "\n")
    os.mkdir(tmp_path / "etc")
    os.symlink("../secret", tmp_path / "etc/machine-id")
    os.mkdir(tmp_path / "root")
    os.mkfifo(tmp_path / "root/.bash_history")
    os.symlink("/", tmp_path / "home")
    assert not secrets.of_tree(directory)


def test_an_empty_identity_and_short_lines_are_no_patterns(tmp_path):
    assert not secrets.of_tree(tree(tmp_path, **{"etc__machine-id": "", "root__.bash_history": "a" * 20 + "\n" + "a" * 20 + "\n"}))
