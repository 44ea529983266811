# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small packages of both kinds, which together bring everything that a package can bring, and the script that installs them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

# What is in the archives of both kinds, by a script that makes it: types, modes, owners, hard links, odd names.
CONTENT = r"""
mkdir -p opt/lab/deep/er etc/lab usr/lib/systemd/system usr/lib/systemd/system-preset var/lib/lab
cd opt/lab
for name in program setuid setgid capable; do cp /bin/true $name; done
echo one >linked; ln linked linked-again; ln linked deep/linked-elsewhere
echo private >private; echo version VERSION >version; : >empty
ln -s program symbolic; ln -s /there-is-none dangling
mkdir sticky shared; mkfifo pipe
truncate -s 1M sparse; printf end >>sparse
echo odd >'name with spaces'; echo odd >"$(printf 'caf\303\251')"
cd ../..
echo 'value = VERSION' >etc/lab/lab.conf
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nAlias=lab-alias.service\n' >lab.service
printf '[Timer]\nOnBootSec=1\n[Install]\nWantedBy=timers.target\n' >lab.timer
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >lab-not.service
mv lab* usr/lib/systemd/system
printf 'enable lab.timer\ndisable lab-not.service\n' >usr/lib/systemd/system-preset/10-lab.preset
"""
# An archive of Debian keeps this as it is; a package of the other kind says it in its list of files.
OWNED = r"""
cd opt/lab
chown root:mail setgid; chmod 2755 setgid; chmod 4755 setuid; chmod 1777 sticky; chown daemon:mail shared; chmod 2775 shared
chown daemon:adm private; chmod 640 private; chown -h daemon symbolic
mknod -m 666 null c 1 3; mknod -m 660 disk b 7 9; chown root:disk disk; mknod -m 600 far c 300 70000
"""
# What scripts of both kinds do.
SCRIPT = r"""
make_lab() {
    setcap cap_net_bind_service,cap_net_raw=ep "$1/capable"
    setcap cap_setfcap=i "$1/program"
    setfacl -m u:daemon:r,g:adm:rw "$1/private"
    setfacl -d -m u:daemon:rwx "$1/shared"
    touch "$1/shared/inherits"; mkdir -p "$1/shared/inherits-too"
    (umask 077; mknod "$1/made" c 1 5; mknod "$1/shared/made" b 259 1; cd "$1/deep" && mknod ../made-too c 5 1)
    chown daemon:adm "$1/made"; chmod 4640 "$1/made"; ln "$1/made" "$1/made-linked"
    [ -e "$1/null" ] || mknod -m 666 "$1/null" c 1 3
    mkfifo -m 620 "$1/made-pipe"; cp -a "$1/null" "$1/copied"; mv "$1/made-too" "$1/moved"
    install -d -o daemon -g mail -m 3775 "$1/installed"
    chgrp mail "$1/empty"; chmod 2700 "$1/empty"
    ln "$1/program" "$1/installed/program"
}
"""
DEBIAN_SCRIPT = {
    "config": ". /usr/share/debconf/confmodule\ndb_input high lab/colour || true\ndb_go\n",
    "preinst": """
if [ "$1" = install ]; then
    groupadd --system --gid 801 labgroup
    useradd --system --uid 801 --gid 801 --no-create-home --home-dir /var/lib/lab labuser
    dpkg-divert --package lab --add --rename --divert /usr/bin/dircolors.real /usr/bin/dircolors
fi
""",
    "postinst": """
. /usr/share/debconf/confmodule
db_get lab/colour
"""
    + SCRIPT
    + """
if [ "$1" = configure ]; then
    [ -n "$2" ] || make_lab /opt/lab >&2
    echo "$RET" >/etc/lab/colour
    adduser --system --uid 802 --group --gecos Lab --home /var/lib/labd --quiet labd >&2
    chown labuser:labd /var/lib/lab
    dpkg-statoverride --list /opt/lab/version >&2 || dpkg-statoverride --update --add labuser labgroup 4710 /opt/lab/version
    update-alternatives --install /usr/bin/lab-choice lab-choice /opt/lab/program 50 \\
        --slave /usr/bin/lab-slave lab-slave /opt/lab/version >&2
    deb-systemd-helper unmask lab.service >&2
    deb-systemd-helper enable lab.service >&2
    deb-systemd-helper update-state lab.service >&2
    deb-systemd-helper mask lab.timer >&2
    deb-systemd-invoke start lab.service >&2
    systemctl preset lab-not.service >&2
    systemd-sysusers lab.conf >&2
    systemd-tmpfiles --create lab.conf >&2
    dpkg-trigger lab-trigger
fi
if [ "$1" = triggered ]; then echo "$@" >>/var/lib/lab/triggered; fi
""",
    "prerm": '[ "$1" != remove ] || update-alternatives --remove lab-choice /opt/lab/program\n',
    "postrm": """
if [ "$1" = remove ]; then dpkg-divert --package lab --remove --rename --divert /usr/bin/dircolors.real /usr/bin/dircolors; fi
if [ "$1" = purge ]; then . /usr/share/debconf/confmodule; db_purge; fi
""",
}
DEBCONF = "Template: lab/colour\nType: select\nChoices: red, green\nDefault: red\nDescription: Which colour?\n"
CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: a package of this test
{more}"""
# By name: what is in it, and the files that dpkg reads beside its scripts.
MORE_FILES = {
    "usr/bin/dircolors": "#!/bin/sh\n",
    "usr/lib/sysusers.d/lab.conf": 'u labsys 803 "Lab" /var/lib/lab\n',
    "usr/lib/tmpfiles.d/lab.conf": "d /var/lib/labtmp 2750 labsys mail\nc /var/lib/labtmp/device 0640 root mail - 1:7\n"
    "b /var/lib/labtmp/disk 0600 - - - 8:1\np /var/lib/labtmp/pipe 0600\na+ /var/lib/labtmp - - - - user:daemon:r-x\n",
}

SPEC_HEAD = """\
Name: el-{name}
Version: {version}
Release: 1
Summary: a package of this test
License: none
BuildArch: noarch
AutoReqProv: no
Provides: /bin/sh
%global __os_install_post %nil
%global _binaries_in_noarch_packages_terminate_build 0
%description
Nothing.
%install
mkdir -p %buildroot
cd %buildroot
"""
# Without a pipe and devices: rpm 4.18.0, which no Enterprise Linux has, opens those and waits for ever, or fails where none works.
SPEC = (
    SPEC_HEAD
    + """\
{content}
mkdir -p usr/bin; echo {version} > usr/bin/el-tool
rm opt/lab/pipe
mv opt/lab opt/el; mv etc/lab etc/el; rmdir -p var/lib/lab
for unit in usr/lib/systemd/system/lab*; do mv $unit usr/lib/systemd/system/el${{unit#usr/lib/systemd/system/lab}}; done
sed s/lab/el/ usr/lib/systemd/system-preset/10-lab.preset > usr/lib/systemd/system-preset/10-el.preset
rm usr/lib/systemd/system-preset/10-lab.preset
%files
%dir /opt/el
/opt/el/program
%attr(4755,root,root) /opt/el/setuid
%attr(2755,root,mail) /opt/el/setgid
%caps(cap_net_raw=ep) /opt/el/capable
%attr(0640,daemon,adm) /opt/el/private
/opt/el/linked
/opt/el/linked-again
/opt/el/deep
%attr(-,eluser,eluser) /opt/el/version
/opt/el/empty
/opt/el/symbolic
/opt/el/dangling
%attr(1777,root,root) %dir /opt/el/sticky
%attr(2775,daemon,mail) %dir /opt/el/shared
/opt/el/sparse
"/opt/el/name with spaces"
/opt/el/caf*
%config(noreplace) /etc/el/lab.conf
%ghost /etc/el/ghost
/usr/lib/systemd/system/*
/usr/lib/systemd/system-preset/*
/usr/bin/el-tool
%pre
getent group eluser >/dev/null || groupadd -r -g 811 eluser
getent passwd eluser >/dev/null || useradd -r -u 811 -g eluser -d /opt/el -s /sbin/nologin eluser
exit 0
%post
{script}
if [ $1 = 1 ]; then
    make_lab /opt/el
    systemctl --no-reload preset el.timer el-not.service
    echo ghost >/etc/el/ghost
fi
update-alternatives --install /usr/bin/el-choice el-choice /opt/el/program 10
%preun
if [ $1 = 0 ]; then update-alternatives --remove el-choice /opt/el/program; fi
%posttrans
echo posttrans >>/opt/el-log
%transfiletriggerin -- /opt/el
sort >>/opt/el-log
%triggerin -- el-other
echo other >>/opt/el-log
"""
)
OTHER = (
    SPEC_HEAD
    + """\
mkdir -p opt/other; echo other > opt/other/file
%files
/opt/other
"""
)
MACROS = "%_dbpath /var/lib/rpm\n%_buildhost test\n%_build_id_links none\n"

# What is done in each way: installed, changed by a person, upgraded, removed, and an initramfs made; then all is printed that two databases must have alike.
INSTALL = """
echo 'lab lab/colour select green' | debconf-set-selections
dpkg --install /srv/lab_1.deb /srv/interested.deb
echo '# of this site' >>/etc/lab/lab.conf
dpkg --install /srv/other.deb
dpkg --force-confold --install /srv/lab_2.deb
dpkg --purge other
dnf --quiet --assumeyes --releasever=9 --disablerepo='*' install /srv/el-lab-1-1.noarch.rpm
rpm --install /srv/el-other-1-1.noarch.rpm
echo '# of this site' >>/etc/el/lab.conf
rpm --upgrade /srv/el-lab-2-1.noarch.rpm
rpm --erase el-other
mkdir -p /lib/modules/9.9-lab
SOURCE_DATE_EPOCH=1 dracut --quiet --force --reproducible --no-compress --no-kernel --no-hostonly --modules base --tmpdir /var/tmp /opt/initrd 9.9-lab
echo PRINTED
cpio --quiet --list </opt/initrd | grep -x init
dpkg --verify; dpkg-query --show --showformat '${Package} ${Version} ${Status}\\n'; dpkg --audit
debconf-show lab
rpm --query --all --queryformat '%{NAME} %{VERSION}\\n' | sort
rpm --verify el-lab || true
getcap -r /opt; getfacl --absolute-names --recursive --numeric /opt
systemctl is-enabled lab.service lab.timer lab-not.service el.timer el-not.service || true
"""


def debs(root):
    """Packages of Debian in the system's /srv."""
    for version in ("1", "2"):
        _deb(
            root,
            f"lab_{version}",
            version,
            CONTENT + OWNED,
            MORE_FILES,
            DEBIAN_SCRIPT,
            "Depends: debconf\nPre-Depends: adduser\n",
            {"conffiles": "/etc/lab/lab.conf\n", "templates": DEBCONF, "triggers": "interest-noawait lab-own\n"},
        )
    scripts = {"postinst": 'echo "$@" >>/opt/interested/log\n'}
    _deb(root, "interested", "1", "mkdir -p opt/interested", {}, scripts, "", {"triggers": "interest lab-trigger\n"})
    _deb(root, "other", "1", "mkdir -p opt/other/gone; mknod opt/other/gone/device c 1 3", {}, {}, "", {"triggers": "activate lab-own\n"})
    (root / "srv/install").write_text(INSTALL, encoding="utf-8")


def _deb(root, file, version, content, files, scripts, more, parts):
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "made"
        made.mkdir(mode=0o755)
        subprocess.run(["sh", "-e", "-c", content.replace("VERSION", version)], cwd=made, check=True)
        for path, text in files.items():
            _write(made / path, text, 0o755 if "bin/" in path else 0o644)
        parts = {**parts, "control": CONTROL.format(name=file.partition("_")[0], version=version, more=more)}
        for part, text in parts.items():
            _write(made / "DEBIAN" / part, text)
        for script, text in scripts.items():
            _write(made / "DEBIAN" / script, f"#!/bin/sh\nset -e\n{text}", 0o755)
        subprocess.run(["dpkg-deb", "--build", str(made), str(root / f"srv/{file}.deb")], check=True, capture_output=True)


def _write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def rpms(root):
    """Packages of Enterprise Linux in the system's /srv, built by its own rpmbuild."""
    _write(root / "etc/rpm/macros", MACROS)
    for version in ("1", "2"):
        text = SPEC.format(name="lab", version=version, content=CONTENT.replace("VERSION", version), script=SCRIPT)
        _write(root / f"srv/el-lab-{version}.spec", text)
    _write(root / "srv/el-other.spec", OTHER.format(name="other", version="1"))
    specs = [f"/srv/{path.name}" for path in sorted((root / "srv").glob("*.spec"))]
    settings = ("_rpmdir /srv", "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.noarch.rpm", "_topdir /srv/build")
    define = [word for setting in settings for word in ("--define", setting)]
    done = subprocess.run(
        ["chroot", str(root), "rpmbuild", "-bb", "--quiet", *define, *specs],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
