# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.sysctl import LOADER
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket

CONTROL = Control("forwarding", {"sysctl": {"net.ipv4.ip_forward": 0}})
OURS = "/etc/sysctl.d/zz-hygeia.conf"


def sysctl(**settings):
    return Control("c", {"sysctl": {name.replace("__", "."): value for name, value in settings.items()}})


def observed(host, name, value):
    """The record of one setting, at the stage at which the host is."""
    control = Control("c", {"sysctl": {name: value}})
    return audit(host, [control], "live" if host.booted else "offline")[0]


def test_enforcing_writes_once_and_passes_the_audit(tree):
    host = tree()
    first = enforce(host, [CONTROL])
    assert [change.target for change in first.changes] == [OURS]
    assert enforce(host, [CONTROL]).changes == []
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"


def test_a_file_that_is_read_later_is_named_as_the_culprit(tree):
    host = tree({"/etc/sysctl.d/zzz-router.conf": "# router\nnet.ipv4.ip_forward=1\n"})
    enforce(host, [CONTROL])
    record = audit(host, [CONTROL], "offline")[0]
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/sysctl.d/zzz-router.conf:2"
    assert "/etc/sysctl.d/zzz-router.conf:2 sets net.ipv4.ip_forward to 1" in record["message"]


def test_check_mode_writes_nothing(tree):
    host = tree(check=True)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert not host.exists(OURS)


def test_what_nobody_sets_fails_even_where_the_default_would_do(tree):
    record = observed(tree(), "net.ipv4.ip_forward", 0)
    assert record["status"] == "fail"
    assert record["message"] == "no file sets net.ipv4.ip_forward at boot"


# -- which file has the last word ----------------------------------------------


def test_a_file_in_etc_hides_the_one_of_the_same_name(tree):
    host = tree({"/usr/lib/sysctl.d/50-x.conf": "kernel.sysrq = 1\n", "/etc/sysctl.d/50-x.conf": "kernel.sysrq = 0\n"})
    assert observed(host, "kernel.sysrq", 0)["read_from"] == "/etc/sysctl.d/50-x.conf:1"


def test_sysctl_conf_counts_only_where_it_is_linked(tree):
    host = tree({"/etc/sysctl.conf": "kernel.sysrq = 1\n", "/etc/sysctl.d/10-x.conf": "kernel.sysrq = 0\n"})
    assert observed(host, "kernel.sysrq", 0)["status"] == "pass"
    os.symlink("../sysctl.conf", host.path("/etc/sysctl.d") + "/99-sysctl.conf")
    record = observed(host, "kernel.sysrq", 0)
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/sysctl.d/99-sysctl.conf:1"


UFW = {
    "/etc/default/ufw": "IPT_BACKEND=x\nIPT_SYSCTL=/etc/ufw/sysctl.conf\n",
    "/etc/ufw/ufw.conf": "ENABLED=yes\n",
    "/etc/ufw/sysctl.conf": "#net/ipv4/ip_forward=0\nnet/ipv4/ip_forward=1\n",
    "/lib/systemd/system/ufw.service": "[Install]\nWantedBy=multi-user.target\n",
    "/etc/systemd/system/multi-user.target.wants/ufw.service": "",
}


def test_what_ufw_applies_after_all_others_has_the_last_word(tree):
    host = tree(UFW)
    enforce(host, [CONTROL])
    record = audit(host, [CONTROL], "offline")[0]
    assert record["status"] == "fail"
    assert record["message"] == "/etc/ufw/sysctl.conf:2 sets net.ipv4.ip_forward to 1 and has the last word"


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/ufw/ufw.conf": "ENABLED=no\n"},
        {"/etc/default/ufw": "#IPT_SYSCTL=/etc/ufw/sysctl.conf\nIPT_SYSCTL=\n"},
        {"/etc/default/ufw": "IPT_SYSCTL=/etc/sysctl.conf # not ufw's own\n"},
        {"/etc/systemd/system/multi-user.target.wants/ufw.service": None},
    ],
)
def test_an_ufw_that_is_off_or_applies_nothing_says_nothing(tree, files):
    host = tree({path: text for path, text in {**UFW, **files}.items() if text is not None})
    enforce(host, [CONTROL])
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"


