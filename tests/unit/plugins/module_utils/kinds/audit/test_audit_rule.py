# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit.audit_rule import JOINED
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.load import _version
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

OURS = "/etc/audit/rules.d/50-hygeia.rules"
TIME = ["-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change", "-w /etc/localtime -p wa -k time-change"]
DELETE = "-a always,exit -F arch=b64 -S rename,unlink,unlinkat -F auid>=1000 -F auid!=unset -F key=delete"
DEBIAN = {
    "/etc/audit/rules.d/audit.rules": "## First rule - delete all\n-D\n\n-b 8192\n\n--backlog_wait_time 60000\n\n-f 1\n",
    "/etc/localtime": "",
    "/usr/sbin/auditctl": "\x7fELF",
}
STATUS = "enabled 1\nfailure 1\npid 238\nrate_limit 0\nbacklog_limit 8192\nlost 0\n"


@pytest.fixture
def system(tree):
    """A system with auditd; when it runs, ``kernel`` is what its kernel has."""

    def make(files=None, kernel="", status=STATUS, **kwargs):
        host = tree({**DEBIAN, "/usr/sbin/augenrules": "", **(files or {})}, **kwargs)
        host.answers.update({"auditctl -l": "\n".join(kernel) + "\n" if kernel else "No rules\n", "auditctl -s": status, "augenrules": ""})
        for program in ("auditctl", "augenrules"):
            os.chmod(host.path(f"/usr/sbin/{program}"), 0o755)
        return host

    return make


def rules(**groups):
    return Control("c", {"audit_rule": {name.replace("_", "-"): lines for name, lines in groups.items()}})


def looked(host, **groups):
    return audit(host, [rules(**groups)], "live" if host.booted else "offline")[0]


def test_enforcing_writes_once_and_passes_the_audit(system):
    host = system()
    assert looked(host, time_change=TIME)["status"] == "fail"
    assert [change.target for change in enforce(host, [rules(time_change=TIME)]).changes] == [OURS]
    assert enforce(host, [rules(time_change=TIME)]).changes == []
    record = looked(host, time_change=TIME)
    assert (record["status"], record["read_from"]) == ("pass", f"{OURS}:5, {OURS}:6")
    assert os.stat(host.path(OURS)).st_mode & 0o777 == 0o600


def test_a_line_that_the_kernel_refuses_does_not_stop_the_others(system):
    host = system()
    enforce(host, [rules(time_change=TIME)])
    assert [line for line in host.lines(OURS) if line.startswith("-")] == ["-c"] + TIME


def test_groups_come_and_go_with_their_controls(system):
    host = system()
    enforce(host, [rules(time_change=TIME, delete=[DELETE])])
    enforce(host, [rules(immutable=["-e 2"])], partial=True)
    assert looked(host, time_change=TIME, delete=[DELETE], immutable=["-e 2"])["status"] == "pass"
    enforce(host, [rules(delete=[DELETE])])
    assert TIME[0] not in host.read(OURS)
    enforce(host, [])
    assert not host.exists(OURS)


def test_check_mode_writes_nothing(system):
    host = system(check=True)
    assert enforce(host, [rules(time_change=TIME)]).outcomes[0]["outcome"] == "changed"
    assert not host.exists(OURS)


def test_without_auditd_nothing_is_written_or_judged(tree):
    host = tree()
    assert enforce(host, [rules(time_change=TIME)]).outcomes[0]["outcome"] == "not_applicable"
    assert looked(host, time_change=TIME)["message"] == "auditd is not installed"


# -- which rule decides ------------------------------------------------------------------


@pytest.mark.parametrize(
    "never", ["-a never,exit -F arch=b64 -S unlink", "-a exit,never -S unlink,rename", "-a never,exit -F auid>=1000", "-a never,task"]
)
def test_a_rule_before_ours_that_says_never_is_the_culprit(system, never):
    host = system({"/etc/audit/rules.d/20-dont-audit.rules": f"# noise\n{never}\n"})
    enforce(host, [rules(delete=[DELETE])])
    record = looked(host, delete=[DELETE])
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/audit/rules.d/20-dont-audit.rules:2"
    assert "20-dont-audit.rules:2 says never and comes first" in record["message"]


@pytest.mark.parametrize(
    "never", ["-a never,exit -F arch=b32 -S unlink", "-a never,exit -F arch=b64 -S mount", "-a never,user -F auid>=1000"]
)
def test_a_rule_about_something_else_is_none(system, never):
    host = system({"/etc/audit/rules.d/20-dont-audit.rules": f"{never}\n"})
    enforce(host, [rules(delete=[DELETE])])
    assert (looked(host, delete=[DELETE])["status"], looked(host, delete=[DELETE])["message"]) == ("pass", "")


