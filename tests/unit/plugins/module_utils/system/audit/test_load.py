# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a boot loads of the audit rules, beside augenrules and auditctl themselves with a kernel that is not there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit import load as audit_load
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

KERNEL = os.path.join(os.path.dirname(__file__), "audit_kernel.c")
AUGENRULES = "/usr/sbin/augenrules"
QUICK = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
NEEDED = ("auditctl", "augenrules", "ausyscall", "gcc")
pytestmark = pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"not all of {', '.join(NEEDED)} are installed on this machine")


def words(*choices):
    return st.lists(st.sampled_from(choices), max_size=4).map(" ".join)


BLANKS = st.sampled_from(["", "", "", " ", "  ", "\t"])
WATCH = st.tuples(
    st.sampled_from(["-w /etc/passwd", "-w /etc", "-w /etc/", "-w etc/passwd", "-w '/etc/passwd'", "-w /etc/with\\ blank", "-w"]),
    st.sampled_from(["", " -p wa", " -p rwxa", " -p q", " -p wawaw", " -pwa"]),
    st.sampled_from(["", " -k one", " -k two", " -kone", " extra", " # note"]),
).map("".join)
CONDITIONS = (
    "-F arch=b64",
    "-F arch=b32",
    "-F arch=b65",
    "-F auid>=1000",
    "-F auid!=unset",
    "-F auid!=-1",
    "-F auid!=4294967295",
    "-F uid=root",
    "-F uid=nobody-here",
    "-F gid=root",
    "-F success=0",
    "-F success=no",
    "-F exit=-EACCES",
    "-F exit=-ENONE",
    "-F perm=wa",
    "-F perm=q",
    "-F path=/etc/shadow",
    "-F dir=/etc",
    "-F exe=/usr/bin/id",
    "-F a0=2",
    "-F a1&0100",
    "-F a0=x",
    "-F colour=red",
    "-F uid",
    "-F uid=",
    "-F filetype=file",
    "-F filetype=door",
    "-F msgtype=CWD",
    "-F key=three",
    "-C auid!=uid",
    "-C auid!=gid",
    "-C uid=uid",
    "-F",
    "-S open",
    "-S openat,creat",
    "-S nothing",
    "-S all",
    "-S 2",
    "-S",
    "-k one",
    "-k",
    "-x",
    "word",
    "-a always,exit",
    "-p wa",
    "-F ppid=1",
    "-F obj_uid=0",
    "-F fstype=tracefs",
    "-F sessionid=4",
    "-F arch!=b64",
    "-F arch>b64",
)
RULE = st.tuples(
    st.sampled_from(
        [
            "-a always,exit",
            "-a exit,always",
            "-A always,exit",
            "-a never,task",
            "-a always,user",
            "-a always,exclude",
            "-a never,filesystem",
            "-a exit",
            "-a always,exit,never",
            "-a always,entry",
            "-a",
            "-d always,exit",
            "",
        ]
    ),
    words(*CONDITIONS),
).map(" ".join)
GOOD = st.sampled_from(
    [
        "-a always,exit -F arch=b64 -S open -F key=open",
        "-a always,exit -F arch=b32 -S open -F key=open",
        "-w /etc/group -p wa -k group",
        "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=unset -k privileged",
        "-a always,exit -S all -F uid=0 -k root",
    ]
)
OPTION = st.sampled_from(
    [
        "-D",
        "-D ",
        "-D -k one",
        "-D -k",
        "-e 1",
        "-e 2",
        "-e 3",
        "-e 0",
        "-e",
        "-b 8192",
        "-b many",
        "-f 1",
        "-f 4",
        "-r 100",
        "-c",
        "-i",
        "-c -i",
        "--loginuid-immutable",
        "--backlog_wait_time 60000",
        "--backlog_wait_time",
        "--unknown",
        "-b 100 -f 1",
        "-W /etc/group",
        "-d always,exit -S all -F uid=0 -k root",
    ]
)
NOISE = st.sampled_from(["", " ", "\t", "# note", "  # note", "\t# note", "word", "s# note", "-"])
LINE = st.tuples(BLANKS, st.one_of(GOOD, GOOD, WATCH, RULE, OPTION, NOISE)).map("".join)
FILES = st.dictionaries(
    st.sampled_from(
        ["10-a.rules", "9-b.rules", "50-hygeia.rules", "a.rules", "zz.rules", "b c.rules", ".hidden.rules", "10-a.rules.bak", "30.x.rules"]
    ),
    st.tuples(st.lists(LINE, max_size=7).map("\n".join), st.sampled_from(["", "\n", "\n"])).map("".join),
    max_size=4,
)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    """What the programs themselves leave of a directory of rules: the joined lines, those refused, and how the kernel ends up."""
    directory = tmp_path_factory.mktemp("audit")
    kernel, state, joined, script = (directory / name for name in ("kernel.so", "state", "audit.rules", "augenrules"))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(kernel), KERNEL], check=True)
    with open(AUGENRULES, encoding="utf-8") as stream:
        text = stream.read()

    def ask(rules):
        script.write_text(
            text.replace("/etc/audit/audit.rules", str(joined)).replace("SourceRulesDir=/etc/audit/rules.d", f"SourceRulesDir={rules}")
        )
        joined.unlink(missing_ok=True)
        subprocess.run(["sh", str(script)], capture_output=True, check=False)
        state.write_text("never asked")
        environ = {**os.environ, "LD_PRELOAD": str(kernel), "AUDIT_KERNEL": str(state)}
        ran = subprocess.run(["auditctl", "-R", str(joined)], capture_output=True, text=True, env=environ, timeout=60, check=False)
        assume(ran.returncode >= 0)  # some lines crash auditctl
        enabled, count = state.read_text().split()
        return (
            joined.read_text().split("\n")[1:],
            [int(line) for line in re.findall(r"error in line (\d+) of", ran.stderr)],
            int(enabled),
            int(count),
        )

    return ask


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A system that has this machine's programs and accounts, and rules of its own."""
    directory = tmp_path_factory.mktemp("root")
    for name in ("etc/audit/rules.d", "usr/bin"):
        (directory / name).mkdir(parents=True)
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", directory / "etc" / name)
    return directory


