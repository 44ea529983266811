# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LUKS containers that cryptsetup itself made on files; what it says of each is what we say."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import contents, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import containers, header
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import key as luks_key
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import mapper
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.templates import luks

pytestmark = pytest.mark.skipif(shutil.which("cryptsetup", path="/usr/sbin:/sbin") is None, reason="needs cryptsetup")

KEY = b"correct horse\n\0 battery"
SIZE = 64 << 20


def read(path):
    return header.read(Window(str(path), 0, os.path.getsize(path), "partition 1 of web.raw"))


def rewritten(path, change):
    """The primary header of LUKS2 after a change of its JSON, with the checksum that it then has."""
    whole = bytearray(path.read_bytes()[:16384])
    metadata = json.loads(whole[4096:].split(b"\0", 1)[0])
    change(metadata)
    text = json.dumps(metadata).encode()
    whole[4096:] = text + bytes(len(whole) - 4096 - len(text))
    whole[448:512] = bytes(64)
    whole[448:480] = hashlib.sha256(whole).digest()
    with open(path, "r+b") as stream:
        stream.write(whole)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return luks.empty(tmp_path_factory.mktemp("luks") / "first.raw", 1, KEY)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    return luks.empty(tmp_path_factory.mktemp("luks") / "second.raw", 2, KEY, "--sector-size", "4096")


@pytest.fixture
def copy(tmp_path, second):
    return shutil.copy(second, tmp_path / "copy.raw")


def dumped_by_cryptsetup(path):
    said = luks.cryptsetup("luksDump", "--dump-master-key", path, key=KEY)
    return dict(re.findall(r"^([A-Z][\w ]+):\s*(\S.*?)\s*$", said, re.M))


@pytest.mark.parametrize("version,sector,size", [(1, 512, SIZE - (2 << 20)), (2, 4096, SIZE - (16 << 20))])
def test_what_cryptsetup_says_is_what_we_say(request, version, sector, size):
    path = request.getfixturevalue({1: "first", 2: "second"}[version])
    found, metadata = read(path), dumped_by_cryptsetup(path)
    assert found == header.Header(
        version, metadata["UUID"], f"{metadata['Cipher name']}-{metadata['Cipher mode']}", found.offset, size, sector
    )
    assert found.offset == int(metadata["Payload offset"]) * 512


def test_the_volume_key_is_that_of_cryptsetup(first, second, tmp_path):
    for path in (first, second):
        dumped = tmp_path / f"{path.name}.key"
        luks.cryptsetup("luksDump", "--dump-master-key", "--master-key-file", dumped, path, key=KEY)
        assert luks_key.volume_key(str(path), KEY, "partition 1") == dumped.read_bytes()


def test_the_key_is_in_no_command_line_environment_or_file(monkeypatch, second):
    seen = []

    def run(argv, limit=60, environ=None, stdin=None):
        seen.append((argv, environ, os.read(stdin, 100), os.readlink(f"/proc/self/fd/{stdin}")))
        return CommandResult(1, "", "cryptsetup: no")

    monkeypatch.setattr(luks_key, "run", run)
    with pytest.raises(ImageError, match="^partition 1 is encrypted with LUKS and cannot be opened: cryptsetup: no$"):
        luks_key.volume_key(str(second), KEY, "partition 1")
    ((argv, environ, given, place),) = seen
    assert given == KEY and environ is None and not any("horse" in word for word in argv)
    assert place.startswith("/memfd:") and str(second) in argv


def test_a_key_that_opens_nothing(first):
    with pytest.raises(ImageError, match=r"^partition 1 is encrypted with LUKS, and the key that was given opens none of its key slots: "):
        luks_key.volume_key(str(first), b"wrong", "partition 1")


def test_where_the_key_comes_from(tmp_path):
    (tmp_path / "key").write_bytes(KEY)
    assert luks_key.given("secret words\n", None) == b"secret words"
    assert luks_key.given(None, str(tmp_path / "key")) == KEY
    assert luks_key.given("", "") is None
    with pytest.raises(ImageError, match=r"^the key file /nowhere cannot be read on the build host: No such file"):
        luks_key.given(None, "/nowhere")
    (tmp_path / "key").write_bytes(b"")
    with pytest.raises(ImageError, match="is empty or longer than 8 MiB"):
        luks_key.given(None, str(tmp_path / "key"))


