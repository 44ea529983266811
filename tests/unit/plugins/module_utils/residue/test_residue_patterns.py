# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No pattern and no literal of a rule is dead: each finds something, in an example of the rule or in one of these."""

from __future__ import annotations

import dataclasses
import io
import random
import string

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.residue_rules import SOMEWHERE, content

RESIDUE = Catalogue().residue
CHANCE = random.Random(15)
SMALL, MIXED, HEX = string.ascii_lowercase + string.digits, string.ascii_letters + string.digits, string.hexdigits[:16]
BOOTSTRAP = (
    "kind: Secret\nmetadata:\n  name: bootstrap-token-k7jd2p\ndata:\n  token-id: azdqZDJw\n  token-secret: cW05WHZSNHRCOG5Mc1oxdw==\n"
)


def drawn(count, letters=MIXED):
    return "".join(CHANCE.choice(letters) for unused_number in range(count))


PUTTY = f"""PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: backup
Public-Lines: 1
{drawn(64)}
Private-Lines: 1
{drawn(43)}=
Private-MAC: {drawn(64, HEX)}
"""
PKCS12 = b"\x06\x0b*\x86H\x86\xf7\r\x01\x0c\n\x01\x01\xa0\x82\x01\x00\x30\x82\x00\xfe\x30" + bytes(range(256))
FURTHER = {
    "residue-cloud-credential": [
        f"ASIA{drawn(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}",
        f"SharedAccessKey={drawn(43)}=",
        f"AIza{drawn(35)}",
        f"GOCSPX-{drawn(28)}",
    ],
    "residue-kubernetes-credential": [
        BOOTSTRAP,
        "data:\n  token-secret: cW05WHZSNHRCOG5Mc1oxdw==\nmetadata: {name: bootstrap-token-k7jd2p}\n",
        f"kubeadm join 10.0.0.1:6443 --token k7jd2p.{drawn(16, SMALL)} --discovery-token-ca-cert-hash sha256:0",
    ],
    "residue-token": [
        *(f"gh{kind}_{drawn(36)}" for kind in "pos"),
        f"github_pat_{drawn(22)}_{drawn(59)}",
        f"xoxb-1{drawn(10, string.digits)}-{drawn(24)}",
        f"xoxp-1{drawn(10, string.digits)}-{drawn(24)}",
        f"npm_{drawn(36)}",
        f"pypi-AgEIcHlwaS5vcmc{drawn(60)}",
        f"hvs.{drawn(24)}",
        f"rk_live_{drawn(24)}",
        f"sk-ant-{drawn(40)}",
    ],
    "residue-other-token": [
        f"ghu_{drawn(36)}",
        f"ghr_{drawn(36)}",
        f"glrt-{drawn(20)}",
        f"xoxa-2-{drawn(30)}",
        f"xapp-1-{drawn(30)}",
        f"SG.{drawn(22)}.{drawn(43)}",
        f"tskey-auth-{drawn(12)}-{drawn(24)}",
        f"dop_v1_{drawn(64, HEX)}",
    ],
    "residue-password-hash": [
        f"$5${drawn(16)}${drawn(43)}",
        f"$5$rounds=5000${drawn(16)}${drawn(43)}",
        f"$y$j9T${drawn(22)}${drawn(43)}",
        f"$gy$j9T${drawn(22)}${drawn(43)}",
        *(f"$2{kind}$12${drawn(53)}" for kind in "ab"),
        f"$1${drawn(8)}${drawn(22)}",
        f"$apr1${drawn(8)}${drawn(22)}",
        f"$argon2id$v=19$m=65536,t=3,p=4${drawn(22)}${drawn(43)}",
        f"{{SSHA}}{drawn(38)}==",
    ],
    "residue-connection-password": [
        "Server=sql01;Database=RIS;UID=ris;Pwd=Qm7!kd92Lw;",
        "Data Source=sql01; Initial Catalog=RIS; User ID=ris; Password=Qm7!kd92Lw",
    ],
    "residue-stored-login": [
        {"path": "/root/.smbcredentials", "text": "username=ann\npasswd=Qm7kd92Lw\n"},
        {"path": "/root/.npmrc", "text": "//registry.site/:_authToken=Qm7kd92Lw4\n//registry.site/:_password=Qm7kd92Lw5\n"},
        {"path": "/root/.git-credentials", "text": "https://ann:Qm7kd92Lw@git.site\n"},
        {"path": "/root/.s3cfg", "text": "secret_key = Qm7kd92Lw\n"},
    ],
    "residue-private-key": [PUTTY],
    "residue-keystore": [PKCS12],
    "residue-database-table": [
        {"path": "/var/lib/mysql/ibdata1", "text": "\0ris/encounters\0"},
        {"path": "/var/lib/mysql/mysql.ibd", "text": "\0ris/medical_records\0"},
    ],
    "residue-csv": [
        "SSN,Name,Last Name,DOB\n401-52-7719,x,Doe,1970-01-01\n",
        '"Social Security Number","DOB"\n"401-52-7719","1970-01-01"\n',
        "MBI;DOB\n2WH7-UK4-NP81;1970-01-01\n",
        "Medicare Number|Date of Birth\n2WH7-UK4-NP81|1970-01-01\n",
        "subscriber_id,birth_date\n4711,1970-01-01\n",
    ],
    "residue-social-security-number": ["Social Security No. 401-52-7719", "social_security_number: 401-52-7719"],
    "residue-medicare-number": ["Medicare number: 2WH7-UK4-NP81"],
    "residue-provider-number": ["npi=1245319599"],
}
# Whose sample a program makes, in the tests of the detectors.
MADE_BY_PROGRAMS = {"residue-sqlite"}


def finds(rule, examples):
    for example in examples:
        findings = Findings()
        path = example.get("path", SOMEWHERE) if isinstance(example, dict) else SOMEWHERE
        data = example if isinstance(example, bytes) else content(example)
        Searcher([rule], findings).file(path, io.BytesIO(data).read)
        if findings.found:
            return True
    return False


def parts():
    """Each rule with one of its patterns alone, and with one of its literals alone."""
    for name, entry in RESIDUE.items():
        (rule,) = rules.load([entry])
        for number, pattern in enumerate(rule.patterns, 1):
            yield pytest.param(dataclasses.replace(rule, patterns=(pattern,)), id=f"{name}-pattern-{number}")
        if name not in MADE_BY_PROGRAMS:
            for literal in rule.literals:
                alone = dataclasses.replace(rule, literals=(literal,), head=False)
                yield pytest.param(alone, id=f"{name}-{literal.decode('latin-1')!r}")


@pytest.mark.parametrize("rule", parts())
def test_each_pattern_and_each_literal_finds_something(rule):
    assert finds(rule, [*RESIDUE[rule.id]["examples"]["bad"], *FURTHER.get(rule.id, ())])


@pytest.mark.parametrize("name", FURTHER)
def test_each_of_these_is_found(name):
    (rule,) = rules.load([RESIDUE[name]])
    assert all(finds(rule, [example]) for example in FURTHER[name])
