# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Giving a system what a setting expects, or something else: one function for each kind."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import problems
from ansible_collections.hygeia.golden.tests.windows import systems
from ansible_collections.hygeia.golden.tests.windows.systems import CURRENT, FIREWALL, MACHINE, PROFILES, SIDS, STARTS, User

UNINSTALL = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
PACKAGES = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
NUMBERS = (0, 1, 2, 3, 4, 5, 9, 30, 97, 999, 65536, 4_000_000_000)
TEXTS = ("", "0", "1", "spoilt", "97", "999")
LISTS = ([], ["spoilt"])


def mapping(wanted):
    """An expectation in full."""
    return {"only": wanted} if isinstance(wanted, list) else wanted if isinstance(wanted, dict) else {"equals": wanted}


def chosen(wanted, right, candidates):
    """The first candidate that is as expected, or that is not."""
    wanted = {name: value for name, value in wanted.items() if name != "type"}
    return next(each for each in candidates if bool(problems(wanted, each)) != right)


def candidates(wanted):
    """Values of the sort that is expected, the expected ones first."""
    given = [wanted.get("equals"), *wanted.get("one_of", ()), wanted.get("at_least"), wanted.get("at_most"), wanted.get("default")]
    given = [each for each in given if each is not None]
    listed = [each for name in ("only", "contains") for each in wanted.get(name, ())]
    sort = wanted.get("type", "")
    if sort == "multi_sz" or "only" in wanted:
        return [listed, *LISTS]
    if sort in ("sz", "expand_sz"):
        return [*map(str, given), " ".join(map(str, listed)), *TEXTS]
    if any(isinstance(each, str) for each in (*given, *wanted.get("none_of", ()), *listed)):
        return [*(each for each in given if isinstance(each, str)), " ".join(map(str, listed)), *TEXTS, *wanted.get("none_of", ())]
    return [*map(int, given), *NUMBERS, *wanted.get("none_of", ())]


def set_right(system, kind, name, wanted, right=True):
    """Make a setting right in a system, or wrong."""
    globals()[kind](system, name, wanted, right)


def windows_registry(system, name, wanted, right):
    key, mark, value = name.partition("::")
    key, value = (key.rstrip("\\"), value) if mark else (name.rpartition("\\")[0], name.rpartition("\\")[2])
    key, wanted = key.replace("\\*", "\\Example"), mapping(wanted)
    if wanted.get("absent"):
        system.drop(key, value) if right else system.put(key, value, 1)
        return
    found = chosen(wanted, right, candidates(wanted))
    sort = wanted.get("type")
    if sort == "expand_sz":
        found = (2, systems.hives.text(found))
    elif sort == "qword":
        found = (11, found.to_bytes(8, "little"))
    system.put(key, value, found)


def windows_service(system, name, wanted, right):
    service, dot, field = name.rpartition(".")
    if dot + field not in (".account", ".command"):
        service, field = name, ""
    key, wanted = f"{CURRENT}\\Services\\{service}", mapping(wanted)
    if field:
        system.put(key, "Start", 2)
        system.put(key, {"account": "ObjectName", "command": "ImagePath"}[field], chosen(wanted, right, candidates(wanted)))
        return
    system.put(key, "Type", 0x10)
    system.put(key, "Start", STARTS[chosen(wanted, right, list(STARTS))])


def windows_audit_policy(system, name, wanted, right):
    system.audit[name] = ([wanted] if isinstance(wanted, str) else list(wanted)) if right else []


def windows_user_right(system, name, wanted, right):
    wanted = mapping(wanted)
    if "only" in wanted:
        system.rights[name] = [*wanted["only"], *([] if right else ["S-1-5-21-7-7-7-1107"])]
    else:
        system.rights[name] = list(wanted["contains"]) if right else []


def windows_account_policy(system, name, wanted, right):
    wanted = mapping(wanted)
    among = [True, False] if isinstance(system.policy[name], bool) else [*candidates(wanted), "never"]
    system.policy[name] = chosen(wanted, right, among)


def windows_accounts(system, name, wanted, right):
    wanted = mapping(wanted)
    account, unused_bar, field = name.partition("_")
    if field in ("name", "enabled") and account in ("administrator", "guest"):
        user = system.users[{"administrator": 500, "guest": 501}[account]]
        among = [True, False] if field == "enabled" else [*candidates(wanted), user.name, "Spoilt"]
        setattr(user, field, chosen(wanted, right, among))
    elif name in systems.GROUPS:
        known = {user.name: f"{MACHINE}-{user.number}" for user in system.users.values()}
        members = [known.get(member, SIDS.get(member)) for member in wanted.get("only", ())]
        system.groups[name] = [*filter(None, members), *([] if right else ["S-1-5-21-7-7-7-1108"])]
    elif name == "enabled":
        extra = system.users.pop(1001, None) if right else User(1001, "intruder")
        if not right:
            system.users[1001] = extra
    else:
        attribute = {"without_password": "password", "password_not_required": "not_required", "password_never_expires": "never_expires"}[
            name
        ]
        for user in system.users.values():
            setattr(user, attribute, (name == "without_password") == right)


