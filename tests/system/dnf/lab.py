# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system of the RHEL family in a directory: Debian's own dnf and rpm, and repositories of small packages that are made here.

Everything is built and signed inside the directory, so the machine's own rpm is never asked.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

DEBIAN = ("dnf", "dnf-plugins-core", "rpm", "createrepo-c", "gnupg", "python3")
SRV = "/srv/repositories"
HOME = "/root/signing"
KEY = "/etc/pki/rpm-gpg/RPM-GPG-KEY-hygeia"
# What a test changes, and what is put back before the next one.
CHANGING = ("etc", "boot", "opt", "usr/lib/modules", "var/lib/rpm", "var/lib/dnf", "var/cache/dnf", "var/log")

OS_RELEASE = 'NAME="Enterprise Linux of a test"\nID="hygeia-el"\nID_LIKE="rhel fedora"\nVERSION_ID="9.4"\n'
MACROS = f"%_dbpath /var/lib/rpm\n%__gpg /usr/bin/gpg\n%_gpg_path {HOME}\n%_buildhost test\n"
DNF_CONF = "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\nretries=1\ntimeout=5\n"
REPOSITORY = "[{name}]\nname={name}\nbaseurl={address}/{name}\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{key}\n"

SPEC = """\
Name: {name}
Version: {version}
Release: {release}.el9
Summary: a package of this test
License: none
BuildArch: noarch
{tags}
%description
Nothing.
%install
mkdir -p %{{buildroot}}/opt/{name} %{{buildroot}}/etc
echo {version} > %{{buildroot}}/opt/{name}/version
{install}
%files
/opt/{name}
{files}
{scripts}
"""

_CONFIG = {"install": "echo 'value = {version}' > %{{buildroot}}/etc/lab.conf", "files": "%config(noreplace) /etc/lab.conf"}
_KERNEL = {
    "tags": "Provides: installonlypkg(kernel)",
    "install": """
v={version}-{release}.el9.noarch
mkdir -p %{{buildroot}}/boot %{{buildroot}}/usr/lib/modules/$v
echo kernel > %{{buildroot}}/boot/vmlinuz-$v
echo modules > %{{buildroot}}/usr/lib/modules/$v/modules.dep
echo initramfs > %{{buildroot}}/boot/initramfs-$v.img""",
    "files": "/boot/vmlinuz-{version}-{release}.el9.noarch\n/boot/initramfs-{version}-{release}.el9.noarch.img\n"
    "/usr/lib/modules/{version}-{release}.el9.noarch",
}

# Each repository with its packages: name, version, release, and what its spec has besides.
PACKAGES = {
    "base": [
        ("el-release", "9.4", "1", {"tags": "Provides: system-release = 9.4\nProvides: system-release(releasever) = 9\nProvides: /bin/sh"}),
        ("app", "1.0", "1", {"tags": "Requires: applib\nRequires: leaf"}),
        ("applib", "1.0", "1", {}),
        ("leaf", "1.0", "1", {}),
        ("conf", "1.0", "1", _CONFIG),
        ("held", "1.0", "1", {}),
        ("excluded", "1.0", "1", {}),
        ("oldname", "1.0", "1", {}),
        ("clash", "1.0", "1", {}),
        ("script", "1.0", "1", {}),
        ("after", "1.0", "1", {}),
        ("kernel-core", "5.14.0", "1", _KERNEL),
        ("extra", "1.0", "1", {"tags": "Requires: extralib"}),
        ("extralib", "1.0", "1", {}),
    ],
    "updates": [
        ("app", "1.1", "1", {"tags": "Requires: applib >= 1.1"}),
        ("app", "1.2", "1", {"tags": "Requires: applib >= 1.1"}),
        ("applib", "1.1", "1", {}),
        ("conf", "1.1", "1", _CONFIG),
        ("held", "1.1", "1", {}),
        ("excluded", "1.1", "1", {}),
        ("newname", "2.0", "1", {"tags": "Obsoletes: oldname < 2\nProvides: oldname = 2.0"}),
        ("kernel-core", "5.14.0", "2", _KERNEL),
    ],
    # Repositories with one fault each, which a test switches on.
    "kernels": [("kernel-core", "5.14.0", release, _KERNEL) for release in ("3", "4")],
    "clashing": [("clash", "1.1", "1", {"tags": "Conflicts: app"})],
    "failing": [
        ("script", "1.1", "1", {"scripts": "%pre\necho this host is not wanted >&2\nexit 1"}),
        ("after", "1.1", "1", {"scripts": "%post\nexit 1"}),
    ],
    "tampered": [("conf", "1.2", "1", _CONFIG)],
    "stranger": [("conf", "1.3", "1", _CONFIG)],
    "unsigned": [("conf", "1.4", "1", _CONFIG)],
    "silent": [("conf", "1.5", "1", _CONFIG)],
    "broken": [("conf", "1.6", "1", _CONFIG)],
    "forged": [("conf", "1.7", "1", _CONFIG)],
}
INSTALLED = ("el-release", "app", "conf", "held", "excluded", "oldname", "clash", "script", "after", "kernel-core")

