"""Signs the manifests of exports, and checks the signatures: Ed25519, by ``cryptography``. Pure: keys are given.

A manifest names the job and the installation that made it. The signature covers all of it but itself, as JSON with
sorted keys, no blanks, and every number as a double: databases and programs write numbers in forms of their own.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM = "Ed25519"
_PURPOSE = b"terrafusion export manifests"
_ID_LENGTH = 16


def seed(secret: str) -> str:
    """The private key, as hexadecimal, that the text of a setting stands for."""
    return HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode()).hex()


def public_key(private: str) -> Ed25519PublicKey:
    """Of the private key that ``seed`` gives."""
    return _private(private).public_key()


def pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def installation(key: Ed25519PublicKey) -> str:
    """What an installation is known by: the start of the SHA-256 of its raw public key, in hexadecimal."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:_ID_LENGTH]


def signed(manifest: Mapping[str, Any], private: str) -> dict[str, Any]:
    """The manifest with the installation, and the signature of both as its last member."""
    key = _private(private)
    whole = {**manifest, "installation": installation(key.public_key())}
    value = base64.b64encode(key.sign(_content(whole))).decode()
    return {**whole, "signature": {"algorithm": ALGORITHM, "value": value}}


def is_signed_by(manifest: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    """Whether the signature is that of exactly this manifest by the key."""
    try:
        signature = base64.b64decode(manifest["signature"]["value"], validate=True)
        key.verify(signature, _content(manifest))
    except (KeyError, TypeError, binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def _private(private: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))


def _content(manifest: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in manifest.items() if name != "signature"}
    return json.dumps(_as_doubles(kept), sort_keys=True, separators=(",", ":")).encode()


def _as_doubles(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_doubles(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_doubles(inner) for inner in value]
    # Zero has one sign.
    return float(value) + 0.0 if isinstance(value, int | float) and not isinstance(value, bool) else value
