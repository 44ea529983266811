# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a login shell starts with, as ``{TMOUT: 900, umask: "027"}`` (bash(1)).

The truth is a login shell: one is started as nobody, and since root has a profile of its own and reads files that
others cannot, one as root, without its rights, for TMOUT. A trace names the line that has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import MAIN_FILE, NOTICE, DropIn, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_most, no_fewer_bits
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

# Interactive shells alone, because elsewhere TMOUT ends a script's read. A value
# that is readonly already would end a shell that assigns it again. What is stricter stays.
_TMOUT = """\
case $- in
  *i*)
    case $(readonly -p) in
      *" TMOUT="*) ;;
      *)
        case ${{TMOUT:-0}} in
          0* | *[!0-9]*) TMOUT={TMOUT} ;;
          *) [ "$TMOUT" -le {TMOUT} ] || TMOUT={TMOUT} ;;
        esac
        if [ "$TMOUT" -eq {TMOUT} ] && command -v typeset >/dev/null; then
          typeset -xr TMOUT={TMOUT}
        else
          readonly TMOUT
          export TMOUT
        fi
        ;;
    esac
    ;;
esac
"""
_UMASK = "[ $(($(umask) & 0{umask})) -eq $((0{umask})) ] ||\n  umask {umask}\n"

_ASK = """
printf 'TMOUT=%s\\numask=%s\\n' "${TMOUT-}" "$(umask)"
case $(readonly -p) in *" TMOUT="*) ;; *) echo changeable ;; esac
"""
# What bash prints before each command that it runs, and the commands that matter here.
_PROMPT = "+${BASH_SOURCE}:${LINENO}: "
# What a login shell reads of a home.
_OWN = (".bash_profile", ".bash_login", ".profile", ".bashrc")
_TRACE = {
    "TMOUT": re.compile(r"\++(/[^:]*:\d+): (?:.* )?(?:TMOUT=|unset .*TMOUT)", re.A),
    "umask": re.compile(r"\++(/[^:]*:\d+): (?:builtin |command )?umask [^-]", re.A),
}