def test_the_table_that_the_kernel_gets(monkeypatch, second):
    monkeypatch.setattr(mapper, "number_of", lambda unused_handle: "7:3")
    start, length, driver, words = containers._target(read(second), bytes(range(64)), 0, True)
    assert (start, length, driver) == (0, (SIZE - (16 << 20)) // 512, "crypt")
    assert words == f"aes-xts-plain64 {bytes(range(64)).hex()} 0 7:3 32768 2 allow_discards sector_size:4096"
    assert containers._target(read(second), b"k", 0, False)[3].endswith(" 1 sector_size:4096")


# -- what is refused ------------------------------------------------------------


@pytest.mark.parametrize(
    "change,sentence",
    [
        (
            lambda metadata: metadata["config"].update(requirements={"mandatory": ["online-reencrypt-v2"]}),
            "is being encrypted anew: finish that with 'cryptsetup reencrypt --resume-only' in a running clone",
        ),
        (lambda metadata: metadata["config"].update(requirements={"mandatory": ["opal\n"]}), "has a LUKS header that requires opal"),
        (lambda metadata: metadata["segments"].update({"1": {}}), "is being encrypted anew"),
        (lambda metadata: metadata["segments"]["0"].update(integrity={}), "is a LUKS container with checksums of its sectors"),
        (lambda metadata: metadata["segments"]["0"].update(encryption="aes-xts-plain64 0 1:2"), "is encrypted in a way that is not known"),
        (lambda metadata: metadata["segments"]["0"].update(offset="99999999999"), "its LUKS header makes no sense"),
        (lambda metadata: metadata["segments"]["0"].update(offset="16777216", size="9999999999"), "tells of a place behind its end"),
        (lambda metadata: metadata["segments"]["0"].update(sector_size=513), "its LUKS header makes no sense"),
        (lambda metadata: metadata["segments"]["0"].update(iv_tweak="-1"), "its LUKS header makes no sense"),
        (lambda metadata: metadata.pop("segments"), "its LUKS header makes no sense"),
        (lambda metadata: metadata["segments"].clear(), "its LUKS header makes no sense"),
    ],
)
def test_a_header_that_is_not_acted_on(copy, change, sentence):
    rewritten(copy, change)
    with pytest.raises(ImageError) as problem:
        read(copy)
    assert str(problem.value).startswith("partition 1 of web.raw ") and sentence in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_bad_checksum(copy):
    with open(copy, "r+b") as stream:
        stream.seek(5000)
        stream.write(b"x")
    with pytest.raises(ImageError) as problem:
        read(copy)
    assert str(problem.value) == "partition 1 of web.raw is damaged, the checksum of its LUKS header is wrong: copy the template anew"


@pytest.mark.many
@pytest.mark.parametrize("which", ["first", "second"])
def test_mutated_headers_are_read_or_refused_in_one_sentence(request, tmp_path, which):
    """Those of LUKS2 have a checksum again, so that more than that is looked at."""
    dice = random.Random(13)
    whole = request.getfixturevalue(which).read_bytes()[:16384]
    path = tmp_path / "mutated.raw"
    for unused_turn in range(200):
        mutated = bytearray(whole)
        for unused_place in range(dice.randint(1, 4)):
            start = dice.choice([0, 64, 168, 4096, 4096 + mutated[4096:].find(b"segments")])
            mutated[start + dice.randrange(200)] = dice.choice([0, 0x22, 0x39, 0xFF, dice.randrange(256)])
        if which == "second":
            mutated[448:512] = bytes(64)
            mutated[448:480] = hashlib.sha256(mutated).digest()
        path.write_bytes(mutated)
        os.truncate(path, SIZE)
        try:
            found = read(path)
        except ImageError as problem:
            assert "\n" not in str(problem) and str(problem).startswith("partition 1 of web.raw ")
        else:
            assert 0 <= found.offset < found.offset + found.size <= SIZE and " " not in found.cipher


def test_a_kernel_without_the_device_mapper(monkeypatch, tmp_path, second):
    monkeypatch.setattr(mapper, "available", lambda: False)
    disk = shutil.copy(second, tmp_path / "disk")
    with contents.shown([str(disk)], ["web.raw"], KEY) as (found,):
        assert found.refused == (
            "the disk of web.raw is encrypted with LUKS, for which the kernel of the build host would need device-mapper with dm-crypt: "
            "load it with 'modprobe dm_crypt', or open the template on another build host (image_host)"
        )
        assert partitions.no_root([found], "web.raw") == f"web.raw cannot be opened because {found.refused}"
    with contents.shown([str(disk)], ["web.raw"]) as (found,):
        assert partitions.no_root([found], "web.raw") == (
            "web.raw cannot be opened because the disk (crypto_LUKS, 64.0 MiB) is encrypted with LUKS: give its key (image_luks_key_file), "
            "make the template with a plain ext4, XFS or btrfs root, or mount it yourself and enter it with ansible_image_root"
        )
