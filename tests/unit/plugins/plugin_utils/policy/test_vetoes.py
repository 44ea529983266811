# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Platforms of a site, and controls that one of them vetoes."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot import kernel_module
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import vetoes
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

XCP = "id: xcp-ng\ntitle: XCP-ng\nfirmware: [bios]\ndisks: [xen-blk]\nnetworks: [xen-net]\n{}"


@pytest.fixture
def policy(tmp_path):
    def make(more="", name="xcp-ng.yml", text=None):
        (tmp_path / "platforms").mkdir()
        (tmp_path / "platforms" / name).write_text(XCP.format(more) if text is None else text, encoding="utf-8")
        return str(tmp_path)

    return make


def test_the_kind_that_disables_modules_is_called_so():
    assert (kernel_module.KernelModule.name, kernel_module.DISABLED) == (vetoes.KERNEL_MODULE, vetoes.DISABLED)


@pytest.mark.parametrize("profile", ["strict", "cis-level2"])
def test_a_control_that_takes_what_a_platform_needs_is_named_with_it(profile):
    with pytest.raises(PolicyError) as message:
        Catalogue().resolve(profile, platforms=["kvm", "azure"])
    assert f"profile {profile}: control kernel-no-udf (" in str(message.value)
    assert "cannot hold on platform azure (" in str(message.value)
    assert len(str(message.value).splitlines()) == 1


def test_without_the_control_or_the_platform_it_is_resolved():
    assert Catalogue().resolve("strict", remove=["kernel-no-udf"], platforms=["azure"])
    assert Catalogue().resolve("strict", platforms=[name for name in Catalogue().platforms if name != "azure"])


def test_the_default_profile_holds_on_every_platform():
    assert Catalogue().resolve("hipaa", platforms=list(Catalogue().platforms))


def test_a_site_adds_a_platform_that_vetoes_a_control_by_name(policy):
    catalogue = Catalogue([policy("vetoes: {ssh-root-login: its console logs in as root}\n")])
    with pytest.raises(
        PolicyError, match=r"control ssh-root-login \(.*\) cannot hold on platform xcp-ng \(.*xcp-ng.yml\): its console logs in"
    ):
        catalogue.resolve("hipaa", platforms=["xcp-ng"])
    assert catalogue.resolve("hipaa", platforms=["kvm"])


def test_a_driver_that_every_disk_of_a_platform_needs_cannot_be_disabled(policy):
    with pytest.raises(PolicyError, match="it disables usb_storage, which every disk of the platform needs"):
        Catalogue([policy(text=XCP.format("").replace("xen-blk", "usb-storage"))]).resolve("strict", platforms=["xcp-ng"])


def test_a_veto_of_a_control_that_there_is_not_is_reported(policy):
    with pytest.raises(
        PolicyError, match=r"xcp-ng.yml: platform xcp-ng: vetoes: there is no control ssh-root-logim; did you mean ssh-root-login"
    ):
        Catalogue([policy("vetoes: {ssh-root-logim: its console logs in as root}\n")])


def test_a_platform_that_is_not_known_is_reported():
    with pytest.raises(PolicyError, match="there is no platform vmwere; did you mean vmware"):
        Catalogue().resolve("hipaa", platforms=["vmwere"])


@pytest.mark.parametrize(
    "more,message",
    [
        ("swap: never\n", "swap is 'never'; use allowed or unwanted"),
        ("disk: [x]\n", "has a field disk that means nothing; did you mean disks"),
        ("console: 1\n", "put it in quotes"),
    ],
)
def test_a_mistake_is_reported_with_what_to_write(policy, more, message):
    with pytest.raises(PolicyError, match=message):
        Catalogue([policy(more)])


def test_an_id_of_the_collection_is_not_replaced(policy):
    with pytest.raises(PolicyError, match="platform kvm is in"):
        Catalogue([policy(text=XCP.format("").replace("xcp-ng", "kvm"))])
