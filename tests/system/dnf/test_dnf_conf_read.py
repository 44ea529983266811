# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader and the writer of dnf's files beside dnf itself."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages import dnf_conf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.dnf_conf import DnfConf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

OPTIONS = ("gpgcheck", "best", "sslverify")
REPOSITORY = "/etc/yum.repos.d/read.repo"
# Runs in the system: a line asks, what dnf has read is the answer, and null where it does not accept the files.
SERVER = """
import json, sys, dnf
options = sys.argv[1:]
for line in sys.stdin:
    try:
        base = dnf.Base()
        base.conf.read("/etc/dnf/dnf.conf")
        base.conf.reposdir = ["/etc/yum.repos.d"]
        base.conf.substitutions["releasever"] = "9"
        base.read_all_repos()
        values = {"main": {name: bool(getattr(base.conf, name)) for name in options}}
        values["repos"] = {repo.id: {name: bool(getattr(repo, name)) for name in options if name != "best"} for repo in base.repos.iter_enabled()}
        values = values if "r" in base.repos else None
    except Exception:
        values = None
    print(json.dumps(values), flush=True)
"""
LINE = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", " ", "#", ";"]),
    st.sampled_from(["gpgcheck", "gpgcheck", "best", "sslverify", "GPGCHECK"]),
    st.sampled_from(["=", " = ", "\t=", " ="]),
    st.sampled_from(["0", "1", "yes", "False", "no", "On"]),
    st.sampled_from(["\n", " \n", "\r\n", "\n\n"]),
)
HEAD = st.sampled_from(["[main]\n", "[main]\n", "[main] \n", "[other]\n"])
MAIN = st.tuples(HEAD, st.lists(st.one_of(LINE, LINE, LINE, HEAD), max_size=5).map("".join)).map("".join)
OF_REPOSITORY = st.lists(LINE, max_size=4).map("".join)


@pytest.fixture(scope="module")
def root(stock, tmp_path_factory):
    found = tmp_path_factory.mktemp("dnf_conf") / "root"
    found.mkdir()
    subprocess.run(["tar", "--extract", f"--file={stock}", f"--directory={found}"], check=True)
    (found / "etc/yum.repos.d").mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture(scope="module")
def asked(root):
    """What dnf says of the files that are there now."""
    command = ["chroot", root, "python3", "-c", SERVER, *OPTIONS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ran:

        def ask():
            ran.stdin.write("\n")
            ran.stdin.flush()
            return json.loads(ran.stdout.readline())

        yield ask
        ran.stdin.close()


def holds(kind, name, wanted):
    """Is an option for us as it is wanted, everywhere?"""
    return kind.satisfies(name, wanted, kind.observe({name: wanted})[name].value)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(main=MAIN, repository=OF_REPOSITORY, enabled=st.sampled_from(["", "enabled=0\n", "enabled=1\n"]))
@example(main="[main]\ngpgcheck=1\n gpgcheck=0\n", repository="", enabled="")
@example(main="[main]\n", repository="#gpgcheck =0\r\n sslverify\t=1\nsslverify =0 \n", enabled="enabled=0\n")
def test_options_are_those_of_dnf_before_and_after_an_edit(root, asked, main, repository, enabled):
    (root / dnf_conf.PATH.lstrip("/")).write_bytes(main.encode())
    text = f"[r]\nname=r\nbaseurl=file:///srv/none\n{enabled}{repository}"
    (root / REPOSITORY.lstrip("/")).write_bytes(text.encode())
    values = asked()
    # A file of repositories that cannot be read counts for nothing; what we say of it is no mistake.
    assume(values is not None)
    kind = DnfConf(Host(str(root)))
    for name in OPTIONS:
        everywhere = [values["main"][name], *(found[name] for found in values["repos"].values() if name in found)]
        for wanted in (True, False):
            assert holds(kind, name, wanted) == all(value == wanted for value in everywhere), (name, wanted, values)
    for change in kind.plan(dict.fromkeys(OPTIONS, True)).changes:
        change.apply()
    assert all(asked()["main"].values())
