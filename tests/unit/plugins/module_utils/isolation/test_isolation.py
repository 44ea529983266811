# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.isolation import detected, guest_agent, sharing
from ansible_collections.hygeia.golden.plugins.module_utils.isolation.forwarding import forwarding
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host
from ansible_collections.hygeia.golden.plugins.modules.isolation_info import GUEST_RPCS

ALLOWED = {"listeners": ["22/tcp"], "shared_directories": [], "agents": [], "guest_rpcs": GUEST_RPCS, "forwarding": False}
CALLS = ("guest-ping", "guest-exec", "guest-file-open", "guest-ssh-get-authorized-keys", "guest-get-time")


class Tree(Host):
    """A root whose programs give these answers; what was asked is kept."""

    def __init__(self, root, answers=(), booted=False):
        super().__init__(root, environ={})
        self.answers, self.booted, self.asked = dict(answers), booted, []

    def run(self, argv, stdin=None, timeout=300):
        self.asked.append(" ".join(argv))
        return next(
            (CommandResult(0, out, "") for end, out in self.answers.items() if self.asked[-1].endswith(end)),
            CommandResult(1, "", "no such option"),
        )


@pytest.fixture
def tree(tmp_path):
    def make(files=(), programs=(), **options):
        for path, text in dict(files).items():
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to("/dev/null") if text is None else place.write_text(text, encoding="utf-8")
        for path in programs:
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch(mode=0o755)
        return Tree(str(tmp_path), **options)

    return make


def agent(tree, conf="", unit="ExecStart=-/usr/sbin/qemu-ga\n", **files):
    answers = {"--dump-conf": f"[general]\n{conf}\n", "--block-rpcs=help": "\n".join(CALLS)}
    paths = {
        "/usr/lib/systemd/system/qemu-guest-agent.service": f"[Service]\n{unit}",
        **{name.replace("__", "/"): text for name, text in files.items()},
    }
    return tree(paths, ["/usr/sbin/qemu-ga"], answers=answers)


@pytest.mark.parametrize(
    "conf, left",
    [
        ("block-rpcs=", CALLS),
        ("block-rpcs=guest-exec,guest-file-open", ("guest-ping", "guest-ssh-get-authorized-keys", "guest-get-time")),
        ("block-rpcs=guest-exec;guest-file-open", CALLS),  # the agent knows no call of this name
        ("blacklist=guest-exec", [call for call in CALLS if call != "guest-exec"]),
        ("allow-rpcs=guest-ping,guest-exec\nblock-rpcs=guest-exec", ("guest-ping",)),
    ],
)
def test_the_agent_says_which_calls_are_left(tree, conf, left):
    assert guest_agent.calls(agent(tree, conf))[0] == list(left)


def test_calls_that_the_site_does_not_allow_are_named(tree):
    host = agent(tree, "block-rpcs=guest-exec")
    found = {record["control"]: record for record in detected.detect(host, ALLOWED)}["isolation-guest-rpcs"]
    assert found["status"] == "fail" and "the hypervisor may call guest-file-open, guest-ssh-get-authorized-keys: list" in found["message"]
    assert detected.detect(agent(tree, "allow-rpcs=guest-ping"), ALLOWED)[3]["status"] == "pass"


def test_the_agent_is_asked_as_its_unit_starts_it(tree):
    host = agent(
        tree,
        unit="EnvironmentFile=-/etc/sysconfig/qemu-ga\nExecStart=/usr/bin/false\n"
        "ExecStart=/usr/sbin/qemu-ga \\\n  -m virtio-serial ${FILTER} -F${HOOK}\n",
        **{
            "__etc__sysconfig__qemu-ga": '# notes\nFILTER="--block-rpcs=guest-exec"\nHOOK=/etc/hook\n',
            "__etc__systemd__system__qemu-guest-agent.service.d__own.conf": "[Service]\nEnvironment=QGA_CONF=/etc/own.conf\n",
        },
    )
    guest_agent.calls(host)
    assert host.asked[0] == "env QGA_CONF=/etc/own.conf /usr/sbin/qemu-ga -m virtio-serial --block-rpcs=guest-exec -F/etc/hook --dump-conf"


def test_another_program_in_its_place_is_not_run(tree):
    host = agent(tree, unit="ExecStart=/bin/sh -c 'exec qemu-ga'\n")
    found = detected.detect(host, ALLOWED)[3]
    assert (found["status"], host.asked) == ("error", []) and "starts /bin/sh instead of qemu-ga" in found["message"]


def test_without_an_agent_or_with_a_masked_one_there_is_nothing_to_call(tree):
    assert detected.detect(tree(), ALLOWED)[3]["status"] == "not_applicable"
    masked = tree({"/etc/systemd/system/qemu-guest-agent.service": None}, ["/usr/sbin/qemu-ga"])
    assert (detected.detect(masked, ALLOWED)[3]["message"], masked.asked) == ("qemu-guest-agent.service is masked", [])


