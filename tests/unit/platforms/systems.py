# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration trees as small servers of each platform have them after their installation."""

from __future__ import annotations

import os
import shutil

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.unit.platforms import authselect, crypto_policies, debian_pam

DEBIAN_PACKAGES = (
    "adduser",
    "apparmor",
    "apt",
    "bash",
    "cron",
    "dpkg",
    "grub-pc",
    "iproute2",
    "kmod",
    "libpam-modules",
    "libpam-runtime",
    "login",
    "cracklib-runtime",
    "libpam-pwquality",
    "openssh-client",
    "openssh-server",
    "passwd",
    "sudo",
    "systemd",
    "systemd-timesyncd",
    "udev",
)
UBUNTU_PACKAGES = (*DEBIAN_PACKAGES, "apport", "netplan.io", "rsyslog", "snapd", "ufw", "unattended-upgrades", "whoopsie")
RHEL_PACKAGES = (
    "audit",
    "authselect",
    "bash",
    "chrony",
    "cronie",
    "crypto-policies",
    "dnf",
    "dnf-plugins-core",
    "grub2-pc",
    "kernel-core",
    "kmod",
    "libpwquality",
    "libselinux",
    "openssh-clients",
    "openssh-server",
    "pam",
    "policycoreutils",
    "rsyslog",
    "selinux-policy-targeted",
    "shadow-utils",
    "sudo",
    "systemd",
)

# For each platform: what /etc/os-release says, its packages, and how its PAM stores passwords.
PLATFORMS = {
    "debian-12": ('ID=debian\nVERSION_ID="12"\n', DEBIAN_PACKAGES, "yescrypt"),
    "debian-13": ('ID=debian\nVERSION_ID="13"\n', DEBIAN_PACKAGES, "yescrypt"),
    "ubuntu-22.04": ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n', UBUNTU_PACKAGES, "yescrypt"),
    "ubuntu-24.04": ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', UBUNTU_PACKAGES, "yescrypt"),
    "rhel-9": ('ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n', RHEL_PACKAGES, "sha512"),
    "rhel-10": ('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10.0"\n', RHEL_PACKAGES, "yescrypt"),
}
# What the repositories of Enterprise Linux have besides; other names are unknown there.
RHEL_REPOSITORY = (
    "aide",
    "audispd-plugins",
    "chrony",
    "cracklib-dicts",
    "firewalld",
    "libpwquality",
    "libselinux",
    "logrotate",
    "nftables",
    "rsyslog",
    "rsyslog-gnutls",
    "sudo",
    "systemd-journal-remote",
    "usbguard",
)
# Programs of this machine that answer for themselves in a tree.
PROGRAMS = (
    "sh",
    "bash",
    "env",
    "setpriv",
    "sshd",
    "ssh",
    "ssh-keygen",
    "visudo",
    "cvtsudoers",
    "sudo",
    "modprobe",
    "systemctl",
    "getent",
    "groupadd",
)
KERNEL = "5.14.0-427.el9.x86_64"

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
clara:x:1000:1000:Clara:/home/clara:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = (
    "root:0",
    "daemon:1",
    "adm:4",
    "tty:5",
    "shadow:42",
    "utmp:43",
    "ssh_keys:101",
    "systemd-journal:102",
    "syslog:104",
    "clara:1000",
    "nogroup:65534",
)
SHADOW = "root:*:19800:0:99999:7:::\ndaemon:*:19800:0:99999:7:::\nsshd:!:19800::::::\nclara:$y$j9T$abc$def:19800:0:99999:7:::\nnobody:*:19800::::::\n"
UNIT = "[Unit]\nDescription={name}\n\n[Service]\nExecStart=/usr/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"
TIMER = "[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n"
STATIC = "[Unit]\nDescription={name}\n"
SUDOERS = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%{group} ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
SSHD = "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nX11Forwarding yes\nSubsystem sftp /usr/libexec/openssh/sftp-server\n"
# The options that the programs of systemd know; those of a control that is newer than a platform's systemd are no matter here.
SYSTEMD_OPTIONS = sorted(
    name.partition(".")[2] for control in Catalogue().controls.values() for name in control["settings"].get("systemd_conf", {})
)


def _units(*names):
    return {f"/usr/lib/systemd/system/{name}.service": UNIT.format(name=name) for name in names}


