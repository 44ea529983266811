# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import DEFAULTS, MENU
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

OURS = "/etc/default/grub.d/zz-hygeia.cfg"
MENU_TEXT = """\
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian GNU/Linux' $menuentry_id_option 'gnulinux-simple-4ea3164e' {
\techo\t'Loading Linux 6.1.0-50-amd64 ...'
\tlinux\t/boot/vmlinuz-6.1.0-50-amd64 root=UUID=4ea3164e ro console=ttyS0 quiet
\tinitrd\t/boot/initrd.img-6.1.0-50-amd64
}
submenu 'Advanced options' {
\tmenuentry 'Debian GNU/Linux, with Linux 6.1.0-50-amd64 (recovery mode)' {
\t\tlinux\t/boot/vmlinuz-6.1.0-50-amd64 root=UUID=4ea3164e ro single console=ttyS0
\t}
}
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/30_os-prober ###
menuentry 'Another system (on /dev/sdb1)' {
\tlinux\t/boot/vmlinuz root=/dev/sdb1 ro
}
### END /etc/grub.d/30_os-prober ###
### BEGIN /etc/grub.d/40_custom ###
menuentry 'Memory test' {
\tlinux\t/boot/memtest86+x64.bin
}
### END /etc/grub.d/40_custom ###
"""
GRUB = {
    "/boot/vmlinuz-6.1.0-50-amd64": "MZ",
    DEFAULTS: "GRUB_DISTRIBUTOR=`lsb_release -i -s 2>/dev/null || echo Debian`\n"
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n',
    MENU: MENU_TEXT,
}


@pytest.fixture
def system(tree):
    """A system that GRUB starts; its shell reads the real files."""

    def make(files=None, **kwargs):
        host = tree({**GRUB, **(files or {})}, **kwargs)
        host.answers["sh"] = lambda argv, stdin: _shell(host, argv)
        os.chmod(host.path(MENU), 0o600)
        return host

    return make


