# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bytes of an image of OpenStack, by its own client library, which openstack.cloud needs too."""

from __future__ import annotations

import hashlib
from typing import Any

try:
    import openstack
    from keystoneauth1.exceptions import ClientException
    from requests import RequestException
except ImportError:
    openstack = None

_PIECE = 1 << 20


class OpenStackError(Exception):
    """What keeps an image from being read; the message says what and where."""


def digest(cloud: str, region: str | None, image: str) -> tuple[str, int]:
    """The SHA-256 and the size of what the cloud returns for the image with this id."""
    if openstack is None:
        raise OpenStackError("Python's openstacksdk is missing on this host: install it for the Python that Ansible uses there")
    try:
        return _read(openstack.connect(cloud=cloud, region_name=region), image)
    except (openstack.exceptions.SDKException, ClientException, RequestException) as problem:
        raise OpenStackError(f"the image {image} cannot be read from the cloud {cloud}: {problem}") from problem


def _read(connection: Any, image: str) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    for piece in connection.image.download_image(image, stream=True).iter_content(_PIECE):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size
