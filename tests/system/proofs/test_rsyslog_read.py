# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""With which mode rsyslogd makes each file is what it really does when a message comes."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import rsyslog_conf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

DIRECTORY = "/var/tmp/rsyslog"
MODE = st.sampled_from(["0600", "0640", "0644", "0660"])
# FILE is a file of its own for each action.
ACTIONS = st.one_of(
    st.sampled_from(
        [
            "*.* FILE\n",
            "*.info;mail.none\t-FILE\n",
            "  *.* FILE # all\n",
            ':msg, contains, "x" FILE\n',
            "user.* FILE;RSYSLOG_FileFormat\n",
            "*.*FILE\n",
            'if $msg contains "x" then FILE\n',
            "& FILE\n",
            '*.* action(type="omfile" file="FILE")\n',
            "kern,user.=notice\tFILE\r\n",
            "*.* ?FILE\n",
            'if ($msg contains "x") then {\n  action(type="omfile"\n    file="FILE")\n}\n',
            'ruleset(name="RULES") {\n  *.* FILE\n}\ncall RULES\n',
        ]
    ),
    MODE.map('Action(Type="omfile" File="FILE" FileCreateMode="{}")\n'.format),
    MODE.map('if $msg contains "x" then {{ action(type="omfile" file="FILE" fileCreateMode="{}") }} else {{ stop }}\n'.format),
)
OTHERS = st.one_of(
    MODE.map("$FileCreateMode {}\n".format),
    MODE.map("  $fileCreateMode\t{} # why\n".format),
    st.sampled_from(["# $FileCreateMode 0666\n", "/* $FileCreateMode 0666\n*.* /x\n*/\n", "\n", "#*.* /x\n", "$MaxMessageSize 4k\n"]),
)


def _sound(text):
    """Does each & follow a selector with its action? rsyslogd stops at one that does not, and makes no file at all."""
    lines = [line.strip() for line in text.splitlines()]
    return all(number and lines[number - 1].endswith("FILE") for number, line in enumerate(lines) if line.startswith("&"))


PARTS = st.lists(st.one_of(ACTIONS, OTHERS), max_size=6).map("".join).filter(_sound)


@pytest.fixture(scope="module")
def logging(base):
    """What rsyslogd of that system makes of a configuration: the mode of each file by its number."""
    directory = base / DIRECTORY.lstrip("/")

    def run(files):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for name, text in files.items():
            (directory / name).write_bytes(text.encode())
        daemon = subprocess.Popen(
            ["unshare", "--net", "chroot", base, "/usr/sbin/rsyslogd", "-n", "-f", f"{DIRECTORY}/main.conf", "-i", f"{DIRECTORY}/pid"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            umask=0,
        )
        try:
            _until((directory / "socket").exists)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.connect(str(directory / "socket"))
                sender.send(b"<13>test: x")
            accepted = _done((directory / "last.log").exists, 4)
        finally:
            daemon.terminate()
            daemon.wait(10)
        if not accepted:
            return None
        return {int(path.stem): f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in directory.glob("[0-9]*.log")}

    yield run
    shutil.rmtree(directory, ignore_errors=True)


def _until(done):
    assert _done(done, 10)


def _done(done, seconds):
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()


def numbered(text, first):
    """The text with a file of its own in place of each FILE, and a name in place of each RULES."""
    parts = text.split("FILE")
    text = parts[0] + "".join(f"{DIRECTORY}/{first + number}.log{part}" for number, part in enumerate(parts[1:]))
    for number in range(text.count("RULES") // 2):
        text = text.replace("RULES", f"rules{first}-{number}", 2)
    return text, first + len(parts) - 1


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=PARTS,
    included=PARTS,
    after=PARTS,
    whole=st.sampled_from(["", 'module(load="builtin:omfile" fileCreateMode="0600")\n']),
    old=st.booleans(),
)
@example(before="$FileCreateMode 0600\n*.* FILE\n", included="$FileCreateMode 0644\n", after="& FILE\n*.* FILE\n", whole="", old=True)
def test_each_file_is_made_with_the_mode_that_we_tell(logging, base, before, included, after, whole, old):
    first, count = numbered(before, 1)
    second, count = numbered(included, count)
    third, count = numbered(after, count)
    include = f"$IncludeConfig {DIRECTORY}/*.inc\n" if old else f'include(file="{DIRECTORY}/*.inc")\n'
    heard = f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{DIRECTORY}/socket")\n'
    text = f"{heard}{whole}{first}{include}{third}*.* {DIRECTORY}/last.log\n"
    made = logging({"main.conf": text, "1.inc": second})
    assume(made is not None)  # rsyslogd stopped at something that it does not accept
    found = rsyslog_conf.file_modes(list(rsyslog_conf.statements(Host(str(base)), f"{DIRECTORY}/main.conf")))
    modes = [mode for mode, unused_place in found]
    # An action that rsyslogd does not understand makes no file, and we may take it for one.
    assert os.path.exists(base / f"{DIRECTORY.lstrip('/')}/last.log")
    assert set(made) <= set(range(1, len(modes))), text
    assert {number: modes[number - 1] for number in made} == made, text