MOUNT = "[Mount]\nWhat=media\nWhere=/srv/media\nType=virtiofs\n"


def test_directories_of_the_hypervisor_are_found_in_what_boots_mount(tree):
    fstab = "# x /a 9p\nshare /mnt/share 9p trans=virtio 0 0\n/dev/vda1 / ext4 defaults 0 1\n"
    host = tree({"/etc/fstab": fstab, "/etc/systemd/system/srv-media.mount": MOUNT})
    assert sharing.directories(host) == {"/mnt/share": "/etc/fstab", "/srv/media": "/etc/systemd/system/srv-media.mount"}
    found = detected.detect(host, {**ALLOWED, "shared_directories": ["/srv/media"]})[1]
    assert found["status"] == "fail"
    assert found["message"] == "/mnt/share is a directory of the hypervisor (/etc/fstab): unmount it, or allow it under shared_directories"
    assert detected.detect(host, {**ALLOWED, "shared_directories": ["/srv/media", "/mnt/share"]})[1]["status"] == "pass"


def test_directories_that_are_mounted_now_are_found(tree):
    host = tree({"/proc/mounts": "share /mnt/a\\040b vboxsf rw 0 0\nproc /proc proc rw 0 0\n"}, booted=True)
    assert sharing.directories(host) == {"/mnt/a b": "/proc/mounts"}


UNIT = "[Service]\nExecStart=/usr/sbin/spice-vdagentd\n"


def test_an_agent_counts_until_all_its_units_are_masked(tree):
    units = {f"/lib/systemd/system/spice-vdagentd.{kind}": UNIT for kind in ("service", "socket")}
    host = tree(units, ["/usr/sbin/spice-vdagentd"])
    assert "shares the clipboard and files with whoever has the console" in sharing.agents(host)["spice-vdagent"]
    assert detected.detect(host, {**ALLOWED, "agents": ["spice-vdagent"]})[2]["status"] == "pass"
    assert "spice-vdagent" in sharing.agents(tree({"/etc/systemd/system/spice-vdagentd.service": None}))
    assert sharing.agents(tree({"/etc/systemd/system/spice-vdagentd.socket": None})) == {}


@pytest.mark.parametrize(
    "files, sentences",
    [
        ({}, []),
        ({"/etc/sysctl.d/1.conf": "net.ipv4.ip_forward=0\n"}, []),
        (
            {"/etc/sysctl.d/1.conf": "net.ipv6.conf.all.forwarding=1\n"},
            ["/etc/sysctl.d/1.conf:1 sets net.ipv6.conf.all.forwarding to 1, so that each boot forwards packets: set it to 0"],
        ),
        (
            {"/etc/systemd/network/1.network": "[Network]\nIPForward=no\nIPMasquerade=ipv4\n"},
            ["/etc/systemd/network/1.network has IPMasquerade=ipv4, by which systemd-networkd turns forwarding on: take it out"],
        ),
    ],
)
def test_what_makes_a_boot_forward_is_named(tree, files, sentences):
    assert forwarding(tree(files)) == sentences


def test_a_running_kernel_is_asked_for_each_interface(tree):
    host = tree({"/proc/sys/net/ipv4/conf/all/forwarding": "0\n", "/proc/sys/net/ipv6/conf/eth1/forwarding": "1\n"}, booted=True)
    assert forwarding(host) == ["the kernel forwards IPv6 on eth1: set forwarding to 0"]


LISTENING = (
    'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\ntcp LISTEN 0 5 [::]:8080 [::]:* users:(("python3",pid=2,fd=3))\n'
)
VSOCK = 'v_str LISTEN 0 128 *:22 *:* users:(("systemd",pid=1,fd=9))\n'


def test_what_listens_is_held_against_the_list(tree):
    host = tree(booted=True, answers={"-tulpn": LISTENING, "--vsock": VSOCK})
    found = detected.detect(host, ALLOWED)[0]
    assert (found["status"], found["stage"], found["observed"]) == ("fail", "live", {"listeners": ["22/tcp", "8080/tcp", "22/vsock"]})
    assert (
        found["message"]
        == "python3 listens on 8080/tcp; systemd listens on 22/vsock for the hypervisor: stop it, or allow it under listeners"
    )
    assert detected.detect(host, {**ALLOWED, "listeners": ["22/tcp", "8080/tcp", "22/vsock"]})[0]["status"] == "pass"


def test_what_would_listen_is_not_guessed(tree):
    found = detected.detect(tree(), ALLOWED)[0]
    assert (found["status"], found["stage"]) == ("not_checked", "offline") and "only when the system runs" in found["message"]
