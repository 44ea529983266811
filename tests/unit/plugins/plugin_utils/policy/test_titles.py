# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who knows the name of a setting finds its control: the title, or the id, has it."""

from __future__ import annotations

import collections
import re

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

CONTROLS = Catalogue().controls
# Kinds whose settings have names of this collection: all their words stand for them, in any order and number.
OWN = {
    "accounts",
    "aide",
    "aide_conf",
    "apparmor",
    "apt_source",
    "audit_state",
    "boot_loader",
    "boot_target",
    "chrony",
    "filesystem",
    "log_forwarding",
    "network_manager",
    "nftables",
    "packet_filter",
    "rsyslog",
    "selinux",
    "ssh_host",
    "sudo_rules",
    "system_state",
}
# What a system administrator calls such a setting.
SHORT_FORMS = {
    "password_max_days": "chage --maxdays",
    "password_min_days": "chage --mindays",
    "password_warn_days": "chage --warndays",
    "password_inactive_days": "chage --inactive",
    "endless_accounts": "chage --expiredate",
    "superusers": "UID 0",
    "root_group_accounts": "GID 0",
    "root_groups": "GID 0",
    "foreign_homes": "home directories that belong to another",
    "open_dot_files": "dot files",
    "forwarding_dot_files": ".forward",
    "complaining": "complain mode",
    "bad_keys": "key files",
    "directories": "sudoers.d",
    "without_password": "NOPASSWD",
    "world_writable_directories": "world-writable directories",
    "foreign_shared_directories": "world-writable directories",
    "set_user_id": "setuid",
    "set_group_id": "setgid",
    "loose_programs": "system programs",
    "loose_libraries": "system libraries",
    "loose_configuration": "system configuration",
    "type nfs*": "NFS",
    "type cifs": "CIFS",
}
# Parts of paths that say nothing by themselves.
COMMON = {
    "etc",
    "usr",
    "var",
    "lib",
    "bin",
    "sbin",
    "home",
    "root",
    "run",
    "log",
    "conf",
    "system",
    "systemd",
    "local",
    "share",
    "default",
    "srv",
    "boot",
    "security",
    "data",
    "parts",
    "spool",
    "plugins",
    "cache",
    "hygeia",
    "zz-hygeia.conf",
}
LONGEST = 100


def names(kind, name, value):
    """What stands for a setting: texts of which one must be there, or tuples of texts that all must."""
    if name in SHORT_FORMS and kind in OWN | {"mount"}:
        yield SHORT_FORMS[name]
    if kind == "audit_rule":
        yield from _audit(name, value)
    elif kind == "file":
        yield from _path(name)
    elif kind == "mount":
        yield from (name.replace("separate ", ""), name.split("*")[0].rstrip("/"))
    elif kind == "pam":
        module, option = name.split(".")
        yield (option, "pwquality" if module == "pwquality" else f"pam_{module}")
    elif kind in ("sysctl", "systemd_conf", "apt_conf", "login_limits", "service", "package"):
        yield from (name, *re.split(r" *\| *|(?<=.)\.(?=\w+$)|::", name), name.rpartition(" ")[2], re.sub(r"\.\w+$", "", name))
    elif kind in ("windows_registry", "windows_service"):
        yield re.split(r"::|\\", name)[-1]
    elif kind.startswith("windows_"):
        yield tuple(part for part in re.split(r"[_.]", name) if part not in ("enabled", "name"))
    elif kind in OWN:
        yield tuple(re.split(r"[_.]", name))
    else:
        yield name


def _audit(key, value):
    yield f"audit rule {key}"
    for line in value if isinstance(value, list) else []:
        yield from (found for pair in re.findall(r"(?:-w |path=|dir=)(\S*?([^/\s]+))(?=\s|$)", line) for found in pair)
        yield from (call for calls in re.findall(r"-S (\S+)", line) for call in calls.split(","))
        if not line.startswith(("-a", "-w")):
            yield from (line, line.split()[0])


def _path(path):
    yield from (path, path.split("*")[0].rstrip("/"))
    for part in (part.split("*")[0].strip() for part in path.split("/")):
        yield from (each for each in (part, part.removesuffix(".d")) if each not in COMMON and len(each) > 3)


def plain(text):
    return " ".join(re.sub(r"s$", "", word) for word in re.split(r"[^A-Za-z0-9]+", text.lower()) if word)


def has(text, name):
    """Does a text have a name? The words of this collection in any number, a name of software with no letter beside it."""
    if isinstance(name, tuple):
        return all(has(text, part) for part in name)
    return bool(name) and f" {plain(name)} " in f" {plain(text)} "


def named(control):
    text = f"{control['title']} {control['id']}"
    systems = [control["settings"], *control.get("variants", {}).values()]
    settings = ((kind, name, value) for kinds in systems for kind, values in kinds.items() for name, value in values.items())
    return any(has(text, name) for setting in settings for name in names(*setting))


def test_each_control_names_a_setting_of_its_own():
    assert [f"{name}: {control['title']}" for name, control in CONTROLS.items() if not named(control)] == []


def test_a_title_without_its_setting_is_noticed():
    control = {"id": "hardware-no-speaker", "title": "The machine does not beep", "settings": {"kernel_module": {"pcspkr": "disabled"}}}
    assert not named(control) and named({**control, "title": "Disable the pcspkr kernel module"})


def test_no_two_controls_are_called_the_same():
    assert [
        title for title, times in collections.Counter(plain(control["title"]) for control in CONTROLS.values()).items() if times > 1
    ] == []


def test_a_title_is_one_short_imperative():
    odd = [
        title
        for title in (control["title"] for control in CONTROLS.values())
        if len(title) > LONGEST or title.endswith(".") or not title[0].isupper()
    ]
    assert odd == []
