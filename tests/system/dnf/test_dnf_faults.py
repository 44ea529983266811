# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong with repositories and packages: each is one sentence, and what cannot be trusted is never installed."""

from __future__ import annotations

import shutil
import subprocess

import lab as laboratory
import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.manager import Dnf
from ansible_collections.hygeia.golden.plugins.module_utils.packages.upgrade import download, upgrade

CONF = Request("all", ("conf",))


@pytest.mark.parametrize(
    "repository, sentence",
    [
        ("tampered", "^the signature of conf-1.2-1.el9.noarch.rpm is bad: something between its maker and here changed it"),
        (
            "stranger",
            "^the signature of conf-1.3-1.el9.noarch(.rpm)? is by a key that its repository does not name: install nothing from there",
        ),
        ("unsigned", "^conf-1.4-1.el9.noarch.rpm is not signed: use a repository that signs its packages$"),
    ],
)
def test_a_package_without_a_good_signature_is_never_installed(lab, manager, repository, sentence):
    lab.repositories(repository)
    manager.refresh()
    plan = manager.choose(Request())
    with pytest.raises(PackageError, match=sentence):
        manager.fetch(plan)
    # Not even if somebody goes on: what was downloaded is judged again.
    with pytest.raises(PackageError, match=sentence):
        manager.carry_out(plan)
    assert lab.installed("conf") == ["1.0-1.el9"]


@pytest.mark.parametrize(
    "repository, sentence",
    [
        ("broken", r"^the updateinfo of the repository broken is damaged \(.+\), so it is not known which of its updates are for security"),
        ("forged", "^the signature of the repository forged is bad or its key is not known"),
        ("nosuch", "/nosuch/repodata/repomd.xml could not be fetched .404.: the repository has moved on or its address is wrong"),
    ],
)
def test_a_repository_that_cannot_be_believed_stops_everything(lab, host, repository, sentence):
    # Nobody may leave it out in silence either.
    lab.repositories("base", "updates", repository, skip_if_unavailable=1)
    with pytest.raises(PackageError, match=sentence):
        download(host, Request())
    assert not Dnf(host).downloaded()


def test_a_key_that_is_not_there_is_named(lab, host):
    lab.forget()
    lab.place(laboratory.KEY).unlink()
    with pytest.raises(PackageError, match="^the key /etc/pki/rpm-gpg/RPM-GPG-KEY-hygeia is not there: install it"):
        download(host, Request())


def test_a_repository_that_dies_half_way_leaves_the_system_as_it_was(lab, host):
    lab.forget()
    lab.server.dies_at = "primary.xml"
    with pytest.raises(PackageError, match="/repodata/.*primary.xml.gz broke off in the middle of a download"):
        download(host, Request())
    lab.server.dies_at = "app-1.2-1.el9.noarch.rpm"
    with pytest.raises(PackageError, match="/updates/app-1.2-1.el9.noarch.rpm broke off in the middle of a download"):
        download(host, Request())
    with pytest.raises(PackageError, match="has not been downloaded"):
        upgrade(host)
    assert lab.installed("app") == ["1.0-1.el9"]


def test_a_repository_that_is_down_is_named(lab, host):
    place = lab.place("/etc/yum.repos.d/updates.repo")
    place.write_text(place.read_text().replace(lab.server.address, "http://127.0.0.1:9"))
    with pytest.raises(PackageError, match="^http://127.0.0.1:9/updates/repodata/repomd.xml does not answer .*: check the network"):
        download(host, Request())


def test_nothing_is_known_before_anything_was_fetched(lab, host):
    lab.forget()
    with pytest.raises(PackageError, match="so it is not known what is pending: run hygeia.golden.package_download first$"):
        Dnf(host).pending()


def test_an_unknown_name_is_refused(manager):
    for name, message in (
        ("nosuch", "^no repository of dnf has a package nosuch: correct the name"),
        ("extra", "^extra is not installed, so it has no update"),
        ("TESA-2026:9999", "^no repository of dnf has an advisory TESA-2026:9999"),
        ("CVE-2026-1000", "^no repository of dnf has an advisory CVE-2026-1000"),
    ):
        with pytest.raises(PackageError, match=message):
            manager.choose(Request("all", ("app", name)))


def test_a_package_that_is_to_be_installed_and_is_unknown_is_refused(manager):
    with pytest.raises(PackageError, match="^no repository of dnf has a package nosuch"):
        manager.addition(["extra", "nosuch"])


@pytest.mark.parametrize("script, name, left", [("prein", "script", "1.0-1.el9"), ("post", "after", "1.1-1.el9")])
def test_a_script_that_fails_is_reported_with_its_package(lab, manager, script, name, left):
    lab.repositories("failing")
    manager.refresh()
    plan = manager.choose(Request("all", (name,)))
    manager.fetch(plan)
    with pytest.raises(PackageError, match=f"^the script %{script} of {name}-1.1-1.el9.noarch failed .exit status 1.: see what it needs"):
        manager.carry_out(plan)
    assert lab.installed(name) == [left]


def test_a_full_disk_is_foreseen(lab, host):
    lab.repositories("updates", repo_gpgcheck=0)  # else gpg keeps the directory in use
    cache = lab.place("/var/cache/dnf")
    cache.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(cache)], check=True)
    try:
        Dnf(host).refresh()
        free = shutil.disk_usage(cache).free
        (cache / "filling").write_bytes(b"0" * (free - 16384))
        with pytest.raises(PackageError, match="the updates need 1 MB on the disk of /var/cache/dnf and only 1 MB are free"):
            download(host, Request())
    finally:
        subprocess.run(["umount", str(cache)], check=True)
    assert lab.installed("app") == ["1.0-1.el9"]


def test_what_an_interrupted_transaction_left_is_reported(lab, host):
    lab.run("rpm", "-i", "--justdb", "--nodeps", "--force", f"{laboratory.SRV}/updates/applib-1.1-1.el9.noarch.rpm")
    with pytest.raises(PackageError, match="^an interrupted transaction left applib in two versions: run dnf remove --duplicates"):
        upgrade(host)


def test_a_damaged_database_is_reported(lab, host):
    path = lab.place("/var/lib/rpm/rpmdb.sqlite")
    path.write_bytes(path.read_bytes()[:4096].ljust(65536, b"\xff"))
    with pytest.raises(RuntimeError, match="^rpm does not say what is installed: error: cannot open Packages database"):
        upgrade(host)


def test_another_dnf_at_work_is_reported_and_not_waited_for(lab, host, manager):
    manager.fetch(manager.choose(CONF))
    script = f"import fcntl,time;f=open('{lab.place('/var/lib/rpm')}/.rpm.lock','w');fcntl.lockf(f,fcntl.LOCK_EX);print(1,flush=True);time.sleep(60)"
    with subprocess.Popen(["python3", "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        holder.stdout.readline()
        try:
            with pytest.raises(PackageError, match="another dnf or rpm is at work"):
                upgrade(host, CONF)
        finally:
            holder.kill()
    assert lab.installed("conf") == ["1.0-1.el9"]
