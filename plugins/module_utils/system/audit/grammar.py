# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which lines of a rules file auditctl and the kernel refuse, and why: the grammar of ``auditctl -R`` (auditctl(8))."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

SHORT = "hicslDvtC:e:f:r:b:a:A:d:S:F:m:R:w:W:k:p:q:"
LONG = ["loginuid-immutable", "backlog_wait_time=", "reset-lost", "reset_backlog_wait_time_actual", "signal="]
# After these auditctl reads no more of a line, and sends no rule of it.
ENDING = ("-i", "-c", "-l", "-s", "-v", "-m", "-t", "--loginuid-immutable", "--reset-lost", "--reset_backlog_wait_time_actual", "--signal")
DIGITS = frozenset("0123456789")
LISTS = ("exit", "task", "user", "exclude", "filesystem")
ACTIONS = ("always", "never")
MACHINES = (
    "b64 b32 x86_64 i386 i486 i586 i686 ppc64 ppc64le ppc s390x s390 arm armeb armv5tejl armv5tel armv6l armv7l aarch64 armv8l"
).split()
FILETYPES = "socket link file block dir character fifo".split()
MAX_KEY = 256

USERS = frozenset("uid euid suid fsuid auid loginuid obj_uid".split())
GROUPS = frozenset("gid egid sgid fsgid obj_gid".split())
NUMBERS = frozenset("pid pers ppid devmajor devminor inode success sessionid saddr_fam".split())
ARGUMENTS = frozenset(("a0", "a1", "a2", "a3"))
LABELS = frozenset("subj_user subj_role subj_type subj_sen subj_clr obj_user obj_role obj_type obj_lev_low obj_lev_high".split())
FILES = frozenset(("path", "dir", "exe"))
OTHERS = frozenset("arch msgtype exit perm filetype fstype field_compare key".split())
FIELDS = USERS | GROUPS | NUMBERS | ARGUMENTS | LABELS | FILES | OTHERS
EXIT_ONLY = frozenset(
    "exit path dir perm filetype ppid devmajor devminor inode success obj_user obj_role obj_type obj_lev_low obj_lev_high".split()
)
EXCLUDABLE = frozenset("pid uid gid auid loginuid msgtype subj_user subj_role subj_type subj_sen subj_clr exe key".split())

_PAIR = re.compile(r"(?P<name>.*?)(?P<operator>!=|>=|<=|&=|=|>|<|&)(?P<value>.*)", re.S)
_WORD = re.compile(r"(?:\\[ \\]|[^ ])+")
_PERMISSIONS = re.compile(r"[rwxaRWXA]{0,4}")


class Refused(Exception):
    """Why a line is not taken, in words for use inside a sentence."""


def words(line: str) -> list[str]:
    """The words of a line: only a blank parts them, a backslash keeps one, and quotes are letters."""
    found = _WORD.findall(line)
    return found[:1] + [re.sub(r"\\([ \\])", r"\1", word) for word in found[1:]]


def joined(pairs: list[tuple[str, str]]) -> str:
    """A line of options that ``words`` parts again."""
    text = (re.sub(r"([ \\])", r"\\\1", word) for pair in pairs for word in pair if word)
    return " ".join(text)


def options(line: str) -> list[tuple[str, str]]:
    """A line as [(option, value)], as far as auditctl reads it; raises Refused where it cannot."""
    given, found = _Words(words(line)), []
    for option in given:
        found.append(option)
        if option[0] in ENDING:
            break
    if not found:
        raise Refused("it has no option")
    if found[0][0] == "-D" and words(line)[:1] + words(line)[2:] == ["-D", found[-1][1]] and found[-1][0] == "-k":
        return found
    if any(option == "-D" for option, unused in found) and words(line) != ["-D"]:
        raise Refused("-D takes nothing but one key")
    if given.left or given.given:
        raise Refused("it has words without an option")
    return found


def goes_on(line: str) -> bool:
    """Does a line make auditctl go on after what is refused, also when it is refused itself?"""
    try:
        for option, unused in _Words(words(line)):
            if option in ENDING:
                return option in ("-c", "-i")
    except Refused:
        pass
    return False


