# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where this host finds people and proves who they are: sssd.conf(5), krb5.conf(5), smb.conf(5), nslcd.conf(5), ldap.conf(5)."""

from __future__ import annotations

from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.workload.settings import settings

_PRODUCTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sssd": (
        ("/etc/sssd/sssd.conf", "/etc/sssd/conf.d/*.conf"),
        (
            *("domains", "id_provider", "auth_provider", "access_provider", "ad_domain", "ad_server", "ad_backup_server", "ad_hostname"),
            *("ipa_domain", "ipa_server", "ipa_hostname", "krb5_realm", "krb5_server", "krb5_kpasswd", "ldap_uri", "ldap_backup_uri"),
            *("ldap_search_base", "ldap_sasl_authid"),
        ),
    ),
    "kerberos": (("/etc/krb5.conf", "/etc/krb5.conf.d/*"), ("default_realm", "kdc", "admin_server", "kpasswd_server", "master_kdc")),
    "samba": (("/etc/samba/smb.conf",), ("workgroup", "realm", "security", "netbios")),
    "nslcd": (("/etc/nslcd.conf",), ("uri", "base")),
    "ldap": (("/etc/ldap/ldap.conf", "/etc/openldap/ldap.conf", "/etc/ldap.conf"), ("uri", "base", "host")),
    "realmd": (("/etc/realmd.conf",), ("default-client", "automatic-id-mapping", "computer-ou", "computer-name")),
}
# The account of the machine in a realm. It names this host, so it has to be joined again under another name.
_KEYTAB = "/etc/krb5.keytab"


def directory(host: Host) -> list[dict[str, Any]]:
    """Each setting that names a realm, a server or this host's account there; passwords are not among them."""
    found = [{"product": product, **each} for product, (patterns, names) in _PRODUCTS.items() for each in settings(host, patterns, names)]
    if host.exists(_KEYTAB):
        found.append({"product": "kerberos", "setting": "keytab", "value": _KEYTAB, "path": _KEYTAB, "line": 0})
    return found
