# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values in the programs' main files: in force, found again, taken back word for word, and moved from and to drop-ins."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import DROP_IN, MAIN_FILE
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from hypothesis import given, settings
from hypothesis import strategies as st

SSHD, SSHD_OURS = "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/00-hygeia.conf"
JOURNALD, JOURNALD_OURS = "/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/zz-hygeia.conf"
PWQUALITY, PWQUALITY_OURS = "/etc/security/pwquality.conf", "/etc/security/pwquality.conf.d/zz-hygeia.conf"
PROGRAMS = {
    "/usr/lib/systemd/systemd-journald": "\0Journal.Storage\0Journal.Compress\0",
    "/usr/lib/systemd/systemd-timesyncd": "\0Time.NTP\0",
}
STOCK = """\
Include /etc/ssh/sshd_config.d/*.conf
Port 2222
UsePAM yes
x11forwarding=yes # for the old viewer
AcceptEnv LANG LC_*
Match User backup
  X11Forwarding yes
"""
SSH = {"PermitRootLogin": "no", "X11Forwarding": "no", "MaxAuthTries": 4}

texts = st.lists(st.sampled_from(["", "a = 1", "#b", "[S]", "  c d\\", "\te", main_file.END, "# hygeia.golden"]), max_size=8).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join([*lines, ""])])
)


@settings(derandomize=True, deadline=None)
@given(texts, st.sets(st.integers(0, 7)), st.integers(0, 8), st.lists(st.sampled_from(["x = 1", "y", "[S]"]), min_size=1))
def test_what_others_wrote_comes_back_word_for_word(text, aside, after, ours):
    lines = text.split("\n")
    aside = [number for number in aside if 0 < number <= len(lines)]
    block = "".join(f"{line}\n" for line in ours)
    combined = main_file.combined(text, block, aside, min(after, len(lines)))
    assert (main_file.theirs(combined), main_file.block(combined)) == (text, block)
    assert main_file.combined(text, "", aside) == text


def made(host, layout, partial=False, **kinds):
    wanted = [Control(kind, {kind: values}) for kind, values in kinds.items()]
    done = enforce(host, wanted, partial=partial, layout=layout)
    assert [outcome for outcome in done.outcomes if outcome["outcome"] in ("failed", "refused")] == []
    assert enforce(host, wanted, partial=partial, layout=layout).changes == []
    return [change.target for change in done.changes]


def record(host, **kinds):
    return audit(host, [Control("c", kinds)], "offline")[0]


@pytest.fixture
def ssh(system):
    return lambda main=STOCK, files=None: system({SSHD: main, **(files or {})}, "sshd", "ssh", "ssh-keygen")


# -- sshd ---------------------------------------------------------------------


def test_sshd_takes_the_block_before_everything_that_its_files_say(ssh):
    host = ssh(files={"/etc/ssh/sshd_config.d/50-cloud-init.conf": "PermitRootLogin yes\n"})
    assert made(host, MAIN_FILE, sshd=SSH) == [SSHD]
    assert record(host, sshd={"PermitRootLogin": "no", "MaxAuthTries": 4, "UsePAM": "yes", "Port": 2222})["status"] == "pass"
    lines = host.read(SSHD).splitlines()
    assert lines[:2] == [main_file.BEGIN, "MaxAuthTries 4"]
    # Only the line for everybody is set aside; what a site says for some is its own, and reported.
    assert main_file.ASIDE + "x11forwarding=yes # for the old viewer" in lines and "  X11Forwarding yes" in lines
    assert "for Match User backup" in record(host, sshd={"X11Forwarding": "no"})["message"]


def test_sshd_has_its_own_file_back_when_nothing_is_wanted_any_more(ssh):
    host = ssh()
    made(host, MAIN_FILE, sshd=SSH)
    assert made(host, MAIN_FILE) == [SSHD]
    assert host.read(SSHD) == STOCK


