# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests stand on: a PKI, token issuers, upstream services, gateways, witnesses, clients.

A test builds a small policy folder inline (policy.py), an upstream that answers exactly the bytes that it is told
(upstream.py), starts a real gateway on loopback (gateway.py), asks it over raw sockets, httpx or curl (clients.py), and
reads what the trail says (trail.py). Nothing sleeps: everything waits on a line, an event or a condition.
"""
from .clients import Client, Response, curl, httpx_client, read_response
from .gateway import Gateway
from .pki import Pki
from .policy import PEOPLE, NEED, write_files
from .tokens import TokenIssuer, hs256_with_public_key, sign_texts, unsigned
from .trail import Trail
from .upstream import CLOSE, RESET, Stall, Upstream, http_answer, json_answer
from .witness import Witness

__all__ = ["CLOSE", "Client", "Gateway", "NEED", "PEOPLE", "Pki", "RESET", "Response", "Stall", "TokenIssuer", "Trail",
           "Upstream", "Witness", "curl", "hs256_with_public_key", "http_answer", "httpx_client", "json_answer",
           "read_response", "sign_texts", "unsigned", "write_files"]
