# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.crypto_policy import CONFIG, IN_FORCE, OURS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.unit.platforms import crypto_policies

WANTED = {
    "base": {"policy": "DEFAULT"},
    "sha1": {"hash": ["-SHA1"], "sha1_in_certs": 0},
    "macs": {"mac": ["-*-64*"]},
    "cbc": {"cipher@SSH": ["-*-CBC"], "min_rsa_size": 2048},
}
CONTROLS = [Control(name, {"crypto_policy": settings}) for name, settings in WANTED.items()]


@pytest.fixture
def rocky(tree):
    """A system whose update-crypto-policies is a stand-in."""

    def make(policy="DEFAULT", files=None, **kwargs):
        host = tree({**crypto_policies.files(policy), **(files or {})}, **kwargs)
        crypto_policies.install(host)
        return host

    return make


def statuses(host, controls=None):
    return {record["control"]: record["status"] for record in audit(host, controls or CONTROLS, "offline")}


def test_a_module_of_our_own_goes_on_top_of_the_policy(rocky):
    host = rocky("DEFAULT:AD-SUPPORT")
    assert statuses(host) == {"base": "pass", "sha1": "fail", "macs": "fail", "cbc": "fail"}
    assert [change.target for change in enforce(host, CONTROLS).changes] == [OURS, CONFIG, IN_FORCE]
    assert host.read(CONFIG) == "DEFAULT:AD-SUPPORT:HYGEIA\n"
    assert "hash = -SHA1\n" in host.read(OURS) and "cipher@SSH = -*-CBC\n" in host.read(OURS)
    assert set(statuses(host).values()) == {"pass"}
    assert enforce(host, CONTROLS).changes == []


def test_a_looser_policy_is_replaced_and_a_stricter_one_stays(rocky):
    host = rocky("LEGACY")
    enforce(host, CONTROLS[:1])
    assert host.read(CONFIG) == "DEFAULT\n"
    for strict in ("FUTURE", "FIPS:OSPP"):
        host = rocky(strict)
        assert enforce(host, CONTROLS[:1]).changes == []
        assert statuses(host, CONTROLS[:1]) == {"base": "pass"}


def test_a_policy_of_the_site_is_not_called_strict(rocky):
    host = rocky("HOSPITAL")
    assert statuses(host, CONTROLS[:1]) == {"base": "fail"}


def test_what_left_the_profile_leaves_the_policy(rocky):
    host = rocky()
    enforce(host, CONTROLS)
    enforce(host, [])
    assert host.read(CONFIG) == "DEFAULT\n" and not host.exists(OURS)
    assert "SHA1" in host.read(IN_FORCE)


def test_part_of_a_profile_keeps_the_rest(rocky):
    host = rocky()
    enforce(host, CONTROLS)
    enforce(host, CONTROLS[:1], partial=True)
    assert set(statuses(host).values()) == {"pass"}


def test_a_later_module_that_lets_it_in_again_is_found(rocky):
    host = rocky()
    enforce(host, CONTROLS)
    host.write("/etc/crypto-policies/policies/modules/SHA1.pmod", "hash = SHA1+\n")
    host.write(CONFIG, "DEFAULT:HYGEIA:SHA1\n")
    crypto_policies.apply(host)
    record = audit(host, CONTROLS, "offline")[1]
    assert (record["status"], record["message"]) == ("fail", "hash has SHA1")


def test_files_that_programs_read_are_compared_with_the_policy(rocky):
    host = rocky()
    enforce(host, CONTROLS)
    host.write("/etc/crypto-policies/back-ends/opensshserver.config", "Ciphers 3des-cbc\n")
    record = audit(host, CONTROLS, "offline")[3]
    assert (record["status"], record["read_from"]) == ("fail", "update-crypto-policies --check")
    assert [change.target for change in enforce(host, CONTROLS).changes] == [IN_FORCE]
    assert set(statuses(host).values()) == {"pass"}


def test_a_policy_that_was_never_applied_is_an_error(rocky, tmp_path):
    host = rocky()
    (tmp_path / IN_FORCE.lstrip("/")).unlink()
    assert set(statuses(host).values()) == {"error"}


def test_check_mode_writes_nothing(rocky):
    host = rocky(check=True)
    assert {outcome["outcome"] for outcome in enforce(host, CONTROLS).outcomes} == {"unchanged", "changed"}
    assert host.read(CONFIG) == "DEFAULT\n"


@pytest.mark.parametrize(
    "settings", [{"policy": "STRICT"}, {"hash": "SHA1"}, {"hash": []}, {"hash": ["SHA1"]}, {"a b": 1}, {"min_rsa_size": True}]
)
def test_what_the_policy_cannot_say_is_reported(rocky, settings):
    host = rocky()
    assert enforce(host, [Control("c", {"crypto_policy": settings})]).outcomes[0]["outcome"] == "failed"
    assert statuses(host, [Control("c", {"crypto_policy": settings})]) == {"c": "error"}


def test_systems_without_such_policies_are_not_meant(tree):
    assert statuses(tree(), CONTROLS[:1]) == {"base": "not_applicable"}
