# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of Windows: what each expects, sees and refuses."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit_by
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import MASK
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import WindowsSystem
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import value_checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.windows import making, systems, volumes

LANMAN = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters"
LSA = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa"
CONTROLS = [control for control in Catalogue(strict=True).controls.values() if set(control["settings"]) & set(WINDOWS_KINDS)]


def look(system, kind, name, wanted):
    """The record of one setting."""
    (found,) = audit_by(WINDOWS_KINDS, WindowsSystem(volumes.Files(system.content())), [Control("c", {kind: {name: wanted}})], "offline")
    return found


def status(system, kind, name, wanted):
    return look(system, kind, name, wanted)["status"]


# What each kind sees of a good and of a bad value; the controls of the collection use most of them.
SETTINGS = [
    ("windows_registry", f"{LANMAN}\\SMB1", 0),
    ("windows_registry", f"{LANMAN}\\SMB1", {"equals": 0, "default": 0}),
    ("windows_registry", f"{LANMAN}\\NullSessionPipes", []),
    ("windows_registry", f"{LANMAN}\\NullSessionPipes", {"contains": ["one"], "type": "multi_sz"}),
    ("windows_registry", f"{LSA}\\Text", "Yes"),
    ("windows_registry", f"{LSA}\\Text", {"one_of": ["a", "b"]}),
    ("windows_registry", f"{LSA}\\Text", {"none_of": ["a", "b"]}),
    ("windows_registry", f"{LSA}\\Number", {"none_of": [0, 5]}),
    ("windows_registry", f"{LSA}\\Number", {"at_least": 3, "at_most": 30}),
    ("windows_registry", f"{LSA}\\CachedLogonsCount", {"at_most": 4, "type": "sz"}),
    ("windows_registry", f"{LSA}\\Wide", {"equals": 7, "type": "qword"}),
    ("windows_registry", f"{LSA}\\Path", {"equals": "%windir%\\x", "type": "expand_sz"}),
    ("windows_registry", f"{LSA}\\Gone", {"absent": True}),
    ("windows_registry", f"{LSA}\\", "the default value"),
    ("windows_registry", "HKLM\\SOFTWARE\\Policies\\HardenedPaths::\\\\*\\NETLOGON", {"contains": ["RequireIntegrity=1"]}),
    ("windows_registry", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\*\\NetbiosOptions", 2),
    ("windows_service", "Spooler", "disabled"),
    ("windows_service", "Spooler", {"one_of": ["disabled", "manual"]}),
    ("windows_service", "EventLog", "automatic"),
    ("windows_service", "Agent.account", "NT AUTHORITY\\LocalService"),
    ("windows_service", "Agent.command", {"contains": ["--tls"]}),
    ("windows_audit_policy", "Logon", ["success", "failure"]),
    ("windows_audit_policy", "Kerberos Authentication Service", "failure"),
    ("windows_audit_policy", "Token Right Adjusted Events", "success"),
    ("windows_user_right", "SeDebugPrivilege", ["Administrators"]),
    ("windows_user_right", "SeTcbPrivilege", []),
    ("windows_user_right", "SeDenyNetworkLogonRight", {"contains": ["Guests"]}),
    ("windows_user_right", "SeRemoteInteractiveLogonRight", ["Administrators", "Remote Desktop Users"]),
    ("windows_account_policy", "minimum_length", {"at_least": 14}),
    ("windows_account_policy", "maximum_age", {"at_least": 1, "at_most": 365}),
    ("windows_account_policy", "minimum_age", {"at_least": 1}),
    ("windows_account_policy", "history", {"at_least": 24}),
    ("windows_account_policy", "complexity", True),
    ("windows_account_policy", "reversible_encryption", False),
    ("windows_account_policy", "lockout_threshold", {"at_least": 1, "at_most": 5}),
    ("windows_account_policy", "lockout_minutes", {"at_least": 15}),
    ("windows_account_policy", "lockout_window", {"at_least": 15}),
    ("windows_accounts", "guest_enabled", False),
    ("windows_accounts", "administrator_enabled", False),
    ("windows_accounts", "administrator_name", {"none_of": ["Administrator"]}),
    ("windows_accounts", "guest_name", {"none_of": ["Guest"]}),
    ("windows_accounts", "enabled", ["Administrator"]),
    ("windows_accounts", "without_password", []),
    ("windows_accounts", "password_not_required", []),
    ("windows_accounts", "password_never_expires", []),
    ("windows_accounts", "administrators", ["Administrator"]),
    ("windows_accounts", "remote_desktop_users", []),
    ("windows_accounts", "backup_operators", []),
    ("windows_accounts", "remote_management_users", []),
    *(
        ("windows_firewall", f"{profile}.{field}", wanted)
        for profile in ("domain", "private", "public")
        for field, wanted in {
            "enabled": True,
            "inbound": "block",
            "outbound": "block",
            "notify": False,
            "local_rules": False,
            "log_dropped": True,
            "log_allowed": True,
            "log_size": {"at_least": 16384},
            "log_path": {"contains": ["\\Firewall\\"]},
        }.items()
    ),
    ("windows_firewall", "inbound_ports", ["3389/tcp"]),
    ("windows_program", "Adobe Flash*", "absent"),
    ("windows_program", "Microsoft Defender*", "present"),
    ("windows_program", "Example Agent", {"at_least": "1.10.2"}),
    ("windows_feature", "Microsoft-Windows-SMB1*", "absent"),
    ("windows_feature", "Microsoft-Windows-Hello", "present"),
    ("windows_file", "Windows\\Panther\\unattend.xml", "absent"),
    ("windows_file", "Windows\\Panther\\*.xml", "absent"),
    ("windows_file", "Program Files\\Agent\\agent.exe", "present"),
    ("windows_state", "unquoted_service_paths", []),
    ("windows_state", "stored_task_passwords", []),
    ("windows_state", "foreign_system_tasks", []),
    ("windows_state", "machine_certificates", []),
    ("windows_state", "added_roots", []),
    ("windows_state", "left_unclean", []),
    ("windows_state", "answer_passwords", []),
    ("windows_state", "stored_secrets", []),
    ("windows_state", "cached_logons", []),
    ("windows_state", "user_profiles", []),
    ("windows_state", "saved_credentials", []),
    ("windows_state", "command_histories", []),
    ("windows_state", "build", {"at_least": "20348.2227"}),
]


@pytest.mark.parametrize(("kind", "name", "wanted"), SETTINGS)
def test_a_good_value_passes_and_a_bad_one_fails_with_a_sentence(kind, name, wanted):
    good, bad = systems.System(), systems.System()
    making.set_right(good, kind, name, wanted)
    making.set_right(bad, kind, name, wanted, False)
    assert status(good, kind, name, wanted) == "pass"
    found = look(bad, kind, name, wanted)
    assert found["status"] == "fail" and found["message"] and found["read_from"], found


def test_every_kind_is_shown_good_and_bad():
    assert {kind for kind, unused_name, unused_wanted in SETTINGS} == set(WINDOWS_KINDS)


@pytest.fixture(scope="module")
def good():
    """A system that has what every control asks for."""
    system = systems.System()
    for control in CONTROLS:
        for setting in settings_of(control):
            making.set_right(system, *setting)
    return system


def settings_of(control):
    return [(kind, name, wanted) for kind, named in control["settings"].items() for name, wanted in named.items()]


def rounds():
    """Controls and the number of one of their settings, many at once: in some round any control is spoiled and any other is not."""
    for number in range(max(len(settings_of(control)) for control in CONTROLS)):
        having = [control for control in CONTROLS if len(settings_of(control)) > number]
        yield pytest.param(number, having, id=f"setting {number}, all")
        for digit in range(len(having).bit_length()):
            for value in (0, 1):
                chosen = [control for place, control in enumerate(having) if place >> digit & 1 == value]
                if chosen:
                    yield pytest.param(number, chosen, id=f"setting {number}, those with {value} as digit {digit} of their place")


def test_no_control_is_named_where_all_is_right(good):
    assert wrong(good) == []


@pytest.mark.parametrize(("number", "spoiled"), rounds())
def test_a_control_is_named_by_each_of_its_settings_and_no_other_is(good, number, spoiled):
    bad = good.copy()
    for control in spoiled:
        making.set_right(bad, *settings_of(control)[number], False)
    assert wrong(bad) == [control["id"] for control in spoiled]


def wrong(system):
    """The controls that do not pass, in the order of the catalogue."""
    controls = [Control.load(each) for each in CONTROLS]
    records = audit_by(WINDOWS_KINDS, WindowsSystem(volumes.Files(system.content())), controls, "offline")
    return [record["control"] for record in records if record["status"] not in ("pass", "not_applicable")]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_the_kinds_can_express_every_control(control):
    assert [value_checks.error(kind, name, wanted) for kind, named in control["settings"].items() for name, wanted in named.items()] == [
        ""
    ] * sum(map(len, control["settings"].values()))


# -- what counts where nothing is set ----------------------------------------------------


def test_a_value_that_is_not_there_is_what_windows_takes_then():
    system = systems.System()
    assert status(system, "windows_registry", f"{LANMAN}\\SMB1", {"equals": 0, "default": 0}) == "pass"
    found = look(system, "windows_registry", f"{LANMAN}\\SMB1", {"equals": 0, "default": 1})
    assert (found["status"], found["message"]) == ("fail", f"{LANMAN}\\SMB1 is not set, and Windows takes 1 then")
    assert look(system, "windows_registry", f"{LANMAN}\\SMB1", 0)["message"] == f"{LANMAN}\\SMB1 is not set"


def test_the_control_set_that_counts_is_the_one_that_starts_next():
    system = systems.System()
    system.put("HKLM\\SYSTEM\\ControlSet001\\Control\\Lsa", "X", 1)
    system.put("HKLM\\SYSTEM\\ControlSet002\\Control\\Lsa", "X", 2)
    assert status(system, "windows_registry", f"{LSA}\\X", 1) == "pass"
    system.put("HKLM\\SYSTEM\\Select", "Current", 2)
    assert status(system, "windows_registry", f"{LSA}\\X", 2) == "pass"
    system.put("HKLM\\SYSTEM\\Select", "Current", 0)
    assert "names no control set" in look(system, "windows_registry", f"{LSA}\\X", 2)["message"]


def test_a_value_of_another_type_is_none_that_windows_takes():
    system = systems.System()
    system.put(LSA, "X", "1")
    assert look(system, "windows_registry", f"{LSA}\\X", 1)["message"] == f"{LSA}\\X has the type sz and not dword"
    system.put(LSA, "X", 1)
    assert look(system, "windows_registry", f"{LSA}\\X", "1")["message"] == f"{LSA}\\X has the type dword and not sz"


def test_each_key_that_a_wildcard_means_must_be_right():
    system, name = systems.System(), "HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\*\\NetbiosOptions"
    assert status(system, "windows_registry", name, 2) == "not_applicable"
    for card, value in (("Tcpip_{a}", 2), ("Tcpip_{b}", 0)):
        system.put(name.partition("\\*")[0] + f"\\{card}", "NetbiosOptions", value)
    found = look(system, "windows_registry", name, 2)
    assert found["status"] == "fail" and "Tcpip_{b}\\NetbiosOptions is 0" in found["message"] and "{a}" not in found["message"]


def test_a_service_that_is_not_installed_starts_no_more_than_a_disabled_one():
    system = systems.System()
    assert status(system, "windows_service", "Nothing", "disabled") == "pass"
    assert status(system, "windows_service", "Nothing", {"one_of": ["manual", "disabled"]}) == "pass"
    assert look(system, "windows_service", "Nothing", "automatic")["message"] == "the service Nothing is not installed"
    assert status(system, "windows_service", "Nothing.account", "x") == "not_applicable"


def test_a_policy_has_the_last_word_on_the_firewall():
    system, policy = systems.System(), "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\PrivateProfile"
    assert status(system, "windows_firewall", "private.enabled", True) == "pass"
    making.set_right(system, "windows_firewall", "private.enabled", True)
    system.put(policy, "EnableFirewall", 0)
    found = look(system, "windows_firewall", "private.enabled", True)
    assert found["status"] == "fail" and found["read_from"] == f"{policy}\\EnableFirewall"


def test_a_rule_for_some_addresses_opens_no_port_to_everybody():
    system, rules = systems.System(), f"{systems.CURRENT}\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
    opened = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=22|"
    for name, text in {"a": opened, "b": opened.replace("22", "23") + "RA4=10.0.0.0/8|", "c": opened.replace("TRUE", "FALSE")}.items():
        system.put(rules, name, text)
    system.put(rules, "d", opened.replace("=22", "=RPC"))
    assert look(system, "windows_firewall", "inbound_ports", [])["observed"] == {"windows_firewall: inbound_ports": ["22/tcp"]}


# -- secrets ------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [{"absent": True}, "", {"none_of": ["hunter2-secret"]}, {"contains": ["x"]}])
def test_a_secret_is_never_shown(wanted):
    system, key = systems.System(), "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"
    system.put(key, "DefaultPassword", "hunter2-secret")
    found = look(system, "windows_registry", f"{key}\\DefaultPassword", wanted)
    assert found["status"] == "fail" and "hunter2" not in str({**found, "expected": ""})
    assert MASK in str(found["observed"])


def test_the_bytes_of_a_value_are_shown_by_their_number():
    system = systems.System()
    system.put("HKLM\\SECURITY\\Policy2", "Blob", b"\x13\x37" * 20)
    found = look(system, "windows_registry", "HKLM\\SECURITY\\Policy2\\Blob", {"absent": True})
    assert found["observed"] == {"windows_registry: HKLM\\SECURITY\\Policy2\\Blob": "40 bytes"}


# -- what means nothing, and what cannot be read ---------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "value", "sentence"),
    [
        ("windows_registry", "SOFTWARE\\X", 1, "lies in no hive"),
        ("windows_registry", f"{LSA}\\X", {"equal": 1}, "there is no equal"),
        ("windows_registry", f"{LSA}\\X", {"type": "dword"}, "nothing is expected"),
        ("windows_registry", f"{LSA}\\X", {"equals": 1, "type": "word"}, "there is no type word"),
        ("windows_registry", f"{LSA}\\X", {"absent": True, "equals": 1}, "leave out equals"),
        ("windows_registry", f"{LSA}\\X", {"absent": False}, "absent can only be true"),
        ("windows_registry", f"{LSA}\\X", {"at_least": "1"}, "at_least is a number"),
        ("windows_registry", f"{LSA}\\X", {"one_of": 1}, "one_of is a list"),
        ("windows_service", "X", "off", "X can be boot, system"),
        ("windows_audit_policy", "Logon", "all", "success, failure, or a list of both"),
        ("windows_audit_policy", "Login", "success", "there is no Login"),
        ("windows_user_right", "SeDebug", [], "there is no SeDebug"),
        ("windows_account_policy", "length", 1, "there is no length"),
        ("windows_account_policy", "history", {"type": "dword"}, "there is no type"),
        ("windows_program", "X", "gone", "absent, present or at_least"),
        ("windows_program", "X", {"at_least": "new"}, "absent, present or at_least"),
        ("windows_feature", "X", True, "absent or present"),
        ("windows_file", "C:\\x", "absent", "without a drive"),
        ("windows_file", "a*\\x", "absent", "without a drive"),
        ("windows_state", "build", "20348", "at_least a build"),
        ("windows_state", "happy", [], "there is no happy"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_is_read(kind, name, value, sentence):
    assert sentence in value_checks.error(kind, name, value)
    found = look(systems.System(), kind, name, value)
    assert found["status"] == "error" and sentence in found["message"]


def test_a_hive_that_cannot_be_read_spoils_only_what_lies_in_it():
    system = systems.System()
    content = {**system.content(), f"{systems.CONFIG}\\SAM": b"regf" + bytes(5000)}
    controls = [
        Control("sam", {"windows_accounts": {"without_password": []}}),
        Control("lsa", {"windows_registry": {f"{LSA}\\X": {"absent": True}}}),
    ]
    sam, lsa = audit_by(WINDOWS_KINDS, WindowsSystem(volumes.Files(content)), controls, "offline")
    assert (sam["status"], lsa["status"]) == ("error", "pass") and "SAM of partition 1 of windows.qcow2" in sam["message"]


def test_a_release_that_a_control_is_not_for_is_left_alone():
    control = Control("c", {"windows_service": {"Spooler": "disabled"}}, {"os": ["windows-2025"]})
    (found,) = audit_by(WINDOWS_KINDS, WindowsSystem(volumes.Files(systems.System().content())), [control], "offline")
    assert (found["status"], found["message"]) == ("not_applicable", "meant for windows-2025, not for windows-2022")


def test_a_control_for_linux_is_no_control_of_windows():
    with pytest.raises(Conflict, match="there is no kind sshd"):
        audit_by(WINDOWS_KINDS, WindowsSystem(volumes.Files({})), [Control("c", {"sshd": {"X": 1}})], "offline")


@pytest.mark.parametrize(
    ("build", "kind", "systems_of"),
    [
        ("26100", "Server", ["windows-2025", "windows"]),
        ("20348", "Server Core", ["windows-2022", "windows"]),
        ("17763", "Server", ["windows-2019", "windows"]),
        ("9600", "Server", ["windows"]),
        ("26100", "Client", ["windows"]),
        ("x" * 50, "Server", ["windows"]),
    ],
)
def test_a_release_is_known_by_its_build(build, kind, systems_of):
    system, version = systems.System(), "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    system.put(version, "CurrentBuildNumber", build)
    system.put(version, "InstallationType", kind)
    assert WindowsSystem(volumes.Files(system.content())).systems == systems_of