def windows_firewall(system, name, wanted, right):
    wanted = mapping(wanted)
    policy = f"{CURRENT}\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
    if name == "inbound_ports":
        text = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=4444|Name=spoilt|"
        system.drop(f"{policy}\\FirewallRules", "spoilt") if right else system.put(f"{policy}\\FirewallRules", "spoilt", text)
        return
    profile, unused_dot, field = name.partition(".")
    value, below, words = FIREWALL[field]
    found = chosen(wanted, right, list(words) or candidates(wanted))
    system.put(f"{policy}\\{PROFILES[profile]}{below}", value, words.get(found, found))


def windows_program(system, name, wanted, right):
    key = f"{UNINSTALL}\\{name.strip('*')}"
    there = (wanted == "present") == right if isinstance(wanted, str) else True
    if there:
        system.put(key, "DisplayName", name.replace("*", " X "))
        system.put(key, "DisplayVersion", str(wanted["at_least"]) if isinstance(wanted, dict) and right else "0.0.1")
    else:
        system.drop(key, "DisplayName")


def windows_feature(system, name, wanted, right):
    there = (wanted == "present") == right
    key = f"{PACKAGES}\\{name.replace('*', '-X')}~31bf3856ad364e35~amd64~~10.0.20348.1"
    system.put(key, "CurrentState", 0x70 if there else 0x40)


def windows_file(system, name, wanted, right):
    path = name.replace("*", "x")
    if (wanted == "present") == right:
        system.files[path] = b"made by a test\r\n"
    else:
        system.files.pop(path, None)


def windows_state(system, name, wanted, right):
    globals()[f"_{name}"](system, wanted, right)


def _unquoted_service_paths(system, unused_wanted, right):
    key = f"{CURRENT}\\Services\\Unquoted"
    system.put(key, "Type", 0x10)
    system.put(key, "Start", 2)
    path = "C:\\Program Files\\Some Vendor\\service.exe"
    system.put(key, "ImagePath", f'"{path}" -k' if right else f"{path} -k")


TASK = (
    '<?xml version="1.0" encoding="UTF-16"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Principals>'
    '<Principal id="Author"><UserId>{user}</UserId><LogonType>{logon}</LogonType></Principal></Principals></Task>'
)


def _task(system, path, user, logon, right):
    if right:
        system.files.pop(path, None)
    else:
        system.files[path] = TASK.format(user=user, logon=logon).encode("utf-16")


def _stored_task_passwords(system, unused_wanted, right):
    _task(system, "Windows\\System32\\Tasks\\Backup", "HOSPITAL\\backup", "Password", right)


def _foreign_system_tasks(system, unused_wanted, right):
    _task(system, "Windows\\System32\\Tasks\\Vendor\\Update", "S-1-5-18", "S4U", right)


def _certificate(system, store, right):
    key = system.key(f"HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\{store}\\Certificates")
    key.clear()
    if not right:
        key["AA" * 20] = {"Blob": b"\x03"}


def _machine_certificates(system, unused_wanted, right):
    _certificate(system, "MY", right)


def _added_roots(system, unused_wanted, right):
    _certificate(system, "ROOT", right)


def _left_unclean(system, unused_wanted, right):
    if right:
        system.files.pop("hiberfil.sys", None)
    else:
        system.files["hiberfil.sys"] = b"HIBR" + bytes(4092)


ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?><unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="oobeSystem"><component>'
    "<UserAccounts><AdministratorPassword><Value>{}</Value><PlainText>false</PlainText></AdministratorPassword></UserAccounts>"
    "</component></settings></unattend>"
)


def _answer_passwords(system, unused_wanted, right):
    system.files["Windows\\Panther\\unattend.xml"] = ANSWER.format("*SENSITIVE*DATA*DELETED*" if right else "aHVudGVyMg==").encode()


def _stored_secrets(system, unused_wanted, right):
    key = system.key("HKLM\\SECURITY\\Policy\\Secrets")
    key.clear()
    key["NL$KM"] = {"CurrVal": {"": b"own"}}
    if not right:
        key["DefaultPassword"] = {"CurrVal": {"": b"sealed by the system"}}


def _cached_logons(system, unused_wanted, right):
    system.put("HKLM\\SECURITY\\Cache", "NL$1", bytes(168) if right else b"\x01" * 168)
    system.put("HKLM\\SECURITY\\Cache", "NL$Control", b"\x04\0\x01\0\x0a\0\0\0")


def _user_file(system, path, right):
    system.files["Users\\Public\\Desktop\\desktop.ini"] = b""
    path = f"Users\\{path}"
    if right:
        system.files.pop(path, None)
    else:
        system.files[path] = b"made by a test"


def _user_profiles(system, unused_wanted, right):
    _user_file(system, "vendor\\NTUSER.DAT", right)


def _saved_credentials(system, unused_wanted, right):
    _user_file(system, "Administrator\\AppData\\Local\\Microsoft\\Credentials\\DFBE70A7E5CC19A398EBF1B96859CE5D", right)


def _command_histories(system, unused_wanted, right):
    _user_file(system, "Administrator\\AppData\\Roaming\\Microsoft\\Windows\\PowerShell\\PSReadLine\\ConsoleHost_history.txt", right)


def _build(system, wanted, right):
    build, revision = map(int, str(wanted["at_least"]).split("."))
    version = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    system.put(version, "CurrentBuildNumber", str(build))
    system.put(version, "UBR", revision if right else revision - 1)
