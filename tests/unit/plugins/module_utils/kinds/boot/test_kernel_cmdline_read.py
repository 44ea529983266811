# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a kernel would be started with is what a shell makes of GRUB's defaults, as update-grub does with 10_linux."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import DEFAULTS, DIRECTORY, MENU, KernelCmdline, split
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

ENTRY = "linux\t/boot/vmlinuz-6.1.0-50-amd64 root=UUID=4ea3164e ro quiet"
# grub-mkconfig stops where a command fails; the line of the menu is written as 10_linux writes it.
UPDATE_GRUB = f"""\
set -e
if test -f {DEFAULTS} ; then . {DEFAULTS} ; fi
for x in {DIRECTORY}/*.cfg ; do if [ -e "$x" ]; then . "$x"; fi; done
args="$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
cat <<EOF
linux ${{args}}
EOF
"""
WORDS = st.sampled_from(["quiet", "audit=1", "audit=0", "mitigations=off", "mitigations=auto", "a.b=c,d", "x-y=1"])
GLUE = st.sampled_from([" ", "  ", "\t", "\n", " \\\n", "\\\n", "\n\n "])
QUOTED = st.sampled_from(["", 'dyndbg="file a  +p"', 'b="c  d"'])


@st.composite
def assignments(draw):
    words = draw(st.lists(WORDS, max_size=4)) + [draw(QUOTED)]
    value = "".join(word + draw(GLUE) for word in words)
    quote = "'" if '"' in value else draw(st.sampled_from("\"'"))
    before = draw(st.sampled_from(["", "", "$GRUB_CMDLINE_LINUX "])) if quote == '"' else ""
    ending = draw(st.sampled_from(["\n", " # why\n", "\n# GRUB_CMDLINE_LINUX=\n", "\necho printed\n"]))
    name = draw(st.sampled_from(["GRUB_CMDLINE_LINUX", "export GRUB_CMDLINE_LINUX", " GRUB_CMDLINE_LINUX_DEFAULT"]))
    return f"{name}={quote}{before}{value}{quote}{ending}"


def shell(root, script, *arguments):
    words = [word.replace("/etc/default", f"{root}/etc/default") for word in (script, *arguments)]
    done = subprocess.run(["sh", "-c", *words], capture_output=True, text=True, check=False)
    return CommandResult(done.returncode, done.stdout, done.stderr)


def started(root):
    """The words of the menu's line, as a shell splits it, which GRUB does like it."""
    line = re.split(r"(?<!\\)\n", shell(root, UPDATE_GRUB).out.partition("linux ")[2])[0]
    script = f"for word in {line}; do printf '%s\\0' \"$word\"; done"
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split("\0")[:-1]


def value(words, name):
    return ([word.partition("=")[2] for word in words if word.partition("=")[0] == name] or [None])[-1]


@pytest.fixture
def system(tree):
    def make(text):
        host = tree({DEFAULTS: text, MENU: f"{ENTRY}\n"})
        host.remove(KernelCmdline.path)  # of the example before
        host.answers["sh"] = lambda argv, unused_stdin: shell(host.root, *argv[2:])
        return host

    return make


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(assignments(), min_size=1, max_size=3))
@example(texts=['GRUB_CMDLINE_LINUX="quiet \\\n mitigations=off"\n'])
@example(texts=['GRUB_CMDLINE_LINUX="crashkernel=auto mitigations=off\nvga=normal audit=0\nconsole=ttyS0"\n'])
def test_the_verdict_is_that_of_the_menu_to_come(system, texts):
    host = system("".join(texts))
    words = started(host.root)
    kind = KernelCmdline(host)
    sources = [source for source in kind._sources() if source[0] == DEFAULTS]  # pylint: disable=protected-access
    assert [word.replace('"', "") for word in sources[0][1]] == words
    bad = value(words, "mitigations") == "off"
    seen = kind.observe({"mitigations": {"never": ["off"]}})["mitigations"]
    assert not bad or not kind.satisfies("mitigations", {"never": ["off"]}, seen.value), words


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(assignments(), min_size=1, max_size=3))
def test_every_word_reaches_the_kernel_after_enforcing_and_its_blanks_stay(system, texts):
    host = system("".join(texts))
    everything = " ".join(KernelCmdline(host)._asked()).replace("\\\n", "").replace("\n", " ")  # pylint: disable=protected-access
    control = Control("c", {"kernel_cmdline": {"slab_nomerge": True}})
    enforce(host, [control])
    assert sorted(started(host.root)) == sorted(word.replace('"', "") for word in [*split(everything), "slab_nomerge"])
    assert enforce(host, [control]).changes == []


def test_blanks_in_quotes_stay_as_they_are_in_the_menu(system):
    host = system("GRUB_CMDLINE_LINUX=''\n")
    host.write(MENU, f'{ENTRY} dyndbg="file  a.c +p"  debug\n')
    enforce(host, [Control("c", {"kernel_cmdline": {"audit": 1}})])
    assert host.read(MENU) == f'{ENTRY} dyndbg="file  a.c +p"  debug audit=1\n'
