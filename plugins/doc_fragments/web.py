# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module says about asking over HTTP."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  headers:
    description:
      - Headers of the HTTP request, such as C(Authorization). They are never printed; keep them in a vault.
    type: dict
    default: {}
  ca_path:
    description:
      - A file with the CA certificates that TLS servers are verified against. The default is the system's trust store.
        Certificates are always verified.
    type: path
  client_cert:
    description: A client certificate, with its key if O(client_key) is not set.
    type: path
  client_key:
    description: The file with the key of O(client_cert).
    type: path
"""