class ShellProfile(DropIn):
    name = "shell_profile"
    # /etc/profile reads these in the order of their names and the last one wins.
    path = "/etc/profile.d/zz-hygeia.sh"
    # What interactive shells read that are no login shells, and inherit their umask from one.
    bashrc = "/etc/bash.bashrc"

    def parse(self, text: str) -> dict[str, str]:
        return dict(re.findall(r"(TMOUT)=(\d+)", text, re.A) + re.findall(r"\b(umask) (\d+)$", text, re.M | re.A))

    def render(self, settings: Mapping[str, str]) -> str:
        timeout = _TMOUT.format(**settings) if "TMOUT" in settings else ""
        return NOTICE + timeout + (_UMASK.format(**settings) if "umask" in settings else "")

    def validate(self, content: str) -> str:
        if not self.host.which("sh"):
            return ""
        ran = self.host.run(["sh", "-n"], stdin=content)
        return "" if ran.ok else f"sh does not accept {self.path}: {ran.error}"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _express(wanted)
        plan = super().plan(wanted, partial)
        before = self.host.read(self.bashrc)
        if before is None or plan.refusals:
            return plan
        block = self._inherited(wanted, main_file.block(before) if partial else "")
        text = main_file.combined(main_file.theirs(before), block)
        plan.changes += self.edit(self.bashrc, text, [name for name in wanted if name == "umask"] or wanted)
        return plan

    def _inherited(self, wanted: Settings, before: str) -> str:
        """What the main file of other shells says with that layout."""
        if self.layout != MAIN_FILE:
            return ""
        return _UMASK.format(**wanted) if "umask" in wanted else before

    def observe(self, wanted: Settings) -> Observations:
        _express(wanted)
        seen = self._shown("nobody", ["--reuid=65534", "--regid=65534", "--clear-groups"], "/nonexistent", wanted)
        if "TMOUT" in wanted and self._right(wanted, seen["TMOUT"]):
            roots = self._shown("root", ["--bounding-set=-all", "--inh-caps=-all"], self._home(), {"TMOUT": wanted["TMOUT"]})["TMOUT"]
            seen["TMOUT"] = seen["TMOUT"] if self._right(wanted, roots) else self._of_root(roots)
        return seen

    def _of_root(self, seen: Observation) -> Observation:
        """Root's value; bash traces no places for root, so they are looked for."""
        if seen.status:
            return seen
        home = self._home()
        paths = ["/etc/profile", *self.host.regular("/etc/profile.d/*.sh"), "/etc/bash.bashrc", *(f"{home}/{name}" for name in _OWN)]
        value = re.compile(rf"\bTMOUT=[\"']?{re.escape((seen.value or '').split(' ')[0])}\b", re.A)
        found = [
            f"{path}:{number}"
            for path in paths
            if path != self.path
            for number, line in enumerate(self.host.lines(path), 1)
            if seen.value and value.search(line)
        ]
        place = found[-1] if found else "a login shell of root"
        return Observation(seen.value, place, f"root alone gets TMOUT={seen.value or 'none'}, by {place}")

    def _right(self, wanted: Settings, seen: Observation) -> bool:
        return not seen.status and self.satisfies("TMOUT", wanted["TMOUT"], seen.value)

    def _home(self) -> str:
        fields = (line.split(":") for line in self.host.lines("/etc/passwd"))
        return next((found[5] for found in fields if found[0] == "root" and len(found) > 5), "/root")

    def _shown(self, who: str, rights: list[str], home: str, wanted: Settings) -> Observations:
        """What a login shell of somebody starts with."""
        ran = self.host.run(
            [
                "env",
                "-i",
                f"HOME={home}",
                f"USER={who}",
                f"LOGNAME={who}",
                "TERM=dumb",
                f"PS4={_PROMPT}",
                "setpriv",
                *rights,
                "--no-new-privs",
                "sh",
                "-c",
                'umask 000; exec bash -lix -c "$1"',
                "sh",
                _ASK,
            ],
            timeout=20,
        )
        shown = dict(line.split("=", 1) for line in lines_of(ran.out) if line.startswith(("TMOUT=", "umask=")))
        if len(shown) < 2:
            message = f"a login shell of {who} did not say its {{}}: {ran.error}"
            return {name: Observation(status=result.ERROR, message=message.format(name)) for name in wanted}
        changeable = "changeable" in lines_of(ran.out)
        return {name: self._observation(name, wanted[name], shown[name], changeable, ran.err) for name in wanted}

    def _observation(self, name: str, wanted: Value, value: str, changeable: bool, trace: str) -> Observation:
        place = _last_word(name, trace)
        if not place and value in ("", "0000"):
            return Observation(None, "a login shell", f"no file that a login shell reads sets {name}")
        if not self.satisfies(name, wanted, value):
            ours = place.startswith(self.path)
            return Observation(value, place, "" if ours or not place else f"{place} has the last word on {name}")
        if name == "TMOUT" and changeable:
            return Observation(f"{value} (not readonly)", place, f"{place} lets a user change TMOUT")
        return Observation(value, place or "a login shell")

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if value is None:
            return False
        return at_most(wanted, value) if name == "TMOUT" else no_fewer_bits(wanted, value)


def _last_word(name: str, trace: str) -> str:
    """The file and line that set a name last; what bash complains of right away has not set it."""
    lines = lines_of(trace)
    matches = [_TRACE[name].match(line) for line, following in zip(lines, lines[1:] + [""]) if not following.endswith("readonly variable")]
    return next((match[1] for match in reversed(matches) if match), "")


def _express(wanted: Settings) -> None:
    """Raise BadSetting for a name or a value that this kind does not write."""
    for name, value in wanted.items():
        if name not in _TRACE:
            raise BadSetting(f"shell_profile: {name} is neither TMOUT nor umask")
        if name == "TMOUT" and not re.fullmatch("0*[1-9][0-9]*", str(value)):
            raise BadSetting(f"shell_profile: TMOUT is a number of seconds, not {value}")
        if name == "umask" and not (isinstance(value, str) and re.fullmatch(r"0?[0-7]{3}", value)):
            raise BadSetting(f'shell_profile: umask is an octal mode in quotes such as "027", not {value}')
