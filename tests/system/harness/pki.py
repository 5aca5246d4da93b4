# SPDX-License-Identifier: Apache-2.0
"""Certificates good and bad, made by the demo's authority."""
import pathlib
import threading

from demo_keys import Authority


class Pki:
    """The authority that the gateway trusts for partners, a foreign one, and the gateway's own certificate."""

    def __init__(self, folder, marked=True):
        self.folder = pathlib.Path(folder)
        self.authority = Authority(self.folder / "own", "authority", marked)
        self.foreign = Authority(self.folder / "foreign", "authority", marked)
        self.server = self.authority.issue_server()
        self._clients = {}
        self._lock = threading.Lock()

    def client(self, partner):
        """The partner's good certificate; the same one each time, for all threads."""
        with self._lock:
            if partner not in self._clients:
                self._clients[partner] = self.authority.issue_client(partner)
            return self._clients[partner]

    def bad_clients(self, partner):
        """{what is wrong: certificate}: none of them may speak for the partner."""
        issue = self.authority.issue
        uri = f"urn:partner:{partner}"
        return {
            "of a foreign authority": self.foreign.issue_client(partner),
            "expired": issue("expired", uris=[uri], days=-2),
            "without a URI": issue("nameless", hosts=["partner.example"]),
            "with two URIs of the prefix": issue("two", uris=[uri, "urn:partner:other"]),
            "with another prefix": issue("prefix", uris=[f"urn:company:{partner}"]),
            "of an unknown partner": issue("unknown", uris=["urn:partner:nobody-here"]),
            "with a name that no partner may have": issue("odd", uris=["urn:partner:Acme/../x"]),
        }
