# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cannot be had is one sentence, and the system stays as it was."""

from __future__ import annotations

import datetime
import re

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages import upgrade
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from archive import SECURITY, served

MONTH_AGO = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)


@pytest.fixture
def plain(archive, request):
    """One package is installed and has an update for security."""
    there = request.getfixturevalue("any_system" if "any_system" in request.fixturenames else "system")
    if not there.version("plain"):
        there.install(archive.add("plain", "1"))
    archive.add("plain", "2", suite=SECURITY)
    archive.publish()
    return archive


def refused(system, sentence, sources, request=Request(), names=()):
    """Both steps of a patch stop at a sentence, and nothing has changed."""
    before = system.digest()
    with pytest.raises(PackageError) as problem:
        upgrade.download(system.host, request, names, sources)
        upgrade.upgrade(system.host, request, sources=sources)
    assert re.search(sentence, str(problem.value)), problem.value
    assert "\n" not in str(problem.value)
    assert (system.digest(), system.version("plain")) == (before, "1")


def clear(system):
    for package in (system.root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


def test_an_unknown_package(plain, system):
    with served(plain.place) as address:
        sources = plain.sources(address)
        refused(system, "no source of apt has a package plane: correct the name", sources, names=["plane"])
        refused(system, "no source of apt has a package plane: correct the name", sources, Request(only=("plane",)))


def test_a_package_that_is_there_and_not_installed_has_no_update(plain, system):
    plain.add("other", "1")
    plain.publish()
    with served(plain.place) as address:
        refused(system, "other is not installed, so it has no update", plain.sources(address), Request(only=("other",)))


def test_a_signature_of_somebody_else(plain, any_system, keys):
    plain.publish(key=keys[1])
    with served(plain.place) as address:
        refused(any_system, r"signature of \S+ stable cannot be checked because its key \w+ is not known", plain.sources(address))


def test_a_release_that_was_changed_after_it_was_signed(plain, any_system):
    signed = plain.place / "dists/stable/InRelease"
    signed.write_text(signed.read_text().replace("Origin: Debian", "Origin: Nobody"))
    with served(plain.place) as address:
        refused(any_system, r"the signature of \S+ stable is bad", plain.sources(address))


def test_a_release_that_nobody_signed(plain, system):
    (plain.place / "dists/stable/InRelease").unlink()
    with served(plain.place) as address:
        refused(system, "stable is not signed: use a mirror", plain.sources(address))


def test_an_expired_release(plain, system):
    plain.publish(made=MONTH_AGO)
    with served(plain.place) as address:
        refused(system, "expired 23d .* ago: the mirror is stale", plain.sources(address))


def test_a_package_that_was_changed_after_it_was_listed(plain, system):
    clear(system)
    package = plain.place / "pool/plain_2_amd64.deb"
    package.write_bytes(package.read_bytes()[:-5] + b"evil\n")
    with served(plain.place) as address:
        refused(system, "does not match the archive's checksums", plain.sources(address))


@pytest.mark.parametrize("moment", ["stable/InRelease", "Packages", "plain_2"])
def test_an_archive_that_dies_half_way(plain, system, moment):
    clear(system)
    with served(plain.place, moment) as address:
        refused(system, "does not answer|the connection broke", plain.sources(address))


def test_an_archive_that_is_not_there(plain, system):
    refused(system, "127.0.0.1:9 does not answer", plain.sources("http://127.0.0.1:9"))


def test_packages_that_were_never_downloaded(plain, system):
    clear(system)
    with served(plain.place) as address:
        sources = plain.sources(address)
        upgrade.download(system.host, Request("none"), sources=sources)
    before = system.digest()
    with pytest.raises(PackageError, match="has not been downloaded: let hygeia.golden.package_download"):
        upgrade.upgrade(system.host, sources=sources)
    assert system.digest() == before


@pytest.mark.parametrize(
    "more, sentence",
    [
        ({"Installed_Size": 10**10}, r"need \d+ MB on the disk of \S+ and only \d+ MB are free"),
        ({"Depends": "plain-needs-this"}, "plain needs plain-needs-this|plain is kept"),
    ],
    ids=["no space", "a dependency that nobody has"],
)
def test_an_update_that_cannot_be_installed(plain, system, more, sentence):
    plain.add("plain", "3", suite=SECURITY, **more)
    plain.publish()
    with served(plain.place) as address:
        refused(system, sentence, plain.sources(address), Request(only=("plain",)))


def test_sources_of_one_run_must_name_their_key(plain, system):
    refused(system, "does not say which key signs it: add Signed-By", "deb http://127.0.0.1:9 stable main")
    refused(system, "believed without a good signature: leave out trusted", "deb [trusted=yes] http://127.0.0.1:9 stable main")
    refused(system, "names the key /nowhere.gpg, which is not there", "deb [signed-by=/nowhere.gpg] http://127.0.0.1:9 stable main")
    refused(system, "name none", "http://127.0.0.1:9")