class _Words:
    """Options out of words in the manner of getopt_long(3); ``left`` are the words and letters that are none, or unread."""

    def __init__(self, given: list[str]) -> None:
        self.given = list(given)
        self.left: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while self.given:
            word = self.given[0]
            if word == "--":
                self.left += self.given[1:]
                self.given = []
            elif not word.startswith("-") or word == "-":
                self.left.append(self.given.pop(0))
            elif word.startswith("--"):
                self.given.pop(0)
                yield self._long(word[2:])
            else:
                yield from self._short(word[1:])

    def _short(self, letters: str) -> Iterator[tuple[str, str]]:
        """One word of letters; one that takes a value has the rest of it, or the next word."""
        del self.given[0]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter == ":" or letter not in SHORT:
                raise Refused(f"there is no option -{letter}")
            if f"{letter}:" in SHORT:
                if not letters and not self.given:
                    raise Refused(f"-{letter} needs a value")
                yield f"-{letter}", letters or self.given.pop(0)
                return
            self.left += [letters] if letters else []
            yield f"-{letter}", ""
            self.left = self.left[:-1] if letters else self.left

    def _long(self, word: str) -> tuple[str, str]:
        name, equals, value = word.partition("=")
        named = [option for option in LONG if option.rstrip("=") == name] or [option for option in LONG if option.startswith(name)]
        if len(named) != 1 or (equals and not named[0].endswith("=")):
            raise Refused(f"there is no option --{word}")
        if named[0].endswith("=") and not equals:
            if not self.given:
                raise Refused(f"--{word} needs a value")
            value = self.given.pop(0)
        return f"--{named[0].rstrip('=')}", value


class Grammar:
    """What one system takes: its accounts, its files and the system calls of its ``ausyscall``."""

    def __init__(self, host: Host, calls: Callable[[str], set[str]]) -> None:
        self.host = host
        self.calls = calls
        self.accounts = {name: {line.split(":")[0] for line in host.lines(name)} for name in ("/etc/passwd", "/etc/group")}

    def check(self, line: str) -> list[tuple[str, str]]:
        """The options of a line; raises Refused for what auditctl, or then the kernel, does not take."""
        found = options(line)
        rule = _Rule(self)
        for option, value in found if found[0][0] != "-D" else ():
            getattr(rule, _READERS.get(option, "other"))(option, value)
        rule.end()
        return found

    def known_user(self, name: str, database: str) -> bool:
        """Is it an account of this system, as far as its files tell?"""
        return name in self.accounts[database] or not self.accounts[database]


