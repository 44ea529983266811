# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read of PAM's files beside the libpam of Debian 13, which reads them otherwise than that of Debian 12."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_limits import LoginLimits
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.tests.system.access.conftest import ENVIRON, PACKAGES
from ansible_collections.hygeia.golden.tests.templates import small
from ansible_collections.hygeia.golden.tests.unit.platforms import libpam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


class Service:
    """The service ``s`` of a whole system, tried there by pamtester."""

    gaps = True
    line = "auth optional pam_exec.so /opt/logger"

    def __init__(self, root):
        self.root = root
        logger = root / "opt/logger"
        logger.write_text(libpam.LOGGER, encoding="ascii")
        logger.chmod(0o755)

    def tried(self, text):
        """What authenticating comes to, as far as it matters here, and the arguments of each rule that was met."""
        (self.root / "etc/pam.d/s").write_bytes(text.encode())
        log = self.root / "opt/log"
        log.write_bytes(b"")
        command = ["chroot", self.root, "pamtester", "s", "root", "authenticate"]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=ENVIRON)
        refused = any(sign in ran.stderr for sign in ("System error", "Initialization failure"))
        answer = libpam.SYSTEM_ERR if refused else libpam.SUCCESS
        return answer, libpam.logged(log.read_bytes().decode())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("pam") / "root"
    root.mkdir()
    subprocess.run(["tar", "--extract", "--file", small.make("access", "trixie", PACKAGES), "--directory", root], check=True)
    return root


@pytest.fixture(scope="module")
def service(root):
    return Service(root)


def test_which_libpam_it_is_is_known(root):
    assert pam_stack.ends_at_gaps(Host(str(root)))


@QUICK
@given(data=st.data())
def test_our_lines_are_those_of_libpam(service, data):
    libpam.reads_alike(service, data.draw(libpam.texts(service.line)))


@QUICK
@given(data=st.data())
def test_an_edit_changes_what_libpam_hands_over_and_nothing_else(service, data):
    libpam.edits_alike(service, data.draw(libpam.texts(service.line)))


# -- limits.conf ----------------------------------------------------------------------

ITEMS = {"core": "c", "nofile": "n"}
LIMIT = st.builds(
    "{}{}{}{}{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "\t", "#"]),
    st.sampled_from(["*", "*", "*", "bob", "@bob", "root"]),
    st.sampled_from([" ", "\t "]),
    st.sampled_from(["hard", "soft", "-", "Hard", "hard soft"]),
    st.sampled_from([" ", "  "]),
    st.sampled_from(["core", "nofile", "Core"]),
    st.sampled_from([" ", "\t"]),
    st.sampled_from(["64", "96", "0128", "x", "", "70 71", "50,"]),
    st.sampled_from(["\n", " \n", " # why\n", "#why\n", "\r\n"]),
)
LIMITS = st.lists(LIMIT, max_size=4).map("".join)


class Session:
    """A session of somebody whom no line names, opened by pamtester."""

    def __init__(self, root):
        self.root = root
        subprocess.run(["chroot", root, "useradd", "kim"], check=True, env=ENVIRON)
        asked = "".join(f"ulimit -{kind}{letter}; " for letter in ITEMS.values() for kind in "HS")
        script = root / "opt/limits"
        script.write_text(f"#!/bin/bash\n{{ {asked} }} >/opt/log\n", encoding="ascii")
        script.chmod(0o755)
        (root / "etc/pam.d/l").write_text("session required pam_limits.so\nsession required pam_exec.so /opt/limits\n", encoding="ascii")
        (root / "etc/security/limits.d/10-coredump-debian.conf").unlink()
        self.before = self.opened()

    def opened(self):
        """Its limits, as ``{hard core: text}``."""
        (self.root / "opt/log").write_text("", encoding="ascii")
        command = ["chroot", self.root, "prlimit", "--core=1024:1048576", "--nofile=32:1024", "pamtester", "l", "kim", "open_session"]
        subprocess.run(command, capture_output=True, check=True, env=ENVIRON)
        names = [f"{kind} {item}" for item in ITEMS for kind in ("hard", "soft")]
        return dict(zip(names, (self.root / "opt/log").read_text(encoding="ascii").split()))


@pytest.fixture(scope="module")
def session(root):
    return Session(root)


@QUICK
@given(main=LIMITS, early=LIMITS, late=LIMITS)
def test_limits_are_those_of_a_session(session, main, early, late):
    for path, text in {"limits.conf": main, "limits.d/B.conf": early, "limits.d/a.conf": late}.items():
        (session.root / "etc/security" / path).write_text(text, encoding="ascii")
    host = Host(str(session.root))
    opened = session.opened()
    for item in ITEMS:
        wanted = {f"{kind} {item}": 0 for kind in ("hard", "soft")}
        found = {name: seen.value for name, seen in LoginLimits(host).observe(wanted).items()}
        hard = found[f"hard {item}"] or session.before[f"hard {item}"]
        soft = found[f"soft {item}"] or session.before[f"soft {item}"]
        assert (int(opened[f"hard {item}"]), int(opened[f"soft {item}"])) == (int(hard), min(int(soft), int(hard)))
