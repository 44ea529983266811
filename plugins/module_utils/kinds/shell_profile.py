# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a login shell starts with, as ``{TMOUT: 900, umask: "027"}`` (bash(1)).

The truth is a login shell: one is started as nobody, and its own trace names
the line that has the last word.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, BadSetting, DropIn, Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.limits import at_most, no_fewer_bits
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

# Interactive shells alone, because elsewhere TMOUT ends a script's read. A value
# that is readonly already would end a shell that assigns it again.
_TMOUT = """\
case $- in
  *i*)
    case $(readonly -p) in
      *" TMOUT="*) ;;
      *) TMOUT={TMOUT}; readonly TMOUT; export TMOUT ;;
    esac
    ;;
esac
"""
_UMASK = "umask {umask}\n"

_ASK = """
printf 'TMOUT=%s\\numask=%s\\n' "${TMOUT-}" "$(umask)"
case $(readonly -p) in *" TMOUT="*) ;; *) echo changeable ;; esac
"""
# What bash prints before each command that it runs, and the commands that matter here.
_PROMPT = "+${BASH_SOURCE}:${LINENO}: "
_TRACE = {
    "TMOUT": re.compile(r"\++(/[^:]*:\d+): (?:.* )?(?:TMOUT=|unset .*TMOUT)"),
    "umask": re.compile(r"\++(/[^:]*:\d+): (?:builtin |command )?umask [^-]"),
}


class ShellProfile(DropIn):
    name = "shell_profile"
    # /etc/profile reads these in the order of their names and the last one wins.
    path = "/etc/profile.d/zz-hygeia.sh"

    def parse(self, text):
        return dict(re.findall(r"(TMOUT)=(\d+)", text) + re.findall(r"^(umask) (\d+)", text, re.M))

    def render(self, settings):
        timeout = _TMOUT.format(**settings) if "TMOUT" in settings else ""
        return NOTICE + timeout + (_UMASK.format(**settings) if "umask" in settings else "")

    def validate(self, content):
        if not self.host.which("sh"):
            return ""
        ran = self.host.run(["sh", "-n"], stdin=content)
        return "" if ran.ok else f"sh does not accept {self.path}: {ran.complaint}"

    def plan(self, wanted, partial=False):
        _express(wanted)
        return super().plan(wanted, partial)

    def observe(self, wanted):
        _express(wanted)
        ran = self.host.run(
            [
                "env", "-i", "HOME=/nonexistent", "TERM=dumb", f"PS4={_PROMPT}",
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
                "sh", "-c", 'umask 000; exec bash -lix -c "$1"', "sh", _ASK,
            ],
            timeout=20,
        )
        shown = dict(line.split("=", 1) for line in ran.out.splitlines() if line.startswith(("TMOUT=", "umask=")))
        if len(shown) < 2:
            return {
                name: Observation(status=result.ERROR, message=f"a login shell did not say its {name}: {ran.complaint}")
                for name in wanted
            }
        changeable = "changeable" in ran.out.splitlines()
        return {name: self._observation(name, wanted[name], shown[name], changeable, ran.err) for name in wanted}

    def _observation(self, name, wanted, value, changeable, trace):
        place = _last_word(name, trace)
        if not place and value in ("", "0000"):
            return Observation(None, "a login shell", f"no file that a login shell reads sets {name}")
        if not self.meets(name, wanted, value):
            ours = place.startswith(self.path)
            return Observation(value, place, "" if ours or not place else f"{place} has the last word on {name}")
        if name == "TMOUT" and changeable:
            return Observation(f"{value} (not readonly)", place, f"{place} lets a user change TMOUT")
        return Observation(value, place or "a login shell")

    def meets(self, name, wanted, value):
        if value is None:
            return False
        return at_most(wanted, value) if name == "TMOUT" else no_fewer_bits(wanted, value)


def _last_word(name, trace):
    """The file and line that set a name last; what bash complains of right away has not set it."""
    lines = trace.splitlines()
    matches = [
        _TRACE[name].match(line)
        for line, following in zip(lines, lines[1:] + [""])
        if not following.endswith("readonly variable")
    ]
    return next((match[1] for match in reversed(matches) if match), "")


def _express(wanted):
    """Raise BadSetting for a name or a value that this kind does not write."""
    for name, value in wanted.items():
        if name not in _TRACE:
            raise BadSetting(f"shell_profile: {name} is neither TMOUT nor umask")
        if name == "TMOUT" and not (str(value).isdigit() and int(value)):
            raise BadSetting(f"shell_profile: TMOUT is a number of seconds, not {value}")
        if name == "umask" and not (isinstance(value, str) and re.fullmatch(r"0?[0-7]{3}", value)):
            raise BadSetting(f'shell_profile: umask is an octal mode in quotes such as "027", not {value}')