def test_a_narrow_exception_passes_and_is_reported(system):
    host = system({"/etc/audit/rules.d/22-chrony.rules": "-a never,exit -F arch=b64 -S adjtimex -F exe=/usr/sbin/chronyd\n"})
    enforce(host, [rules(time_change=TIME)])
    record = looked(host, time_change=TIME)
    assert record["status"] == "pass"
    assert record["message"] == "/etc/audit/rules.d/22-chrony.rules:1 leaves some of it out"


def test_a_never_after_ours_comes_too_late_unless_it_is_put_first(system):
    host = system({"/etc/audit/rules.d/60-late.rules": "-a never,exit -S unlink\n"})
    enforce(host, [rules(delete=[DELETE])])
    assert looked(host, delete=[DELETE])["status"] == "pass"
    host = system({"/etc/audit/rules.d/60-late.rules": "-A never,exit -S unlink\n"})
    assert looked(host, delete=[DELETE])["status"] == "fail"


def test_what_other_files_record_counts(system):
    host = system(
        {
            "/etc/audit/rules.d/30-stig.rules": "-a exit,always -F arch=b64 -S adjtimex -k stig\n"
            "-a always,exit -S settimeofday\n"
            "-a always,exit -F path=/etc/localtime -F perm=aw -F key=clock\n"
        }
    )
    record = looked(host, time_change=TIME)
    assert record["status"] == "pass"
    assert record["read_from"].startswith("/etc/audit/rules.d/30-stig.rules:1")


def test_a_narrower_rule_does_not_count(system):
    host = system({"/etc/audit/rules.d/30-x.rules": DELETE.replace("auid>=1000", "auid>=2000") + "\n"})
    assert looked(host, delete=[DELETE])["status"] == "fail"


def test_a_rule_that_another_file_has_is_not_written_twice(system):
    theirs = "-w /etc/localtime -p wa -k time-change"
    host = system({"/etc/audit/rules.d/30-cis.rules": theirs + "\n"})
    enforce(host, [rules(time_change=TIME)])
    assert theirs not in host.lines(OURS)
    assert looked(host, time_change=TIME)["status"] == "pass"
    assert enforce(host, [rules(time_change=TIME)]).changes == []


def test_a_line_that_auditctl_refuses_stops_the_load(system):
    host = system({"/etc/audit/rules.d/30-bad.rules": "-w /etc/hosts -p wa\n-a exit -S all\n"})
    enforce(host, [rules(time_change=TIME)])
    record = looked(host, time_change=TIME)
    assert (record["status"], record["read_from"]) == ("fail", "/etc/audit/rules.d/30-bad.rules:2")
    assert "stops loading at /etc/audit/rules.d/30-bad.rules:2, because -a exit -S all is refused" in record["message"]


def test_where_loading_goes_on_refused_lines_are_passed_over(system):
    host = system({"/etc/audit/rules.d/30-bad.rules": "-c\n-a always,exit -F nonsense -S\n-a exit -S all\n-w '/x -p wa\n"})
    enforce(host, [rules(time_change=TIME)])
    assert looked(host, time_change=TIME)["status"] == "pass"


@pytest.mark.parametrize("blanks", ["", "  ", " \t"])
def test_a_rule_that_silences_all_is_in_force_behind_blanks_too(system, blanks):
    host = system({"/etc/audit/rules.d/10-site.rules": f"{blanks}-a never,task\n"})
    enforce(host, [rules(time_change=TIME)])
    record = looked(host, time_change=TIME)
    assert (record["status"], record["read_from"]) == ("fail", "/etc/audit/rules.d/10-site.rules:1")


def test_of_an_option_the_last_file_counts(system):
    host = system({"/etc/audit/rules.d/zz-late.rules": "-e 1\n"})
    enforce(host, [rules(immutable=["-e 2"], buffer=["-b 8192"])])
    assert looked(host, buffer=["-b 8192"])["status"] == "pass"
    record = looked(host, immutable=["-e 2"])
    assert record["status"] == "fail"
    assert record["message"] == "-e 2: /etc/audit/rules.d/zz-late.rules:1 says -e 1"


def test_our_options_come_after_those_that_debian_ships(system):
    host = system()
    wanted = {"buffer": ["-b 16384"], "time-change": TIME}
    enforce(host, [rules(**wanted)])
    assert looked(host, **wanted)["status"] == "pass"
    assert enforce(host, [rules(**wanted)]).changes == []
    enforce(host, [rules(time_change=TIME)])
    assert not host.exists("/etc/audit/rules.d/zz-hygeia.rules")