ADVISORY = """\
  <update from="security@example.org" status="final" type="{type}" version="1">
    <id>{id}</id>
    <title>{package} {type} update</title>
    <issued date="{day} 08:00:00"/>
    <updated date="{day} 08:00:00"/>
    <severity>{severity}</severity>
    <summary>{package} is corrected.</summary>
    <description>A description that nobody needs.</description>
    <references>
{references}
    </references>
    <pkglist>
      <collection short="el-9">
        <name>Enterprise Linux 9</name>
        <package name="{package}" version="{version}" release="{release}.el9" epoch="0" arch="noarch" src="{package}-{version}-{release}.el9.src.rpm">
          <filename>{package}-{version}-{release}.el9.noarch.rpm</filename>
        </package>
      </collection>
    </pkglist>
  </update>
"""
REFERENCE = '      <reference href="https://example.org/{cve}" id="{cve}" type="cve" title="{cve}"/>'
# The advisories of the repository «updates»: what they are called and what they correct.
ADVISORIES = (
    ("TESA-2026:0001", "security", "Important", "2026-03-01", "app", "1.1", "1", ("CVE-2026-10001", "CVE-2026-10002")),
    ("TEBA-2026:0002", "bugfix", "None", "2026-03-05", "app", "1.2", "1", ()),
    ("TEBA-2026:0003", "bugfix", "None", "2026-03-05", "conf", "1.1", "1", ()),
    ("TESA-2026:0004", "security", "Moderate", "2026-03-06", "held", "1.1", "1", ("CVE-2026-10004",)),
    ("TESA-2026:0005", "security", "Low", "2026-03-06", "excluded", "1.1", "1", ("CVE-2026-10005",)),
    ("TESA-2026:0006", "security", "Critical", "2026-03-07", "kernel-core", "5.14.0", "2", ("CVE-2026-10006",)),
)
# Without an updateinfo nobody knows which updates are for security.
WITH_ADVISORIES = ("updates", "broken")


def updateinfo():
    """The updateinfo of the repository «updates»."""
    texts = []
    for identifier, kind, severity, day, package, version, release, cves in ADVISORIES:
        references = "\n".join(REFERENCE.format(cve=cve) for cve in cves)
        texts.append(
            ADVISORY.format(
                id=identifier,
                type=kind,
                severity=severity,
                day=day,
                package=package,
                version=version,
                release=release,
                references=references,
            )
        )
    return '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n' + "".join(texts) + "</updates>\n"


