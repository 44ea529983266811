# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How PAM locks accounts and judges passwords, as ``{faillock.deny: 5, pwquality.minlen: 14, unix.nullok: false}``.

A value counts when its module is in force in the stacks that people meet, and
no argument and no later file says otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access import pam_authselect
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    LOCKOUT,
    MAIN_FILE,
    NOTICE,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value, choices
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import Administrators
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import profiles as pam_profiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam.modules import (
    COMMENT,
    HASHES,
    MODULES,
    SEPARATOR,
    SERVICES,
    Module,
    configured,
    stated,
)
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam.stack import Rule
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files, PendingFiles

FAILLOCK_CONF = "/etc/security/faillock.conf"
PWHISTORY_CONF = "/etc/security/pwhistory.conf"
# The last one of its directory to be read.
PWQUALITY_CONF = "/etc/security/pwquality.conf.d/zz-hygeia.conf"
# Read after that directory.
PWQUALITY_MAIN = "/etc/security/pwquality.conf"
# The services that ask pam_wheel; without a file of its own su-l has that of su.
WHEEL_IN = ("/etc/pam.d/su", "/etc/pam.d/su-l")
# Modules that work only where a stack runs them.
_IN_STACKS = ("faillock", "pwhistory", "pwquality", "umask")
LIBRARIES = ("/usr/lib/*/security", "/lib/*/security", "/usr/lib/security", "/usr/lib64/security")

_SESSIONS = ("", "-noninteractive")
# The modules whose settings a file serves; a file that is not named serves all.
SERVES = {
    FAILLOCK_CONF: ("faillock",),
    PWQUALITY_CONF: ("pwquality",),
    PWQUALITY_MAIN: ("pwquality",),
    PWHISTORY_CONF: ("pwhistory",),
    pam_profiles.path(pam_profiles.PWHISTORY): ("pwhistory",),
    pam_profiles.path(pam_profiles.UMASK): ("umask",),
    **dict.fromkeys((f"/etc/pam.d/common-session{kind}" for kind in _SESSIONS), ("umask",)),
    **dict.fromkeys((f"{pam_profiles.SAVED}/session{kind}" for kind in _SESSIONS), ("umask",)),
    **{pam_profiles.path(profile): ("faillock",) for profile in pam_profiles.FAILLOCK},
    **dict.fromkeys(("/etc/pam.d/common-account", f"{pam_profiles.SAVED}/account"), ("faillock",)),
    **dict.fromkeys(("/etc/pam.d/common-auth", f"{pam_profiles.SAVED}/auth"), ("faillock", "unix")),
    **dict.fromkeys(
        ("/etc/pam.d/common-password", f"{pam_profiles.SAVED}/password"),
        ("pwhistory", "pwquality", "unix.hash", "unix.remember", "unix.use_authtok"),
    ),
    **dict.fromkeys(WHEEL_IN, ("wheel",)),
    **dict.fromkeys((f"{pam_profiles.SAVED}/seen",), _IN_STACKS),
}

# Why a module's settings would lock out the last administrator, and what to do first.
_BARS = {
    "unix": "{who} logs in with an empty password, and nobody else could become root: set one first",
    "wheel": "nobody could become root any more: put {who} into the group {group} first",
    "faillock": "wrong passwords, whoever types them, would lock out {who} for ever, and with that everybody: limit unlock_time",
}