@pytest.mark.parametrize(
    "line", ["net.ipv4.conf.eth0/100.rp_filter=1", "net/ipv4/conf/eth0.100/rp_filter = 1", "-net.ipv4.conf.eth0/100.rp_filter =1"]
)
def test_a_name_may_be_spelled_with_dots_or_slashes(tree, line):
    host = tree({"/etc/sysctl.d/a.conf": line + "\n"})
    assert observed(host, "net.ipv4.conf.eth0/100.rp_filter", 1)["status"] == "pass"


def test_comments_and_lines_without_an_assignment_say_nothing(tree):
    host = tree({"/etc/sysctl.d/a.conf": "kernel.sysrq = 0\n#kernel.sysrq = 1\n; kernel.sysrq = 1\nkernel.sysrq\n"})
    assert observed(host, "kernel.sysrq", 0)["status"] == "pass"


# -- patterns --------------------------------------------------------------------


def test_a_pattern_sets_what_no_file_names(tree):
    host = tree({"/usr/lib/sysctl.d/50-default.conf": "net.ipv4.conf.*.rp_filter = 2\n"})
    assert observed(host, "net.ipv4.conf.all.rp_filter", 2)["status"] == "pass"


def test_a_name_counts_for_more_than_a_later_pattern(tree):
    host = tree({"/etc/sysctl.d/a.conf": "net.ipv4.conf.all.rp_filter=1\nnet.ipv4.conf.*.rp_filter=2\n"})
    assert observed(host, "net.ipv4.conf.all.rp_filter", 1)["status"] == "pass"


def test_a_pattern_leaves_alone_what_is_excluded(tree):
    host = tree({"/etc/sysctl.d/a.conf": "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n"})
    message = "/etc/sysctl.d/a.conf:2 keeps patterns from setting net.ipv4.conf.all.rp_filter, and no file sets it by its own name"
    assert observed(host, "net.ipv4.conf.all.rp_filter", 2)["message"] == message
    assert observed(host, "net.ipv4.conf.default.rp_filter", 2)["status"] == "pass"


@pytest.mark.parametrize("line", ["net.ipv6.conf.eth1.accept_redirects = 1", "net.ipv6.conf.e*.accept_redirects = 1"])
def test_a_wanted_pattern_fails_on_an_exception_in_another_file(tree, line):
    host = tree({"/etc/sysctl.d/zzz.conf": line + "\n"})
    enforce(host, [Control("c", {"sysctl": {"net.ipv6.conf.*.accept_redirects": 0}})])
    record = observed(host, "net.ipv6.conf.*.accept_redirects", 0)
    assert record["status"] == "fail"
    assert record["read_from"] == "/etc/sysctl.d/zzz.conf:1"


def test_a_wanted_pattern_passes_with_an_exception_that_agrees(tree):
    host = tree({"/etc/sysctl.d/a.conf": "net.ipv6.conf.*.accept_ra = 0\nnet.ipv6.conf.eth0.accept_ra = 0\n"})
    assert observed(host, "net.ipv6.conf.*.accept_ra", 0)["status"] == "pass"


# -- the running kernel -----------------------------------------------------------


def running(tree, configured, **values):
    files = {"/etc/sysctl.d/a.conf": configured}
    files.update({"/proc/sys/" + name.replace("__", "/"): value + "\n" for name, value in values.items()})
    return tree(files, booted=True)


def test_a_running_kernel_must_have_what_boots_set(tree):
    host = running(tree, "kernel.sysrq = 0\n", kernel__sysrq="438")
    record = observed(host, "kernel.sysrq", 0)
    assert record["status"] == "fail"
    assert record["observed"] == {"sysctl: kernel.sysrq": "438"}
    assert "/etc/sysctl.d/a.conf:1 sets 0, but in the running kernel kernel.sysrq comes to 438" in record["message"]


def test_spaces_and_tabs_are_one(tree):
    host = running(tree, "net.ipv4.ip_local_port_range = 32768 60999\n", net__ipv4__ip_local_port_range="32768\t60999")
    assert observed(host, "net.ipv4.ip_local_port_range", "32768 60999")["status"] == "pass"


def test_a_parameter_that_the_running_kernel_lacks_does_not_apply_live_and_counts_offline(tree):
    configured = {"/etc/sysctl.d/a.conf": "net.ipv6.conf.all.accept_ra = 0\n"}
    assert observed(tree(configured, booted=True), "net.ipv6.conf.all.accept_ra", 0)["status"] == "not_applicable"
    assert observed(tree(configured), "net.ipv6.conf.all.accept_ra", 0)["status"] == "pass"


