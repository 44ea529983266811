# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.publishing import openstack_image
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.openstack_image import OpenStackError, digest


class Refused(Exception):
    """What any of the three libraries raises."""


@pytest.fixture
def cloud(monkeypatch):
    """A client library whose cloud returns these pieces, or raises what is among them."""

    def give(*pieces):
        def download_image(image, stream):
            assert (image, stream) == ("25e7838f", True)
            return SimpleNamespace(iter_content=lambda size: iterated(pieces))

        def connect(cloud, region_name):
            assert (cloud, region_name) == ("hospital", None)
            return SimpleNamespace(image=SimpleNamespace(download_image=download_image))

        library = SimpleNamespace(connect=connect, exceptions=SimpleNamespace(SDKException=Refused))
        monkeypatch.setattr(openstack_image, "openstack", library)
        for name in ("ClientException", "RequestException"):
            monkeypatch.setattr(openstack_image, name, Refused, raising=False)

    return give


def iterated(pieces):
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def test_the_digest_is_that_of_all_pieces(cloud):
    cloud(b"golden ", b"", b"image")
    assert digest("hospital", None, "25e7838f") == (hashlib.sha256(b"golden image").hexdigest(), 12)


def test_what_breaks_off_has_no_digest(cloud):
    cloud(b"golden ", Refused("connection reset"))
    with pytest.raises(OpenStackError, match="the image 25e7838f cannot be read from the cloud hospital: connection reset"):
        digest("hospital", None, "25e7838f")


def test_without_the_library_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(openstack_image, "openstack", None)
    with pytest.raises(OpenStackError, match="install it for the Python that Ansible uses there"):
        digest("hospital", None, "25e7838f")