class Pam(Kind):
    name = "pam"

    def absent(self) -> str:
        installed = self.host.exists("/etc/pam.d/common-auth") or self.host.packages.installed("libpam-runtime")
        if installed or pam_authselect.serves(self.host):
            return ""
        return "there is no /etc/pam.d/common-auth and no system-auth, so this is not a system of Debian's or Red Hat's kind"

    # -- enforcing ----------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        asked = _by_module({name: self.plain(value) for name, value in wanted.items()})
        missing = {module: " or ".join(choices(MODULES[module].package)) for module in asked if not self._available(module)}
        refused = {module: f"{package} is not installed" for module, package in missing.items()}
        asked = {module: options for module, options in asked.items() if module not in refused}
        texts = {**self._edited(FAILLOCK_CONF, "faillock", asked), **self._pwquality_conf(asked.get("pwquality", {}), partial)}
        changes: list[Change] = []
        if pam_authselect.serves(self.host):
            texts.update(self._edited(PWHISTORY_CONF, "pwhistory", asked))
            changes, unable = pam_authselect.plan(self.host, asked)
            for change in changes:
                change.names = frozenset(name for name in wanted if _module(name) in change.names)
            refused.update(unable)
        else:
            stacks, problem, concerned = self._stacks(asked, partial)
            texts.update(stacks)
            if problem:
                refused.update((module, problem) for module in asked if module in concerned)
        if "wheel" in asked:
            edits, refused["wheel"] = self._wheel(asked["wheel"])
            texts.update(edits)
        for path, text in texts.items():
            names = [name for name in wanted if _module(name) in SERVES.get(path, MODULES)] or wanted
            changes += self.uninstall(path, names) if text is None else self.edit(path, text, names)
        refusals = [Refusal(frozenset(name for name in wanted if _module(name) == module), why) for module, why in refused.items() if why]
        return Plan(changes, refusals)

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """The last administrator is neither left without a way to root nor locked out for ever."""
        administrators = Administrators(self.host)
        values = {name: self.plain(value) for name, value in due.items()}
        bars = {
            "unix": administrators.lost(empty_passwords=False) if values.get("unix.nullok") == "no" else "",
            "wheel": administrators.lost(su_group=values["wheel.group"]) if "wheel.group" in values else "",
            "faillock": administrators.lockable(self._locks_root(values)) if self._locks_for_ever(values) else "",
        }
        for module, who in bars.items():
            names = frozenset(name for name in due if _module(name) == module)
            if who and names:
                yield Refusal(names, _BARS[module].format(who=who, group=values.get("wheel.group")), LOCKOUT)

    def _locks_for_ever(self, values: Mapping[str, str]) -> bool:
        """What a site has set so stays so."""
        found = configured(PendingFiles(self.host, {}), MODULES["faillock"], "unlock_time")
        return bool({values.get("faillock.unlock_time"), found and found[0]} & {"0", "never"})

    def _locks_root(self, values: Mapping[str, str]) -> bool:
        names = ("even_deny_root", "root_unlock_time")
        wanted = any(values.get(f"faillock.{name}", "no") != "no" for name in names)
        return wanted or any(configured(PendingFiles(self.host, {}), MODULES["faillock"], name) for name in names)

    def _available(self, module: str) -> bool:
        """Is the module here, or would its package be by now in check mode?"""
        return self._here(module) or any(map(self.host.packages.installed, choices(MODULES[module].package)))

    def _here(self, module: str) -> bool:
        return any(self.host.glob(f"{directory}/{MODULES[module].name}") for directory in LIBRARIES)

    def _edited(self, path: str, module: str, asked: Mapping[str, dict[str, str]]) -> dict[str, str]:
        """A file without drop-ins is edited in place; what a site has set more strictly stays."""
        options, text = asked.get(module, {}), self.host.read(path) or ""
        for option, value in sorted(options.items()):
            found = [old or "yes" for unused_line, old in stated(text, option)]
            if value == "no":
                text = logical_lines.drop(text, option, SEPARATOR, COMMENT)
            elif not found or not MODULES[module].options[option].satisfies(value, found[0 if MODULES[module].first else -1]):
                text = logical_lines.put(text, option, option if value == "yes" else f"{option} = {value}", SEPARATOR, COMMENT)
        return {path: text} if options else {}

    def _pwquality_conf(self, options: Mapping[str, str], partial: bool) -> dict[str, str | None]:
        """Our drop-in, or our block in the main file; what stands in the other layout's place goes."""
        before, main = self.host.read(PWQUALITY_CONF), self.host.read(PWQUALITY_MAIN)
        own = main_file.theirs(main)
        theirs = PendingFiles(self.host, {PWQUALITY_CONF: None, PWQUALITY_MAIN: own})
        settings = {option: value for option, value in options.items() if value != "no" and not _stricter(theirs, option, value)}
        if partial:
            written_before = f"{before or ''}{main_file.block(main or '')}"
            old = {option: value or "yes" for option, value in re.findall(r"^(\w+)(?: = (.*))?$", written_before, re.M | re.A)}
            settings = {**{option: value for option, value in old.items() if option not in options}, **settings}
        written = (option if value == "yes" else f"{option} = {value}" for option, value in sorted(settings.items()))
        ours = "".join(f"{line}\n" for line in written)
        inside, beside = (ours, None) if self.layout == MAIN_FILE else ("", (ours and NOTICE + ours) or None)
        aside = (number for option in settings for number, unused_value in stated(own, option)) if inside else ()
        texts = {PWQUALITY_MAIN: main_file.combined(own, inside, aside), PWQUALITY_CONF: beside}
        return {path: text for path, text in texts.items() if (text or None) != (self.host.read(path) or None)}

    def _wheel(self, options: Mapping[str, str]) -> tuple[dict[str, str], str]:
        """The files of su in which pam_wheel asks, and why they are left alone, else nothing."""
        if not self.host.which("sudo"):
            return {}, "without sudo su is the only way to root, so it stays open to all who know the password"
        words = [name if value == "yes" else f"{name}={value}" for name, value in sorted(options.items()) if value != "no"]
        line = f"auth       required   pam_wheel.so {' '.join(words)}"
        edits: dict[str, str] = {}
        gaps = pam_stack.ends_at_gaps(self.host)
        for path in filter(self.host.exists, WHEEL_IN):
            text = self.host.read(path) or ""
            rules = pam_stack.entries(text, "auth", gaps)
            rootok = next((at for at, rule in rules if rule.module == "pam_rootok.so" and rule.control == "sufficient"), None)
            asking = next(((at, rule) for at, rule in rules if pam_stack.asks_for_a_group(rule)), None)
            if not rootok:
                if not pam_stack.includes(text, "su", "auth", gaps):
                    return {}, f"{path} was edited by hand and does not let root through before it asks others"
            elif not asking:
                edits[path] = logical_lines.inserted(text, rootok, line)
            elif set(words) - set(asking[1].arguments):
                edits[path] = logical_lines.replaced(text, asking[0], line, carriage=False)
        return edits, ""

    def _stacks(self, asked: Mapping[str, dict[str, str]], partial: bool) -> tuple[dict[str, str | None], str, set[str]]:
        """The stacks and profiles as they should be, why modules could not be put into them, and which."""
        edits: dict[str, str | None] = {**self._unix_edits(asked)}
        edits.update(self._history_edits(asked, edits))
        profiles = self._profiles(asked, partial)
        texts = {path: text for path, text in profiles.items() if self.host.read(path) != text}
        modules = [module for module in _IN_STACKS if module in asked and self._here(module)]
        idle = [module for module in modules if not self._in_force(PendingFiles(self.host, {}), module)]
        concerned = {*idle, *(module for path in texts for module in SERVES.get(path, ()))}
        if not concerned:
            return edits, "", concerned
        enable = [os.path.basename(path) for path, text in profiles.items() if text is not None]
        enable += ["pwquality"] if "pwquality" in idle else []  # the profile that its package brings
        remove = [os.path.basename(path) for path, text in profiles.items() if text is None]
        try:
            result = {**texts, **edits}
            result.update(pam_profiles.updated(PendingFiles(self.host, result), enable, remove))
        except pam_profiles.EditedByHand as edited:
            return edits, str(edited), concerned
        problem = self._unsafe(PendingFiles(self.host, result), modules)
        return (edits if problem else result), problem, concerned

    def _unix_edits(self, asked: Mapping[str, dict[str, str]]) -> dict[str, str]:
        """The options of pam_unix; pam-auth-update keeps options that are edited in place."""
        edits: dict[tuple[str, str], Callable[[list[str]], list[str]]] = {}
        if "unix" in asked:
            edits["/etc/pam.d/common-auth", "auth"] = lambda words: [word for word in words if not word.startswith("nullok")]
        if {"unix.hash", "unix.remember", "unix.use_authtok"} & asked.keys():
            edits["/etc/pam.d/common-password", "password"] = lambda words: self._password_words(words, asked)
        texts = {(path, phase): self.host.read(path) for path, phase in edits}
        return {
            path: pam_stack.reworded(text, "pam_unix.so", phase, edits[path, phase], pam_stack.ends_at_gaps(self.host))
            for (path, phase), text in texts.items()
            if text is not None
        }

    def _history_edits(self, asked: Mapping[str, dict[str, str]], edits: Mapping[str, str | None]) -> dict[str, str]:
        """The options of a pam_pwhistory that somebody else put into the stack."""
        path, module, options = "/etc/pam.d/common-password", MODULES["pwhistory"], asked.get("pwhistory", {})
        text = edits.get(path, self.host.read(path))
        if not options or text is None or self.host.exists(pam_profiles.path(pam_profiles.PWHISTORY)):
            return {}

        def edit(words: list[str]) -> list[str]:
            for option, value in sorted(options.items()):
                rule = pam_stack.Rule("", "", module.name, tuple(words))
                if option == "use_authtok" or module.options[option].satisfies(
                    value, _value(PendingFiles(self.host, {}), module, option, rule)[0]
                ):
                    continue
                set_to = [] if value == "no" else [option if value == "yes" else f"{option}={value}"]
                words = [word for word in words if word.partition("=")[0] != option] + set_to
            return words

        return {path: pam_stack.reworded(text, module.name, "password", edit, pam_stack.ends_at_gaps(self.host))}

    def _password_words(self, words: list[str], asked: Mapping[str, dict[str, str]]) -> list[str]:
        """The options of pam_unix where passwords are changed; it takes a judged password once there is a judge."""
        if "unix.hash" in asked:
            words = [word for word in words if word not in HASHES] + [asked["unix.hash"]["hash"]]
        if asked.get("unix.remember", {}).get("remember") == "no":
            words = [word for word in words if not word.startswith("remember")]
        judged = self._in_force(PendingFiles(self.host, {}), "unix.use_authtok")
        if judged and asked.get("unix.use_authtok", {}).get("use_authtok") == "yes" and "use_authtok" not in words:
            words = words + ["use_authtok"]
        return words

    def _profiles(self, asked: Mapping[str, dict[str, str]], partial: bool) -> dict[str, str | None]:
        """Our profiles by path, None for one that must go; none for what another profile or hand sees to already."""
        seen = PendingFiles(self.host, {})
        profiles = {}
        wanted = {"faillock": pam_profiles.FAILLOCK, "pwhistory": self._pwhistory(asked, partial), "umask": _umask(asked)}
        for module, texts in wanted.items():
            texts = {pam_profiles.path(profile): text for profile, text in texts.items()}
            ours = [path for path in texts if self.host.exists(path)]
            if module not in asked:
                profiles.update({} if partial else dict.fromkeys(ours))
            elif ours or not self._in_force(seen, module) or (module == "umask" and not self._umask_holds(seen, asked)):
                profiles.update(texts)
        return profiles

    @staticmethod
    def _umask_holds(seen: Files, asked: Mapping[str, dict[str, str]]) -> bool:
        """Does a site's own rule give every session this umask, or a stricter one?"""
        stacks = [pam_stack.stack(seen, f"common-session{kind}", "session") for kind in _SESSIONS]
        last = [[rule.argument("umask") for rule in rules if rule.module == "pam_umask.so"][-1:] for rules in stacks]
        option = MODULES["umask"].options["umask"]
        return all(value and value[0] and option.satisfies(asked["umask"]["umask"], value[0]) for value in last)

    def _pwhistory(self, asked: Mapping[str, dict[str, str]], partial: bool) -> dict[str, str]:
        options = dict(asked.get("pwhistory", {}))
        if partial:
            before = self.host.read(pam_profiles.path(pam_profiles.PWHISTORY)) or ""
            options = {**pam_profiles.pwhistory_options(before), **options}
        return {pam_profiles.PWHISTORY: pam_profiles.pwhistory(options)}

    def _unsafe(self, seen: Files, modules: list[str]) -> str:
        """Why stacks must not be installed, in one sentence; else an empty string."""
        for phase in ("auth", "account", "password"):
            if not pam_stack.lets_in(pam_stack.stack(seen, f"common-{phase}", phase)):
                return f"pam-auth-update would make an /etc/pam.d/common-{phase} that lets nobody in"
        idle = [module for module in modules if not self._in_force(seen, module)]
        return f"with pam-auth-update /etc/pam.d/common-{MODULES[idle[0]].phase} still {MODULES[idle[0]].idle}" if idle else ""

    def _in_force(self, seen: Files, module: str) -> bool:
        phase = MODULES[module].phase
        return MODULES[module].in_force(pam_stack.stack(seen, f"common-{phase}", phase))

    # -- observing ------------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        _by_module({name: self.plain(value) for name, value in wanted.items()})
        seen = PendingFiles(self.host, {})
        stacks = {
            phase: {
                service: pam_stack.stack(seen, service, phase)
                for service in [name for name in services if seen.is_file(f"{pam_stack.DIRECTORY}/{name}")] or ["other"]
            }
            for phase, services in SERVICES.items()
        }
        return {name: self._observation(seen, stacks, name, self.plain(value)) for name, value in wanted.items()}

    def _observation(self, seen: Files, stacks: Mapping[str, dict[str, list[Rule]]], name: str, wanted: str) -> Observation:
        """The value that a service would meet; of several services the one that is wrong."""
        module, option = MODULES[_module(name)], _option(name)
        found = []
        meant = {service: rules for service, rules in stacks[module.phase].items() if not module.services or service in module.services}
        if not meant:
            return Observation(status="not_applicable", message=f"there is no service {module.services[0]}")
        for service, rules in meant.items():
            if not module.in_force(rules):
                return Observation(None, f"/etc/pam.d/{service}", f"/etc/pam.d/{service} {module.idle}")
            # With deny pam_wheel is a rule against some, beside the one for those who may.
            own = [rule for rule in rules if rule.module == module.name and "deny" not in rule.arguments]
            found += [_value(seen, module, option, rule) for rule in (own[-1:] if module.last else own)]
        wrong = [(value, place) for value, place in found if not module.options[option].satisfies(wanted, value)]
        value, place = (wrong or found or [(module.options[option].default, module.name)])[0]
        foreign = wrong and not place.startswith((FAILLOCK_CONF, PWHISTORY_CONF, PWQUALITY_CONF))
        return Observation(value, place, f"{place} sets {option} to {value}" if foreign else "")

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and MODULES[_module(name)].options[_option(name)].satisfies(self.plain(wanted), value)