AUDITD = "".join(
    f"{name} = {value}\n"
    for name, value in {
        "local_events": "yes",
        "write_logs": "yes",
        "log_file": "/var/log/audit/audit.log",
        "log_group": "root",
        "log_format": "ENRICHED",
        "flush": "INCREMENTAL_ASYNC",
        "freq": 50,
        "max_log_file": 8,
        "num_logs": 5,
        "priority_boost": 4,
        "name_format": "NONE",
        "max_log_file_action": "ROTATE",
        "space_left": 75,
        "space_left_action": "SYSLOG",
        "verify_email": "yes",
        "action_mail_acct": "root",
        "admin_space_left": 50,
        "admin_space_left_action": "SUSPEND",
        "disk_full_action": "SUSPEND",
        "disk_error_action": "SUSPEND",
        "overflow_action": "SYSLOG",
    }.items()
)
COMMON = {
    "/etc/passwd": PASSWD,
    "/etc/passwd-": PASSWD,
    "/etc/shadow": SHADOW,
    "/etc/group": "".join(f"{name.partition(':')[0]}:x:{name.partition(':')[2]}:\n" for name in GROUPS),
    "/etc/gshadow": "".join(f"{name.partition(':')[0]}:!::\n" for name in GROUPS),
    "/etc/shells": "/bin/sh\n/bin/bash\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\n",
    "/etc/fstab": "UUID=4ea3164e / ext4 defaults 0 1\n",
    "/etc/login.defs": "PASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\nPASS_WARN_AGE\t7\nUMASK\t\t022\nHOME_MODE\t0700\nENCRYPT_METHOD SHA512\nUID_MIN 1000\n",
    "/etc/default/useradd": "SHELL=/bin/bash\n",
    "/etc/profile": 'for file in /etc/profile.d/*.sh; do [ ! -r "$file" ] || . "$file"; done\n',
    "/etc/bash.bashrc": "",
    "/etc/issue": "A system \\n \\l\n",
    "/etc/issue.net": "A system\n",
    "/etc/motd": "Welcome\n",
    "/etc/crontab": "SHELL=/bin/sh\n",
    "/etc/ssh/sshd_config": SSHD,
    "/etc/ssh/ssh_config": "Include /etc/ssh/ssh_config.d/*.conf\n",
    "/etc/ssh/ssh_host_ed25519_key": "a key\n",
    "/etc/sysctl.conf": "",
    "/etc/modprobe.d/vendor.conf": "options loop max_loop=8\n",
    "/home/clara/.bashrc": "",
    "/root/.bashrc": "",
    "/var/log/wtmp": "",
    "/var/log/btmp": "",
    "/var/log/lastlog": "",
    "/dev/null": "",
    "/usr/lib/systemd/systemd": "\0".join(["", *SYSTEMD_OPTIONS, ""]),
    **{f"/usr/lib/systemd/systemd-{name}": "\0".join(["", *SYSTEMD_OPTIONS, ""]) for name in ("journald", "logind", "coredump")},
    **{f"/usr/lib/systemd/system/{name}": UNIT.format(name=name) for name in ("rsync.service", "avahi-daemon.service", "cups.service")},
    **{
        f"/usr/lib/systemd/system/{name}": STATIC.format(name=name)
        for name in ("ctrl-alt-del.target", "debug-shell.service", "multi-user.target", "tmp.mount", "systemd-journald.service")
    },
}
# What some packages bring when they are installed.
BROUGHT = {
    "auditd": {"/etc/audit/auditd.conf": AUDITD, **_units("auditd")},
    "nftables": _units("nftables"),
    "aide": {"/etc/aide/aide.conf": "database_in=file:/var/lib/aide/aide.db\n"},
    "aide-common": {**_units("dailyaidecheck"), "/usr/lib/systemd/system/dailyaidecheck.timer": TIMER},
}
DIRECTORIES = (
    "/usr/share/dpkg",
    "/etc/sudoers.d",
    "/etc/ssh/sshd_config.d",
    "/etc/profile.d",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/var/log/journal",
    "/var/lib",
    "/proc",
    "/run",
    "/tmp",
)


def files(platform):
    """The files of a platform, by path."""
    release, packages, digest = PLATFORMS[platform]
    family = _rhel(digest) if platform.startswith("rhel") else _debian(packages)
    return {**COMMON, "/etc/os-release": release, **family}


def _status(packages):
    return "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1.0\n\n" for name in packages)


def _debian(packages):
    return {
        **debian_pam.files(),
        "/var/lib/dpkg/status": _status(packages),
        "/var/lib/apt/lists/deb_Packages": "",
        "/etc/apt/sources.list.d/system.sources": "Types: deb\nURIs: https://deb.example.org/\nSuites: stable\nSigned-By: /usr/share/keyrings/a.gpg\n",
        "/etc/apt/apt.conf.d/01autoremove": "",
        "/etc/sudoers": SUDOERS.format(group="sudo"),
        "/boot/grub/grub.cfg": "### BEGIN /etc/grub.d/10_linux ###\n\tlinux\t/boot/vmlinuz-6.1.0-50-amd64 root=UUID=4ea3164e ro quiet\n",
        "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
        "/usr/lib/systemd/systemd-timesyncd": "\0".join(["", *SYSTEMD_OPTIONS, ""]),
        **_units("ssh", "cron", "systemd-timesyncd", "apparmor", "rsyslog"),
        **{f"/usr/lib/systemd/system/{name}.timer": TIMER for name in ("apt-daily", "apt-daily-upgrade", "logrotate")},
        **(_ubuntu() if "snapd" in packages else {}),
    }