def test_files_come_in_the_order_of_augenrules():
    names = ["9-a", "10-a", "50-hygeia", "50hygeia", "audit", "zz-a", "zza"]
    paths = [f"/etc/audit/rules.d/{name}.rules" for name in names]
    expected = ["9-a", "10-a", "50hygeia", "50-hygeia", "audit", "zza", "zz-a"]
    assert [os.path.basename(path)[:-6] for path in sorted(reversed(paths), key=_version)] == expected  # noqa: C414


# -- the running kernel ------------------------------------------------------------------

# As auditctl 3.0.9 prints what it was given; the fourth and fifth are turned round.
LOADED = [
    ("-w /etc/sudoers.d/ -p wa -k scope", "-w /etc/sudoers.d -p wa -k scope"),
    (
        "-a always,exit -F arch=b64 -S creat,open,openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -F key=access",
        "-a always,exit -F arch=b64 -S open,creat,openat -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F key=access",
    ),
    (
        "-a always,exit -F path=/usr/bin/kmod -F perm=x -F auid>=1000 -F auid!=4294967295 -F key=kernel_modules",
        "-a always,exit -S all -F path=/usr/bin/kmod -F perm=x -F auid>=1000 -F auid!=-1 -F key=kernel_modules",
    ),
    (
        "-a always,exit -F arch=b64 -S execve -C euid!=uid -F auid!=unset -F key=user_emulation",
        "-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation",
    ),
    (
        "-a exit,always -F arch=b32 -S clock_settime -F a0=0 -k time-change",
        "-a always,exit -F arch=b32 -S clock_settime -F a0=0x0 -F key=time-change",
    ),
    ("-w /etc/shadow", "-w /etc/shadow -p rwxa"),
    ("-a always,exit -F arch=b64 -S mount -F uid=root", "-a always,exit -F arch=b64 -S mount -F uid=0"),
]


@pytest.mark.parametrize("written, printed", LOADED)
def test_what_the_kernel_says_is_understood(system, written, printed):
    host = system({OURS: f"{written}\n", "/usr/bin/kmod": ""}, kernel=[printed], booted=True)
    record = looked(host, group=[written])
    assert (record["status"], record["message"]) == ("pass", "")
    assert record["read_from"] == "auditctl -l"


def test_a_rule_that_is_written_and_not_loaded_fails(system):
    host = system({OURS: "\n".join(TIME) + "\n"}, kernel=TIME[:1], booted=True)
    record = looked(host, time_change=TIME)
    assert record["status"] == "fail"
    assert record["message"] == f"{TIME[1]}: the running kernel does not have it"
    assert record["observed"] == {"audit_rule: time-change": TIME[:1]}


def test_locked_rules_wait_for_the_next_boot(system):
    host = system(status=STATUS.replace("enabled 1", "enabled 2"), booted=True)
    enforce(host, [rules(time_change=TIME)])
    assert ["augenrules", "--load"] not in host.ran
    assert ["augenrules"] in host.ran
    assert looked(host, time_change=TIME)["message"].endswith("and its rules are locked until the next boot")
    assert enforce(host, [rules(time_change=TIME)]).changes == []


def test_options_are_asked_of_the_kernel(system):
    host = system({OURS: "-e 2\n"}, booted=True)
    assert looked(host, immutable=["-e 2"])["message"] == "-e 2: auditctl -s says -e 1"


def test_rules_are_loaded_and_loaded_again_when_they_were_dropped(system):
    host = system(kernel=TIME, booted=True)
    enforce(host, [rules(time_change=TIME)])
    assert host.ran.count(["augenrules", "--load"]) == 1
    assert enforce(host, [rules(time_change=TIME)]).changes == []
    host.answers["auditctl -l"] = "No rules\n"
    assert [change.target for change in enforce(host, [rules(time_change=TIME)]).changes] == ["auditctl -l"]
    assert host.ran.count(["augenrules", "--load"]) == 2


def test_only_a_line_of_ours_that_the_kernel_refuses_is_a_failure(system):
    host = system({JOINED: "## made\n-w /none/x -p wa\n" + TIME[0] + "\n"}, kernel=TIME, booted=True)
    host.answers["augenrules"] = CommandResult(1, "", "There was an error in line 2 of /etc/audit/audit.rules\n")
    assert enforce(host, [rules(time_change=TIME)]).outcomes[0]["outcome"] == "changed"
    host.remove(OURS)
    host.answers["augenrules"] = CommandResult(1, "", "There was an error in line 3 of /etc/audit/audit.rules\n")
    outcome = enforce(host, [rules(time_change=TIME)]).outcomes[0]
    assert (outcome["outcome"], TIME[0] in outcome["message"]) == ("failed", True)


