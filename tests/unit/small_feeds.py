# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small feeds in the exact form of the real ones."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib

TODAY = "2026-11-22"

TRACKER = {
    "openssl": {
        "CVE-2026-1001": {
            "description": "one",
            "debianbug": 1,
            "scope": "remote",
            "releases": {
                "bookworm": {
                    "status": "resolved",
                    "repositories": {"bookworm": "3.0.15-1", "bookworm-security": "3.0.17-1"},
                    "fixed_version": "3.0.17-1",
                    "urgency": "not yet assigned",
                },
                "trixie": {"status": "resolved", "repositories": {"trixie": "3.5.1-1"}, "fixed_version": "0", "urgency": "unimportant"},
            },
        },
        "CVE-2026-1002": {
            "releases": {
                "bookworm": {
                    "status": "open",
                    "repositories": {"bookworm": "3.0.15-1"},
                    "urgency": "medium**",
                    "nodsa": "Minor issue",
                    "nodsa_reason": "postponed",
                }
            }
        },
        "CVE-2026-1003": {"releases": {"bookworm": {"status": "undetermined", "repositories": {}, "urgency": "low"}}},
    }
}
# One name, then one line of what packages have, then what each source makes.
DEBSECAN = (
    "VERSION 1\nCVE-2026-1001,,one\nCVE-2026-1002,,two, with a comma\n\n"
    "openssl,0,SHRF,3.4.0-1,3.0.17-1 3.0.19-1\nopenssl,1,S ? ,,\nlinux-image-9,1,BM F,9.9,\n\nopenssl,libssl3 openssl\n"
)
OSV = [
    {
        "id": "DSA-6000-1",
        "modified": "2026-11-20T10:00:00Z",
        "published": "2026-11-19T00:00:00Z",
        "upstream": ["CVE-2026-1001"],
        "affected": [
            {
                "package": {"ecosystem": "Debian:12", "name": "openssl"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.17-1"}]}],
            }
        ],
    },
    {
        "id": "DEBIAN-CVE-2026-1002",
        "modified": "2026-11-21T10:00:00Z",
        "published": "2026-10-01T00:00:00Z",
        "upstream": ["CVE-2026-1002"],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {
                "package": {"ecosystem": "Debian:12", "name": "openssl"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.0.0"}]}],
            }
        ],
    },
    {"id": "PYSEC-1", "modified": "2026-11-21T10:00:00Z", "affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["1"]}]},
    {"id": "DSA-1-1", "modified": "2020-01-01T00:00:00Z", "withdrawn": "2020-01-02T00:00:00Z", "affected": []},
]
UPDATEINFO = """<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update from="security@example.org" status="final" type="security" version="1">
    <id>RHSA-2026:1000</id><title>Important: openssl</title><severity>Important</severity>
    <issued date="2026-11-18 00:00:00"/><updated date="2026-11-20 00:00:00"/>
    <description>one</description>
    <references><reference href="https://example.org" id="CVE-2026-1001" type="cve" title="CVE-2026-1001"/></references>
    <pkglist><collection short="baseos"><name>baseos</name>
      <package name="openssl-libs" version="3.2.2" release="7.el9_4" epoch="1" arch="x86_64" src="openssl-3.2.2-7.el9_4.src.rpm">
        <filename>openssl-libs-3.2.2-7.el9_4.x86_64.rpm</filename></package>
    </collection></pkglist>
  </update>
  <update from="x" status="final" type="security" version="1">
    <id>RHSA-2026:1001</id><severity>Moderate</severity><issued date="2026-11-01 00:00:00"/>
    <references><reference id="CVE-2026-1002" type="cve"/></references>
    <pkglist><collection short="a"><name>a</name><module name="perl" stream="5.32" version="1" context="x" arch="x86_64"/>
      <package name="perl" version="5.32.1" release="2.module+el9+1" epoch="4" arch="x86_64" src="perl.src.rpm"/>
    </collection></pkglist>
  </update>
  <update from="x" status="final" type="bugfix" version="1">
    <id>RHBA-2026:1</id><issued date="2026-11-21 00:00:00"/>
    <pkglist><collection short="a"><package name="bash" version="5" release="9.el9" epoch="0" arch="x86_64" src="b.src.rpm"/></collection></pkglist>
  </update>
</updates>
"""
KEV = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.11.20",
    "dateReleased": "2026-11-20T15:00:00.0000Z",
    "count": 1,
    "vulnerabilities": [
        {"cveID": "CVE-2026-1001", "dateAdded": "2026-11-20", "dueDate": "2026-12-11", "knownRansomwareCampaignUse": "Known"}
    ],
}
EPSS = "#model_version:v2026.03.14,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1001,0.91,0.99\nCVE-2026-1002,0.0004,0.1\n"


def zipped(records):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return made.getvalue()


NAMES = {
    "debian_tracker": "tracker.json",
    "debsecan": "bookworm",
    "osv": "all.zip",
    "updateinfo": "updateinfo.xml.gz",
    "kev": "kev.json",
    "epss": "epss.csv.gz",
}
WRITTEN = {
    "debian_tracker": lambda: json.dumps(TRACKER).encode(),
    "debsecan": lambda: zlib.compress(DEBSECAN.encode()),
    "osv": lambda: zipped(OSV),
    "updateinfo": lambda: gzip.compress(UPDATEINFO.encode()),
    "kev": lambda: json.dumps(KEV).encode(),
    "epss": lambda: gzip.compress(EPSS.encode()),
}