def test_an_interface_of_its_own_mind_fails_the_value_for_all(tree):
    host = running(
        tree,
        "net.ipv4.conf.all.accept_redirects = 0\n",
        net__ipv4__conf__all__accept_redirects="0",
        net__ipv4__conf__lo__accept_redirects="1",
        net__ipv4__conf__default__accept_redirects="1",
        net__ipv4__conf__eth0__accept_redirects="0",
        net__ipv4__conf__eth1__accept_redirects="1",
    )
    record = observed(host, "net.ipv4.conf.all.accept_redirects", 0)
    assert record["status"] == "fail"
    assert "accept_redirects on eth1 comes to 1" in record["message"]


@pytest.mark.parametrize(
    "parameter, everywhere, own, comes_to",
    [("accept_source_route", 0, 1, 0), ("log_martians", 1, 0, 1), ("rp_filter", 1, 2, 2), ("send_redirects", 0, 1, 1)],
)
def test_the_kernel_joins_the_value_for_all_with_the_interfaces_own(tree, parameter, everywhere, own, comes_to):
    host = running(
        tree,
        f"net.ipv4.conf.all.{parameter} = {everywhere}\n",
        **{f"net__ipv4__conf__all__{parameter}": str(everywhere), f"net__ipv4__conf__eth0__{parameter}": str(own)},
    )
    wanted = "pass" if comes_to == everywhere else "fail"
    assert observed(host, f"net.ipv4.conf.all.{parameter}", everywhere)["status"] == wanted


@pytest.mark.parametrize("own, status", [("0", "pass"), ("1", "fail")])
def test_ipv6_looks_at_the_interface_alone(tree, own, status):
    host = running(tree, "net.ipv6.conf.all.accept_ra = 0\n", net__ipv6__conf__all__accept_ra="0", net__ipv6__conf__eth0__accept_ra=own)
    assert observed(host, "net.ipv6.conf.all.accept_ra", 0)["status"] == status


def test_a_wanted_pattern_is_looked_up_in_the_kernel(tree):
    host = running(
        tree,
        "net.ipv6.conf.*.accept_redirects = 0\n",
        net__ipv6__conf__default__accept_redirects="0",
        net__ipv6__conf__eth0__accept_redirects="1",
    )
    record = observed(host, "net.ipv6.conf.*.accept_redirects", 0)
    assert record["status"] == "fail"
    assert "net.ipv6.conf.eth0.accept_redirects comes to 1" in record["message"]


# -- containers --------------------------------------------------------------------


def test_a_container_is_judged_by_its_files_and_not_by_its_machines_kernel(tree):
    files = {"/etc/sysctl.d/a.conf": "kernel.sysrq = 0\n", "/proc/sys/kernel/sysrq": "438\n"}
    host = tree(files, booted=True, container=True)
    assert observed(host, "kernel.sysrq", 0)["status"] == "not_checked"
    assert observed(host, "kernel.sysrq", 1)["status"] == "fail"


# -- reloading ----------------------------------------------------------------------


def test_the_running_kernel_is_given_our_file(tree):
    host = tree({"/proc/sys/kernel/sysrq": "438\n"}, booted=True, answers={LOADER: ""})
    enforce(host, [sysctl(kernel__sysrq=0)])
    assert host.ran == [[LOADER, OURS]]


def test_a_kernel_that_refuses_is_a_failure(tree):
    refusal = CommandResult(1, "", "Couldn't write '7' to 'kernel/sysrq': Invalid argument\n")
    host = tree(booted=True, answers={LOADER: refusal})
    outcome = enforce(host, [sysctl(kernel__sysrq=7)]).outcomes[0]
    assert outcome["outcome"] == "failed"
    assert "Invalid argument" in outcome["message"]


def test_what_was_changed_in_the_running_kernel_is_put_back(tree):
    host = tree({OURS: "", "/proc/sys/kernel/sysrq": "0\n"}, booted=True, answers={LOADER: ""})
    enforce(host, [sysctl(kernel__sysrq=0)])
    assert enforce(host, [sysctl(kernel__sysrq=0)]).changes == []
    host.write("/proc/sys/kernel/sysrq", "438\n")
    again = enforce(host, [sysctl(kernel__sysrq=0)])
    assert [(change.target, change.before, change.after) for change in again.changes] == [("/proc/sys (kernel.sysrq)", "438", "0")]
    assert host.ran == [[LOADER, OURS]] * 2