@pytest.mark.parametrize("main", [STOCK, STOCK.replace("Include", "#Include"), ""])
def test_sshd_moves_from_one_layout_to_the_other_and_leaves_nothing_behind(ssh, main):
    host = ssh(main)
    made(host, DROP_IN, sshd=SSH)
    drop_in, beside = host.read(SSHD_OURS), host.read(SSHD)
    assert made(host, MAIN_FILE, sshd=SSH) == [SSHD, SSHD_OURS]
    assert (host.read(SSHD_OURS), main_file.theirs(host.read(SSHD))) == (None, main)
    assert record(host, sshd={"PermitRootLogin": "no"})["status"] == "pass"
    assert made(host, DROP_IN, sshd=SSH) == [SSHD_OURS, SSHD]
    assert (host.read(SSHD_OURS), host.read(SSHD)) == (drop_in, beside)


def test_a_part_of_the_baseline_keeps_the_rest_of_the_block(ssh):
    host = ssh()
    made(host, MAIN_FILE, sshd=SSH)
    made(host, MAIN_FILE, partial=True, sshd={"MaxAuthTries": 3})
    assert main_file.block(host.read(SSHD)) == "MaxAuthTries 3\nPermitRootLogin no\nX11Forwarding no\n"
    made(host, DROP_IN, partial=True, sshd={"MaxAuthTries": 2})
    assert host.read(SSHD) == STOCK and "PermitRootLogin no\n" in host.read(SSHD_OURS)


def test_a_stricter_value_stays_where_a_site_has_it(ssh):
    host = ssh(STOCK.replace("UsePAM", "MaxAuthTries 2\nUsePAM"))
    made(host, MAIN_FILE, sshd=SSH)
    assert "MaxAuthTries" not in main_file.block(host.read(SSHD))
    assert record(host, sshd={"MaxAuthTries": 4})["observed"] == {"sshd: MaxAuthTries": "2"}


def test_line_ends_links_and_attributes_stay(ssh):
    host = ssh()
    place = host.path(SSHD)
    os.rename(place, f"{place}.site")
    os.symlink("sshd_config.site", place)
    with open(place, "wb") as stream:
        stream.write(STOCK.rstrip("\n").replace("\n", "\r\n").encode())
    os.chmod(place, 0o604)
    before = host.read_bytes(SSHD)
    made(host, MAIN_FILE, sshd=SSH)
    assert record(host, sshd={"PermitRootLogin": "no", "MaxAuthTries": 4})["status"] == "pass"
    made(host, MAIN_FILE)
    assert (host.read_bytes(SSHD), os.path.islink(place), os.stat(place).st_mode & 0o777) == (before, True, 0o604)


# -- the programs of systemd ----------------------------------------------------


def test_a_block_stands_in_the_section_of_the_program(tree):
    text = "# site\n[Journal]\nStorage=\\\n  # why not\n  none\nSystemMaxUse=1G\n"
    host = tree({**PROGRAMS, JOURNALD: text})
    wanted = {"journald.Storage": "persistent", "journald.Compress": True}
    assert made(host, MAIN_FILE, systemd_conf=wanted) == [JOURNALD]
    assert record(host, systemd_conf=wanted)["read_from"] == f"{JOURNALD}:5; {JOURNALD}:4"
    aside = main_file.ASIDE
    assert f"{aside}Storage=\\\n{aside}  # why not\n{aside}  none\nSystemMaxUse=1G\n" in host.read(JOURNALD)
    made(host, MAIN_FILE)
    assert host.read(JOURNALD) == text


@pytest.mark.parametrize("text", ["", "[Other]\nStorage=none\n", "Storage=none\n#\n[Other]", "[Journal]"])
def test_without_its_section_a_file_gets_one(tree, text):
    host = tree({**PROGRAMS, JOURNALD: text})
    wanted = {"journald.Storage": "persistent"}
    made(host, MAIN_FILE, systemd_conf=wanted)
    assert record(host, systemd_conf=wanted)["status"] == "pass"
    assert "Storage=none" not in host.read(JOURNALD).partition("[Other]")[0].splitlines()
    made(host, DROP_IN, systemd_conf=wanted)
    assert (host.read(JOURNALD) or "", record(host, systemd_conf=wanted)["status"]) == (text, "pass")