def _ubuntu():
    return {
        "/etc/netplan/50-cloud-init.yaml": "network: {version: 2}\n",
        **_units("apport", "motd-news", "snapd", "ufw", "whoopsie"),
        "/usr/lib/systemd/system/motd-news.timer": TIMER,
        "/usr/lib/systemd/system/snapd.socket": "[Socket]\nListenStream=/run/snapd.socket\n\n[Install]\nWantedBy=sockets.target\n",
    }


def _rhel(digest):
    return {
        "/var/lib/rpm/rpmdb.sqlite": "",
        **authselect.files(digest),
        **crypto_policies.files(),
        "/etc/dnf/dnf.conf": "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\n",
        "/etc/dnf/protected.d/sudo.conf": "sudo\n",
        "/etc/yum.repos.d/system.repo": "[baseos]\nname=BaseOS\nbaseurl=https://example.org/\nenabled=1\ngpgcheck=1\n",
        "/etc/selinux/config": "SELINUX=permissive\nSELINUXTYPE=targeted\n",
        "/etc/selinux/targeted/policy/policy.33": "",
        "/etc/sudoers": SUDOERS.format(group="wheel"),
        "/etc/ssh/sshd_config.d/50-redhat.conf": "Include /etc/crypto-policies/back-ends/opensshserver.config\nUsePAM yes\n",
        "/etc/audit/auditd.conf": AUDITD,
        "/etc/audit/rules.d/audit.rules": "-D\n-b 8192\n--backlog_wait_time 60000\n-f 1\n",
        "/etc/chrony.conf": "pool 2.rhel.pool.ntp.org iburst\n",
        "/boot/grub2/grubenv": "# GRUB Environment Block\n",
        "/boot/grub2/grub.cfg": "set timeout=5\nblscfg\n",
        f"/boot/loader/entries/0f5d-{KERNEL}.conf": f"title Linux\nversion {KERNEL}\nlinux /vmlinuz-{KERNEL}\noptions root=UUID=4ea3164e ro\n",
        "/etc/default/grub": 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=""\nGRUB_ENABLE_BLSCFG=true\n',
        **_units("sshd", "crond", "chronyd", "auditd", "rsyslog", "firewalld", "nftables"),
        **{f"/usr/lib/systemd/system/{name}.timer": TIMER for name in ("dnf-makecache", "logrotate")},
    }


class Server:
    """A platform's tree: real programs of this machine read it, and package managers are stood in for."""

    def __init__(self, system, platform, **kwargs):
        self.platform = platform
        self.installed = list(PLATFORMS[platform][1])
        self.rhel = platform.startswith("rhel")
        self.host = system(files(platform), *PROGRAMS, *(() if self.rhel else ["apt-config", "nft"]), **kwargs)
        for directory in DIRECTORIES:
            os.makedirs(self.host.path(directory), exist_ok=True)
        for link in ("bin", "sbin"):
            if not self.host.exists(f"/{link}"):
                os.symlink(f"usr/{link}", self.host.path(f"/{link}"))
        os.chown(self.host.path("/home/clara"), 1000, 1000)
        if self.rhel:
            crypto_policies.install(self.host)
            self.host.answers.update(rpm=self._rpm, dnf=self._dnf, authselect=authselect.Authselect(self.host, PLATFORMS[platform][2]))
        else:
            os.chmod(self.host.path(debian_pam.PROGRAM), 0o755)
            for table in ("cputable", "tupletable"):
                shutil.copy(f"/usr/share/dpkg/{table}", self.host.path(f"/usr/share/dpkg/{table}"))
            self.host.answers["env"] = self._env

    def _arrived(self, names):
        """Packages are installed now, with the files that later kinds look for."""
        self.installed += [name for name in names if name not in self.installed]
        for path, text in [entry for name in names for entry in BROUGHT.get(name, {}).items()]:
            if not self.host.exists(path):
                self.host.write(path, text)

    def _env(self, argv, unused_stdin):
        if debian_pam.PROGRAM in argv:
            return debian_pam.update(self.host, argv)
        return self._apt([word for word in argv if word != "-o"]) if "apt-get" in argv else None

    def _apt(self, argv):
        verb = "install" if "install" in argv else "remove"
        names = argv[argv.index(verb) + 1 :]
        if "-s" in argv:
            line = "Inst {name} (2.0 Platform:1/stable [amd64])\n" if verb == "install" else "Remv {name} [1.0]\n"
            return "".join(line.format(name=name) for name in names)
        if verb == "install":
            self._arrived(names)
        else:
            self.installed = [name for name in self.installed if name not in names]
        self.host.write("/var/lib/dpkg/status", _status(self.installed))
        return ""

    def _rpm(self, argv, unused_stdin):
        return "".join(f"{name} 1.0-1.el9\n" for name in self.installed) if argv[1] == "-qa" else ""

    def _dnf(self, argv, unused_stdin):
        words = [word for word in argv[1:] if not word.startswith("-")]
        if words[0] == "repoquery":
            return "".join(f"{name} 2.0-1.el9\n" for name in words[2:] if name in RHEL_REPOSITORY)
        if words[0] == "remove":
            self.installed = [name for name in self.installed if name not in words]
        else:
            self._arrived(words[1:])
        return ""
