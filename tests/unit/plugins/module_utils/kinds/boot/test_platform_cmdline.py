# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameters that platforms ask for, against what a real shell makes of the drop-in."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import DEFAULTS, DIRECTORY, MENU
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.platform_cmdline import PlatformCmdline
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

PROFILES = "/etc/default/grub.d/zz-hygeia.cfg"
LINE = "\tlinux\t/boot/vmlinuz-6.1 root=UUID=4ea3164e ro {}\n"
CONSOLES = {"console": ["tty0", "ttyS0,115200"]}
BLS = "/boot/loader/entries/abc-6.1.conf"


@pytest.fixture
def system(tree):
    """A system that GRUB starts with these words, and whose shell reads the real files."""

    def make(words, default="quiet", every="", files=()):
        defaults = f'GRUB_CMDLINE_LINUX_DEFAULT="{default}"\nGRUB_CMDLINE_LINUX="{every}"\n'
        host = tree({DEFAULTS: defaults, MENU: LINE.format(words), **dict(files)})
        host.answers["sh"] = lambda argv, unused_stdin: _shell(host, argv)
        return host

    return make


def _shell(host, argv):
    """The shell of a system without its root: the paths are those of the tree."""
    words = [word.replace("/etc/default", host.path("/etc/default")) for word in argv]
    ran = subprocess.run(words, text=True, capture_output=True, check=False)
    return CommandResult(ran.returncode, ran.stdout, ran.stderr)


def control(**settings):
    return Control("portable-command-line", {"platform_cmdline": settings})


def words(host):
    return host.read(MENU).split("4ea3164e ro")[1].split()


def asked(host):
    """What update-grub would write, in its order."""
    return " ".join(PlatformCmdline(host)._asked()).split()


@pytest.mark.parametrize(
    "before,settings,after",
    [
        ({"words": "quiet"}, CONSOLES, "console=tty0 console=ttyS0,115200 quiet"),
        # Some other speed is the site's choice, and an order that is there stays.
        ({"words": "console=ttyS0,9600 console=tty0 quiet", "every": "console=ttyS0,9600 console=tty0"}, CONSOLES, None),
        ({"words": "console=ttyS0 quiet", "every": "console=ttyS0"}, CONSOLES, "console=ttyS0 console=tty0 console=ttyS0,115200 quiet"),
        ({"words": "quiet", "every": ""}, {"rootdelay": "300", "earlyprintk": "ttyS0"}, "earlyprintk=ttyS0 rootdelay=300 quiet"),
        ({"words": "quiet rhgb", "default": "quiet rhgb"}, {"quiet": False, "rhgb": False}, ""),
        ({"words": "splash=a quiet mem=2G", "default": "splash=a quiet mem=2G"}, {"quiet": False, "splash": False}, "mem=2G"),
        ({"words": "quietly", "default": "quietly"}, {"quiet": False}, None),
    ],
)
def test_the_menu_says_what_the_next_menu_will_say(system, before, settings, after):
    host = system(**before)
    wanted = control(**settings)
    enforce(host, [wanted], partial=True)
    assert words(host) == (before["words"] if after is None else after).split()
    assert sorted(asked(host)) == sorted(words(host))
    assert audit(host, [wanted], "offline")[0]["status"] == "pass"
    assert enforce(host, [wanted], partial=True).changes == []


def test_check_mode_shows_the_diff_and_writes_nothing(system):
    host = system("quiet")
    host.check = True
    changes = enforce(host, [control(**CONSOLES)], partial=True).changes
    assert [change.target for change in changes] == [PlatformCmdline.path, MENU]
    assert "console=tty0" in changes[1].after and words(host) == ["quiet"] and not host.exists(PlatformCmdline.path)


def test_a_profile_without_them_takes_nothing_back(system):
    host = system("quiet")
    enforce(host, [control(**CONSOLES)], partial=True)
    enforce(host, [Control("boot-audit", {"kernel_cmdline": {"audit": 1}})])
    assert {"audit=1", "console=tty0", "console=ttyS0,115200"} <= set(words(host))
    enforce(host, [])
    assert "audit=1" not in words(host) and {"console=tty0", "console=ttyS0,115200"} <= set(words(host))


def test_what_one_setting_leaves_out_another_may_ask_for(system):
    host = system("quiet")
    enforce(host, [control(rootdelay="300", quiet=False)], partial=False)
    enforce(host, [control(quiet=False)], partial=False)
    assert words(host) == [] and "rootdelay" not in host.read(PlatformCmdline.path)


@pytest.mark.parametrize(
    "text,settings,message",
    [
        ("quiet", CONSOLES, "is started without console=tty0 and console=ttyS0,115200"),
        ("console=ttyS0,9600 quiet", CONSOLES, "is started without console=tty0"),
        ("quiet", {"quiet": False}, f"is started with quiet, which {DEFAULTS}:1 says"),
        ("quiet", {"rootdelay": "300"}, "is started without rootdelay"),
    ],
)
def test_what_is_missing_is_named(system, text, settings, message):
    record = audit(system(text), [control(**settings)], "offline")[0]
    assert record["status"] == "fail" and message in record["message"] and record["read_from"] == f"{MENU}:1"


def test_the_file_that_is_read_last_is_named(system):
    """What /etc/default/grub says has been taken away by our file, and a vendor's file brings it back."""
    host = system("quiet")
    enforce(host, [control(quiet=False)], partial=True)
    vendor = f"{DIRECTORY}/zzz-vendor.cfg"
    host.write(vendor, 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX quiet"\n')
    record = audit(host, [control(quiet=False)], "offline")[0]
    assert record["status"] == "fail" and record["message"].endswith(f"with quiet, which {vendor}:1 says")


def test_boot_loader_entries_have_them_too(tree):
    entry = "title Enterprise Linux\nlinux /vmlinuz-6.1\noptions root=UUID=4ea3164e ro rhgb quiet console=ttyS0\n"
    host = tree({BLS: entry, "/boot/grub2/grubenv": "", DEFAULTS: 'GRUB_CMDLINE_LINUX="rhgb quiet console=ttyS0"\n'})
    host.answers["sh"] = lambda argv, unused_stdin: _shell(host, argv)
    wanted = control(**CONSOLES, rhgb=False, quiet=False)
    enforce(host, [wanted], partial=True)
    assert host.read(BLS).splitlines()[2] == "options root=UUID=4ea3164e ro console=tty0 console=ttyS0,115200"
    assert audit(host, [wanted], "offline")[0]["status"] == "pass"
    assert enforce(host, [wanted], partial=True).changes == []


@pytest.mark.parametrize("settings", [{"console": []}, {"console": ["tty0 ; reboot"]}, {"a b": False}, {"rootdelay": "3 00"}])
def test_settings_that_mean_nothing(system, settings):
    host = system("quiet")
    (outcome,) = enforce(host, [control(**settings)], partial=True).outcomes
    assert outcome["outcome"] == "failed" and "platform_cmdline" in outcome["message"].replace("kernel_cmdline", "platform_cmdline")
    assert words(host) == ["quiet"]