def test_where_a_drop_in_of_others_is_read_later_ours_has_the_last_word(tree):
    host = tree({**PROGRAMS, JOURNALD: "[Journal]\n", "/usr/lib/systemd/journald.conf.d/syslog.conf": "[Journal]\nStorage=none\n"})
    wanted = {"journald.Storage": "persistent", "journald.Compress": True}
    assert made(host, MAIN_FILE, systemd_conf=wanted) == [JOURNALD, JOURNALD_OURS]
    assert record(host, systemd_conf=wanted)["status"] == "pass"
    assert "Compress" not in host.read(JOURNALD_OURS) and "Storage=persistent" in host.read(JOURNALD)


def test_a_main_file_of_ours_says_what_that_of_the_package_said(tree):
    vendor = "[Journal]\nSystemMaxUse=1G\n"
    host = tree({**PROGRAMS, "/usr/lib/systemd/journald.conf": vendor})
    made(host, MAIN_FILE, systemd_conf={"journald.Storage": "persistent"})
    assert main_file.theirs(host.read(JOURNALD)) == vendor
    made(host, MAIN_FILE)
    assert host.read(JOURNALD) is None


def test_a_list_takes_the_place_of_that_of_the_site(tree):
    host = tree({**PROGRAMS, "/etc/systemd/timesyncd.conf": "[Time]\nNTP=one\n"})
    wanted = {"timesyncd.NTP": ["two", "three"]}
    made(host, MAIN_FILE, systemd_conf=wanted)
    assert record(host, systemd_conf=wanted)["status"] == "pass"


# -- the rules for passwords ----------------------------------------------------


def pam(tree, **files):
    stacks = {f"/etc/pam.d/common-{phase}": f"{phase} required pam_unix.so\n" for phase in ("auth", "account", "session")}
    stacks["/etc/pam.d/common-password"] = "password requisite pam_pwquality.so retry=3\npassword required pam_unix.so use_authtok\n"
    return tree({**stacks, "/etc/pam.d/passwd": "@include common-password\n", "/usr/lib/x/security/pam_pwquality.so": "", **files})


@pytest.mark.parametrize("text", [None, "# minlen = 8\nminlen = 6 # old\nminclass 4\n", "minlen=6"])
def test_rules_for_passwords_stand_in_the_main_file_and_leave_it_as_it_was(tree, text):
    host = pam(tree, **({PWQUALITY: text} if text else {}))
    wanted = {"pwquality.minlen": 14, "pwquality.minclass": 3, "pwquality.enforce_for_root": True}
    assert made(host, MAIN_FILE, pam=wanted) == [PWQUALITY]
    assert record(host, pam=wanted)["status"] == "pass"
    # The site's four classes are more than three.
    assert ("minclass" in main_file.block(host.read(PWQUALITY))) is not (text is not None and "minclass" in text)
    assert set(made(host, DROP_IN, pam=wanted)) == {PWQUALITY, PWQUALITY_OURS}
    assert (host.read(PWQUALITY) or "") == (text or "")


# -- the umask of shells --------------------------------------------------------


def test_the_umask_stands_in_the_file_of_other_shells_too(tree):
    host = tree({"/etc/bash.bashrc": "PS1='$ '\n"})
    made(host, MAIN_FILE, shell_profile={"umask": "027", "TMOUT": 900})
    assert host.read("/etc/bash.bashrc").endswith(f"  umask 027\n{main_file.END}\nPS1='$ '\n")
    made(host, MAIN_FILE, partial=True, shell_profile={"TMOUT": 600})
    assert "umask 027" in host.read("/etc/bash.bashrc")
    made(host, DROP_IN, shell_profile={"umask": "027", "TMOUT": 900})
    assert host.read("/etc/bash.bashrc") == "PS1='$ '\n"