def test_a_container_loads_nothing(tree):
    host = tree(booted=True, container=True)
    assert enforce(host, [sysctl(kernel__sysrq=0)]).outcomes[0]["outcome"] == "changed"
    assert host.ran == []


def test_forwarding_is_written_first_because_it_resets_the_interfaces(tree):
    host = tree()
    enforce(host, [sysctl(net__ipv4__conf__all__accept_redirects=0, net__ipv4__ip_forward=0)])
    assert [line.split(" ")[0] for line in host.lines(OURS)[1:]] == ["net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"]


def test_forwarding_that_containers_live_on_is_left_alone(tree):
    files = {
        "/sys/class/net/docker0/bridge/bridge_id": "8000.0242\n",
        "/proc/sys/net/ipv4/ip_forward": "1\n",
        OURS: "net.ipv4.ip_forward = 0\n",
    }
    host = tree(files, booted=True, answers={LOADER: ""})
    outcomes = enforce(host, [CONTROL, Control("other", {"sysctl": {"kernel.sysrq": 0}})], partial=True).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["refused", "changed"]
    assert "containers or virtual machines" in outcomes[0]["message"]
    assert "ip_forward" not in host.read(OURS)


# -- what is asked first on a running host ----------------------------------------------

FORWARDS = {"/proc/sys/net/ipv4/ip_forward": "1\n"}
ROUTE_HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def route(interface, destination="00000000", mask="00000000"):
    return f"{interface}\t{destination}\t0100000A\t0003\t0\t0\t0\t{mask}\t0\t0\t0\n"


def asked(tree, name, value, files, **kwargs):
    host = tree(files, booted=True, answers={LOADER: "", "nft": kwargs.pop("nft", "")})
    for arguments in kwargs.pop("processes", ()):
        process(host, *arguments)
    for path, target in kwargs.pop("links", {}).items():
        os.makedirs(os.path.dirname(host.entry(path)), exist_ok=True)
        os.symlink(target, host.entry(path))
    for path in host.glob("/usr/sbin/*"):
        os.chmod(host.path(path), 0o755)
    outcome = enforce(host, [Control("c", {"sysctl": {name: value}})], **kwargs).outcomes[0]
    return outcome["outcome"], outcome["message"]


@pytest.mark.parametrize(
    ("files", "extra", "why"),
    [
        ({"/sys/class/net/wg0/uevent": "DEVTYPE=wireguard\nINTERFACE=wg0\n"}, {}, "through the tunnel wg0"),
        ({"/sys/class/net/tun0/tun_flags": "0x1001\n"}, {}, "through the tunnel tun0"),
        ({}, {"processes": [(70, "/usr/sbin/keepalived")]}, "keepalived (process 70 of 0) needs it"),
        ({"/usr/sbin/nft": ""}, {"nft": "table ip nat {\n oifname eth0 masquerade\n}\n"}, "a rule of nftables (masquerade)"),
        ({"/proc/net/route": ROUTE_HEAD + route("eth0") + route("eth1", "0000A8C0", "0000FFFF")}, {}, "over eth0 and eth1"),
    ],
)
def test_forwarding_is_kept_for_whom_the_host_routes(tree, files, extra, why):
    refusal = asked(tree, "net.ipv4.ip_forward", 0, {**FORWARDS, **files}, **extra)
    assert refusal[0] == "refused" and refusal[1].startswith("net.ipv4.ip_forward cannot become 0 yet, because ")
    assert why in refusal[1]


def test_forwarding_that_serves_nobody_or_that_is_forced_ends(tree):
    single = {**FORWARDS, "/usr/sbin/nft": "", "/proc/net/route": ROUTE_HEAD + route("eth0") + route("eth0", "0000000A", "00FFFFFF")}
    assert asked(tree, "net.ipv4.ip_forward", 0, single, nft="table inet filter {\n chain forward { policy drop; }\n}\n")[0] == "changed"
    assert asked(tree, "net.ipv4.ip_forward", 0, {**FORWARDS, "/sys/class/net/br0/bridge/x": ""}, force=["c"])[0] == "changed"