def _stricter(theirs: PendingFiles, option: str, value: str) -> bool | None:
    """Do other files than ours ask for more of a password already?"""
    found = configured(theirs, MODULES["pwquality"], option)
    return found and found[0] != value and MODULES["pwquality"].options[option].satisfies(value, found[0])


def _umask(asked: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """The profile that gives every session the wanted umask; its text matters only where one is wanted."""
    return {pam_profiles.UMASK: pam_profiles.umask(asked.get("umask", {"umask": "077"}))}


def _module(name: str) -> str:
    """The key of a setting's module; the hash is a matter of another stack."""
    return name if name in MODULES else name.partition(".")[0]


def _option(name: str) -> str:
    return name.partition(".")[2]


def _by_module(wanted: Settings) -> dict[str, dict[str, str]]:
    """The wanted options of each module; BadSetting for what is not known or makes no sense."""
    asked: dict[str, dict[str, str]] = {}
    for name, value in wanted.items():
        module = MODULES.get(_module(name))
        option = module.options.get(_option(name)) if module else None
        if not option:
            known = ", ".join(sorted(f"{module}.*" for module in MODULES if "." not in module))
            raise BadSetting(f"pam: {name} is not known; choose one of {known}, or one of their options")
        if not option.accepts(value) or (name, value) == ("unix.nullok", "yes") or (name == "unix.hash" and value not in HASHES):
            raise BadSetting(f"pam: {name} cannot be {value}")
        asked.setdefault(_module(name), {})[_option(name)] = value
    return asked


def _value(seen: Files, module: Module, option: str, rule: Rule) -> tuple[str | None, str]:
    """What one line of a stack has for an option, and where from: its arguments, the files, the default."""
    if option == "hash":
        return next((word for word in reversed(rule.arguments) if word in HASHES), None), rule.place
    # root_unlock_time implies even_deny_root (faillock.conf(5)).
    for name in (option, "root_unlock_time") if option == "even_deny_root" else (option,):
        argument = rule.argument(name)
        conf = rule.argument("conf")
        found = (argument, rule.place) if argument else configured(seen, module, name, (conf,) if conf else ())
        if found:
            return ("yes", found[1]) if name != option else found
    return module.options[option].default, f"the default of {module.name}"
