# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a template's commands may connect to."""

from __future__ import annotations

import os
import socket

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.proxy import Policy, Refused, Tree, _direct, _near


@pytest.fixture
def tree(tmp_path):
    """A template with package sources of several kinds."""
    files = {
        "etc/apt/sources.list": "deb [signed-by=/k] http://deb.example.org/debian stable main\n",
        "etc/apt/sources.list.d/a.sources": "Types: deb\nURIs: https://sec.example.org:8443/debian\n",
        "etc/yum.repos.d/b.repo": "[b]\nbaseurl=http://rpm.example.org/$releasever\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def policy(tree, hosts=(), upstream=""):
    return Policy(list(hosts), upstream, Tree(str(tree)))


@pytest.mark.parametrize("host,port", [("deb.example.org", 80), ("sec.example.org", 8443), ("rpm.example.org", 80)])
def test_what_a_package_source_names_is_allowed(tree, host, port):
    policy(tree).require(host, port)


@pytest.mark.parametrize("host,port", [("deb.example.org", 22), ("sec.example.org", 443), ("vault.example.org", 80), ("", 0)])
def test_anything_else_is_not(tree, host, port):
    with pytest.raises(Refused, match=f"^{host}:{port} is named by no package source of the template: add it to image_package_hosts"):
        policy(tree).require(host, port)


def test_the_sites_list_is_the_last_word(tree):
    asked = policy(tree, ["mirror.example.org:8080", "*.trusted.example.org"])
    asked.require("mirror.example.org", 8080)
    asked.require("a.trusted.example.org", 443)
    for host, port in (("mirror.example.org", 80), ("deb.example.org", 80)):
        with pytest.raises(Refused, match="is none of image_package_hosts"):
            asked.require(host, port)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "::1", "169.254.169.254", "fe80::1%lo", "0.0.0.0", "::", "224.0.0.1", "::ffff:127.0.0.1", "255.255.255.255"],
)
def test_addresses_of_the_build_host_and_its_links(address):
    assert _near(address)


def test_a_host_somewhere_else_is_not_near():
    assert not _near("198.51.100.7") and not _near("10.200.3.4")


def test_a_name_that_means_the_build_host_is_refused(tree, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *unused, **options: [(2, 1, 6, "", ("127.0.0.1", 80))])
    with pytest.raises(Refused, match="deb.example.org is the build host itself or on its own link: allow it in image_package_hosts"):
        policy(tree).addresses("deb.example.org", 80)
    assert policy(tree, ["deb.example.org"]).addresses("deb.example.org", 80)


def test_a_proxy_of_the_template_leads_on(tree):
    (tree / "etc/apt/apt.conf").write_text('Acquire::http::Proxy "http://cache.example.org:3142";\n', encoding="utf-8")
    assert policy(tree).upstream == ("cache.example.org", 3142)
    assert policy(tree, ["*"], "http://site.example.org:8080").upstream == ("site.example.org", 8080)
    with pytest.raises(Refused, match="cache.example.org:3142 is none of"):
        policy(tree, ["deb.example.org"])


def test_files_that_are_none(tree):
    os.unlink(tree / "etc/apt/sources.list")
    os.mkfifo(tree / "etc/apt/sources.list")
    os.symlink("/dev/zero", tree / "etc/yum.repos.d/z.repo")
    policy(tree).require("rpm.example.org", 80)


def test_a_request_for_the_server_itself():
    head = b"GET http://deb.example.org/a?b HTTP/1.1\r\nHost: deb.example.org\r\nProxy-Authorization: x\r\n\r\n"
    assert _direct(head, "http://deb.example.org/a?b") == b"GET /a?b HTTP/1.1\r\nHost: deb.example.org\r\n\r\n"