def _shell(host, argv):
    script = argv[2].replace("/etc/", host.root + "/etc/")
    done = subprocess.run(
        ["sh", "-c", script, *(word.replace("/etc/", host.root + "/etc/") for word in argv[3:])],
        capture_output=True,
        text=True,
        check=False,
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


def cmdline(**settings):
    return Control("c", {"kernel_cmdline": settings})


def looked(host, **settings):
    return audit(host, [cmdline(**settings)], "live" if host.booted else "offline")[0]


def lines(host):
    return [line.split(None, 2)[2] for line in host.lines(MENU) if line.lstrip().startswith("linux\t/boot/vmlinuz-")]


def test_enforcing_writes_once_and_passes_the_audit(system):
    host = system()
    wanted = {"audit": 1, "slab_nomerge": True}
    assert [change.target for change in enforce(host, [cmdline(**wanted)]).changes] == [OURS, MENU]
    assert enforce(host, [cmdline(**wanted)]).changes == []
    assert looked(host, **wanted)["status"] == "pass"


def test_an_opened_template_gets_the_words_where_update_grub_puts_them(system):
    host = system()
    enforce(host, [cmdline(slab_nomerge=True, audit=1)])
    assert lines(host) == [
        "root=UUID=4ea3164e ro console=ttyS0 audit=1 slab_nomerge quiet",
        "root=UUID=4ea3164e ro single console=ttyS0 audit=1 slab_nomerge",
    ]
    others = [line for line in MENU_TEXT.splitlines() if "linux\t/boot/vmlinuz-" not in line]
    assert [line for line in host.lines(MENU) if "linux\t/boot/vmlinuz-" not in line] == others
    assert os.stat(host.path(MENU)).st_mode & 0o777 == 0o600
    assert ["update-grub"] not in host.ran


def test_what_left_the_profile_leaves_the_menu(system):
    host = system()
    enforce(host, [cmdline(audit=1, slab_nomerge=True)])
    enforce(host, [cmdline(audit=1)])
    assert lines(host)[0] == "root=UUID=4ea3164e ro console=ttyS0 audit=1 quiet"
    enforce(host, [])
    assert not host.exists(OURS)
    assert host.read(MENU) == MENU_TEXT


def test_part_of_a_profile_keeps_the_rest(system):
    host = system()
    enforce(host, [cmdline(audit=1)])
    enforce(host, [cmdline(slab_nomerge=True)], partial=True)
    assert looked(host, audit=1, slab_nomerge=True)["status"] == "pass"


def test_a_menu_that_was_made_without_our_file_is_made_again(system):
    host = system()
    enforce(host, [cmdline(audit=1)])
    host.write(MENU, MENU_TEXT)
    record = looked(host, audit=1)
    assert record["message"] == "/boot/vmlinuz-6.1.0-50-amd64 is started without audit"
    assert record["read_from"] == f"{MENU}:4"
    assert [change.target for change in enforce(host, [cmdline(audit=1)]).changes] == [MENU]


def test_check_mode_writes_nothing(system):
    host = system(check=True)
    assert enforce(host, [cmdline(audit=1)]).outcomes[0]["outcome"] == "changed"
    assert not host.exists(OURS)
    assert host.read(MENU) == MENU_TEXT


# -- what is in force -----------------------------------------------------------------


def test_a_later_word_wins_and_the_file_it_comes_from_is_named(system):
    host = system(
        {
            DEFAULTS: '# audit=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet audit=0"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n',
            MENU: MENU_TEXT.replace("quiet", "quiet audit=0"),
        }
    )
    enforce(host, [cmdline(audit=1)])
    assert lines(host)[0].endswith("audit=1 quiet audit=0")
    assert enforce(host, [cmdline(audit=1)]).changes == []
    record = looked(host, audit=1)
    assert record["status"] == "fail"
    assert record["observed"] == {"kernel_cmdline: audit": "0"}
    assert f"with audit=0, which {DEFAULTS}:2 says" in record["message"]


def test_words_that_the_next_update_grub_drops_do_not_count(system):
    host = system({MENU: MENU_TEXT.replace("quiet", "audit=1 quiet")})
    record = looked(host, audit=1)
    assert record["status"] == "fail"
    assert record["message"] == "update-grub would start every kernel without audit"


def test_dashes_and_underscores_are_the_same(system):
    files = {MENU: MENU_TEXT.replace("quiet", "slab-nomerge quiet"), DEFAULTS: 'GRUB_CMDLINE_LINUX="slab-nomerge"\n'}
    assert looked(system(files), slab_nomerge=True)["status"] == "pass"


@pytest.mark.parametrize(
    ("words", "settings", "status"),
    [
        ("quiet", {"mitigations": {"never": ["off"]}}, "pass"),
        ("mitigations=auto,nosmt", {"mitigations": {"never": ["off"]}}, "pass"),
        ("mitigations=off", {"mitigations": {"never": ["off"]}}, "fail"),
        ("quiet", {"init": False}, "pass"),
        ("init=/bin/sh", {"init": False}, "fail"),
        ("nopti", {"nopti": False}, "fail"),
        ("ipv6.disable=1 nopti=0", {"nopti": False}, "fail"),
    ],
)
def test_what_must_not_be_there_is_observed_and_never_written(system, words, settings, status):
    host = system({MENU: MENU_TEXT.replace("quiet", words)})
    assert enforce(host, [cmdline(**settings)]).changes == []
    record = looked(host, **settings)
    assert record["status"] == status
    assert status == "pass" or record["read_from"] == f"{MENU}:4"


def test_a_list_of_bad_values_names_some(system):
    outcome = enforce(system(), [cmdline(audit={"never": []})]).outcomes[0]
    assert (outcome["outcome"], "never" in outcome["message"]) == ("failed", True)


def test_a_bad_word_is_reported_with_the_file_that_update_grub_takes_it_from(system):
    host = system({DEFAULTS: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet mitigations=off"\n'})
    assert looked(host, mitigations={"never": ["off"]})["message"].endswith(f"with mitigations=off, which {DEFAULTS}:1 says")


def test_a_menu_without_a_kernel_is_an_error_and_no_pass(system):
    assert looked(system({MENU: "### BEGIN /etc/grub.d/00_header ###\n"}), audit=1)["status"] == "error"


def test_the_running_kernel_must_have_it_too(system):
    host = system({"/proc/cmdline": "BOOT_IMAGE=/boot/vmlinuz root=UUID=4ea3164e ro quiet\n"}, booted=True)
    enforce(host, [cmdline(audit=1)])
    record = looked(host, audit=1)
    assert (record["status"], record["read_from"]) == ("fail", "/proc/cmdline")
    assert record["message"] == "the running kernel was started without audit"


# -- a running host -------------------------------------------------------------------


@pytest.fixture
def live(system):
    """A running host whose update-grub does what ``update_grub(host)`` does."""

    def make(update_grub):
        host = system({"/usr/sbin/update-grub": "", "/proc/cmdline": "audit=1\n"}, booted=True)
        os.chmod(host.path("/usr/sbin/update-grub"), 0o755)
        host.answers["update-grub"] = lambda argv, stdin: update_grub(host)
        return host

    return make


def test_a_running_host_makes_its_own_menu(live):
    host = live(lambda host: host.write(MENU, MENU_TEXT.replace("quiet", "audit=1 quiet")) or "done\n")
    assert enforce(host, [cmdline(audit=1)]).outcomes[0]["outcome"] == "changed"
    assert host.ran.count(["update-grub"]) == 1
    assert looked(host, audit=1)["status"] == "pass"


@pytest.mark.parametrize(
    "update_grub, why",
    [
        (lambda host: CommandResult(1, "", "grub-probe: error: cannot find a GRUB drive\n"), "cannot find a GRUB drive"),
        (lambda host: host.write(MENU, "### BEGIN /etc/grub.d/10_linux ###\n") or "done\n", "no longer start"),
        (lambda host: host.write(MENU, MENU_TEXT.replace("UUID=4ea3164e", "/dev/loop0")) or "done\n", "no longer start"),
    ],
)
def test_a_menu_that_would_not_boot_is_taken_back(live, update_grub, why):
    host = live(update_grub)
    outcome = enforce(host, [cmdline(audit=1)]).outcomes[0]
    assert outcome["outcome"] == "failed"
    assert why in outcome["message"]
    assert host.read(MENU) == MENU_TEXT
    assert not host.exists(OURS)


def test_a_kernel_that_was_removed_may_leave_the_menu(live):
    host = live(lambda host: host.write(MENU, MENU_TEXT.replace("quiet", "audit=1 quiet")) or "done\n")
    gone = "menuentry 'old' {\n\tlinux\t/boot/vmlinuz-5.10.0-1-amd64 root=UUID=4ea3164e ro\n}\n"
    host.write(MENU, MENU_TEXT + gone)
    assert enforce(host, [cmdline(audit=1)]).outcomes[0]["outcome"] == "changed"


# -- hosts without GRUB -----------------------------------------------------------------


def test_containers_and_plain_trees_are_not_applicable(system, tree, tmp_path):
    assert looked(system(booted=True, container=True), audit=1)["status"] == "not_applicable"
    os.unlink(tmp_path / "boot/grub/grub.cfg")
    assert looked(tree(), audit=1)["message"].startswith("no boot loader is installed here")


def test_another_boot_loader_is_left_alone_and_not_called_right(tree):
    files = {"/boot/efi/loader/entries/debian.conf": "options root=UUID=1\n", "/proc/cmdline": "root=UUID=1 audit=1\n"}
    host = tree(files)
    assert enforce(host, [cmdline(audit=1)]).outcomes[0]["outcome"] == "refused"
    assert looked(host, audit=1)["status"] == "not_checked"
    assert looked(tree(files, booted=True), audit=1)["status"] == "pass"


@pytest.mark.parametrize("settings", [{"audit": "1 init=/bin/sh"}, {"audit": '$(reboot)"'}, {"a b": 1}])
def test_what_could_break_the_menu_is_not_written(system, settings):
    host = system()
    outcome = enforce(host, [cmdline(**settings)]).outcomes[0]
    assert outcome["outcome"] == "failed"
    assert "without blanks and quotes" in outcome["message"]
    assert host.read(MENU) == MENU_TEXT