@pytest.mark.parametrize(
    ("name", "value", "live", "evidence", "harmless", "why"),
    [
        (
            "net.ipv4.conf.all.rp_filter",
            1,
            "2",
            {"/proc/net/route": ROUTE_HEAD + route("eth0") + route("eth1")},
            {"/proc/net/route": ROUTE_HEAD + route("eth0")},
            "packets come over eth0 and eth1, and each has a default route",
        ),
        (
            "net.ipv6.conf.*.accept_ra",
            0,
            "1",
            {"/proc/net/ipv6_route": f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 28} 00000400 00000002 00000000 00450003     eth0\n"},
            {"/proc/net/ipv6_route": f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 28} 00000400 00000002 00000000 00000003     eth0\n"},
            "eth0 has its IPv6 route from a router's advertisements",
        ),
        (
            "net.ipv6.conf.all.disable_ipv6",
            1,
            "0",
            {"/proc/self/net/tcp6": "head\n" + socket(1, "connected", "[2001:db8::2]:22", "[2001:db8::9]:40000")},
            {"/proc/self/net/tcp6": "head\n" + socket(1, "connected", "[::ffff:10.0.0.2]:22", "[::ffff:10.0.0.9]:40000")},
            "a connection with 2001:db8::9 is open",
        ),
    ],
)
def test_a_network_that_is_used_is_kept(tree, name, value, live, evidence, harmless, why):
    files = {f"/proc/sys/{name.replace('*', 'eth0').replace('.', '/')}": f"{live}\n"}
    assert asked(tree, name, value, {**files, **evidence}) == ("refused", f"{name} cannot become {value} yet, because {why}")
    assert asked(tree, name, value, {**files, **harmless})[0] == "changed"


def test_user_namespaces_that_a_process_lives_in_are_kept(tree):
    files = {"/proc/sys/user/max_user_namespaces": "1000\n", "/etc/passwd": "ada:x:1000:1000::/home/ada:/bin/sh\n"}
    links = {"/proc/1/ns/user": "user:[4026531837]", "/proc/90/ns/user": "user:[4026532222]"}
    refusal = asked(tree, "user.max_user_namespaces", 0, files, processes=[(90, "/usr/bin/firefox", "", 1000)], links=links)
    assert refusal[0] == "refused" and "firefox (process 90 of ada) runs in a user namespace" in refusal[1]


def test_io_uring_that_a_process_holds_is_kept(tree):
    files = {"/proc/sys/kernel/io_uring_disabled": "0\n"}
    links = {"/proc/90/fd/7": "anon_inode:[io_uring]"}
    assert (
        "mariadbd (process 90 of 0) uses io_uring"
        in asked(tree, "kernel.io_uring_disabled", 2, files, processes=[(90, "/usr/sbin/mariadbd")], links=links)[1]
    )


def test_a_debugger_that_is_attached_is_kept(tree):
    host = tree({"/proc/sys/kernel/yama/ptrace_scope": "0\n"}, booted=True, answers={LOADER: ""})
    process(host, 90, "/usr/bin/strace", user=1000)
    process(host, 91, "/usr/bin/worker", user=1000)
    status = host.read("/proc/91/status")
    host.write("/proc/91/status", f"{status}PPid:\t1\nTracerPid:\t90\n")
    wanted = Control("c", {"sysctl": {"kernel.yama.ptrace_scope": 1}})
    assert "strace (process 90 of 1000) debugs worker (process 91 of 1000)" in enforce(host, [wanted]).outcomes[0]["message"]
    host.write("/proc/91/status", f"{status}PPid:\t90\nTracerPid:\t90\n")
    assert enforce(host, [wanted]).outcomes[0]["outcome"] == "changed"


@pytest.mark.parametrize(("name", "value"), [("net.ipv4.ip forward", 0), ("randomize", 2), ("kernel.core_pattern", ["a"])])
def test_a_parameter_that_no_file_could_hold_is_reported(tree, name, value):
    outcome = enforce(tree(), [Control("c", {"sysctl": {name: value}})]).outcomes[0]
    assert outcome["outcome"] == "failed" and "cannot be written as" in outcome["message"]


def test_a_name_that_patterns_leave_alone_is_named(tree):
    text = "-net.ipv4.conf.lo.rp_filter\nnet.ipv4.conf.*.rp_filter = 1\n"
    record = audit(tree({"/etc/sysctl.d/99-site.conf": text}), [Control("c", {"sysctl": {"net.ipv4.conf.*.rp_filter": 1}})], "offline")[0]
    assert (record["status"], record["read_from"]) == ("fail", "/etc/sysctl.d/99-site.conf:1")
    assert record["message"].startswith("/etc/sysctl.d/99-site.conf:1 keeps patterns from setting some of net.ipv4.conf.*.rp_filter")
