# SPDX-License-Identifier: Apache-2.0
"""Tokens that a library would not make: unsigned, wrongly signed, with texts spelt by hand."""
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from demo_keys import TokenIssuer, encode

__all__ = ["TokenIssuer", "hs256_with_public_key", "sign_texts", "unsigned"]


def sign_texts(issuer, header, payload):
    """A token of exactly these two JSON texts, rightly signed by the issuer's key."""
    signed = f"{encode(header.encode())}.{encode(payload.encode())}"
    if isinstance(issuer.key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(issuer.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        signature = issuer.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{encode(signature)}"


def unsigned(payload, algorithm="none"):
    """A token with an empty signature."""
    header = '{"alg":"%s"}' % algorithm
    return f"{encode(header.encode())}.{encode(payload.encode())}."


def hs256_with_public_key(issuer, payload):
    """The classic confusion: the public key, which everybody has, used as the secret of an HMAC."""
    public = issuer.key.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
    header = '{"alg":"HS256","kid":"%s"}' % issuer.identifier
    signed = f"{encode(header.encode())}.{encode(payload.encode())}"
    return f"{signed}.{encode(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"
