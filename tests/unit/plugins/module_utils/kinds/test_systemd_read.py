# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of systemd say what its own programs read in them: systemd-analyze, systemd-sysctl, systemd-escape and a manager on trial."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot import sysctl
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import SystemdConf, assignments
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage import mount
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SYSCTL = "/lib/systemd/systemd-sysctl"
MANAGER = "/lib/systemd/systemd"
NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
QUICK = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}

# What parts words and lines for Python, for C, for systemd, or for none of them.
ODD = st.sampled_from(["", " ", "\t", "\v", "\f", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"])
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\n\r", " \n", "\x0c\n", "\u2028\n"])
CONTINUED = st.sampled_from(["", "\\\n", "\\\\\n", "\\ \n", "\\\n# a note\n", "\\\n  ; one more \\\n", "\\\r\n"])
OPTIONS = st.builds("{}Nice{}={}{}{}b{}{}".format, ODD, ODD, ODD, st.sampled_from(["a", "a b", "[a]", "a=c"]), CONTINUED, ODD, ENDS)
OTHERS = st.builds("{}{}{}".format, ODD, st.sampled_from(["# Nice=d", ";Nice=d\\", "nothing", "[Service]", " [Unit] ", "\\"]), ENDS)
PARAMETERS = st.builds(
    "{}{}{}{}={}{}{}{}".format,
    ODD,
    st.sampled_from(["", "", "-", "--", "# ", ";", "- "]),
    st.sampled_from(["hygeia.a", "hygeia/a", "hygeia.b/c", "hygeia/b.c", "hygeia.a.b"]),
    ODD,
    ODD,
    st.sampled_from(["0", "1 2", "1", ""]),
    ODD,
    ENDS,
)


def needs(program):
    return pytest.mark.skipif(os.geteuid() != 0 or not shutil.which(program), reason=f"there is no {program} to compare with")


def open_to_all(directory):
    """Nobody may look into a test's directory."""
    for place in (directory, *directory.parents[:-2]):
        place.chmod(place.stat().st_mode | 0o055)


@needs("systemd-analyze")
@settings(max_examples=8, **QUICK)
@given(texts=st.lists(st.lists(OPTIONS | OTHERS, min_size=1, max_size=6), min_size=8, max_size=8))
@example(texts=[["Nice=a\\"], ["\ufeff[Service]\nNice=a"], ["Nice=a\n[Service\nNice=b"], ["Nice=\udce9\nNice=c"]])
def test_an_option_and_its_value_are_those_of_systemd(tmp_path, texts):
    wanted, paths = {}, []
    for number, lines in enumerate(texts):
        path = tmp_path / f"unit{number}.service"
        text = f"[Service]\nExecStart=/bin/true\n{''.join(lines)}"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        paths.append(path)
        # As Host reads a file; a value that is no number is reported by its reader.
        found = assignments(text.replace("\r\n", "\n"))
        wanted[path.name] = [value for unused_line, section, option, value in found if (section, option) == ("Service", "Nice") and value]
    ran = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, check=False)
    printed = re.findall(r"/(unit\d+\.service):\d+: Failed to parse nice priority '(.*?)', ignoring: ", ran.stderr.decode(), re.S)
    assert {path.name: [value for name, value in printed if name == path.name] for path in paths} == wanted


@needs(SYSCTL)
@settings(max_examples=40, **QUICK)
@given(lines=st.lists(PARAMETERS, min_size=1, max_size=8))
@example(lines=["-hygeia.a\n", "hygeia.a=1"])
def test_a_parameter_and_its_value_are_those_of_systemd_sysctl(tmp_path, tree, lines):
    kind = sysctl.Sysctl(tree({"/etc/sysctl.d/10.conf": "".join(lines)}))
    found = kind._configured()  # pylint: disable=protected-access
    open_to_all(tmp_path)
    # Nobody may set a parameter, and there are none of these names.
    command = [*NOBODY, SYSCTL, tmp_path / "etc/sysctl.d/10.conf"]
    ran = subprocess.run(command, capture_output=True, check=False, env={"SYSTEMD_LOG_LEVEL": "debug"})
    printed = re.findall(r"^Setting '/proc/sys/(.*?)' to '(.*?)'$", ran.stderr.decode(), re.M)
    ours = {key: value for key, (unused_place, value) in found.items() if value is not None}
    assert ours == {key: " ".join(words_of(value)) for key, value in printed}


@needs("systemd-escape")
@settings(max_examples=5, **QUICK)
@given(
    paths=st.lists(
        st.text(st.sampled_from("ab.-_:/\\ é\xa0\t²"), min_size=1, max_size=8).map(lambda text: f"/{text}"), min_size=10, max_size=10
    )
)
@example(paths=["/var/lib/docker-data", "/.snapshots", "/srv/Röntgen"])
def test_a_directory_s_mount_has_the_name_that_systemd_gives_it(paths):
    directories = [os.path.normpath("/" + path.strip("/")) for path in paths]
    directories = [directory for directory in directories if directory != "/" and ".." not in directory]
    ran = subprocess.run(["systemd-escape", "--path", "--suffix=mount", "--", *directories], capture_output=True, text=True, check=False)
    assert ran.stdout.split("\n")[0].split() == [mount._unit(directory) for directory in directories]  # pylint: disable=protected-access


@needs(MANAGER)
def test_no_program_reads_further_than_a_section_that_does_not_end(tmp_path, tree):
    directory, runtime = tmp_path / "etc/systemd", tmp_path / "run"
    files = {
        "/etc/systemd/user.conf": "[Manager]\nLogColor=first\n",
        "/usr/lib/systemd/systemd": "\0Manager.LogColor\0",
        "/etc/systemd/user.conf.d/a.conf": "[Manager\nLogColor=second\n",
        "/etc/systemd/user.conf.d/b.conf": "[Manager]\nLogColor=third\n",
    }
    host = tree(files)
    runtime.mkdir()
    open_to_all(tmp_path)
    shutil.chown(runtime, "nobody")
    environment = {"XDG_CONFIG_HOME": str(directory.parent), "XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime)}
    ran = subprocess.run([*NOBODY, MANAGER, "--user", "--test"], capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert [word for word in ("first", "second", "third") if f"'{word}'" in ran.stderr] == ["first"]
    seen = SystemdConf(host).observe({"user.LogColor": "third"})["user.LogColor"]
    assert seen.value is None
    assert seen.message == "/etc/systemd/user.conf.d/a.conf:1 is not a whole section, and systemd reads no further"