class Lab:
    """The directory, and the commands that change it."""

    def __init__(self, root):
        self.root = Path(root)
        self._saved = self.root.parent / f"{self.root.name}-saved.tar"
        self.server = None

    def run(self, *argv, check=True, stdin=None):
        """Run a program of this system."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "GNUPGHOME": HOME}
        return subprocess.run(["chroot", str(self.root), *argv], check=check, text=True, capture_output=True, env=environment, input=stdin)

    def place(self, path):
        return self.root / path.lstrip("/")

    def write(self, path, text):
        self.place(path).parent.mkdir(parents=True, exist_ok=True)
        self.place(path).write_text(text, encoding="utf-8")

    # -- making it --------------------------------------------------------------

    def make(self, server):
        """From a Debian with dnf to a system whose package manager is dnf."""
        self.server = server
        self.place("/var/lib/dpkg").rename(self.place("/var/lib/dpkg.debian"))
        shutil.rmtree(self.place("/etc/dpkg"))
        self.write("/etc/os-release", OS_RELEASE)
        self.write("/etc/rpm/macros", MACROS)
        self.write("/etc/dnf/dnf.conf", DNF_CONF)
        # Debian's dnf has a repository of its own, which no system of the RHEL family has.
        self.place("/etc/dnf/plugins/local.conf").unlink()
        self._make_keys()
        self._build()
        for name in PACKAGES:
            self._publish(name)
        local = [f"--repofrompath=local,file://{SRV}/base", "--repo=local", "--setopt=local.gpgcheck=0"]
        self.run("dnf", "-y", "-q", *local, "install", *INSTALLED)
        self.forget()
        self.repositories("base", "updates")
        self.run("dnf", "-y", "-q", "makecache")
        places = [place for place in CHANGING if (self.root / place).exists()]
        subprocess.run(["tar", "--create", f"--file={self._saved}", f"--directory={self.root}", *places], check=True)

    def _make_keys(self):
        self.place(HOME).mkdir(mode=0o700)
        for owner in ("hygeia", "stranger"):
            self.run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", owner, "rsa2048", "sign", "never")
        self.write(KEY, self.run("gpg", "--armor", "--export", "hygeia").stdout)

    def _build(self):
        """All packages of all repositories, signed but one."""
        for repository, packages in PACKAGES.items():
            specs = []
            for number, (name, version, release, more) in enumerate(packages):
                parts = {
                    part: more.get(part, "").format(version=version, release=release) for part in ("tags", "install", "files", "scripts")
                }
                specs.append(f"/tmp/specs/{repository}-{number}.spec")
                self.write(specs[-1], SPEC.format(name=name, version=version, release=release, **parts))
            define = ["--define", f"_rpmdir {SRV}/{repository}", "--define", "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.noarch.rpm"]
            self.run("rpmbuild", "-bb", "--quiet", *define, *specs)
            files = [f"{SRV}/{repository}/{path.name}" for path in self.place(f"{SRV}/{repository}").iterdir()]
            if repository != "unsigned":
                self.run("rpmsign", "--define", f"_gpg_name {'stranger' if repository == 'stranger' else 'hygeia'}", "--addsign", *files)
        for path in self.place(f"{SRV}/tampered").iterdir():
            content = bytearray(path.read_bytes())
            content[-20] ^= 0xFF  # the payload is no longer what was signed
            path.write_bytes(content)

    def _publish(self, name):
        """The metadata of a repository, signed."""
        directory = f"{SRV}/{name}"
        self.run("createrepo_c", "--quiet", directory)
        if name in WITH_ADVISORIES:
            text = updateinfo()
            self.write("/tmp/updateinfo.xml", text if name != "broken" else text[: len(text) // 2])
            self.run("modifyrepo_c", "--mdtype=updateinfo", "/tmp/updateinfo.xml", f"{directory}/repodata")
        owner = "stranger" if name == "forged" else "hygeia"
        self.run(
            "gpg", "--batch", "--yes", "--quiet", "--local-user", owner, "--armor", "--detach-sign", f"{directory}/repodata/repomd.xml"
        )

    # -- for each test ----------------------------------------------------------

    def reset(self):
        """Put everything back as it was made."""
        self.server.asked, self.server.dies_at = [], None
        for place in CHANGING:
            shutil.rmtree(self.root / place, ignore_errors=True)
        subprocess.run(["tar", "--extract", f"--file={self._saved}", f"--directory={self.root}"], check=True)

    def end(self):
        """End what gpg left running in this system."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(process / "root") == str(self.root):
                    os.kill(int(process.name), signal.SIGTERM)

    def repositories(self, *names, **more):
        """Switch on these repositories and no other; ``more`` are options of the last one."""
        shutil.rmtree(self.place("/etc/yum.repos.d"), ignore_errors=True)
        for name in names:
            options = "".join(f"{key}={value}\n" for key, value in more.items()) if name == names[-1] else ""
            self.write(f"/etc/yum.repos.d/{name}.repo", REPOSITORY.format(name=name, address=self.server.address, key=KEY) + options)

    def hold(self):
        """A lock on one package, and an exclude of another."""
        self.write("/etc/dnf/plugins/versionlock.list", "# why it is held\nheld-0:1.0-1.el9.*\n")
        self.write("/etc/dnf/dnf.conf", DNF_CONF + "excludepkgs=excluded\n")

    def forget(self):
        """Take away what was fetched of the repositories."""
        shutil.rmtree(self.place("/var/cache/dnf"))

    def digest(self):
        """What tells whether anything of the system changed."""
        return self.run("sh", "-c", "find /var/lib/rpm /opt /etc -type f | sort | xargs sha256sum").stdout

    def installed(self, name):
        """The versions of a package, by rpm itself."""
        found = self.run("rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\\n").stdout.splitlines()
        return sorted(version for package, version in (line.split() for line in found) if package == name)


class Server:
    """The repositories over HTTP on loopback; it can die at a request, or say nothing but errors."""

    def __init__(self, directory):
        self.asked, self.dies_at = [], None
        server = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *args, **kwargs):
                super().__init__(*args, directory=str(directory), **kwargs)

            def do_GET(self):
                server.asked.append(self.path)
                if server.dies_at and server.dies_at in self.path:
                    self.close_connection = True
                    path = self.translate_path(self.path)
                    self.send_response(200)
                    self.send_header("Content-Length", str(os.path.getsize(path)))
                    self.end_headers()
                    with open(path, "rb") as stream:
                        self.wfile.write(stream.read(40))
                    return
                super().do_GET()

            def log_message(self, *unused_args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
