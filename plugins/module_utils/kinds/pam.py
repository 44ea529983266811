# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How PAM locks accounts and judges passwords, as ``{faillock.deny: 5, pwquality.minlen: 14, unix.nullok: false}``.

A value counts when its module is in force in the stacks that people meet, and
no argument and no later file says otherwise.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import lines, pam_authselect, pam_profiles, pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.administrators import Administrators
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.altered import Altered
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    LOCKOUT,
    NOTICE,
    BadSetting,
    Kind,
    Observation,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.pam_modules import (
    HASHES,
    MODULES,
    SEPARATOR,
    SERVICES,
    configured,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import choices

FAILLOCK_CONF = "/etc/security/faillock.conf"
PWHISTORY_CONF = "/etc/security/pwhistory.conf"
# The last one of its folder to be read.
PWQUALITY_CONF = "/etc/security/pwquality.conf.d/zz-hygeia.conf"
# The services that ask pam_wheel; without a file of its own su-l has that of su.
WHEEL_IN = ("/etc/pam.d/su", "/etc/pam.d/su-l")
_ROOTOK = re.compile(r"^auth\s+sufficient\s+pam_rootok\.so.*\n", re.M)
_WHEEL = re.compile(r"^[ \t]*auth[ \t]+(?:required|requisite)[ \t]+pam_wheel\.so(?!.*\b(?:deny|trust)\b)(.*)$", re.M)
# Modules that work only where a stack runs them.
_IN_STACKS = ("faillock", "pwhistory", "pwquality")
LIBRARIES = ("/usr/lib/*/security", "/lib/*/security", "/usr/lib/security", "/usr/lib64/security")

# The modules whose settings a file serves; a file that is not named serves all.
SERVES = {
    FAILLOCK_CONF: ("faillock",),
    PWQUALITY_CONF: ("pwquality",),
    PWHISTORY_CONF: ("pwhistory",),
    pam_profiles.path(pam_profiles.PWHISTORY): ("pwhistory",),
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

    def absent(self):
        installed = self.host.exists("/etc/pam.d/common-auth") or self.host.packages.installed("libpam-runtime")
        if installed or pam_authselect.serves(self.host):
            return ""
        return "there is no /etc/pam.d/common-auth and no system-auth, so this is no system of Debian's or Red Hat's kind"

    # -- enforcing ----------------------------------------------------------------

    def plan(self, wanted, partial=False):
        asked = _by_module({name: self.plain(value) for name, value in wanted.items()})
        missing = {module: " or ".join(choices(MODULES[module].package)) for module in asked if not self._available(module)}
        refused = {module: f"{package} is not installed" for module, package in missing.items()}
        asked = {module: options for module, options in asked.items() if module not in refused}
        texts = {**self._edited(FAILLOCK_CONF, "faillock", asked), **self._pwquality_conf(asked.get("pwquality", {}), partial)}
        changes = []
        if pam_authselect.serves(self.host):
            texts.update(self._edited(PWHISTORY_CONF, "pwhistory", asked))
            changes, unable = pam_authselect.plan(self.host, asked)
            for change in changes:
                change.names = frozenset(name for name in wanted if _module(name) in change.names)
            refused.update(unable)
        else:
            stacks, problem = self._stacks(asked, partial)
            texts.update(stacks)
            if problem:
                refused.update((module, problem) for module in _IN_STACKS if module in asked)
        if "wheel" in asked:
            edits, refused["wheel"] = self._wheel(asked["wheel"])
            texts.update(edits)
        for path, text in texts.items():
            names = [name for name in wanted if _module(name) in SERVES.get(path, MODULES)] or wanted
            changes += self.uninstall(path, names) if text is None else self.install(path, text, names, self._mode(path))
        refusals = [Refusal(frozenset(name for name in wanted if _module(name) == module), why) for module, why in refused.items() if why]
        return Plan(changes, refusals)

    def asks(self, due):
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

    def _locks_for_ever(self, values):
        """What a site has set so stays so."""
        found = configured(Altered(self.host, {}), [FAILLOCK_CONF], "unlock_time")
        return bool({values.get("faillock.unlock_time"), found and found[0]} & {"0", "never"})

    def _locks_root(self, values):
        names = ("even_deny_root", "root_unlock_time")
        wanted = any(values.get(f"faillock.{name}", "no") != "no" for name in names)
        return wanted or any(configured(Altered(self.host, {}), [FAILLOCK_CONF], name) for name in names)

    def _available(self, module):
        """Is the module here, or would its package be by now in check mode?"""
        return self._here(module) or any(map(self.host.packages.installed, choices(MODULES[module].package)))

    def _here(self, module):
        return any(self.host.glob(f"{folder}/{MODULES[module].name}") for folder in LIBRARIES)

    def _mode(self, path):
        return os.stat(self.host.path(path)).st_mode & 0o7777 if self.host.exists(path) else 0o644

    def _edited(self, path, module, asked):
        """A file without drop-ins is edited in place; what a site has set more strictly stays."""
        options, text = asked.get(module, {}), self.host.read(path) or ""
        for option, value in sorted(options.items()):
            set_to = [old.partition("#")[0].strip() for unused_line, old in lines.active(text, option, SEPARATOR)]
            if value == "no":
                text = lines.drop(text, option, SEPARATOR) if set_to else text
            elif not set_to or not all(MODULES[module].options[option].meets(value, old or "yes") for old in set_to):
                text = lines.put(text, option, option if value == "yes" else f"{option} = {value}", SEPARATOR)
        return {path: text} if options else {}

    def _pwquality_conf(self, options, partial):
        before = self.host.read(PWQUALITY_CONF)
        settings = {option: value for option, value in options.items() if value != "no"}
        if partial:
            old = {option: value or "yes" for option, value in re.findall(r"^(\w+)(?: = (.*))?$", before or "", re.M)}
            settings = {**{option: value for option, value in old.items() if option not in options}, **settings}
        if not settings:
            return {PWQUALITY_CONF: None} if before is not None else {}
        written = (option if value == "yes" else f"{option} = {value}" for option, value in sorted(settings.items()))
        return {PWQUALITY_CONF: NOTICE + "".join(f"{line}\n" for line in written)}

    def _wheel(self, options):
        """The files of su in which pam_wheel asks, and why they are left alone, else nothing."""
        if not self.host.which("sudo"):
            return {}, "without sudo su is the only way to root, so it stays open to all who know the password"
        words = [name if value == "yes" else f"{name}={value}" for name, value in sorted(options.items()) if value != "no"]
        line = f"auth       required   pam_wheel.so {' '.join(words)}"
        edits = {}
        for path in filter(self.host.exists, WHEEL_IN):
            text = self.host.read(path)
            found, rootok = _WHEEL.search(text), _ROOTOK.search(text)
            if not rootok:
                if not re.search(r"^(?:auth\s+|@)include\s+su$", text, re.M):
                    return {}, f"{path} was edited by hand and does not let root through before it asks others"
            elif not found:
                edits[path] = f"{text[:rootok.end()]}{line}\n{text[rootok.end():]}"
            elif set(words) - set(found[1].split()):
                edits[path] = text[:found.start()] + line + text[found.end():]
        return edits, ""

    def _stacks(self, asked, partial):
        """The stacks and profiles as they should be, and why modules could not be put into them."""
        edits = self._unix_edits(asked)
        profiles = self._profiles(asked, partial)
        texts = {path: text for path, text in profiles.items() if self.host.read(path) != text}
        modules = [module for module in _IN_STACKS if module in asked and self._here(module)]
        idle = [module for module in modules if not self._in_force(Altered(self.host, {}), module)]
        if not texts and not idle:
            return edits, ""
        enable = [os.path.basename(path) for path, text in profiles.items() if text is not None]
        enable += ["pwquality"] if "pwquality" in idle else []  # the profile that its package brings
        remove = [os.path.basename(path) for path, text in profiles.items() if text is None]
        try:
            result = {**texts, **edits}
            result.update(pam_profiles.updated(Altered(self.host, result), enable, remove))
        except pam_profiles.EditedByHand as edited:
            return edits, str(edited)
        problem = self._unsafe(Altered(self.host, result), modules)
        return (edits, problem) if problem else (result, "")

    def _unix_edits(self, asked):
        """The options of pam_unix; pam-auth-update keeps options that are edited in place."""
        edits = {}
        if "unix" in asked:
            edits["/etc/pam.d/common-auth"] = lambda words: [word for word in words if not word.startswith("nullok")]
        if {"unix.hash", "unix.remember", "unix.use_authtok"} & asked.keys():
            edits["/etc/pam.d/common-password"] = lambda words: self._password_words(words, asked)
        texts = {path: self.host.read(path) for path in edits}
        return {path: _reworded(text, "pam_unix.so", edits[path]) for path, text in texts.items() if text is not None}

    def _password_words(self, words, asked):
        """The options of pam_unix where passwords are changed; it takes a judged password once there is a judge."""
        if "unix.hash" in asked:
            words = [word for word in words if word not in HASHES] + [asked["unix.hash"]["hash"]]
        if asked.get("unix.remember", {}).get("remember") == "no":
            words = [word for word in words if not word.startswith("remember")]
        judged = self._in_force(Altered(self.host, {}), "unix.use_authtok")
        if judged and asked.get("unix.use_authtok", {}).get("use_authtok") == "yes" and "use_authtok" not in words:
            words = words + ["use_authtok"]
        return words

    def _profiles(self, asked, partial):
        """Our profiles by path, None for one that must go; none for what another profile or hand sees to already."""
        seen = Altered(self.host, {})
        profiles = {}
        for module, texts in (("faillock", pam_profiles.FAILLOCK), ("pwhistory", self._pwhistory(asked, partial))):
            texts = {pam_profiles.path(profile): text for profile, text in texts.items()}
            ours = [path for path in texts if self.host.exists(path)]
            if module not in asked:
                profiles.update({} if partial else dict.fromkeys(ours))
            elif ours or not self._in_force(seen, module):
                profiles.update(texts)
        return profiles

    def _pwhistory(self, asked, partial):
        options = dict(asked.get("pwhistory", {}))
        if partial:
            before = self.host.read(pam_profiles.path(pam_profiles.PWHISTORY)) or ""
            options = {**pam_profiles.pwhistory_options(before), **options}
        return {pam_profiles.PWHISTORY: pam_profiles.pwhistory(options)}

    def _unsafe(self, seen, modules):
        """Why stacks must not be installed, in one sentence; else an empty string."""
        for phase in ("auth", "account", "password"):
            if not pam_stack.lets_in(pam_stack.stack(seen, f"common-{phase}", phase)):
                return f"pam-auth-update would make an /etc/pam.d/common-{phase} that lets nobody in"
        idle = [module for module in modules if not self._in_force(seen, module)]
        return f"with pam-auth-update /etc/pam.d/common-{MODULES[idle[0]].phase} still {MODULES[idle[0]].idle}" if idle else ""

    def _in_force(self, seen, module):
        phase = MODULES[module].phase
        return MODULES[module].in_force(pam_stack.stack(seen, f"common-{phase}", phase))

    # -- observing ------------------------------------------------------------------

    def observe(self, wanted):
        _by_module({name: self.plain(value) for name, value in wanted.items()})
        seen = Altered(self.host, {})
        stacks = {
            phase: {
                service: pam_stack.stack(seen, service, phase)
                for service in [name for name in services if seen.is_file(f"{pam_stack.FOLDER}/{name}")] or ["other"]
            }
            for phase, services in SERVICES.items()
        }
        return {name: self._observation(seen, stacks, name, self.plain(value)) for name, value in wanted.items()}

    def _observation(self, seen, stacks, name, wanted):
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
            found += [_value(seen, module, option, rule) for rule in rules if rule.module == module.name and "deny" not in rule.arguments]
        wrong = [(value, place) for value, place in found if not module.options[option].meets(wanted, value)]
        value, place = (wrong or found or [(module.options[option].default, module.name)])[0]
        foreign = wrong and not place.startswith((FAILLOCK_CONF, PWHISTORY_CONF, PWQUALITY_CONF))
        return Observation(value, place, f"{place} sets {option} to {value}" if foreign else "")

    def meets(self, name, wanted, value):
        return value is not None and MODULES[_module(name)].options[_option(name)].meets(self.plain(wanted), value)


def _module(name):
    """The key of a setting's module; the hash is a matter of another stack."""
    return name if name in MODULES else name.partition(".")[0]


def _option(name):
    return name.partition(".")[2]


def _by_module(wanted):
    """The wanted options of each module; BadSetting for what is not known or makes no sense."""
    asked = {}
    for name, value in wanted.items():
        module = MODULES.get(_module(name))
        option = module.options.get(_option(name)) if module else None
        if not option:
            known = ", ".join(sorted(f"{module}.*" for module in MODULES if "." not in module))
            raise BadSetting(f"pam: {name} is not known; there are {known} and their options")
        if not option.accepts(value) or (name, value) == ("unix.nullok", "yes") or name == "unix.hash" and value not in HASHES:
            raise BadSetting(f"pam: {name} cannot be {value}")
        asked.setdefault(_module(name), {})[_option(name)] = value
    return asked


def _value(seen, module, option, rule):
    """What one line of a stack has for an option, and where from: its arguments, the files, the default."""
    if option == "hash":
        return next((word for word in reversed(rule.arguments) if word in HASHES), None), rule.place
    # root_unlock_time implies even_deny_root (faillock.conf(5)).
    for name in (option, "root_unlock_time") if option == "even_deny_root" else (option,):
        argument = rule.argument(name)
        conf = rule.argument("conf")
        found = (argument, rule.place) if argument else configured(seen, (conf,) if conf else module.files, name)
        if found:
            return ("yes", found[1]) if name != option else found
    return module.options[option].default, f"the default of {module.name}"


def _reworded(text, module, edit):
    """A stack's text with the arguments of one module edited."""
    done = []
    for line in text.splitlines():
        head, found, arguments = line.partition(module)
        words = arguments.split()
        if found and not line.lstrip().startswith("#") and edit(words) != words:
            line = f"{head}{' '.join([module, *edit(words)])}"
        done.append(f"{line}\n")
    return "".join(done)