def test_a_kernel_that_does_not_answer_is_an_error_and_no_pass(system):
    host = system({OURS: "\n".join(TIME)}, booted=True)
    host.answers["auditctl -l"] = CommandResult(1, "", "Error - audit support not in kernel\n")
    record = looked(host, time_change=TIME)
    assert (record["status"], "audit support not in kernel" in record["message"]) == ("error", True)


def test_a_container_is_judged_by_its_files_and_its_kernel_is_not_asked(system):
    host = system({OURS: "\n".join(TIME) + "\n"}, booted=True, container=True)
    assert looked(host, time_change=TIME)["status"] == "not_checked"
    assert looked(host, delete=[DELETE])["status"] == "fail"
    enforce(host, [rules(delete=[DELETE])])
    assert not [argv for argv in host.ran if argv[0] in ("auditctl", "augenrules")]


# -- what fits the system --------------------------------------------------------------------


def test_a_watch_without_its_directory_is_left_out(system):
    network = ["-w /etc/hosts -p wa -k net", "-w /etc/none/interfaces -p wa -k net", "-a always,exit -F dir=/etc/none -k net"]
    host = system()
    enforce(host, [rules(net=network)])
    assert [line for line in host.lines(OURS) if line[:1] == "-"] == ["-c", network[0]]
    assert looked(host, net=network)["status"] == "pass"
    assert looked(host, net=network[1:])["status"] == "not_applicable"