class Here(Host):
    """A tree whose programs are this machine's."""

    def run(self, argv, stdin=None, timeout=300):
        return Host().run(argv, stdin, timeout)


@QUICK
@given(files=FILES)
def test_the_programs_load_the_same(oracle, root, files):
    rules = root / "etc/audit/rules.d"
    shutil.rmtree(rules)
    rules.mkdir()
    for name, text in files.items():
        (rules / name).write_text(text)
    joined, refused, enabled, count = oracle(rules)
    host = Here(str(root))
    merged = audit_load.merged(host)
    assert [line for unused, line in merged] == [line for line in joined if line]
    loaded = audit_load.load(host)
    numbers = {place: number for number, (place, line) in zip([number for number, line in enumerate(joined, 2) if line], merged)}
    assert [numbers[place] for place, *unused in loaded.refused] == refused
    assert len(loaded.rules) == count
    assert [line for unused, line in loaded.others if line.startswith("-e")][-1:] in ([], [f"-e {enabled}"])


def test_files_come_in_the_order_of_the_programs(root):
    names = ["10-a", "9-b", "a", "A", "_x", "10-a.x", "1.2.3", "1.10", "z~1", "010-a"]
    rules = root / "etc/audit/rules.d"
    for name in names:
        (rules / f"{name}.rules").write_text("")
    ran = subprocess.run(["ls", "-1v", str(rules)], capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"}, check=True)
    listed = [name for name in ran.stdout.split("\n") if name.endswith(".rules")]
    assert [os.path.basename(path) for path in audit_load.paths(Here(str(root))) if os.path.basename(path) in listed] == listed