class _Rule:
    """One line while auditctl reads it, option by option."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.list = ""
        self.lists = 0
        self.fields: list[tuple[str, str, str]] = []
        self.keys = ""
        self.called = self.keyed = self.watched = False
        self.arch = "b64"

    def number(self, option: str, value: str) -> None:
        if option in ("-e", "-f") and value not in ("0", "1", "2"):
            raise Refused(f"{option} takes 0, 1 or 2, not {value}")
        if value[:1] not in DIGITS:
            raise Refused(f"{option} takes a number, not {value}")

    def add(self, option: str, value: str) -> None:
        if "task" in value and self.called:
            raise Refused("the list task has no system calls")
        self.lists += 1
        parts = value.split(",")
        if len(parts) != 2 or self.lists > 1:
            raise Refused(f"{value} is not one list and one action")
        lists, actions = [part for part in parts if part in LISTS], [part for part in parts if part in ACTIONS]
        if len(lists) != 1 or len(actions) != 1:
            raise Refused(f"{value} is not a list and an action")
        self.list = lists[0]

    def call(self, unused_option: str, value: str) -> None:
        if self.list in ("task", "user", "filesystem", "exclude"):
            raise Refused(f"the list {self.list} has no system calls")
        known = self.grammar.calls(self.arch)
        for name in filter(None, value.split(",")):
            if name != "all" and name[0] not in DIGITS and known and name not in known:
                raise Refused(f"there is no system call {name}")
        if not value:
            raise Refused("-S has no system call")
        self.called = True

    def watch(self, unused_option: str, value: str) -> None:
        if self.list:
            raise Refused("a watch has no list")
        if not value.startswith("/"):
            raise Refused(f"{value} does not start with /")
        path = value.rstrip("/") if len(value) > 2 else value
        self.list, self.called, self.keyed, self.watched = "exit", True, True, True
        self.fields += [("dir" if os.path.isdir(self._there(path)) else "path", "=", path), ("perm", "=", "rwxa")]

    def permissions(self, unused_option: str, value: str) -> None:
        if not self.list or not self.fields:
            raise Refused("-p comes without a watch before it")
        if not _PERMISSIONS.fullmatch(value):
            raise Refused(f"{value} is not of r, w, x and a")
        self.keyed = True

    def key(self, unused_option: str, value: str) -> None:
        if not self.list or not (self.called or self.keyed):
            raise Refused("a key comes after a watch or system call")
        self._key(value)

    def _key(self, value: str) -> None:
        self.keys += ("\1" if self.keys else "") + value
        if len(self.keys) > MAX_KEY:
            raise Refused("the key is too long")

    def compare(self, unused_option: str, value: str) -> None:
        found = re.fullmatch(r"(.*?)(!=|=)(.+)", value, re.S)
        one, operator, other = found.groups() if found else ("", "", "")
        same = {"auid" if name == "loginuid" else name for name in (one, other)}
        if self.list != "exit" or len(same) != 2 or not any({one, other} <= names for names in (USERS, GROUPS)):
            raise Refused(f"{value} is not a valid comparison")
        self.fields.append(("field_compare", operator, value))

    def field(self, unused_option: str, value: str) -> None:
        if not self.list:
            raise Refused("-F comes before its list")
        if value.startswith("key="):
            self._key(value[4:])
            return
        self._checked(*self._parted(value))

    @staticmethod
    def _parted(text: str) -> tuple[str, str, str]:
        """Of the operators auditctl looks for the long ones first, wherever they stand."""
        operator = next((sign for sign in ("!=", ">=", "<=", "&=", "=", ">", "<", "&") if sign in text), None)
        name, value = text.split(operator, 1) if operator else (text, "")
        if not operator or not name or not value:
            raise Refused(f"{text} is not a condition")
        return name, operator, value

    def _checked(self, name: str, operator: str, value: str) -> None:
        """One condition, as libaudit and then the kernel (audit_field_valid) look at it."""
        if name not in FIELDS:
            raise Refused(f"there is no field {name}")
        if self.list == "exclude" and name not in EXCLUDABLE:
            raise Refused(f"the list exclude does not support {name}")
        if self.list == "filesystem" and name not in ("fstype", "key"):
            raise Refused(f"the list filesystem does not support {name}")
        if name in EXIT_ONLY and self.list != "exit":
            raise Refused(f"the list {self.list} does not support {name}")
        if name == "arch" and self.called:
            raise Refused("arch comes after a system call")
        if len(self.fields) >= 63:
            raise Refused("it has too many conditions")
        self._operator(name, operator)
        self._value(name, value)
        if name == "arch":
            self.arch = value
        self.keyed |= name in FILES or name in ("perm", "fstype")
        self.fields.append((name, operator, value))

    @staticmethod
    def _operator(name: str, operator: str) -> None:
        equal = LABELS | {"arch", "exe", "fstype", "filetype", "inode"}
        if (name in equal and operator not in ("=", "!=")) or (name in ("perm", "path", "dir") and operator != "="):
            raise Refused(f"{name} cannot be compared by {operator}")
        if operator in ("&", "&=") and name not in ARGUMENTS:
            raise Refused(f"{name} cannot be compared by {operator}")

    def _value(self, name: str, value: str) -> None:
        number = re.match(r"-?\d", value, re.A)
        digits = value[:1] in DIGITS
        wrong = {
            "msgtype": self.list not in ("exclude", "user") or not (digits or re.fullmatch(r"[A-Z0-9_]+", value)),
            "arch": not (digits or value in MACHINES),
            "perm": not _PERMISSIONS.fullmatch(value),
            "filetype": value not in FILETYPES,
            "fstype": self.list != "filesystem" or not (digits or value in ("tracefs", "debugfs")),
            "exit": not number and not re.fullmatch("-?(" + "|".join(errno.errorcode.values()) + ")", value),
            "sessionid": self.list not in ("exclude", "user", "exit"),
            "saddr_fam": digits and int(re.split(r"\D", value, flags=re.A)[0]) >= 46,
            "field_compare": not digits,
        }.get(name, False)
        wrong = wrong or (name in ARGUMENTS and not number)
        wrong = wrong or (name in NUMBERS - {"sessionid", "saddr_fam"} and not digits)
        wrong = wrong or (name in USERS and not number and value != "unset" and not self.grammar.known_user(value, "/etc/passwd"))
        wrong = wrong or (name in GROUPS and not digits and not self.grammar.known_user(value, "/etc/group"))
        if wrong:
            raise Refused(f"{value} is not a valid value of {name}")

    def other(self, option: str, unused_value: str) -> None:
        if option in ("-h", "-R", "-q", "-s"):
            raise Refused(f"{option} is not for a file of rules")

    def end(self) -> None:
        if self.keys and not (self.called or self.keyed):
            raise Refused("a key comes after a watch or system call")
        if self.called and not self.list:
            raise Refused("it names no list")
        self._kernel()

    def _kernel(self) -> None:
        """What auditctl takes and the kernel does not: paths that cannot be watched."""
        places = [(name, value) for name, unused, value in self.fields if name in FILES]
        if sum(name != "exe" for name, unused in places) + sum(name == "inode" for name, *unused in self.fields) > 1:
            raise Refused("it watches two things")
        for name, value in places:
            if not value.startswith("/") or (name != "dir" and value != "/" and value.endswith("/")):
                raise Refused(f"{value} cannot be watched")
            if not os.path.isdir(self._there(value if name == "dir" else os.path.dirname(value.rstrip("/")) or "/")):
                raise Refused(f"there is no directory for {value}")

    def _there(self, path: str) -> str:
        try:
            return self.grammar.host.path(path)
        except OSError:
            return ""


_READERS = {
    **dict.fromkeys(("-e", "-f", "-r", "-b", "--backlog_wait_time"), "number"),
    **dict.fromkeys(("-a", "-A", "-d"), "add"),
    **dict.fromkeys(("-w", "-W"), "watch"),
    "-S": "call",
    "-F": "field",
    "-C": "compare",
    "-k": "key",
    "-p": "permissions",
}