def test_64_bit_arm_gets_the_system_calls_that_it_has(system):
    host = system()
    with open(host.path("/usr/sbin/auditctl"), "wb") as stream:
        stream.write(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00")
    os.symlink("usr/sbin", host.path("/") + "/sbin")
    lines = [DELETE, DELETE.replace("b64", "b32"), "-a always,exit -F arch=b64 -S chmod -F key=perm"]
    enforce(host, [rules(delete=lines)])
    assert [line for line in host.lines(OURS) if line[:2] == "-a"] == [
        "-a always,exit -F arch=b64 -S unlinkat -F auid>=1000 -F auid!=unset -F key=delete",
        DELETE.replace("b64", "b32"),
    ]
    assert looked(host, delete=lines)["status"] == "pass"
    assert enforce(host, [rules(delete=lines)]).changes == []


def test_a_system_call_that_does_not_exist_is_refused(system):
    host = system()
    host.answers["ausyscall x86_64 --dump"] = "Using x86_64 syscall table:\n159\tadjtimex\n164\tsettimeofday\n"
    host.answers["ausyscall i386 --dump"] = "Using i386 syscall table:\n25\tstime\n"
    assert enforce(host, [rules(time_change=TIME)]).outcomes[0]["outcome"] == "changed"
    outcome = enforce(host, [rules(time_change=[TIME[0].replace("adjtimex", "stime")])]).outcomes[0]
    assert outcome["outcome"] == "refused"
    assert outcome["message"].endswith("there is no system call stime")
    assert TIME[0] in host.read(OURS)


@pytest.mark.parametrize("line", ["-w '/etc", "-a always,exit -S", "-a always -S all", "-a always,exit -F auid", "-w /x -q y", "-D", ""])
def test_a_line_that_is_no_rule_is_not_written(system, line):
    host = system()
    outcomes = enforce(host, [rules(bad=[line]), Control("d", {"audit_rule": {"time-change": TIME}})]).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["failed", "changed"]
    assert line in outcomes[0]["message"]


# -- programs that are found ---------------------------------------------------------------


PRIVILEGED = {"programs": "privileged"}


def lend(host, path, mode=0o4755):
    """A program that lends rights, which comes after everything else."""
    place = host.path(path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w", encoding="utf-8") as stream:
        stream.write("\x7fELF")
    os.chmod(place, mode)


def use(path, key):
    return f"-a always,exit -F path={path} -F perm=x -F auid>=1000 -F auid!=unset -F key={key}"


def test_each_program_that_lends_rights_gets_a_rule_once_and_in_order(system):
    host = system({"/usr/bin/plain": "", "/srv/data/su": ""})
    lend(host, "/usr/sbin/pam", 0o2755)
    lend(host, "/usr/bin/su")
    lend(host, "/usr/lib/left", 0o4644)  # nobody can run it
    lend(host, "/srv/data/su")  # data, and a finding of its own
    os.symlink("/usr/bin/su", host.path("/usr/bin/another-su"))
    enforce(host, [rules(privileged=PRIVILEGED)])
    assert host.lines(OURS)[-2:] == [use("/usr/bin/su", "privileged"), use("/usr/sbin/pam", "privileged")]
    assert enforce(host, [rules(privileged=PRIVILEGED)]).changes == []
    assert looked(host, privileged=PRIVILEGED)["status"] == "pass"


def test_a_program_that_came_later_is_noticed_and_gets_its_rule(system):
    host = system()
    lend(host, "/usr/bin/su")
    enforce(host, [rules(privileged=PRIVILEGED)])
    lend(host, "/opt/vendor/bin/helper")
    record = looked(host, privileged=PRIVILEGED)
    assert record["status"] == "fail"
    assert "path=/opt/vendor/bin/helper" in record["message"]
    enforce(host, [rules(privileged=PRIVILEGED)])
    assert looked(host, privileged=PRIVILEGED)["status"] == "pass"


def test_a_program_that_a_rule_leaves_out_is_noticed(system):
    host = system({"/etc/audit/rules.d/10-noise.rules": "-a never,exit -F path=/usr/bin/su -F perm=x\n"})
    lend(host, "/usr/bin/su")
    enforce(host, [rules(privileged=PRIVILEGED)])
    assert "10-noise.rules:1 says never" in looked(host, privileged=PRIVILEGED)["message"]


def test_of_a_list_of_programs_those_count_that_are_there(system):
    runtimes = {"programs": ["/usr/bin/docker", "/usr/bin/podman"]}
    host = system()
    enforce(host, [rules(containers=runtimes, time_change=TIME)])
    assert "containers" not in host.read(OURS)
    assert enforce(host, [rules(containers=runtimes, time_change=TIME)]).changes == []
    assert looked(host, containers=runtimes)["status"] == "not_applicable"
    lend(host, "/usr/bin/podman", 0o755)
    assert looked(host, containers=runtimes)["status"] == "fail"
    enforce(host, [rules(containers=runtimes)])
    assert host.lines(OURS)[-1] == use("/usr/bin/podman", "containers")
    assert looked(host, containers=runtimes)["status"] == "pass"


def test_of_a_link_the_program_counts_that_is_run(system):
    host = system({"/usr/bin/node": ""})
    lend(host, "/usr/share/npm/cli.js", 0o755)
    os.symlink("../share/npm/cli.js", host.path("/usr/bin/npm"))
    enforce(host, [rules(software={"programs": ["/usr/bin/npm", "/usr/share/npm/cli.js"]})])
    assert [line for line in host.lines(OURS) if line.startswith("-a")] == [use("/usr/share/npm/cli.js", "software")]


@pytest.mark.parametrize("wanted", [{"programs": "everything"}, {"find": "privileged"}, {}, {"programs": "privileged", "more": 1}])
def test_what_is_to_be_found_must_be_said_rightly(system, wanted):
    host = system()
    assert "a list of programs" in looked(host, odd=wanted)["message"]
    assert enforce(host, [rules(odd=wanted)]).outcomes[0]["outcome"] == "failed"


# -- options without a value ---------------------------------------------------------------


@pytest.mark.parametrize("option", ["-c", "--loginuid-immutable"])
def test_an_option_without_a_value_is_written_and_noticed_when_it_is_gone(system, option):
    host = system()
    enforce(host, [rules(option=[option])])
    assert looked(host, option=[option])["status"] == "pass"
    host.write(OURS, host.read(OURS).replace(f"{option}\n", ""))
    assert looked(host, option=[option])["status"] == "fail"


@pytest.mark.parametrize(("answer", "status"), [("1 locked", "pass"), ("0 unlocked", "fail")])
def test_the_running_kernel_tells_whether_the_identity_of_a_login_is_locked(system, answer, status):
    host = system(booted=True, status=f"{STATUS}loginuid_immutable {answer}\n")
    host.write(OURS, "--loginuid-immutable\n")
    assert looked(host, option=["--loginuid-immutable"])["status"] == status


def test_of_going_on_after_a_refused_rule_the_joined_file_tells(system):
    host = system(booted=True)
    host.write(OURS, "-c\n")
    assert looked(host, option=["-c"])["status"] == "fail"
    host.write(JOINED, "-c\n")
    assert looked(host, option=["-c"])["status"] == "pass"
